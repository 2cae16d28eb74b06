//! `parvis migrate`: brings the schema up to date, with the role that owns it.

use std::path::Path;

use crate::config::Settings;
use crate::persistence;

pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    let settings = Settings::read(config)?;
    let persistence::Migrated { done, newer } = persistence::migrate(
        &settings.database.url,
        settings.database.service_role.as_deref(),
        settings.database.reader_role.as_deref(),
    )?;
    match done.len() {
        0 if !newer.is_empty() => println!(
            "The schema is newer than this version, by {}: it is left as it is.",
            newer.join(", ")
        ),
        0 => println!("The schema is up to date."),
        _ => done.iter().for_each(|name| println!("Migrated {name}")),
    }
    Ok(())
}
