//! How often passwords and codes may be guessed: a budget for each source and a delay for each account, and nobody is
//! ever locked out.
//!
//! A source (an IPv4 address, an IPv6 /64, or a browser the account knows) may be wrong ten times in a quarter of an
//! hour, whichever accounts it tries. An account that was guessed at from many sources asks for patience that doubles
//! with each further wrong try, up to a bound that its owner can sit out. A browser that the account knows is a source of
//! its own and is not told to wait for what others did, so its owner gets in whatever happens outside.

use std::net::{IpAddr, Ipv6Addr};

use chrono::TimeDelta;

use super::reading::Moment;

/// Wrong tries that a source has within [`WINDOW`].
pub const BUDGET: usize = 10;

/// The time in which the budget of a source is counted.
pub const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// The time for which wrong tries count against an account.
pub const MEMORY: TimeDelta = TimeDelta::hours(24);

/// How an account is protected from guesses by many sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Wrong tries without a delay: no fewer than the budget of a source, so that one source alone delays nobody else.
    free: u32,
    /// The longest delay.
    longest: TimeDelta,
}

impl Patience {
    /// For passwords. Anybody can be wrong about somebody's password, so the delay stays one that its owner can sit out;
    /// 1440 guesses a day do not find a password that takes 10^10.
    pub const WITH_PASSWORDS: Self = Self {
        free: 10,
        longest: TimeDelta::minutes(1),
    };

    /// For codes of a second factor. Only who knows the password gets that far, and there are only a million codes.
    pub const WITH_CODES: Self = Self {
        free: 10,
        longest: TimeDelta::hours(1),
    };

    /// The delay after a number of wrong tries.
    #[must_use]
    pub fn delay(self, tries: u32) -> TimeDelta {
        match tries.saturating_sub(self.free) {
            0 => TimeDelta::zero(),
            over => TimeDelta::seconds(1_i64 << (over - 1).min(30)).min(self.longest),
        }
    }
}

/// The wrong tries at an account that are remembered, but for those from browsers it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many.
    pub count: u32,
    /// The last.
    pub last: Moment,
}

/// Where a try comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A network: an IPv4 address, or the /64 of an IPv6 address.
    Network(IpAddr),
    /// A browser that the account knows, by its identifier.
    Device(i64),
}

impl Source {
    /// The network of an address. What comes over IPv4 is seen as IPv4 even where the socket says IPv6.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// As it is counted.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Network(IpAddr::V4(address)) => format!("{address}/32"),
            Self::Network(IpAddr::V6(address)) => format!("{address}/64"),
            Self::Device(id) => format!("device {id}"),
        }
    }

    /// Whether the account knows it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Device(_))
    }
}

/// How long a try must wait; `None` when it may be made now.
///
/// `of_source` are the wrong tries of its source within [`WINDOW`], newest first; `of_account` those at the account
/// within [`MEMORY`]. Both may include tries that are just being made, which count until they turn out right.
#[must_use]
pub fn wait(
    source: &Source,
    of_source: &[Moment],
    of_account: Option<Tries>,
    patience: Patience,
    now: Moment,
) -> Option<TimeDelta> {
    let budget = of_source.get(BUDGET - 1).map(|oldest| *oldest + WINDOW);
    let delay = of_account
        .filter(|_| !source.is_known())
        .map(|tries| tries.last + patience.delay(tries.count));
    let until = budget.into_iter().chain(delay).max()?;
    (until > now).then(|| until - now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn network() -> Source {
        Source::of("192.0.2.7".parse().unwrap())
    }

    fn tries(count: u32, last: i64) -> Option<Tries> {
        Some(Tries {
            count,
            last: at(last),
        })
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        let name = |address: &str| Source::of(address.parse().unwrap()).name();
        assert_eq!(name("192.0.2.7"), "192.0.2.7/32");
        assert_eq!(name("::ffff:192.0.2.7"), "192.0.2.7/32");
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(name("2001:db8:1:2::1"), name("2001:db8:1:2:ffff::9"));
        assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
        assert_eq!(Source::Device(3).name(), "device 3");
    }

    #[test]
    fn the_eleventh_wrong_try_waits_until_the_first_is_a_quarter_of_an_hour_old() {
        let mut made: Vec<Moment> = Vec::new();
        for second in 0..10 {
            assert_eq!(
                wait(
                    &network(),
                    &made,
                    None,
                    Patience::WITH_PASSWORDS,
                    at(second)
                ),
                None
            );
            made.insert(0, at(second));
        }
        let judged = |second| {
            wait(
                &network(),
                &made,
                None,
                Patience::WITH_PASSWORDS,
                at(second),
            )
        };
        assert_eq!(judged(10), Some(TimeDelta::seconds(890)));
        assert_eq!(judged(899), Some(TimeDelta::seconds(1)));
        assert_eq!(judged(900), None);
    }

    #[test]
    fn a_thousand_tries_as_fast_as_can_be_are_ten_in_a_quarter_of_an_hour() {
        let mut made: Vec<Moment> = Vec::new();
        for try_ in 0..1000 {
            let now = at(try_ * 900 / 1000);
            if wait(&network(), &made, None, Patience::WITH_PASSWORDS, now).is_none() {
                made.insert(0, now);
            }
        }
        assert_eq!(made.len(), 10);
    }

    #[test]
    fn one_source_alone_delays_nobody_else() {
        assert_eq!(
            wait(
                &network(),
                &[],
                tries(10, 0),
                Patience::WITH_PASSWORDS,
                at(0)
            ),
            None
        );
        assert_eq!(
            wait(
                &network(),
                &[],
                tries(11, 0),
                Patience::WITH_PASSWORDS,
                at(0)
            ),
            Some(TimeDelta::seconds(1))
        );
    }

    #[test]
    fn the_delay_doubles_and_has_a_bound() {
        let delays = |patience: Patience| {
            [10, 11, 12, 15, 16, 17, 22, 23, 1000, u32::MAX]
                .map(|count| patience.delay(count).num_seconds())
        };
        assert_eq!(
            delays(Patience::WITH_PASSWORDS),
            [0, 1, 2, 16, 32, 60, 60, 60, 60, 60]
        );
        assert_eq!(
            delays(Patience::WITH_CODES),
            [0, 1, 2, 16, 32, 64, 2048, 3600, 3600, 3600]
        );
    }

    #[test]
    fn a_known_browser_waits_for_its_own_errors_only() {
        let known = Source::Device(1);
        assert_eq!(
            wait(&known, &[], tries(5000, 0), Patience::WITH_PASSWORDS, at(0)),
            None
        );
        assert_eq!(
            wait(
                &known,
                &[at(0); 10],
                tries(5000, 0),
                Patience::WITH_PASSWORDS,
                at(60)
            ),
            Some(TimeDelta::seconds(840))
        );
    }

    #[test]
    fn the_longer_of_both_waits_is_told() {
        let both = wait(
            &network(),
            &[at(0); 10],
            tries(40, 100),
            Patience::WITH_CODES,
            at(100),
        );
        assert_eq!(both, Some(TimeDelta::seconds(3600)));
    }
}
