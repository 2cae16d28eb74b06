//! Giving a gateway a new secret; the old one stays good for a while, so that sensors can be changed one by one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;

use crate::domain::reading::Moment;
use crate::error::Error;
use crate::persistence::{Database, secrets};

/// Makes a secret of 256 random bits, keeps its digest, and returns it: the only time it is seen.
///
/// # Errors
/// When there is no such gateway, or the database is not available.
pub fn replace(
    database: &Database,
    gateway: &str,
    overlap: TimeDelta,
    now: Moment,
) -> Result<String, Error> {
    let mut random = [0; 32];
    openssl::rand::rand_bytes(&mut random).map_err(Error::internal)?;
    let secret = URL_SAFE_NO_PAD.encode(random);
    let digest = openssl::sha::sha256(secret.as_bytes());
    database.write_blocking(|tx| {
        let gateway = secrets::gateway(tx, gateway)?;
        secrets::replace(tx, gateway, &digest, now, now + overlap)
    })?;
    Ok(secret)
}
