//! The hosts of identity providers: those they are at, and those that they send Parvis to.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::domain::ports::{Destination, Kind};

/// The hosts of each provider, by its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(BTreeMap<String, BTreeSet<Destination>>);

impl Hosts {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Destination> {
        let all: BTreeSet<&Destination> = self.0.values().flatten().collect();
        all.into_iter().cloned().collect()
    }

    /// Notes where a provider is asked; tells whether that is new.
    pub(super) fn note(&mut self, issuer: &str, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return false;
        };
        let destination = Destination {
            kind: Kind::IdentityProvider,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
        };
        let known = self.0.entry(issuer.to_owned()).or_default();
        known.insert(destination)
    }

    /// Says which providers there are; tells whether that is new.
    pub(super) fn are<'i>(&mut self, issuers: impl IntoIterator<Item = &'i str>) -> bool {
        let before = self.clone();
        let issuers: BTreeSet<&str> = issuers.into_iter().collect();
        self.0.retain(|issuer, _| issuers.contains(issuer.as_str()));
        for issuer in issuers {
            if let Ok(url) = Url::parse(issuer) {
                self.note(issuer, &url);
            }
        }
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(hosts: &Hosts) -> Vec<String> {
        let all = hosts.all().into_iter();
        all.map(|host| format!("{}:{}", host.host, host.port))
            .collect()
    }

    #[test]
    fn a_provider_is_known_with_the_hosts_it_sends_to_until_it_is_retired() {
        let mut hosts = Hosts::default();
        let (a, b) = ("https://a.example/realm", "https://[2001:db8::1]:8443/");
        assert!(hosts.are([a, b]));
        let keys = Url::parse("https://keys.example/jwks").unwrap();
        assert!(hosts.note(a, &keys));
        assert!(!hosts.note(a, &keys));
        assert_eq!(
            all(&hosts),
            ["2001:db8::1:8443", "a.example:443", "keys.example:443"]
        );
        assert!(!hosts.are([a, b]));
        assert!(hosts.are([b]));
        assert_eq!(all(&hosts), ["2001:db8::1:8443"]);
    }
}
