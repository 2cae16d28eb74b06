//! What is remembered of renewals and warnings, beside the pair: the service and the commands read it.

use std::fs;

use serde::{Deserialize, Serialize};

use super::Files;
use crate::domain::certificate::Warning;
use crate::domain::reading::Moment;
use crate::error::Error;

const NAME: &str = "certificate-notes.json";

/// A certificate that came from an ACME directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obtained {
    /// Which.
    pub fingerprint: String,
    /// From which directory.
    pub directory: String,
    /// For which profile.
    pub profile: Option<String>,
    /// When.
    pub at: Moment,
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// The last certificate that was made here, by its fingerprint.
    pub made: Option<String>,
    /// The last certificate that was obtained.
    pub obtained: Option<Obtained>,
    /// Failures since.
    pub failures: u32,
    /// When the last one was.
    pub failed_at: Option<Moment>,
    /// Why.
    pub reason: Option<String>,
    /// When it is tried again.
    pub next_try: Option<Moment>,
    /// Until when the directory does not want to be asked, even if somebody asks to.
    pub asked_to_wait: Option<Moment>,
    /// The worst that was warned of by mail, and of which certificate.
    pub warned: Option<(String, Warning)>,
}

impl Notes {
    /// Reads them; what cannot be read is as good as nothing.
    #[must_use]
    pub fn read(files: &Files) -> Self {
        let text = fs::read(files.beside(NAME)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Changes them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn change(files: &Files, change: impl FnOnce(&mut Self)) -> Result<(), Error> {
        let mut notes = Self::read(files);
        change(&mut notes);
        let text = serde_json::to_vec_pretty(&notes).map_err(Error::internal)?;
        files.write_beside(NAME, &text)
    }
}
