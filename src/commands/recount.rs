//! `parvis recount SPACE PEOPLE`: staff counted, and the figure follows.

use std::path::Path;

use clap::Args;

use super::{actor, explain, open};
use crate::actions::recount_space::{Recount, recount_blocking};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The space, by slug.
    space: String,
    /// How many people there are.
    people: i64,
    /// When they were counted; else now.
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
    let made = recount_blocking(
        &parvis.database,
        &campus,
        &actor()?,
        Recount {
            space,
            people,
            at,
            reason,
        },
        now,
    )?;
    println!("Noted as correction {}.", made.id);
    Ok(())
}
