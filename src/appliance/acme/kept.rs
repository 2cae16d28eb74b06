//! The account at a directory and the order that is on its way, kept in files that only the service reads.

use std::fs;

use instant_acme::AccountCredentials;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::appliance::certificate::Files;
use crate::error::Error;

/// An account.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptAccount {
    /// The directory that knows it.
    pub(super) directory: String,
    /// Whom the directory may write to.
    pub(super) contact: Option<String>,
    /// Its key and address.
    pub(super) credentials: AccountCredentials,
}

/// An order.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptOrder {
    /// The directory that knows it.
    pub(super) directory: String,
    /// The name it is for.
    pub(super) name: String,
    /// The profile that was asked for.
    pub(super) profile: Option<String>,
    /// Its address.
    pub(super) url: String,
    /// The key that the certificate is for, PEM.
    pub(super) key: String,
    /// What the directory may ask for at any moment, and the answers: whoever begins again answers at once.
    #[serde(default)]
    pub(super) answers: Vec<(String, String)>,
}

/// Something kept in a file of its own.
pub(super) trait Kept: Serialize + DeserializeOwned {
    /// The name of the file.
    const NAME: &'static str;

    /// Reads it; what is not there or cannot be read is begun anew.
    fn read(files: &Files) -> Option<Self> {
        serde_json::from_slice(&fs::read(files.beside(Self::NAME)).ok()?).ok()
    }

    /// Writes it.
    fn write(&self, files: &Files) -> Result<(), Error> {
        let text = serde_json::to_vec(self).map_err(Error::internal)?;
        files.write_beside(Self::NAME, &text)
    }

    /// Forgets it.
    fn forget(files: &Files) -> Result<(), Error> {
        files.remove_beside(Self::NAME)
    }
}

impl Kept for KeptAccount {
    const NAME: &'static str = "acme-account.json";
}

impl Kept for KeptOrder {
    const NAME: &'static str = "acme-order.json";
}
