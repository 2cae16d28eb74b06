//! `parvis apply campus.toml`: shows what would change, then changes all of it or nothing.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{actor, counted, open};
use crate::actions::apply_description::{Others, apply, plan};
use crate::config::read_campus;
use crate::domain::plan::Change;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The description of the campus, - for what comes in; see docs/campus.md.
    file: PathBuf,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
    /// Retire what the file no longer names; without it such things are left alone.
    #[arg(long)]
    prune: bool,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let description = read_campus(&arguments.file)?;
    let parvis = open(config)?;
    let changes = plan(&parvis.database, &description)?;
    let (others, changes): (Vec<Change>, Vec<Change>) = changes
        .into_iter()
        .partition(|change| matches!(change, Change::Retire(_)));
    for change in &changes {
        println!("{change}");
    }
    for other in &others {
        if arguments.prune {
            println!("{other}");
        } else {
            println!("{other} (not in the file; left alone without --prune)");
        }
    }
    let pruned = if arguments.prune { others.len() } else { 0 };
    if changes.is_empty() && pruned == 0 {
        println!("Nothing to change.");
        return Ok(());
    }
    if arguments.dry_run {
        println!(
            "{}; nothing was done (--dry-run).",
            counted(changes.len() + pruned, "change")
        );
        return Ok(());
    }
    let prune = if arguments.prune {
        Others::Retire
    } else {
        Others::Keep
    };
    apply(
        &parvis.database,
        &actor()?,
        &description,
        prune,
        parvis.clock.now(),
    )?;
    println!("{} applied.", counted(changes.len() + pruned, "change"));
    Ok(())
}
