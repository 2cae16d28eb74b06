//! Sensors of the demo campus: they send what real ones would, through the real door, first their history and then live.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::{Certificate, Client};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::campus::{self, Secrets};
use super::payloads::{self, Interval};
use super::world::{Line, Minute, World};
use crate::clock::Clock;
use crate::domain::reading::Moment;

/// Minutes of one package of history.
const PACKAGE: usize = 720;

/// Sensors behind LoRaWAN and turnstiles send every so many minutes.
const UPLINK_EVERY: i64 = 5;

/// What the simulator remembers between runs.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    /// The day the campus began.
    first: NaiveDate,
    /// Until when everything was sent.
    until: Moment,
}

/// The sensors.
pub(super) struct Simulator {
    client: Client,
    address: String,
    secrets: Secrets,
    memory: PathBuf,
    days: u32,
    clock: Clock,
}

/// Totals that devices keep.
#[derive(Debug, Clone, Default)]
struct Totals {
    lines: [(i64, i64); 9],
    since_uplink: [(i64, i64); 9],
    frame: i64,
}

impl Totals {
    fn add(&mut self, minute: &Minute) {
        for ((total, since), flow) in self
            .lines
            .iter_mut()
            .zip(&mut self.since_uplink)
            .zip(minute.lines)
        {
            *total = (total.0 + flow.0, total.1 + flow.1);
            *since = (since.0 + flow.0, since.1 + flow.1);
        }
        self.frame += 1;
    }

    fn sent(&mut self) {
        self.since_uplink = [(0, 0); 9];
    }
}

/// What a sensor sends.
struct Delivery {
    gateway: &'static str,
    query: &'static str,
    body: Value,
    /// The second of its minute in which it is sent.
    second: i64,
}

impl Delivery {
    fn of(gateway: &'static str, body: Value) -> Self {
        Self {
            gateway,
            query: "",
            body,
            second: 0,
        }
    }
}

impl Simulator {
    pub(super) fn new(
        certificate: &Path,
        port: u16,
        secrets: Secrets,
        days: u32,
        memory: &Path,
    ) -> anyhow::Result<Self> {
        // The service makes its certificate on first start; until then nothing can be trusted, and nothing is sent.
        let since = std::time::Instant::now();
        while !certificate.exists() && since.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let pem = std::fs::read(certificate).with_context(|| certificate.display().to_string())?;
        let client = Client::builder()
            .tls_certs_merge([Certificate::from_pem(&pem)?])
            .timeout(Duration::from_secs(10))
            .build()?;
        let address = format!("https://localhost:{port}");
        Ok(Self {
            client,
            address,
            secrets,
            memory: memory.to_owned(),
            days,
            clock: Clock::System,
        })
    }

