//! The demo campus: its description and the secrets of its gateways.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use chrono_tz::Tz;
use reqwest::RequestBuilder;

use crate::domain::campus::KnownGateway;
use crate::domain::reading::Moment;

/// The zone of the demo campus.
pub(super) const ZONE: Tz = Tz::Europe__Paris;

/// The demo campus.
pub(super) const DESCRIPTION: &str = include_str!("campus.toml");

/// The secrets of the demo's gateways, kept in a file so that a second run need not make new ones.
#[derive(Debug, Default)]
pub(super) struct Secrets(BTreeMap<String, String>);

impl Secrets {
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        Self(toml::from_str(&text).unwrap_or_default())
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = format!(
            "# The secrets of the demo's gateways. On an appliance they are seen once and kept nowhere.\n{}",
            toml::to_string(&self.0)?
        );
        std::fs::write(path, text).with_context(|| path.display().to_string())
    }

    pub(super) fn set(&mut self, gateway: &str, secret: String) {
        self.0.insert(gateway.to_owned(), secret);
    }

    /// Whether the secret that is known still opens a gateway.
    pub(super) fn opens(&self, known: &KnownGateway, now: Moment) -> bool {
        let digest = self
            .0
            .get(&known.gateway.name)
            .map(|secret| openssl::sha::sha256(secret.as_bytes()));
        let is_good = |until: Option<Moment>| until.is_none_or(|until| now < until);
        digest.is_some_and(|digest| {
            known
                .secrets
                .iter()
                .any(|secret| secret.digest == digest && is_good(secret.until))
        })
    }

    /// Puts a gateway's secret where it belongs.
    pub(super) fn prove(&self, gateway: &str, request: RequestBuilder) -> RequestBuilder {
        let secret = self.0.get(gateway).cloned().unwrap_or_default();
        match gateway {
            "gym" => request.basic_auth("gym", Some(secret)),
            "turnstiles" => request.header("x-gate-key", secret),
            _ => request.bearer_auth(secret),
        }
    }
}
