//! From what a decoder returned to the recorder: times are judged, channels found, strangers kept, overload refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::oneshot;

use super::arrivals::Arrivals;
use super::delivery::{Delivery, Receipt, Room};
use super::recorder::Event;
use crate::domain::campus::{Campus, KnownGateway};
use crate::domain::counter::Counter;
use crate::domain::gateway::{Family, Gateway};
use crate::domain::ids::SensorId;
use crate::domain::mapping::{MappedChannel, Source};
use crate::domain::reading::{ClockVerdict, Identity, Moment, Reading};
use crate::error::Error;
use crate::gateways::{Message, Observation, Payload};
use crate::parvis::Parvis;
use crate::persistence::sensors::{self, Heard, Stranger};

/// A device's time may be this far ahead before the reading is refused: its clock was never set.
const FUTURE: TimeDelta = TimeDelta::hours(24);

/// A device's time may be this far back: the longest memory of any counter known is 151 days.
const PAST: TimeDelta = TimeDelta::days(400);

/// The most readings of one delivery.
const MOST_READINGS: usize = 20_000;

/// How long a sender waits: ChirpStack gives up after five seconds.
const PATIENCE: Duration = Duration::from_millis(4_500);

/// How long an import waits: each old day it reaches may need a partition of its own.
const PATIENCE_OF_FILES: Duration = Duration::from_mins(5);

/// The way in to the recorder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door {
    parvis: Arc<Parvis>,
    recorder: Sender<Event>,
    waiting: Arc<AtomicUsize>,
    arrivals: Arc<Arrivals>,
}

/// What is delivered, and under which rules for its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    /// From a sensor, about now.
    Live,
    /// From a file, of any age.
    Recorded,
}

impl Times {
    const fn patience(self) -> Duration {
        match self {
            Self::Live => PATIENCE,
            Self::Recorded => PATIENCE_OF_FILES,
        }
    }
}

impl Door {
    pub(super) fn new(parvis: Arc<Parvis>, recorder: Sender<Event>) -> Self {
        Self {
            parvis,
            recorder,
            waiting: Arc::default(),
            arrivals: Arc::default(),
        }
    }

    /// Records what a gateway's sender said. When it returns a receipt, everything is on disk.
    ///
    /// # Errors
    /// When a value breaks a rule (nothing is stored then), when too much waits already, or when the database is gone.
    pub async fn deliver(
        &self,
        gateway: &KnownGateway,
        payload: Payload,
    ) -> Result<Receipt, Error> {
        self.record(gateway, payload, Times::Live).await
    }

    /// Records counts from a file, however old.
    ///
    /// # Errors
    /// As [`Door::deliver`].
    pub async fn deliver_recorded(
        &self,
        gateway: &KnownGateway,
        payload: Payload,
    ) -> Result<Receipt, Error> {
        self.record(gateway, payload, Times::Recorded).await
    }

    /// What arrived lately.
    #[must_use]
    pub fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    /// Waits until the ledger holds everything that was answered so far.
    pub async fn flush(&self) {
        let (told, written) = oneshot::channel();
        if self.send(Event::Flush(told)).is_ok() {
            let _ = tokio::time::timeout(PATIENCE, written).await;
        }
    }

    /// Readings that wait to be stored.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    async fn record(
        &self,
        gateway: &KnownGateway,
        payload: Payload,
        times: Times,
    ) -> Result<Receipt, Error> {
        let received_at = self.parvis.clock.now();
        let count: usize = payload
            .messages
            .iter()
            .map(|message| message.readings.len())
            .sum();
        if count > MOST_READINGS {
            let rule = format!("{count} readings; send at most {MOST_READINGS} at once");
            return Err(Error::Invalid {
                field: "body".to_owned(),
                rule,
            });
        }
        if times == Times::Live {
            payload
                .messages
                .iter()
                .try_for_each(|message| check_times(message, received_at))?;
        }
        let mut campus = self.parvis.campus();
        let strangers = strangers(&campus, gateway, &payload);
        if !strangers.is_empty() {
            self.parvis
                .database
                .write(move |tx| sensors::keep_strangers(tx, &strangers))
                .await?;
            let parvis = Arc::clone(&self.parvis);
            campus = self
                .parvis
                .database
                .read(move |_| parvis.reload_campus())
                .await?;
            // The recorder must know the channels before their first reading.
            self.send(Event::Campus(Arc::clone(&campus)))?;
        }
        let at_most = self.parvis.settings.readings.waiting_at_most;
        let room = Room::take(&self.waiting, count, at_most).ok_or(Error::Unavailable {
            part: "room for more readings",
            source: None,
        })?;
        let (reply, answer) = oneshot::channel();
        let (readings, mut heard) = resolve(&campus, gateway, payload, received_at);
        if times == Times::Recorded {
            // A file says what was counted once, not that the sensor speaks now.
            heard.clear();
        }
        self.send(Event::Delivery(Delivery {
            readings,
            heard,
            reply,
            room,
        }))?;
        match tokio::time::timeout(times.patience(), answer).await {
            Ok(Ok(receipt)) => receipt,
            Ok(Err(closed)) => Err(Error::unavailable("the recorder", closed)),
            Err(late) => Err(Error::unavailable("the database", late)),
        }
    }

    fn send(&self, event: Event) -> Result<(), Error> {
        self.recorder.send(event).map_err(|_| Error::Unavailable {
            part: "the recorder",
            source: None,
        })
    }
}

