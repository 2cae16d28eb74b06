//! What arrived lately at each gateway and what became of it, for who installs sensors. Kept in memory, never the body and
//! never the secret.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::delivery::Receipt;
use crate::domain::ids::GatewayId;
use crate::domain::reading::Moment;

/// Arrivals kept of each gateway.
const KEPT: usize = 50;

/// Devices named of one arrival.
const DEVICES: usize = 5;

/// Something that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When, the last time.
    pub at: Moment,
    /// From which devices, as far as they were read.
    pub devices: Vec<String>,
    /// How many readings it held.
    pub readings: usize,
    /// What became of it.
    pub outcome: Outcome,
    /// How often in a row.
    pub times: u64,
}

/// What became of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was recorded.
    Recorded(Receipt),
    /// It was refused, with this status and for this rule.
    Refused(u16, String),
}

impl Arrival {
    /// Something from some devices.
    #[must_use]
    pub fn new(at: Moment, mut devices: Vec<String>, readings: usize, outcome: Outcome) -> Self {
        devices.sort_unstable();
        devices.dedup();
        devices.truncate(DEVICES);
        Self {
            at,
            devices,
            readings,
            outcome,
            times: 1,
        }
    }
}

/// The arrivals of all gateways.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<HashMap<GatewayId, VecDeque<Arrival>>>);

impl Arrivals {
    /// Notes one. The same refusal again only counts: who knocks without a secret cannot push out what matters.
    pub fn note(&self, gateway: GatewayId, arrival: Arrival) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(gateway).or_default();
        if let Outcome::Refused(..) = arrival.outcome
            && let Some(same) = own
                .iter_mut()
                .find(|known| known.outcome == arrival.outcome && known.devices == arrival.devices)
        {
            same.at = arrival.at;
            same.times += 1;
            return;
        }
        if own.len() >= KEPT {
            own.pop_front();
        }
        own.push_back(arrival);
    }

    /// Those of a gateway, newest first.
    #[must_use]
    pub fn of(&self, gateway: GatewayId) -> Vec<Arrival> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.get(&gateway).into_iter().flatten().cloned();
        let mut own: Vec<Arrival> = own.collect();
        own.sort_by_key(|arrival| std::cmp::Reverse(arrival.at));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_repeated_refusals_only_count() {
        let arrivals = Arrivals::default();
        let at = |second: usize| Moment::from_timestamp(i64::try_from(second).unwrap(), 0).unwrap();
        let gateway = GatewayId(1);
        let refused = |second| {
            let outcome = Outcome::Refused(401, "the secret is missing or wrong".to_owned());
            Arrival::new(at(second), Vec::new(), 0, outcome)
        };
        let recorded = |second| {
            let outcome = Outcome::Recorded(Receipt::default());
            Arrival::new(at(second), vec!["A".to_owned()], 1, outcome)
        };
        arrivals.note(gateway, recorded(1));
        for second in 2..1_000 {
            arrivals.note(gateway, refused(second));
        }
        let kept = arrivals.of(gateway);
        assert_eq!(kept.len(), 2);
        assert_eq!((kept[0].times, kept[0].at), (998, at(999)));
        assert_eq!(kept[1].at, at(1));
        for second in 1_000..1_100 {
            arrivals.note(gateway, recorded(second));
        }
        assert_eq!(arrivals.of(gateway).len(), KEPT);
        assert_eq!(arrivals.of(gateway)[0].at, at(1_099));
        assert!(arrivals.of(GatewayId(2)).is_empty());
    }
}
