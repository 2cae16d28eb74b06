//! `parvis mail`: the letters that wait, and why.

use std::path::Path;

use super::{local, open};
use crate::persistence::outbox;

pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let waiting = parvis.database.read_blocking(outbox::waiting)?;
    if waiting.is_empty() {
        println!("No letter waits.");
    }
    for letter in waiting {
        println!(
            "{}  {}  to {}  tried {} times, next at {}  {}",
            letter.id,
            letter.subject,
            letter.recipient,
            letter.tries,
            local(letter.next_try_at, parvis.campus().zone()),
            letter.failure.as_deref().unwrap_or("not tried yet"),
        );
    }
    if parvis.settings.mail.relay.is_none() {
        println!("The settings name no mail server (mail.relay): nothing is sent.");
    }
    Ok(())
}
