//! How a file of recorded counts is read: the mapping that an installer writes.

use std::path::Path;

use anyhow::{Context as _, ensure};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::domain::mapping::Told;

/// How a file of counts is read; see docs/counters.md.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileMapping {
    /// The gateway the counts belong to.
    pub(super) gateway: String,
    /// The device that counted.
    pub(super) device: String,
    /// Its channel.
    pub(super) channel: String,
    /// Whether the first line names the columns.
    #[serde(default = "yes")]
    pub(super) header: bool,
    /// The separator; recognised when left out.
    pub(super) delimiter: Option<char>,
    pub(super) time: TimeColumn,
    /// The end of the interval, where the file has it; in the zone of `time`.
    pub(super) until: Option<EndColumn>,
    pub(super) counts: Counts,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeColumn {
    /// The columns that make the time, joined by a space.
    pub(super) columns: Vec<Column>,
    /// As of strftime; a form without hours means midnight.
    pub(super) format: String,
    #[serde(default)]
    pub(super) zone: Option<Tz>,
    /// How long each interval is, where the file has starts only.
    pub(super) minutes: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndColumn {
    pub(super) columns: Vec<Column>,
    pub(super) format: String,
}

/// A column by name or by position from 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "neither the name of a column nor its position from 0"
)]
pub(super) enum Column {
    Position(usize),
    Name(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Semantics {
    Delta,
    Cumulative,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) semantics: Semantics,
    /// The column of people forward.
    pub(super) forward: Option<Column>,
    /// The column of people backward.
    pub(super) backward: Option<Column>,
    /// One line a direction: the column that says which, its word for each, and the column of the count.
    pub(super) direction: Option<DirectionColumn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DirectionColumn {
    pub(super) column: Column,
    pub(super) forward: String,
    pub(super) backward: String,
    pub(super) count: Column,
}

impl FileMapping {
    /// Refuses what no line could be read with.
    fn check(&self) -> anyhow::Result<()> {
        let formats = [
            Some(&self.time.format),
            self.until.as_ref().map(|end| &end.format),
        ];
        for format in formats.into_iter().flatten() {
            ensure!(
                Told::by(format).is_some(),
                "{format:?} is no strftime pattern that holds a date, such as %d/%m/%Y %H:%M"
            );
        }
        ensure!(
            self.time
                .minutes
                .is_none_or(|minutes| (1..=A_WEEK).contains(&minutes)),
            "time.minutes is from 1 to {A_WEEK}, a week"
        );
        ensure!(
            self.counts.semantics == Semantics::Cumulative
                || self.time.minutes.is_some()
                || self.until.is_some(),
            "a delta needs time.minutes, or until: how long is each interval?"
        );
        let Counts {
            forward,
            backward,
            direction,
            ..
        } = &self.counts;
        ensure!(
            forward.is_some() || backward.is_some() || direction.is_some(),
            "counts names no column: write forward, backward or direction"
        );
        Ok(())
    }
}

/// The minutes of a week: no longer interval says anything of a day.
const A_WEEK: i64 = 7 * 24 * 60;

/// Reads a mapping.
pub(super) fn read(path: &Path) -> anyhow::Result<FileMapping> {
    let checked = || {
        let mapping: FileMapping = toml::from_str(&std::fs::read_to_string(path)?)?;
        mapping.check()?;
        anyhow::Ok(mapping)
    };
    checked().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_that_can_read_nothing_is_refused_once() {
        let check = |rest: &str| {
            let text = format!("gateway = 'g'\ndevice = 'd'\nchannel = 'c'\n{rest}");
            let mapping: FileMapping = toml::from_str(&text).unwrap();
            mapping.check().map_err(|error| error.to_string())
        };
        let delta = "counts = { semantics = 'delta', forward = 'n' }";
        let time =
            |rest: &str| format!("time = {{ columns = ['t'], format = '%Y-%m-%d %H:%M'{rest} }}\n");
        assert!(check(&format!("{}{delta}", time(", minutes = 60"))).is_ok());
        let rules = [
            (format!("{}{delta}", time("")), "a delta needs"),
            (format!("{}{delta}", time(", minutes = 0")), "time.minutes"),
            (
                format!("{}{delta}", time(", minutes = 9000000000000000")),
                "time.minutes",
            ),
            (
                format!("{}counts = {{ semantics = 'cumulative' }}", time("")),
                "counts names no column",
            ),
            (
                format!("time = {{ columns = ['t'], format = '%H:%M', minutes = 1 }}\n{delta}"),
                "\"%H:%M\" is no strftime pattern",
            ),
        ];
        for (mapping, rule) in rules {
            let told = check(&mapping).unwrap_err();
            assert!(told.starts_with(rule), "{told}");
        }
    }
}
