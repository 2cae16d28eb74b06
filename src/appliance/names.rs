//! The addresses of names that the firewall lets out to: all that were seen in a day, since a name may have many addresses
//! and tell a few at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::Path;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::firewall::Way;
use crate::domain::ports::{Destination, List, Outbound, To};
use crate::domain::reading::Moment;

/// How long an address is believed to be a name's after it was last told.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// The addresses of names, and when each was last told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(BTreeMap<String, BTreeMap<IpAddr, Moment>>);

impl Names {
    /// What was known; nothing when the file is not there or not readable.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Asks for the addresses of destinations, and forgets those of others and those not told for a day. A name that
    /// nobody can tell now keeps the addresses that are remembered.
    pub fn ask(&mut self, destinations: &BTreeSet<Destination>, now: Moment) {
        self.0
            .retain(|name, _| destinations.iter().any(|wanted| wanted.host == *name));
        let names: BTreeSet<&str> = destinations
            .iter()
            .map(|wanted| wanted.host.as_str())
            .filter(|host| host.parse::<IpAddr>().is_err())
            .collect();
        for name in names {
            let told = (name, 0).to_socket_addrs().into_iter().flatten();
            self.learn(name, told.map(|address| address.ip()), now);
        }
    }

    fn learn(&mut self, name: &str, told: impl Iterator<Item = IpAddr>, now: Moment) {
        let known = self.0.entry(name.to_owned()).or_default();
        known.extend(told.map(|address| (address, now)));
        known.retain(|_, at| now - *at < REMEMBERED);
    }

    /// The addresses of a host: its own when it is one.
    fn of(&self, host: &str) -> Vec<IpAddr> {
        match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self
                .0
                .get(host)
                .into_iter()
                .flat_map(BTreeMap::keys)
                .copied()
                .collect(),
        }
    }
}

/// The ways out: of the users on the list, to what is configured. `user` tells a user's number; who is unknown on this
/// machine needs no way out. With `any_address`, what is configured opens its port to any address.
#[must_use]
pub fn ways(
    list: &List,
    destinations: &BTreeSet<Destination>,
    names: &Names,
    any_address: bool,
    user: impl Fn(&str) -> Option<u32>,
) -> Vec<Way> {
    let mut ways = BTreeSet::new();
    for listed in &list.outbound {
        let Some(user) = user(&listed.user) else {
            continue;
        };
        for (address, port) in ends(listed, destinations, names, any_address) {
            ways.extend(listed.protocols.iter().map(|protocol| Way {
                kind: listed.kind,
                user,
                protocol: *protocol,
                address,
                port,
            }));
        }
    }
    ways.into_iter().collect()
}

fn ends(
    listed: &Outbound,
    destinations: &BTreeSet<Destination>,
    names: &Names,
    any_address: bool,
) -> Vec<(Option<IpAddr>, u16)> {
    // What is let pass for everybody before anything else is asked: rules of its own, in always.nft.
    if !listed.answered_on.is_empty() {
        return Vec::new();
    }
    if listed.to == To::Anyone {
        return vec![(None, listed.port)];
    }
    let wanted = destinations
        .iter()
        .filter(|wanted| wanted.kind == listed.kind);
    wanted
        .flat_map(|wanted| {
            let addresses = if any_address {
                vec![None]
            } else {
                names.of(&wanted.host).into_iter().map(Some).collect()
            };
            addresses
                .into_iter()
                .map(|address| (address, wanted.port))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ports::{Kind, Protocol};

    fn destination(host: &str) -> Destination {
        Destination {
            kind: Kind::Mail,
            host: host.to_owned(),
            port: 587,
        }
    }

    fn addresses(names: &Names, host: &str) -> Vec<String> {
        names.of(host).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn addresses_of_a_day_are_remembered_and_of_the_day_before_forgotten() {
        let told = |address: &str| std::iter::once(address.parse().unwrap());
        let mut names = Names::default();
        let begin = Moment::UNIX_EPOCH;
        names.learn("smtp.uni.example", told("10.0.0.1"), begin);
        names.learn(
            "smtp.uni.example",
            told("10.0.0.2"),
            begin + TimeDelta::hours(23),
        );
        assert_eq!(
            addresses(&names, "smtp.uni.example"),
            ["10.0.0.1", "10.0.0.2"]
        );
        names.learn(
            "smtp.uni.example",
            std::iter::empty(),
            begin + TimeDelta::hours(24),
        );
        assert_eq!(addresses(&names, "smtp.uni.example"), ["10.0.0.2"]);
        assert_eq!(addresses(&names, "2001:db8::1"), ["2001:db8::1"]);
    }

    #[test]
    fn a_name_that_is_not_configured_any_more_is_forgotten() {
        let mut names = Names::default();
        let told = std::iter::once("10.0.0.1".parse().unwrap());
        names.learn("smtp.uni.example", told, Moment::UNIX_EPOCH);
        names.ask(
            &BTreeSet::from([destination("10.0.0.9")]),
            Moment::UNIX_EPOCH,
        );
        assert_eq!(names, Names::default());
    }

    #[test]
    fn what_is_not_configured_has_no_way_out() {
        let list = crate::appliance::firewall::list().unwrap();
        let ways = |destinations: &[Destination], any_address, users: &[&str]| {
            let user = |name: &str| users.contains(&name).then_some(900);
            let destinations = destinations.iter().cloned().collect();
            ways(&list, &destinations, &Names::default(), any_address, user)
        };
        assert_eq!(ways(&[], false, &["parvis", "root"]), []);
        assert_eq!(ways(&[destination("10.0.0.1")], false, &["root"]), []);
        let mail = Way {
            kind: Kind::Mail,
            user: 900,
            protocol: Protocol::Tcp,
            address: Some("10.0.0.1".parse().unwrap()),
            port: 587,
        };
        assert_eq!(
            ways(&[destination("10.0.0.1")], false, &["parvis"]),
            std::slice::from_ref(&mail)
        );
        // A name without a known address opens nothing, unless any address will do.
        assert_eq!(
            ways(&[destination("smtp.uni.example")], false, &["parvis"]),
            []
        );
        let anywhere = Way {
            address: None,
            ..mail
        };
        assert_eq!(
            ways(&[destination("smtp.uni.example")], true, &["parvis"]),
            [anywhere]
        );
        let time = ways(&[], false, &["systemd-timesync", "systemd-network"]);
        assert_eq!(
            time.iter()
                .map(|way| (way.kind, way.address))
                .collect::<Vec<_>>(),
            [(Kind::Ntp, None)]
        );
    }
}
