//! What is asked twice, by a double click or by a program that did not hear the answer, is done once.

use serde_json::Value;

use crate::domain::actor::Actor;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::persistence::{Transaction, requests};

/// A request that may be sent again.
#[derive(Debug, Clone)]
pub struct Repeatable {
    /// The key that its sender gave it.
    pub key: String,
    /// SHA-256 of what it asks for.
    pub digest: [u8; 32],
}

/// Does what is asked, or gives the answer that it had before.
pub(super) fn once<'t>(
    tx: &mut Transaction<'t>,
    actor: &Actor,
    key: Option<&Repeatable>,
    now: Moment,
    work: impl FnOnce(&mut Transaction<'t>) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let Some((key, person)) = key.zip(actor.person) else {
        return work(tx);
    };
    if let Some(answer) = requests::take(tx, person, &key.key, &key.digest, now)? {
        return Ok(answer);
    }
    let answer = work(tx)?;
    requests::answer(tx, person, &key.key, &answer)?;
    Ok(answer)
}
