//! `parvis replay FILE`: plays recorded counts through the live door, as a Xovis sensor would send them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use chrono::TimeDelta;
use clap::Args;
use reqwest::{Certificate, Client};

use super::counts_file::{self, CountsFile};
use super::counts_mapping;
use super::demo::payloads::{Interval, xovis5};
use super::{counted, open};
use crate::domain::campus::KnownGateway;
use crate::domain::gateway::{Family, Proof};
use crate::domain::reading::Moment;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file.
    file: PathBuf,
    /// How to read it; its gateway must be of family xovis-5 and its channel "logic-NUMBER".
    #[arg(long)]
    mapping: PathBuf,
    /// How many times faster than they were recorded.
    #[arg(long, default_value_t = 60.0, allow_negative_numbers = true)]
    speed: f64,
    /// The gateway's secret.
    #[arg(long, env = "PARVIS_GATEWAY_SECRET", hide_env_values = true)]
    secret: String,
    /// The address of the service; else the one in the settings.
    #[arg(long)]
    to: Option<String>,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    ensure!(
        (0.01..=100_000.0).contains(&arguments.speed),
        "--speed is a number from 0.01 to 100000"
    );
    let mapping = counts_mapping::read(&arguments.mapping)?;
    let parvis = open(config)?;
    let CountsFile { messages, refused } =
        counts_file::read(&arguments.file, &mapping, parvis.clock.now())?;
    for line in &refused {
        println!("{}:{}: {}", arguments.file.display(), line.line, line.rule);
    }
    let campus = parvis.campus();
    let gateway = campus
        .gateways
        .get(&mapping.gateway)
        .with_context(|| format!("no gateway is called \"{}\"", mapping.gateway))?;
    ensure!(
        gateway.gateway.family == Family::Xovis5,
        "gateway {} does not speak xovis-5",
        mapping.gateway
    );
    let logic: i64 = mapping
        .channel
        .strip_prefix("logic-")
        .and_then(|number| number.parse().ok())
        .context("the mapping's channel is not \"logic-NUMBER\"")?;
    let recorded: Vec<Interval> = messages
        .iter()
        .flat_map(|message| &message.readings)
        .filter_map(|reading| {
            let crossings = reading.period?;
            Some(Interval {
                from: reading.since?,
                to: reading.at?,
                forward: crossings.forward.unwrap_or(0),
                backward: crossings.backward.unwrap_or(0),
            })
        })
        .collect();
    ensure!(
        !recorded.is_empty(),
        "the file holds no intervals; replay needs counts with semantics \"delta\""
    );
    let pem = std::fs::read(&parvis.settings.web.certificate).unwrap_or_default();
    let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    let client = Client::builder()
        .tls_certs_merge(certificates)
        .timeout(Duration::from_secs(10))
        .build()?;
    let address = arguments
        .to
        .clone()
        .unwrap_or_else(|| parvis.settings.web.public_address());
    let player = Player {
        client,
        address,
        gateway,
        secret: &arguments.secret,
        device: &mapping.device,
        logic,
    };
    let begun = parvis.clock.now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for (package, interval) in recorded.iter().enumerate() {
            let moved = shifted(*interval, &recorded, begun, arguments.speed);
            let wait = (moved.to - parvis.clock.now()).to_std().unwrap_or_default();
            tokio::time::sleep(wait).await;
            player.send(package, moved).await?;
        }
        anyhow::Ok(())
    })?;
    println!(
        "{} played, {} refused.",
        counted(recorded.len(), "interval"),
        counted(refused.len(), "line")
    );
    Ok(())
}

/// An interval, moved so that the first one begins now, and shortened by the speed.
fn shifted(interval: Interval, recorded: &[Interval], begun: Moment, speed: f64) -> Interval {
    let origin = recorded
        .iter()
        .map(|interval| interval.from)
        .min()
        .unwrap_or(interval.from);
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "milliseconds of years are exact in a double"
    )]
    let moved = |at: Moment| {
        begun + TimeDelta::milliseconds(((at - origin).num_milliseconds() as f64 / speed) as i64)
    };
    Interval {
        from: moved(interval.from),
        to: moved(interval.to),
        ..interval
    }
}

struct Player<'a> {
    client: Client,
    address: String,
    gateway: &'a KnownGateway,
    secret: &'a str,
    device: &'a str,
    logic: i64,
}

impl Player<'_> {
    async fn send(&self, package: usize, interval: Interval) -> anyhow::Result<()> {
        let name = &self.gateway.gateway.name;
        let request = self.client.post(format!("{}/ingest/{name}", self.address));
        let request = match &self.gateway.gateway.proof {
            Proof::Bearer => request.bearer_auth(self.secret),
            Proof::Basic { user } => request.basic_auth(user, Some(self.secret)),
            Proof::Header { name } => request.header(name, self.secret),
            Proof::Path => self
                .client
                .post(format!("{}/ingest/{name}/{}", self.address, self.secret)),
        };
        let body = xovis5(
            self.device,
            package,
            self.logic,
            "Replayed line",
            &[interval],
        )
        .to_string();
        let answer = request
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        if answer.status().is_success() {
            return Ok(());
        }
        bail!(
            "the door answered {}: {}",
            answer.status(),
            answer.text().await.unwrap_or_default()
        );
    }
}
