//! `parvis recount SPACE PEOPLE`: staff counted, and the figure follows.

use std::path::Path;

use clap::Args;

use super::{actor, explain, open};
use crate::actions::explain_figure;
use crate::actions::recount_space::{MOST, Recount, recount_blocking};
use crate::domain::day;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The space, by slug.
    space: String,
    /// How many people there are.
    #[arg(allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(0..=MOST))]
    people: i64,
    /// When they were counted: local time such as "2026-11-24 10:30", or RFC 3339; else now.
    #[arg(long)]
    at: Option<String>,
    /// Why it was counted.
    #[arg(long, default_value = "counted by staff")]
    reason: String,
}

pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let campus = parvis.campus();
    let now = parvis.clock.now();
    let at = match &arguments.at {
        Some(text) => explain::moment(text, campus.zone())?,
        None => now,
    };
    let Arguments {
        space,
        people,
        reason,
        ..
    } = arguments;
    let known = campus.space(&space).map(|known| known.space.day_starts);
    let today = known.map(|starts| day::around(campus.zone(), starts, now).0);
    let recount = Recount {
        space: space.clone(),
        people,
        at,
        reason,
    };
    let database = &parvis.database;
    let before =
        database.read_blocking(|view| explain_figure::shown(view, &campus, &space, now))?;
    let made = recount_blocking(database, &campus, &actor()?, recount, now)?;
    if today.is_some_and(|today| at < today) {
        println!(
            "Noted as correction {}, for the history of that day; the figure of today stays as it is.",
            made.id
        );
        return Ok(());
    }
    let after = database
        .read_blocking(|view| explain_figure::summed(view, &campus, &space, parvis.clock.now()))?;
    let before = before.map_or_else(|| "unknown".to_owned(), |people| people.to_string());
    println!(
        "Noted as correction {}: {before} \u{2192} {after} people.",
        made.id
    );
    Ok(())
}
