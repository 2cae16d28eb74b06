//! `parvis audit`: shows what was changed, and whether the record of it holds.

use std::path::Path;

use anyhow::bail;
use clap::Subcommand;

use super::{local, open};
use crate::actions::read_audit;
use crate::domain::actor::Actor;
use crate::domain::audit::Filter;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Follow the chain of records from its beginning: fails when one is missing or altered.
    Verify,
    /// List the newest records.
    List {
        /// How many.
        #[arg(long, default_value_t = 50, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(1..))]
        count: i64,
        /// Only those whose actor, act or object holds these words.
        #[arg(long)]
        words: Option<String>,
    },
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let parvis = open(config)?;
    match command {
        Command::Verify => match read_audit::verify(&parvis.database)? {
            Ok(count) => println!("{count} records, none missing, none altered."),
            Err(broken) => bail!("the audit does not hold: {broken}"),
        },
        Command::List { count, words } => {
            let filter = Filter {
                words: words.clone(),
                ..Filter::default()
            };
            let actor = Actor::console("console");
            for record in read_audit::newest_blocking(&parvis.database, &actor, &filter, *count)? {
                let event = record.event;
                println!(
                    "{}  {}  {} ({}, {})  {}  {}  {}",
                    record.position,
                    local(record.at, parvis.campus().zone()),
                    event.actor,
                    event.via,
                    event.address.as_deref().unwrap_or("-"),
                    event.act,
                    event.object,
                    event.outcome
                );
            }
        }
    }
    Ok(())
}
