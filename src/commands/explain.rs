//! `parvis explain SPACE`: the sum behind a published figure.

use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::{local, open};
use crate::actions::explain_figure::{Explanation, decimal, explain};
use crate::domain::day::moment_told;
use crate::domain::reading::Moment;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The space, by slug.
    space: String,
    /// When the figure was shown: RFC 3339, or local time such as "2026-11-24 10:30"; else now.
    #[arg(long)]
    at: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let campus = parvis.campus();
    let at = match &arguments.at {
        Some(text) => moment(text, campus.zone())?,
        None => parvis.clock.now(),
    };
    let explanation = parvis
        .database
        .read_blocking(|view| explain(view, &campus, &arguments.space, at))?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print(&explanation, campus.zone(), 0);
    }
    anyhow::ensure!(
        explanation.recomputed == explanation.published,
        "the figure computed again is not the published one: please report this"
    );
    Ok(())
}

/// A moment as a person types it.
pub(super) fn moment(text: &str, zone: Tz) -> anyhow::Result<Moment> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.with_timezone(&Utc));
    }
    let local = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
    ]
    .into_iter()
    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    .with_context(|| {
        format!(
            "\"{text}\" is not a time; write a day and a time of {zone}, 2026-11-24 10:30, or UTC, 2026-11-24T09:30:00Z"
        )
    })?;
    moment_told(zone, local).with_context(|| format!("\"{text}\" in {zone}"))
}

fn print(explanation: &Explanation, zone: Tz, depth: usize) {
    let indent = "    ".repeat(depth);
    let time = |at: Moment| local(at, zone);
    let people = |known: Option<i64>| {
        known.map_or_else(|| "unknown".to_owned(), |people| people.to_string())
    };
    println!(
        "{indent}{}: {} people ({})",
        explanation.space,
        people(explanation.published),
        explanation.quality
    );
    println!("{indent}  shown since  {}", time(explanation.shown_since));
    if let Some(as_of) = explanation.as_of {
        println!("{indent}  newest data  {}", time(as_of));
    }
    println!(
        "{indent}  day began    {}",
        time(explanation.day_started_at)
    );
    if !explanation.counted.is_empty() {
        println!("{indent}  counted");
    }
    for counted in &explanation.counted {
        let what = match counted.seen {
            Some(seen) => format!("{seen:>7} people seen"),
            None => format!("{:>7} in {:>7} out", counted.entries, counted.exits),
        };
        println!("{indent}    {what}  {} ({})", counted.at, counted.channel);
    }
    if !explanation.corrections.is_empty() {
        println!("{indent}  corrected");
    }
    for corrected in &explanation.corrections {
        println!(
            "{indent}    {}  {} ({}; {})",
            time(corrected.at),
            corrected.what,
            corrected.reason,
            corrected.actor
        );
    }
    if let Some(sum) = explanation.sum {
        println!("{indent}  sum");
        let terms = [
            ("opening", sum.opening),
            ("entries", sum.entries),
            ("exits", -sum.exits),
            ("drift", sum.drift),
            ("lifted to zero", sum.lifted),
            ("recounts", sum.recounted),
        ];
        for (name, term) in terms.into_iter().filter(|(_, term)| *term != 0) {
            println!("{indent}    {:>+14} {name}", Signed(term));
        }
        println!("{indent}    {:>14} present", decimal(sum.present));
    }
    for part in &explanation.parts {
        print(part, zone, depth + 1);
    }
    println!("{indent}  recomputed   {}", people(explanation.recomputed));
    if explanation.late_readings_changed != 0 {
        println!(
            "{indent}  readings that came later change it by {:+}",
            explanation.late_readings_changed
        );
    }
}

/// Millionths with a sign, in decimal.
struct Signed(i64);

impl std::fmt::Display for Signed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "" } else { "+" };
        formatter.pad(&format!("{sign}{}", decimal(self.0)))
    }
}
