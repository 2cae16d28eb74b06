//! `parvis errors`: what visitors' references lead to.

use std::path::Path;

use clap::Args;

use super::open;
use crate::persistence::errors;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many.
    #[arg(long, default_value_t = 20)]
    count: i64,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let noted = parvis
        .database
        .read_blocking(|view| errors::newest(view, arguments.count))?;
    if noted.is_empty() {
        println!("No unexpected error in the last 90 days.");
    }
    for error in noted {
        println!(
            "{}  {}  {}\n    {}",
            error.reference,
            error.at.to_rfc3339(),
            error.place,
            error.cause
        );
    }
    Ok(())
}
