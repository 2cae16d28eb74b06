//! Noting an unexpected error, so that the reference a visitor quotes leads to its cause.

use crate::domain::reading::Moment;
use crate::persistence::Database;
use crate::persistence::errors::{self, Noted};

/// Notes the chain of causes of an error under its reference, with the place (method and route, never the address). A
/// database that cannot take the note is logged; the cause is in the log already.
pub async fn note(
    database: Database,
    reference: String,
    place: String,
    error: String,
    now: Moment,
) {
    let noted = Noted {
        reference,
        at: now,
        place,
        cause: error,
    };
    if let Err(error) = database.write(move |tx| errors::note(tx, &noted)).await {
        log::warn!("error log: not written: {}", error.chain());
    }
}

/// A new reference: ten hexadecimal digits.
#[must_use]
pub fn reference() -> String {
    let mut random = [0; 5];
    // Without randomness the reference is dull, but the error is still noted.
    let _ = openssl::rand::rand_bytes(&mut random);
    hex::encode_upper(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_differ() {
        assert_ne!(reference(), reference());
        assert_eq!(reference().len(), 10);
    }
}
