//! The ranges of settings: with what lies outside, the service would start and not do what it is for.

use std::ops::RangeInclusive;

use super::lines::line_of;
use super::settings::Settings;
use crate::domain::set_up::is_host;

/// A setting that breaks its rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfRange {
    /// Its table.
    table: &'static str,
    /// Its key there.
    key: &'static str,
    /// What it is, and what it may be.
    said: String,
}

impl OutOfRange {
    /// The line of the file where it stands, and what is wrong.
    pub(super) fn told(&self, text: &str) -> (usize, String) {
        let Self { table, key, said } = self;
        let line = line_of(text, &format!("[{table}]"), 0, key);
        (line, format!("{table}.{key} is {said}"))
    }
}

impl Settings {
    /// The first setting that breaks its rule.
    pub(super) fn out_of_range(&self) -> Option<OutOfRange> {
        let whole = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let port = |port: Option<u16>| u64::from(port.unwrap_or(1));
        let (web, readings, auth) = (&self.web, &self.readings, &self.auth);
        let numbers: [(_, _, u64, RangeInclusive<u64>); 12] = [
            ("web", "public_port", port(web.public_port), 1..=65_535),
            ("web", "workers", whole(web.workers), 0..=1_024),
            (
                "web",
                "api_requests_per_minute",
                web.api_requests_per_minute.into(),
                1..=1_000_000,
            ),
            (
                "database",
                "connections",
                self.database.connections.into(),
                1..=1_000,
            ),
            (
                "readings",
                "keep_days",
                readings.keep_days.into(),
                1..=36_500,
            ),
            ("readings", "writers", whole(readings.writers), 1..=64),
            (
                "readings",
                "waiting_at_most",
                whole(readings.waiting_at_most),
                1..=10_000_000,
            ),
            (
                "readings",
                "largest_body",
                whole(readings.largest_body),
                1_024..=104_857_600,
            ),
            ("auth", "idle_minutes", auth.idle_minutes.into(), 1..=10_080),
            (
                "auth",
                "absolute_hours",
                auth.absolute_hours.into(),
                1..=720,
            ),
            (
                "auth",
                "clock_skew_seconds",
                auth.clock_skew_seconds.into(),
                0..=300,
            ),
            ("mail", "port", port(self.mail.port), 1..=65_535),
        ];
        let out = numbers
            .into_iter()
            .find(|(_, _, number, range)| !range.contains(number));
        if let Some((table, key, number, range)) = out {
            let (from, to) = range.into_inner();
            let said = format!("{number}: a whole number from {from} to {to}");
            return Some(OutOfRange { table, key, said });
        }
        (!is_host(&web.public_name)).then(|| OutOfRange {
            table: "web",
            key: "public_name",
            said: format!(
                "{:?}: a host name in small letters or an address, without https:// and port",
                web.public_name
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_told_with_its_line_and_range() {
        let told = |text: &str| {
            let settings: Settings = toml::from_str(text).unwrap();
            settings.out_of_range().map(|out| out.told(text))
        };
        assert_eq!(told(""), None);
        assert_eq!(
            told("[auth]\n# seconds\nclock_skew_seconds = 999\n"),
            Some((
                3,
                "auth.clock_skew_seconds is 999: a whole number from 0 to 300".to_owned()
            ))
        );
        for (text, key) in [
            ("[readings]\nkeep_days = 0\n", "readings.keep_days"),
            ("[readings]\nlargest_body = 0\n", "readings.largest_body"),
            ("[readings]\nwriters = 0\n", "readings.writers"),
            (
                "[readings]\nwaiting_at_most = 0\n",
                "readings.waiting_at_most",
            ),
            ("[database]\nconnections = 0\n", "database.connections"),
            ("[web]\npublic_port = 0\n", "web.public_port"),
            ("[web]\nworkers = 100000\n", "web.workers"),
            (
                "[web]\napi_requests_per_minute = 0\n",
                "web.api_requests_per_minute",
            ),
            ("[auth]\nidle_minutes = 0\n", "auth.idle_minutes"),
            ("[auth]\nabsolute_hours = 0\n", "auth.absolute_hours"),
            ("[mail]\nport = 0\n", "mail.port"),
            ("[web]\npublic_name = \"https://x\"\n", "web.public_name"),
            ("[web]\npublic_name = \"\"\n", "web.public_name"),
        ] {
            let (line, rule) = told(text).unwrap();
            assert_eq!(line, 2, "{rule}");
            assert!(rule.starts_with(&format!("{key} is ")), "{rule}");
        }
    }
}