/// The device a message speaks for: the one it names, or the only one the gateway has.
fn device_of<'a>(campus: &'a Campus, gateway: &KnownGateway, message: &'a Message) -> String {
    if let Some(device) = &message.device {
        device.to_uppercase()
    } else {
        let devices = campus.devices.get(&gateway.id);
        let mut names = devices.into_iter().flat_map(|devices| devices.keys());
        match (names.next(), names.next()) {
            (Some(only), None) => only.clone(),
            _ => "UNNAMED".to_owned(),
        }
    }
}

fn check_times(message: &Message, received_at: Moment) -> Result<(), Error> {
    let own = message
        .readings
        .iter()
        .flat_map(|observation| [observation.at, observation.since]);
    for at in own.chain([message.at]).flatten() {
        if at > received_at + FUTURE || at < received_at - PAST {
            let told = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let rule = format!(
                "{told} is more than 24 hours ahead or 400 days back: set the clock of the device (NTP)"
            );
            return Err(Error::Invalid {
                field: "time".to_owned(),
                rule,
            });
        }
    }
    Ok(())
}

/// The devices and channels of a payload that the campus does not know.
fn strangers(campus: &Campus, gateway: &KnownGateway, payload: &Payload) -> Vec<Stranger> {
    let mut strangers = Vec::new();
    for message in &payload.messages {
        let name = device_of(campus, gateway, message);
        let device = campus.device(gateway.id, &name);
        let stranger = |channel, counter| Stranger {
            gateway: gateway.id,
            device: name.clone(),
            channel,
            counter,
        };
        if device.is_none() && message.readings.is_empty() {
            strangers.push(stranger(None, Counter::default()));
        }
        for observation in &message.readings {
            if device.is_none_or(|device| !device.channels.contains_key(&observation.channel)) {
                let model = device.and_then(|device| device.model).or(message.model);
                let counter = counter_of(&gateway.gateway, model, observation);
                strangers.push(stranger(
                    Some((observation.channel.clone(), observation.name.clone())),
                    counter,
                ));
            }
        }
    }
    strangers
}

/// How the counters of a channel nobody described behave, as far as its family or mapping tells.
fn counter_of(gateway: &Gateway, model: Option<Family>, observation: &Observation) -> Counter {
    let is_named = |channel: &&MappedChannel| match &channel.key {
        Source::Fixed { value } => *value == observation.channel,
        Source::Pointer(_) => true,
    };
    let mapped = gateway
        .mapping
        .as_ref()
        .and_then(|mapping| mapping.channels.iter().find(is_named));
    mapped.map_or_else(
        || model.unwrap_or(gateway.family).counter(),
        MappedChannel::counter,
    )
}

fn resolve(
    campus: &Campus,
    gateway: &KnownGateway,
    payload: Payload,
    received_at: Moment,
) -> (Vec<Reading>, Vec<(SensorId, Heard)>) {
    let mut readings = Vec::new();
    let mut heard: Vec<(SensorId, Heard)> = Vec::new();
    for message in payload.messages {
        let name = device_of(campus, gateway, &message);
        let Some(device) = campus.device(gateway.id, &name) else {
            continue;
        };
        for observation in &message.readings {
            if let Some(channel) = device.channels.get(&observation.channel) {
                let told = observation.at.or(message.at);
                let identity = Identity {
                    at: told.map_or(received_at, to_micros),
                    since: observation.since.map(to_micros),
                    total: observation.total.unwrap_or_default(),
                    period: observation.period.unwrap_or_default(),
                    level: observation.level,
                    mark: observation.mark.as_deref().map(hashed),
                };
                let clock = ClockVerdict::on(told, received_at);
                readings.push(Reading {
                    channel: *channel,
                    identity,
                    received_at,
                    clock,
                });
            }
        }
        let details = (!message.status.details.is_empty())
            .then(|| serde_json::Value::Object(message.status.details.into_iter().collect()));
        heard.push((
            device.sensor,
            Heard {
                at: received_at,
                battery: message.status.battery,
                details,
            },
        ));
    }
    (readings, heard)
}

/// PostgreSQL keeps microseconds; what is compared in memory must be what comes back.
fn to_micros(moment: Moment) -> Moment {
    Moment::from_timestamp_micros(moment.timestamp_micros()).unwrap_or(moment)
}

/// A mark as a number: the first eight bytes of its SHA-256.
fn hashed(mark: &str) -> i64 {
    let digest = openssl::sha::sha256(mark.as_bytes());
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    i64::from_be_bytes(first)
}
