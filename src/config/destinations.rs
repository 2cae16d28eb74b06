//! Whom the service must be able to reach, as far as settings say so and the service has told.

use std::collections::BTreeSet;

use url::Url;

use super::Settings;
use crate::domain::certificate::Source;
use crate::domain::ports::{Destination, Kind};

impl Settings {
    /// Everybody that is configured. `told` is what the service said beside the settings; with a proxy, it reaches only
    /// those of them directly that are excepted from it.
    #[must_use]
    pub fn destinations(&self, told: &[Destination]) -> BTreeSet<Destination> {
        let mail = self.mail.relay.as_ref().map(|relay| Destination {
            kind: Kind::Mail,
            host: relay.clone(),
            port: self.mail.port(),
        });
        let proxy = self
            .auth
            .proxy
            .as_deref()
            .and_then(|proxy| destination(Kind::IdentityProvider, proxy));
        let authority = (self.certificate.source == Source::Acme)
            .then(|| destination(Kind::CertificateAuthority, &self.certificate.directory));
        let updates = destination(Kind::Updates, &self.update.url);
        // Another user fetches releases than asks the rest, and takes the same way.
        let fetched_by_proxy = proxy.clone().filter(|_| {
            let host = updates.as_ref().map(|updates| updates.host.as_str());
            host.is_some_and(|host| !self.auth.goes_around_proxy(host))
        });
        let fetched_by_proxy = fetched_by_proxy.map(|proxy| Destination {
            kind: Kind::Updates,
            ..proxy
        });
        let direct = told
            .iter()
            .cloned()
            .chain(authority.flatten())
            .chain(updates)
            .filter(|told| proxy.is_none() || self.auth.goes_around_proxy(&told.host));
        direct
            .chain(mail)
            .chain(proxy.clone())
            .chain(fetched_by_proxy)
            .collect()
    }
}

impl super::Auth {
    /// Whether a host is reached without the proxy: it is named, or below a domain that is.
    fn goes_around_proxy(&self, host: &str) -> bool {
        self.no_proxy.iter().any(|except| {
            let except = except.trim_start_matches('.');
            host.strip_suffix(except)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

/// Where an address leads, if it is one.
fn destination(kind: Kind, address: &str) -> Option<Destination> {
    let url = Url::parse(address).ok()?;
    Some(Destination {
        kind,
        host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
        port: url.port_or_known_default()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations(settings: &str, told: &[&str]) -> Vec<String> {
        let settings: Settings = toml::from_str(settings).unwrap();
        let told: Vec<Destination> = told
            .iter()
            .map(|address| destination(Kind::IdentityProvider, address).unwrap())
            .collect();
        let all = settings.destinations(&told).into_iter();
        all.map(|all| format!("{} {} {}", all.kind, all.host, all.port))
            .collect()
    }

    #[test]
    fn nothing_is_configured_at_first() {
        assert_eq!(destinations("", &[]), [""; 0]);
    }

    #[test]
    fn what_is_configured_is_reached_at_its_port() {
        let settings = "[mail]\nrelay = \"smtp.uni.example\"\nsecurity = \"tls\"\n[update]\nurl = \"https://r.example/parvis/\"\n";
        assert_eq!(
            destinations(
                settings,
                &[
                    "https://idp.uni.example:8443/realms/x",
                    "https://[2001:db8::1]/"
                ]
            ),
            [
                "mail smtp.uni.example 465",
                "identity-provider 2001:db8::1 443",
                "identity-provider idp.uni.example 8443",
                "updates r.example 443",
            ]
        );
    }

    #[test]
    fn an_authority_is_reached_when_the_certificate_comes_from_one() {
        let directory = "directory = \"https://acme.uni.example:14000/dir\"\n";
        let settings = |source: &str| format!("[certificate]\nsource = \"{source}\"\n{directory}");
        assert_eq!(
            destinations(&settings("acme"), &[]),
            ["certificate-authority acme.uni.example 14000"]
        );
        assert_eq!(destinations(&settings("uploaded"), &[]), [""; 0]);
    }

    #[test]
    fn behind_a_proxy_only_the_proxy_is_reached_and_what_is_excepted() {
        let settings =
            "[auth]\nproxy = \"http://proxy.uni.example:3128\"\nno_proxy = [\"uni.example\"]\n";
        assert_eq!(
            destinations(
                settings,
                &[
                    "https://idp.uni.example",
                    "https://evil-uni.example",
                    "https://idp.example"
                ]
            ),
            [
                "identity-provider idp.uni.example 443",
                "identity-provider proxy.uni.example 3128",
            ]
        );
        let updates = |host: &str| format!("{settings}[update]\nurl = \"https://{host}/r/\"\n");
        assert_eq!(
            destinations(&updates("releases.example"), &[]),
            [
                "identity-provider proxy.uni.example 3128",
                "updates proxy.uni.example 3128",
            ]
        );
        assert_eq!(
            destinations(&updates("releases.uni.example"), &[]),
            [
                "identity-provider proxy.uni.example 3128",
                "updates releases.uni.example 443",
            ]
        );
    }
}
