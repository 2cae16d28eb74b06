//! What a certificate says of itself.

use serde::{Deserialize, Serialize};

use super::super::reading::Moment;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The names it is for: DNS names and addresses.
    pub names: Vec<String>,
    /// Who issued it, in words.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: Moment,
    /// Until when.
    pub not_after: Moment,
    /// SHA-256 of the whole certificate, in pairs of hexadecimal digits.
    pub fingerprint: String,
    /// The kind and size of its key (`EC P-256`, `RSA 3072`).
    pub key: String,
    /// Whether nobody but itself vouches for it.
    pub is_self_signed: bool,
}
