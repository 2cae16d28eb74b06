//! Sending mail: what waits in the outbox goes to the mail server, and what the server refuses is tried again later.
//!
//! A letter is sent between two units of work, never within one. Should the service end after the server took a letter and
//! before that is written down, it is sent again: twice is better than never.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::auth::sealing::Seal;
use crate::clock::Clock;
use crate::error::Error;
use crate::mail::Post;
use crate::persistence::Database;
use crate::persistence::outbox::{self, Waiting};

/// Letters sent in one go.
const AT_ONCE: i64 = 20;

/// How often to look for letters.
const PAUSE: Duration = Duration::from_secs(5);

/// Sends letters as they become due, until it is stopped. On its own and not among the tasks of the schedule: a mail server
/// that does not answer would hold those up.
pub async fn keep_sending(database: Database, clock: Clock, post: Post, seal: Arc<Seal>) {
    loop {
        if let Err(error) = send_due(&database, &clock, &post, &seal).await {
            log::warn!("mail: {}", error.chain());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends the letters that are due.
///
/// # Errors
/// When the database is not available. What the mail server refuses is written beside the letter.
pub async fn send_due(
    database: &Database,
    clock: &Clock,
    post: &Post,
    seal: &Seal,
) -> Result<(), Error> {
    let now = clock.now();
    let due = database
        .read(move |view| outbox::due(view, now, AT_ONCE))
        .await?;
    for letter in due {
        let sent = send(post, seal, &letter).await;
        let now = clock.now();
        match sent {
            Ok(()) => {
                database
                    .write(move |tx| outbox::sent(tx, letter.id, now))
                    .await?;
            }
            Err(why) => {
                // The reason may name the recipient, so it stands beside the letter, not in the log.
                log::warn!(
                    "mail: letter {} was not taken; parvis mail tells why",
                    letter.id
                );
                database
                    .write(move |tx| outbox::failed(tx, &letter, &why, now))
                    .await?;
            }
        }
    }
    Ok(())
}

/// Hands a letter over.
async fn send(post: &Post, seal: &Seal, letter: &Waiting) -> Result<(), String> {
    let sealed = STANDARD.decode(&letter.body);
    let sealed = sealed.map_err(|error| error.to_string())?;
    let body = seal.open(&sealed).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&body).into_owned();
    post.hand_over(&letter.recipient, &letter.subject, text)
        .await
}
