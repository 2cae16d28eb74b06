//! The place of the machine in its network, and what systemd must be told about it. Whatever stands here was parsed: no text
//! of anybody reaches a file of the system but as the address or name it was understood to be.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::set_up::is_host;

/// The most of anything.
const MOST: usize = 8;

/// The place of a machine in its network. Without addresses the network gives them: DHCP, and router advertisements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// What the machine calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// Its addresses, with the length of their networks: `192.0.2.10/24`.
    pub addresses: Vec<String>,
    /// The way out, at most one a family.
    pub gateways: Vec<String>,
    /// Servers of names; those that the network tells when there are none.
    pub dns: Vec<String>,
    /// Domains in which short names are looked for.
    pub domains: Vec<String>,
    /// Servers of the time; those that the network tells, or Debian's, when there are none.
    pub ntp: Vec<String>,
}

/// A broken rule: the field, the rule, what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which field.
    pub field: &'static str,
    /// Which rule.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// An address in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interface {
    address: IpAddr,
    length: u8,
}

impl Interface {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let length: u8 = length.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (is_usable(address) && (1..=most).contains(&length)).then_some(Self { address, length })
    }

    /// Whether another address is in the same network.
    fn reaches(self, other: IpAddr) -> bool {
        let shared = match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        shared >= u32::from(self.length)
    }
}

/// Whether a machine can have, or ask, an address.
fn is_usable(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || is_broadcast)
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

impl Network {
    /// All rules that it breaks.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |field, rule, message: String| {
            faults.push(Fault {
                field,
                rule,
                message,
            });
        };
        if let Some(name) = &self.host_name
            && (!is_host(name) || name.parse::<IpAddr>().is_ok() || name.len() > 64)
        {
            let message =
                format!("{name:?} is no host name: a-z, 0-9, - and dots, at most 64 characters");
            fault("host_name", "host-name", message);
        }
        for (field, list) in [
            ("addresses", &self.addresses),
            ("gateways", &self.gateways),
            ("dns", &self.dns),
            ("domains", &self.domains),
            ("ntp", &self.ntp),
        ] {
            if list.len() > MOST {
                fault(field, "too-many", format!("at most {MOST} are possible"));
            }
        }
        let interfaces: Vec<Interface> = self
            .addresses
            .iter()
            .filter_map(|text| Interface::parse(text))
            .collect();
        for text in &self.addresses {
            if Interface::parse(text).is_none() {
                let message = format!(
                    "{text:?} is no address with the length of its network, such as 192.0.2.10/24"
                );
                fault("addresses", "interface-address", message);
            }
        }
        let mut families = [false; 2];
        for text in &self.gateways {
            let Some(address) = text
                .parse::<IpAddr>()
                .ok()
                .filter(|address| is_usable(*address))
            else {
                fault("gateways", "ip-address", format!("{text:?} is no address"));
                continue;
            };
            let is_near =
                is_link_local(address) || interfaces.iter().any(|own| own.reaches(address));
            if !is_near {
                let message = format!("{address} is in none of the networks of the addresses");
                fault("gateways", "gateway-near", message);
            }
            let family = families.get_mut(usize::from(address.is_ipv6()));
            if family.is_some_and(|seen| std::mem::replace(seen, true)) {
                fault(
                    "gateways",
                    "one-gateway",
                    "one for IPv4 and one for IPv6 at most".to_owned(),
                );
            }
        }
        for text in &self.dns {
            if !text.parse().is_ok_and(is_usable) {
                fault("dns", "ip-address", format!("{text:?} is no address"));
            }
        }
        for (field, names) in [("domains", &self.domains), ("ntp", &self.ntp)] {
            for text in names {
                if !is_host(text) {
                    fault(field, "host-name", format!("{text:?} is no name"));
                }
            }
        }
        faults
    }

    /// The files of the system that say the same, below `/run`; without content where there is nothing to say.
    ///
    /// # Errors
    /// The rules that it breaks; then nothing is to be written.
    pub fn files(&self) -> Result<[(&'static str, Option<String>); 3], Vec<Fault>> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok([
            ("systemd/network/10-parvis.network", Some(self.link())),
            ("systemd/resolved.conf.d/parvis.conf", self.names()),
            ("systemd/timesyncd.conf.d/parvis.conf", self.time()),
        ])
    }

    fn link(&self) -> String {
        let own: Vec<Interface> = self
            .addresses
            .iter()
            .filter_map(|text| Interface::parse(text))
            .collect();
        let is_static = !own.is_empty();
        let has_ipv6 = own.iter().any(|own| own.address.is_ipv6());
        let yes = |is: bool| if is { "yes" } else { "no" };
        let mut text = String::from("[Match]\nKind=!*\nType=ether\n\n[Network]\n");
        // A String takes whatever is written to it.
        let _ = writeln!(text, "DHCP={}", yes(!is_static));
        let _ = writeln!(text, "IPv6AcceptRA={}", yes(!has_ipv6));
        text.push_str("LLDP=no\nLLMNR=no\nMulticastDNS=no\n");
        for Interface { address, length } in own {
            let _ = writeln!(text, "Address={address}/{length}");
        }
        for address in parsed(&self.gateways) {
            let _ = writeln!(text, "Gateway={address}");
        }
        for section in ["DHCPv4", "DHCPv6", "IPv6AcceptRA"] {
            let _ = write!(text, "\n[{section}]\nUseDNS={}\n", yes(self.dns.is_empty()));
            if section != "IPv6AcceptRA" {
                let _ = write!(
                    text,
                    "UseNTP={}\nUseHostname=no\n",
                    yes(self.ntp.is_empty())
                );
            }
            if section == "DHCPv4" {
                // The same lease for the same card, whatever the machine is called.
                text.push_str("ClientIdentifier=mac\nUseDomains=yes\n");
            }
        }
        text
    }

    fn names(&self) -> Option<String> {
        if self.dns.is_empty() && self.domains.is_empty() {
            return None;
        }
        let servers: Vec<String> = parsed(&self.dns)
            .map(|address| address.to_string())
            .collect();
        Some(format!(
            "[Resolve]\nDNS={}\nDomains={}\n",
            servers.join(" "),
            self.domains.join(" ")
        ))
    }

    fn time(&self) -> Option<String> {
        (!self.ntp.is_empty()).then(|| format!("[Time]\nNTP={}\n", self.ntp.join(" ")))
    }
}

