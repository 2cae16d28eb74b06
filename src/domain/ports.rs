//! The list of ports: what may be reached from outside, whom the machine itself speaks to, and who listens without being
//! on it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::words::Words;

/// What ports are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// New connections of one source: an IPv4 address, or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomers {
    /// How many a second in the long run.
    pub a_second: u32,
    /// How many at once.
    pub at_once: u32,
}

/// A port that may be reached from outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// Its number.
    pub port: u16,
    /// What it is of.
    pub protocol: Protocol,
    /// What is spoken there.
    pub service: String,
    /// The unit that listens.
    pub unit: String,
    /// What for.
    pub purpose: Words,
    /// How fast a source may come.
    pub newcomers: Newcomers,
}

impl Inbound {
    /// A name for sets and chains.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}{}", self.protocol, self.port)
    }
}

/// Why the machine speaks to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// For an address of its own.
    Dhcp,
    /// For the addresses of names.
    Dns,
    /// For the time.
    Ntp,
    /// To send mail.
    Mail,
    /// To sign people in.
    IdentityProvider,
    /// For its certificate.
    CertificateAuthority,
    /// For releases.
    Updates,
    /// To keep copies.
    Backup,
    /// To ask gateways and brokers.
    Gateways,
}

impl Kind {
    /// The word as in the list, in rules and in keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dhcp => "dhcp",
            Self::Dns => "dns",
            Self::Ntp => "ntp",
            Self::Mail => "mail",
            Self::IdentityProvider => "identity-provider",
            Self::CertificateAuthority => "certificate-authority",
            Self::Updates => "updates",
            Self::Backup => "backup",
            Self::Gateways => "gateways",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// To whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum To {
    /// To what is configured, and to nobody where nothing is.
    Configured,
    /// To whoever answers at the port.
    Anyone,
}

/// What the machine itself may begin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Why.
    pub kind: Kind,
    /// Which user of the machine.
    pub user: String,
    /// How.
    pub protocols: Vec<Protocol>,
    /// The usual port; what is configured may name another.
    pub port: u16,
    /// To whom.
    pub to: To,
    /// Ports where answers arrive that belong to no connection.
    #[serde(default)]
    pub answered_on: Vec<u16>,
    /// What for.
    pub purpose: Words,
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What may be reached from outside.
    pub inbound: Vec<Inbound>,
    /// What the machine itself may begin.
    pub outbound: Vec<Outbound>,
}

/// Somebody to speak to: a host by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Why.
    pub kind: Kind,
    /// The host, by name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A port where a process of this machine listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// What it is of.
    pub protocol: Protocol,
    /// Where.
    pub at: SocketAddr,
    /// The number of the user it belongs to.
    pub user: u32,
}

impl fmt::Display for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} of user {}",
            self.protocol, self.at, self.user
        )
    }
}

impl FromStr for List {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let list: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut names = BTreeSet::new();
        if let Some(twice) = list.inbound.iter().find(|port| !names.insert(port.name())) {
            return Err(format!("{} {} is listed twice", twice.protocol, twice.port));
        }
        if let Some(never) = list
            .inbound
            .iter()
            .find(|port| port.newcomers.a_second == 0 || port.newcomers.at_once == 0)
        {
            return Err(format!(
                "newcomers of {} {} must be at least one",
                never.protocol, never.port
            ));
        }
        Ok(list)
    }
}

impl List {
    /// Whether something may listen at a port.
    #[must_use]
    pub fn names(&self, protocol: Protocol, port: u16) -> bool {
        let is_inbound = self
            .inbound
            .iter()
            .any(|listed| listed.protocol == protocol && listed.port == port);
        is_inbound
            || self.outbound.iter().any(|listed| {
                listed.protocols.contains(&protocol) && listed.answered_on.contains(&port)
            })
    }

    /// Those who listen to others than this machine, at a port that is not on the list.
    #[must_use]
    pub fn strangers(&self, listeners: &[Listener]) -> Vec<Listener> {
        let strangers: BTreeSet<Listener> = listeners
            .iter()
            .filter(|listener| !listener.at.ip().to_canonical().is_loopback())
            .filter(|listener| !self.names(listener.protocol, listener.at.port()))
            .copied()
            .collect();
        strangers.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> List {
        include_str!("../../firewall/ports.toml").parse().unwrap()
    }

    #[test]
    fn three_ports_are_open() {
        let open: Vec<String> = list().inbound.iter().map(Inbound::name).collect();
        assert_eq!(open, ["tcp22", "tcp80", "tcp443"]);
    }

    #[test]
    fn every_purpose_is_told_in_both_languages() {
        let list = list();
        let purposes = list
            .inbound
            .iter()
            .map(|port| &port.purpose)
            .chain(list.outbound.iter().map(|way| &way.purpose));
        for purpose in purposes {
            let languages: Vec<&str> = purpose.0.keys().map(String::as_str).collect();
            assert_eq!(languages, ["en", "fr"], "{purpose:?}");
        }
    }

    #[test]
    fn a_port_is_listed_once_and_a_pace_lets_somebody_in() {
        let port = |pace: u32| {
            format!(
                "[[inbound]]\nport = 22\nprotocol = \"tcp\"\nservice = \"SSH\"\nunit = \"ssh.service\"\npurpose.en = \"\"\n\
                 newcomers = {{ a_second = {pace}, at_once = 1 }}\n"
            )
        };
        let read = |text: &str| format!("outbound = []\n{text}").parse::<List>();
        assert!(read(&port(1)).is_ok());
        assert_eq!(
            read(&format!("{}{}", port(1), port(1))),
            Err("tcp 22 is listed twice".to_owned())
        );
        assert!(read(&port(0)).is_err());
    }

    #[test]
    fn who_listens_beside_the_list_is_a_stranger() {
        let listener = |protocol, at: &str| Listener {
            protocol,
            at: at.parse().unwrap(),
            user: 0,
        };
        let listed = [
            listener(Protocol::Tcp, "0.0.0.0:22"),
            listener(Protocol::Tcp, "[::]:443"),
            listener(Protocol::Udp, "10.0.0.1:68"),
            listener(Protocol::Tcp, "127.0.0.1:5432"),
            listener(Protocol::Udp, "[::ffff:127.0.0.53]:53"),
        ];
        assert_eq!(list().strangers(&listed), []);
        let strangers = [
            listener(Protocol::Tcp, "[::]:8099"),
            listener(Protocol::Udp, "0.0.0.0:443"),
        ];
        let both = [&strangers[..], &strangers[..], &listed].concat();
        assert_eq!(list().strangers(&both), strangers);
    }
}
