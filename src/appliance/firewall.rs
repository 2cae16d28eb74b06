//! The firewall of the machine: rules made of the list of ports and of what is configured, loaded whole or not at all.
//!
//! nftables does the work. A ruleset is tried first, and loaded in one transaction: one that is refused leaves the rules
//! in force. Bans are in a table of their own that is not touched.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use askama::Template;
use ipnet::IpNet;

use crate::domain::ports::{Destination, Inbound, Kind, List, Protocol};
use crate::error::Error;

/// The list of ports that this Parvis was made with.
const LIST: &str = include_str!("../../firewall/ports.toml");

/// Where systemd-resolved says which name servers it asks.
pub const NAME_SERVERS: &str = "/run/systemd/resolve/resolv.conf";

/// A way out: for one user of the machine, to one port of one address, or of any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Why.
    pub kind: Kind,
    /// The number of the user.
    pub user: u32,
    /// How.
    pub protocol: Protocol,
    /// To which address; to any when `None`.
    pub address: Option<IpAddr>,
    /// To which port.
    pub port: u16,
}

impl Way {
    fn family(&self) -> &'static str {
        match self.address {
            Some(IpAddr::V6(_)) => "ip6",
            Some(IpAddr::V4(_)) | None => "ip",
        }
    }
}

#[derive(Template)]
#[template(path = "policy.nft", escape = "none")]
struct Policy<'a> {
    inbound: &'a [Inbound],
    outbound: &'a [Way],
    campus4: String,
    campus6: String,
}

/// The list of ports.
///
/// # Errors
/// When the list that Parvis was made with is none: a fault of ours.
pub fn list() -> Result<List, Error> {
    LIST.parse().map_err(|rule: String| Error::Invalid {
        field: "firewall/ports.toml".to_owned(),
        rule,
    })
}

/// The rules as nftables reads them.
///
/// # Errors
/// When they cannot be written down.
pub fn rules(list: &List, campus: &[IpNet], outbound: &[Way]) -> Result<String, Error> {
    let (v4, v6): (Vec<&IpNet>, Vec<&IpNet>) = campus
        .iter()
        .partition(|network| matches!(network, IpNet::V4(_)));
    let elements = |networks: Vec<&IpNet>| {
        let networks = networks
            .into_iter()
            .map(|network| network.trunc().to_string());
        networks.collect::<Vec<_>>().join(", ")
    };
    let policy = Policy {
        inbound: &list.inbound,
        outbound,
        campus4: elements(v4),
        campus6: elements(v6),
    };
    policy.render().map_err(Error::internal)
}

/// Tries rules and loads them, all or none.
///
/// # Errors
/// When nftables refuses them: then those in force stay.
pub fn load(rules: &str) -> Result<(), Error> {
    nft(&["--check", "--file", "-"], rules)?;
    nft(&["--file", "-"], rules)
}

/// Whether a policy is in force, and not only the base that is there before it.
#[must_use]
pub fn has_policy(list: &List) -> bool {
    list.inbound.first().is_some_and(|port| {
        let chain = format!("to_{}", port.name());
        nft(&["list", "chain", "inet", "parvis", &chain], "").is_ok()
    })
}

fn nft(arguments: &[&str], input: &str) -> Result<(), Error> {
    let missing = |error| Error::unavailable("nftables (/usr/sbin/nft)", error);
    let mut process = Command::new("/usr/sbin/nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    if let Some(mut stdin) = process.stdin.take() {
        // A process that does not read to the end says why below.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = process.wait_with_output().map_err(missing)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Conflict(format!(
        "nftables refuses the rules, those in force stay: {}",
        said.trim()
    )))
}

/// The name servers that systemd-resolved asks; none when it does not say.
#[must_use]
pub fn name_servers(path: &Path) -> Vec<Destination> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let named = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver "))
        .filter_map(|address| address.trim().split('%').next()?.parse::<IpAddr>().ok());
    named
        .map(|address| Destination {
            kind: Kind::Dns,
            host: address.to_string(),
            port: 53,
        })
        .collect()
}

/// What the service told of whom it speaks to.
#[must_use]
pub fn told(path: &Path) -> Vec<Destination> {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Tells whom the service speaks to. Where there is no directory for it there is no firewall to tell.
///
/// # Errors
/// When the file cannot be written.
pub fn tell(path: &Path, destinations: &[Destination]) -> Result<(), Error> {
    if told(path) == destinations || path.parent().is_none_or(|directory| !directory.is_dir()) {
        return Ok(());
    }
    let aside = path.with_extension("new");
    let text = serde_json::to_vec(destinations).map_err(Error::internal)?;
    std::fs::write(&aside, text)
        .and_then(|()| std::fs::rename(&aside, path))
        .map_err(|error| Error::Conflict(format!("{} cannot be written: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_told_apart_and_cut_to_their_length() {
        let campus = ["193.50.1.2/16", "2001:db8:1::5/48"].map(|text| text.parse().unwrap());
        let rules = rules(&list().unwrap(), &campus, &[]).unwrap();
        assert!(rules.contains("allow4 { 193.50.0.0/16 }"), "{rules}");
        assert!(rules.contains("allow6 { 2001:db8:1::/48 }"), "{rules}");
    }

    #[test]
    fn a_way_out_is_for_one_user_to_one_port_of_one_address() {
        let way = |address: Option<&str>| Way {
            kind: Kind::Mail,
            user: 977,
            protocol: Protocol::Tcp,
            address: address.map(|address| address.parse().unwrap()),
            port: 587,
        };
        let ways = [way(Some("10.1.2.3")), way(Some("2001:db8::3")), way(None)];
        let rules = rules(&list().unwrap(), &[], &ways).unwrap();
        let found: Vec<&str> = rules
            .lines()
            .filter_map(|line| line.trim().strip_prefix("meta skuid "))
            .collect();
        assert_eq!(
            found,
            [
                "977 ip daddr 10.1.2.3 tcp dport 587 counter accept comment \"mail\"",
                "977 ip6 daddr 2001:db8::3 tcp dport 587 counter accept comment \"mail\"",
                "977 tcp dport 587 counter accept comment \"mail\"",
            ]
        );
    }

    #[test]
    fn name_servers_are_read_with_and_without_a_scope() {
        let path = std::env::temp_dir().join(format!("parvis-resolv-{}", std::process::id()));
        let text = "# made by hand\nnameserver 10.0.0.53\nnameserver fe80::1%2\nsearch uni.example\nnameserver x\n";
        std::fs::write(&path, text).unwrap();
        let servers = name_servers(&path);
        std::fs::remove_file(&path).unwrap();
        let hosts: Vec<&str> = servers.iter().map(|server| server.host.as_str()).collect();
        assert_eq!(hosts, ["10.0.0.53", "fe80::1"]);
        assert_eq!(name_servers(&path), []);
    }

    #[test]
    fn what_is_told_is_read_back() {
        let directory = std::env::temp_dir().join(format!("parvis-told-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("destinations.json");
        let destinations = [Destination {
            kind: Kind::IdentityProvider,
            host: "idp.uni.example".to_owned(),
            port: 443,
        }];
        tell(&path, &destinations).unwrap();
        assert_eq!(told(&path), destinations);
        std::fs::remove_dir_all(&directory).unwrap();
        tell(&path, &destinations).unwrap();
        assert_eq!(told(&path), []);
    }
}
