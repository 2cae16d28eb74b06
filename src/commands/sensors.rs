//! `parvis sensors`: the health of all sensors, and devices nobody has assigned yet.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::{local, open};
use crate::domain::ids::ChannelId;
use crate::domain::reading::Moment;
use crate::persistence::{ledger, sensors};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only devices and channels nobody has assigned yet.
    #[arg(long)]
    unassigned: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Show the newest readings in quarantine instead.
    #[arg(long)]
    doubted: bool,
}

/// A channel as it is listed.
#[derive(Debug, Serialize)]
struct Line {
    gateway: String,
    device: String,
    sensor: Option<String>,
    channel: Option<String>,
    name: Option<String>,
    counts: Option<String>,
    heard_at: Option<Moment>,
    silent: bool,
    battery: Option<i32>,
    entries: i64,
    exits: i64,
    /// Entries less exits in percent of entries, over the last day.
    imbalance: Option<i64>,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let parvis = open(config)?;
    if arguments.doubted {
        let campus = parvis.campus();
        for (channel, identity, doubt) in parvis
            .database
            .read_blocking(|view| ledger::doubted(view, 50))?
        {
            let name = campus.channels.get(&channel).map_or_else(
                || channel.to_string(),
                |known| {
                    format!(
                        "{} {} {}",
                        known.channel.gateway, known.channel.device, known.channel.key
                    )
                },
            );
            println!("{}  {name}: {doubt}", local(identity.at, campus.zone()));
        }
        return Ok(());
    }
    let now = parvis.clock.now();
    let yesterday = now - chrono::TimeDelta::hours(24);
    let (overview, sums) = parvis.database.read_blocking(|view| {
        Ok((
            sensors::overview(view)?,
            ledger::by_channel(view, yesterday)?,
        ))
    })?;
    let lines = overview.into_iter().map(|row| {
        let (entries, exits) = row
            .channel_id
            .and_then(|id| sums.get(&ChannelId(id)))
            .copied()
            .unwrap_or_default();
        let silent =
            |at: Moment| now - at > chrono::TimeDelta::minutes(i64::from(row.stale_after_minutes));
        let (key, name) = row
            .channel
            .map_or((None, None), |(key, name)| (Some(key), name));
        Line {
            gateway: row.gateway,
            device: row.device,
            sensor: row.sensor_name,
            channel: key,
            name,
            counts: row.passage.or(row.space),
            heard_at: row.heard_at,
            silent: row.heard_at.is_none_or(silent),
            battery: row.battery,
            entries,
            exits,
            imbalance: (entries > 0).then(|| (entries - exits) * 100 / entries),
        }
    });
    let lines: Vec<Line> = lines
        .filter(|line| !arguments.unassigned || line.counts.is_none())
        .collect();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
    } else {
        for line in &lines {
            print(line, now);
        }
    }
    Ok(())
}

fn print(line: &Line, now: Moment) {
    let heard = match line.heard_at {
        None => "never heard".to_owned(),
        Some(at) => format!("heard {} min ago", (now - at).num_minutes()),
    };
    let state = if line.silent { "SILENT" } else { "ok" };
    let battery = line
        .battery
        .map_or_else(String::new, |battery| format!(", battery {battery} %"));
    let counts = line.counts.as_deref().unwrap_or("UNASSIGNED");
    let channel = line.channel.as_deref().unwrap_or("(no channel)");
    let name = line
        .name
        .as_ref()
        .or(line.sensor.as_ref())
        .map_or_else(String::new, |name| format!(" \"{name}\""));
    let balance = line.imbalance.map_or_else(String::new, |percent| {
        format!(
            ", last day {} in {} out ({percent:+} %)",
            line.entries, line.exits
        )
    });
    println!(
        "{state:6}  {} {} {channel}{name} -> {counts}: {heard}{battery}{balance}",
        line.gateway, line.device
    );
}
