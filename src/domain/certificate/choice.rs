//! Where the certificate comes from, as the settings or an administrator say.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::super::actor::{Place, Placed};

/// The directory of Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Made by this machine: browsers warn of it.
    #[default]
    SelfMade,
    /// Requested from an ACME directory (RFC 8555) and renewed by itself.
    Acme,
    /// Brought by an operator: uploaded, or put in place as files.
    Uploaded,
}

impl Source {
    /// All sources.
    pub const ALL: [Self; 3] = [Self::SelfMade, Self::Acme, Self::Uploaded];

    /// The word as in settings, the audit and keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SelfMade => "self-made",
            Self::Acme => "acme",
            Self::Uploaded => "uploaded",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|source| source.name() == word);
        named.ok_or_else(|| format!("\"{word}\" is none of self-made, acme, uploaded"))
    }
}

/// Where it comes from, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Where from.
    pub source: Source,
    /// The address of the ACME directory.
    pub directory: String,
    /// Whether whoever decides for this machine accepts the terms of service of the directory; nothing is requested before.
    pub terms_agreed: bool,
    /// Whom the directory may write to, a mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The profile to ask for, where the directory has several (`shortlived`, `tlsserver`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Authorities trusted beside the system's when the directory is asked, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The identifier of the account that the authority knows already (external account binding, RFC 8555 7.3.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
    /// A file with the key of that account, base64url as the authority gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding_key_file: Option<PathBuf>,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            source: Source::default(),
            directory: LETS_ENCRYPT.to_owned(),
            terms_agreed: false,
            contact: None,
            profile: None,
            ca_file: None,
            binding: None,
            binding_key_file: None,
        }
    }
}

/// The certificate of this machine, as something that is managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagedCertificate;

impl Placed for ManagedCertificate {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_back() {
        for source in Source::ALL {
            assert_eq!(source.name().parse(), Ok(source));
            assert_eq!(
                serde_json::to_value(source).unwrap(),
                serde_json::json!(source.name())
            );
        }
        assert!("letsencrypt".parse::<Source>().is_err());
    }
}