    /// Whether the service answers and is ready.
    pub(super) async fn is_ready(&self) -> bool {
        let answer = self
            .client
            .get(format!("{}/health/ready", self.address))
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Plays until it is dropped; `ready` is called when the past has been sent.
    pub(super) async fn play(&self, ready: impl FnOnce()) -> anyhow::Result<()> {
        let zone: Tz = campus::ZONE;
        let now = self.clock.now();
        let today = now.with_timezone(&zone).date_naive();
        let begun = Memory {
            first: today - Days::new(u64::from(self.days)),
            until: DateTime::UNIX_EPOCH,
        };
        let memory: Memory = std::fs::read(&self.memory)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .filter(|memory: &Memory| now - memory.until < TimeDelta::days(30))
            .unwrap_or(begun);
        println!(
            "Sensors: sending their history since {}",
            memory.first.max(memory.until.date_naive())
        );
        // What was sent in the last half hour before a stop is sent again: repetitions change nothing.
        let resume = memory.until - TimeDelta::minutes(30);
        let mut world = World::starting(memory.first, zone);
        let mut totals = Totals::default();
        let mut deliveries = Vec::new();
        let mut package: Vec<Minute> = Vec::new();
        while world.next_end() <= now {
            let minute = world.pass();
            totals.add(&minute);
            if minute.end > resume {
                if totals.frame % UPLINK_EVERY == 0 {
                    deliveries.extend(uplinks(&minute, &totals));
                }
                package.push(minute);
            }
            if totals.frame % UPLINK_EVERY == 0 {
                totals.sent();
            }
            if package.len() == PACKAGE || world.next_end() > now {
                deliveries.extend(packages(&package, totals.frame));
                deliveries.extend(crossings(&package));
                package.clear();
            }
        }
        let count = deliveries.len();
        let sent = futures_util::stream::iter(deliveries)
            .map(|delivery| self.send(delivery))
            .buffered(16);
        sent.try_collect::<Vec<()>>().await?;
        println!("Sensors: {count} deliveries of history sent");
        self.remember(memory.first, now)?;
        ready();
        self.live(world, totals, memory.first).await
    }

    /// The minutes as they pass, second by second: each sensor has its own second to send.
    async fn live(
        &self,
        mut world: World,
        mut totals: Totals,
        first: NaiveDate,
    ) -> anyhow::Result<()> {
        loop {
            let minute = world.pass();
            totals.add(&minute);
            let start = minute.end - TimeDelta::minutes(1);
            for second in 0..60 {
                let due = start + TimeDelta::seconds(second);
                tokio::time::sleep((due - self.clock.now()).to_std().unwrap_or_default()).await;
                for delivery in crossings(std::slice::from_ref(&minute))
                    .filter(|delivery| delivery.second == second)
                {
                    self.send(delivery).await?;
                }
            }
            tokio::time::sleep((minute.end - self.clock.now()).to_std().unwrap_or_default()).await;
            for delivery in packages(std::slice::from_ref(&minute), totals.frame) {
                self.send(delivery).await?;
            }
            if totals.frame % UPLINK_EVERY == 0 {
                for delivery in uplinks(&minute, &totals) {
                    self.send(delivery).await?;
                }
                totals.sent();
            }
            self.remember(first, minute.end)?;
        }
    }

    async fn send(&self, delivery: Delivery) -> anyhow::Result<()> {
        let Delivery {
            gateway,
            query,
            body,
            ..
        } = delivery;
        let body = body.to_string();
        for attempt in 0..30 {
            let request = self
                .client
                .post(format!("{}/ingest/{gateway}{query}", self.address));
            let request = self
                .secrets
                .prove(gateway, request)
                .header("content-type", "application/json");
            match request.body(body.clone()).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if answer.status().is_client_error() => {
                    bail!(
                        "gateway {gateway} refused a payload: {}",
                        answer.text().await.unwrap_or_default()
                    );
                }
                // A sensor keeps what it could not send and tries again.
                Ok(_) | Err(_) if attempt < 29 => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Ok(answer) => bail!("gateway {gateway}: {}", answer.status()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn remember(&self, first: NaiveDate, until: DateTime<Utc>) -> anyhow::Result<()> {
        let aside = self.memory.with_extension("new");
        std::fs::write(&aside, serde_json::to_vec(&Memory { first, until })?)?;
        std::fs::rename(aside, &self.memory)?;
        Ok(())
    }
}

/// Xovis sensors send packages of minutes.
fn packages(minutes: &[Minute], package: i64) -> Vec<Delivery> {
    let intervals = |line: Line| -> Vec<Interval> {
        let interval = |minute: &Minute| {
            let (forward, backward) = flow(minute, line);
            Interval {
                from: minute.end - TimeDelta::minutes(1),
                to: minute.end,
                forward,
                backward,
            }
        };
        minutes.iter().map(interval).collect()
    };
    let package = usize::try_from(package).unwrap_or(0);
    let main = payloads::xovis5(
        "00:6E:02:00:6D:01",
        package,
        1,
        "Main door",
        &intervals(Line::CentralMain),
    );
    let side = payloads::xovis5(
        "00:6E:02:00:6D:02",
        package,
        1,
        "Side door",
        &intervals(Line::CentralSide),
    );
    let gym = payloads::xovis4("80:1F:12:D5:30:DC", &intervals(Line::Gym));
    vec![
        Delivery::of("xovis", main),
        Delivery::of("xovis", side),
        Delivery::of("gym", gym),
    ]
}

/// The learning centre's sensor tells of each person at the second they cross.
fn crossings(minutes: &[Minute]) -> impl Iterator<Item = Delivery> {
    let mut by_second: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for minute in minutes {
        let (entered, left) = flow(minute, Line::Learning);
        let people = (0..entered).map(|_| true).chain((0..left).map(|_| false));
        for (index, forward) in (0..).zip(people) {
            let second = (index * 17 + 5) % 60;
            let at = minute.end - TimeDelta::minutes(1)
                + TimeDelta::seconds(second)
                + TimeDelta::milliseconds(index);
            let track = minute.end.timestamp() / 60 * 100 + index;
            // Of several minutes everything goes into one delivery; of one, each second into its own.
            let key = if minutes.len() == 1 { second } else { 0 };
            by_second
                .entry(key)
                .or_default()
                .push(payloads::xovis5_frame(at, track, forward));
        }
    }
    by_second.into_iter().map(|(second, frames)| {
        let body = payloads::xovis5_live("00:6E:02:00:6D:03", &frames);
        Delivery {
            second,
            ..Delivery::of("xovis", body)
        }
    })
}

/// Devices behind network servers and turnstiles keep totals and send every few minutes.
fn uplinks(minute: &Minute, totals: &Totals) -> Vec<Delivery> {
    let at = minute.end;
    let frame = totals.frame;
    let of = |line: Line| {
        totals
            .lines
            .get(position(line))
            .copied()
            .unwrap_or_default()
    };
    let period = totals
        .since_uplink
        .get(position(Line::Law))
        .copied()
        .unwrap_or_default();
    let desk = payloads::vs121(u8::try_from(minute.desk).unwrap_or(u8::MAX));
    let (entered, left) = of(Line::ScienceGate);
    let stairs = payloads::vs135(&[as_u32(of(Line::CentralStairs))]);
    let law = payloads::vs350(87, as_u16(of(Line::Law)), as_u16(period));
    let canteen = payloads::vs135(&[
        as_u32(of(Line::CanteenLeft)),
        as_u32(of(Line::CanteenRight)),
    ]);
    let up = |body| Delivery {
        query: "?event=up",
        ..Delivery::of("chirpstack", body)
    };
    vec![
        Delivery::of(
            "things",
            payloads::things_stack("24E124600D121001", at, frame, &desk),
        ),
        Delivery::of(
            "turnstiles",
            payloads::turnstile("science", at, entered, left),
        ),
        up(payloads::chirpstack(
            "24e124751d135001",
            "Milesight VS135",
            at,
            frame,
            &stairs,
        )),
        up(payloads::chirpstack(
            "24e124136d350001",
            "Milesight VS350",
            at,
            frame,
            &law,
        )),
        Delivery::of(
            "things",
            payloads::things_stack("24E124751D135002", at, frame, &canteen),
        ),
    ]
}

fn position(line: Line) -> usize {
    Line::ALL
        .iter()
        .position(|known| *known == line)
        .unwrap_or(0)
}

fn flow(minute: &Minute, line: Line) -> (i64, i64) {
    minute
        .lines
        .get(position(line))
        .copied()
        .unwrap_or_default()
}

/// A 16-bit counter starts again at zero.
fn as_u16((one, other): (i64, i64)) -> (u16, u16) {
    let wrapped = |count: i64| u16::try_from(count.rem_euclid(1 << 16)).unwrap_or(0);
    (wrapped(one), wrapped(other))
}

fn as_u32((one, other): (i64, i64)) -> (u32, u32) {
    let wrapped = |count: i64| u32::try_from(count.rem_euclid(1 << 32)).unwrap_or(0);
    (wrapped(one), wrapped(other))
}