fn parsed(texts: &[String]) -> impl Iterator<Item = IpAddr> {
    texts.iter().filter_map(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn fixed() -> Network {
        Network {
            host_name: Some("parvis".to_owned()),
            addresses: texts(&["192.0.2.10/24", "2001:db8::10/64"]),
            gateways: texts(&["192.0.2.1", "fe80::1"]),
            dns: texts(&["192.0.2.53", "2001:db8::53"]),
            domains: texts(&["uni.example"]),
            ntp: texts(&["ntp.uni.example", "192.0.2.123"]),
        }
    }

    fn rules(network: &Network) -> Vec<(&'static str, &'static str)> {
        let faults = network.faults().into_iter();
        faults.map(|fault| (fault.field, fault.rule)).collect()
    }

    #[test]
    fn without_addresses_the_network_gives_them() {
        let [(_, link), (_, names), (_, time)] = Network::default().files().unwrap();
        let link = link.unwrap();
        assert!(
            link.contains("DHCP=yes")
                && link.contains("IPv6AcceptRA=yes")
                && link.contains("UseDNS=yes")
        );
        assert_eq!((names, time), (None, None));
    }

    #[test]
    fn what_is_fixed_is_told_to_each_part_of_the_system() {
        let [(_, link), (_, names), (_, time)] = fixed().files().unwrap();
        let link = link.unwrap();
        for line in [
            "DHCP=no",
            "IPv6AcceptRA=no",
            "Address=192.0.2.10/24",
            "Address=2001:db8::10/64",
            "Gateway=192.0.2.1",
            "Gateway=fe80::1",
            "UseDNS=no",
            "UseNTP=no",
        ] {
            assert!(link.lines().any(|told| told == line), "{line}\n{link}");
        }
        assert_eq!(
            names.unwrap(),
            "[Resolve]\nDNS=192.0.2.53 2001:db8::53\nDomains=uni.example\n"
        );
        assert_eq!(time.unwrap(), "[Time]\nNTP=ntp.uni.example 192.0.2.123\n");
        let only_ipv4 = Network {
            addresses: texts(&["192.0.2.10/24"]),
            gateways: texts(&["192.0.2.1"]),
            ..Network::default()
        };
        let [(_, link), ..] = only_ipv4.files().unwrap();
        assert!(
            link.unwrap().contains("IPv6AcceptRA=yes"),
            "IPv6 stays as the network gives it"
        );
    }

    #[test]
    fn each_broken_rule_is_named() {
        let with = |change: fn(&mut Network)| {
            let mut network = fixed();
            change(&mut network);
            assert!(network.files().is_err());
            rules(&network)
        };
        assert_eq!(
            with(|network| network.host_name = Some("a b".to_owned())),
            [("host_name", "host-name")]
        );
        assert_eq!(
            with(|network| network.host_name = Some("192.0.2.1".to_owned())),
            [("host_name", "host-name")]
        );
        assert_eq!(
            with(|network| network.addresses.push("192.0.2.10".to_owned())),
            [("addresses", "interface-address")]
        );
        assert_eq!(
            with(|network| network.addresses.push("192.0.2.10/33".to_owned())),
            [("addresses", "interface-address")]
        );
        assert_eq!(
            with(|network| network.addresses.push("127.0.0.1/8".to_owned())),
            [("addresses", "interface-address")]
        );
        assert_eq!(
            with(|network| network.gateways = texts(&["198.51.100.1"])),
            [("gateways", "gateway-near")]
        );
        assert_eq!(
            with(|network| network.gateways.push("192.0.2.2".to_owned())),
            [("gateways", "one-gateway")]
        );
        assert_eq!(
            with(|network| network.addresses.clear())[0],
            ("gateways", "gateway-near")
        );
        assert_eq!(
            with(|network| network.dns.push("dns.uni.example".to_owned())),
            [("dns", "ip-address")]
        );
        assert_eq!(
            with(|network| network.ntp = vec!["ntp.uni.example".to_owned(); 9]),
            [("ntp", "too-many")]
        );
        assert_eq!(
            with(|network| network.domains.push("~.".to_owned())),
            [("domains", "host-name")]
        );
    }

    #[test]
    fn nothing_that_anybody_writes_becomes_a_line_of_its_own() {
        for hostile in [
            "192.0.2.10/24\n[NetDev]\nKind=vlan",
            "192.0.2.1\nExecStart=/bin/sh",
            "a\nNTP=evil.example",
            "a #",
            "a;b",
            "$(reboot)",
            "%h",
            "a\0b",
            "../x",
            "a\u{2028}b",
            "\u{0661}92.0.2.1/24",
        ] {
            for field in 0..6 {
                let mut network = fixed();
                let own = vec![hostile.to_owned()];
                match field {
                    0 => network.host_name = Some(hostile.to_owned()),
                    1 => network.addresses = own,
                    2 => network.gateways = own,
                    3 => network.dns = own,
                    4 => network.domains = own,
                    _ => network.ntp = own,
                }
                assert!(network.files().is_err(), "{hostile:?} in field {field}");
            }
        }
    }

    proptest! {
        #[test]
        fn files_hold_known_lines_only_whatever_is_entered(
            parts in proptest::collection::vec("\\PC{0,12}|[0-9./:a-f]{1,20}|[a-z.\n-]{1,12}", 6),
        ) {
            let one = |index: usize| vec![parts[index].clone()];
            let network = Network {
                host_name: Some(parts[0].clone()), addresses: one(1), gateways: Vec::new(), dns: one(3), domains: one(4),
                ntp: one(5),
            };
            if let Ok(files) = network.files() {
                let known = ["Kind=!*", "Type=ether", "LLDP=no", "LLMNR=no", "MulticastDNS=no", "ClientIdentifier=mac",
                    "UseDomains=yes", "DHCP=", "IPv6AcceptRA=", "Address=", "Gateway=", "UseDNS=", "UseNTP=", "UseHostname=",
                    "DNS=", "Domains=", "NTP=", "["];
                for text in files.into_iter().filter_map(|(_, text)| text) {
                    for line in text.lines().filter(|line| !line.is_empty()) {
                        prop_assert!(known.iter().any(|start| line.starts_with(start)), "{line:?}");
                    }
                    prop_assert!(text.is_ascii() && !text.contains('%'));
                }
            }
        }
    }
}
