//! Accounts of Parvis itself: for the day the provider is away, and for those who have none.

pub mod passkeys;
pub mod passwords;
pub mod rules;
pub mod totp;

use std::sync::Arc;

use super::sealing::Seal;

/// What accounts of this service need beside the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Local {
    /// What hashes passwords.
    pub passwords: passwords::Passwords,
    /// What seals secrets that must be read again.
    pub seal: Arc<Seal>,
}

impl Local {
    /// With the key of the appliance.
    #[must_use]
    pub fn new(seal: Arc<Seal>) -> Self {
        Self {
            passwords: passwords::Passwords::new(),
            seal,
        }
    }
}
