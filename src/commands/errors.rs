//! `parvis errors`: what visitors' references lead to.

use std::path::Path;

use clap::Args;

use super::{local, open};
use crate::persistence::errors;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many.
    #[arg(long, default_value_t = 20, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(1..))]
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
            local(error.at, parvis.campus().zone()),
            error.place,
            error.cause
        );
    }
    Ok(())
}
