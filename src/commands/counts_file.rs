//! Files of recorded counts: CSV as spreadsheets, sensors and gates export it, read by a mapping the installer writes.
//!
//! Delimiter, byte order mark and Latin-1 are recognised; a line that cannot be read is reported and left out, and the
//! others still count.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use chrono::{
    DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::domain::day::moment_of;
use crate::domain::reading::{Crossings, LARGEST_COUNT, Moment};
use crate::gateways::{Message, Observation};

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
    header: bool,
    /// The separator; recognised when left out.
    delimiter: Option<char>,
    time: TimeColumn,
    /// The end of the interval, where the file has it; in the zone of `time`.
    until: Option<EndColumn>,
    counts: Counts,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeColumn {
    /// The columns that make the time, joined by a space.
    columns: Vec<Column>,
    /// As of strftime; a form without hours means midnight.
    format: String,
    #[serde(default)]
    zone: Option<Tz>,
    /// How long each interval is, where the file has starts only.
    minutes: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndColumn {
    columns: Vec<Column>,
    format: String,
}

/// A column by name or by position from 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Column {
    Position(usize),
    Name(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Semantics {
    Delta,
    Cumulative,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    semantics: Semantics,
    /// The column of people forward.
    forward: Option<Column>,
    /// The column of people backward.
    backward: Option<Column>,
    /// One line a direction: the column that says which, its word for each, and the column of the count.
    direction: Option<DirectionColumn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectionColumn {
    column: Column,
    forward: String,
    backward: String,
    count: Column,
}

/// A line that was left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Its number, from 1.
    pub(super) line: u64,
    /// Why.
    pub(super) rule: String,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct CountsFile {
    /// One message an interval or standing.
    pub(super) messages: Vec<Message>,
    /// The lines that were left out.
    pub(super) refused: Vec<Refused>,
}

/// Reads a mapping.
pub(super) fn mapping(path: &Path) -> anyhow::Result<FileMapping> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

/// Reads a file of counts.
pub(super) fn read(path: &Path, mapping: &FileMapping) -> anyhow::Result<CountsFile> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&decoded(&bytes), mapping)
}

/// UTF-8, or else Latin-1, where every byte is a letter.
fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    )
}

fn parse(text: &str, mapping: &FileMapping) -> anyhow::Result<CountsFile> {
    let delimiter = mapping.delimiter.unwrap_or_else(|| delimiter_of(text));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(delimiter).context("the delimiter is not a single byte")?)
        .has_headers(mapping.header)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = Columns::of(&mut reader, mapping)?;
    let mut file = CountsFile {
        messages: Vec::new(),
        refused: Vec::new(),
    };
    let mut last = None;
    let mut by_interval: BTreeMap<(Option<Moment>, Moment), usize> = BTreeMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                file.refused.push(Refused {
                    line,
                    rule: error.to_string(),
                });
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match columns
            .interval(&record, mapping, &mut last)
            .and_then(|interval| Ok((interval, columns.counts(&record, mapping)?)))
        {
            Ok(((since, at), crossings)) => {
                // Files with a line for each direction tell one interval twice.
                let is_split = mapping.counts.direction.is_some();
                if let Some(message) = by_interval
                    .get(&(since, at))
                    .filter(|_| is_split)
                    .and_then(|index| file.messages.get_mut(*index))
                {
                    merge(message, crossings);
                } else {
                    by_interval.insert((since, at), file.messages.len());
                    file.messages.push(message(mapping, since, at, crossings));
                }
            }
            Err(rule) => file.refused.push(Refused { line, rule }),
        }
    }
    Ok(file)
}

fn message(
    mapping: &FileMapping,
    since: Option<Moment>,
    at: Moment,
    crossings: Crossings,
) -> Message {
    let mut observation = Observation {
        channel: mapping.channel.clone(),
        at: Some(at),
        since,
        ..Observation::default()
    };
    match mapping.counts.semantics {
        Semantics::Delta => observation.period = Some(crossings),
        Semantics::Cumulative => observation.total = Some(crossings),
    }
    Message {
        device: Some(mapping.device.clone()),
        at: None,
        readings: vec![observation],
        ..Message::default()
    }
}

fn merge(message: &mut Message, more: Crossings) {
    for observation in &mut message.readings {
        for told in [&mut observation.period, &mut observation.total]
            .into_iter()
            .flatten()
        {
            told.forward = told.forward.or(more.forward);
            told.backward = told.backward.or(more.backward);
        }
    }
}

/// The separator that the first line has most of.
fn delimiter_of(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    [',', ';', '\t']
        .into_iter()
        .max_by_key(|delimiter| (first.matches(*delimiter).count(), *delimiter == ','))
        .unwrap_or(',')
}

/// Where the columns are.
struct Columns {
    time: Vec<usize>,
    until: Option<Vec<usize>>,
    forward: Option<usize>,
    backward: Option<usize>,
    direction: Option<(usize, usize)>,
}

impl Columns {
    fn of(reader: &mut csv::Reader<&[u8]>, mapping: &FileMapping) -> anyhow::Result<Self> {
        let header = if mapping.header {
            reader.headers()?.clone()
        } else {
            csv::StringRecord::new()
        };
        let find = |column: &Column| match column {
            Column::Position(position) => Ok(*position),
            Column::Name(name) => {
                let found = header.iter().position(|known| known == name);
                let names: Vec<&str> = header.iter().collect();
                found.with_context(|| {
                    format!(
                        "no column is called \"{name}\"; there are: {}",
                        names.join(", ")
                    )
                })
            }
        };
        let all = |columns: &[Column]| columns.iter().map(find).collect::<anyhow::Result<Vec<_>>>();
        let direction = mapping.counts.direction.as_ref();
        Ok(Self {
            time: all(&mapping.time.columns)?,
            until: mapping
                .until
                .as_ref()
                .map(|until| all(&until.columns))
                .transpose()?,
            forward: mapping.counts.forward.as_ref().map(find).transpose()?,
            backward: mapping.counts.backward.as_ref().map(find).transpose()?,
            direction: direction
                .map(|split| anyhow::Ok((find(&split.column)?, find(&split.count)?)))
                .transpose()?,
        })
    }

    /// The interval of a line: start and end for deltas, the moment alone for standings.
    fn interval(
        &self,
        record: &csv::StringRecord,
        mapping: &FileMapping,
        last: &mut Option<Moment>,
    ) -> Result<(Option<Moment>, Moment), String> {
        let start = local(record, &self.time, &mapping.time.format)?;
        let zone = mapping.time.zone.unwrap_or(Tz::UTC);
        let moment = in_zone(start, zone, *last);
        *last = Some(moment);
        if let (Some(columns), Some(until)) = (&self.until, &mapping.until) {
            let end = local(record, columns, &until.format)?;
            // The end lies after the start by the clock on the wall, unless that was set back in between.
            let at = if end > start {
                moment + (end - start)
            } else {
                in_zone(end, zone, Some(moment))
            };
            return if at > moment {
                Ok((Some(moment), at))
            } else {
                Err("the interval ends before it begins".to_owned())
            };
        }
        match (mapping.counts.semantics, mapping.time.minutes) {
            (Semantics::Cumulative, _) => Ok((None, moment)),
            (Semantics::Delta, Some(minutes)) => {
                Ok((Some(moment), moment + TimeDelta::minutes(minutes)))
            }
            (Semantics::Delta, None) => Err("a delta needs time.minutes or until".to_owned()),
        }
    }

    fn counts(
        &self,
        record: &csv::StringRecord,
        mapping: &FileMapping,
    ) -> Result<Crossings, String> {
        let cell = |column: Option<usize>| {
            column
                .map(|column| count(record.get(column).unwrap_or_default()))
                .transpose()
        };
        if let (Some((which, value)), Some(split)) = (self.direction, &mapping.counts.direction) {
            let people = cell(Some(value))?;
            let word = record.get(which).unwrap_or_default();
            return if word == split.forward {
                Ok(Crossings {
                    forward: people,
                    backward: None,
                })
            } else if word == split.backward {
                Ok(Crossings {
                    forward: None,
                    backward: people,
                })
            } else {
                Err(format!(
                    "\"{word}\" is neither \"{}\" nor \"{}\"",
                    split.forward, split.backward
                ))
            };
        }
        Ok(Crossings {
            forward: cell(self.forward)?,
            backward: cell(self.backward)?,
        })
    }
}

fn local(
    record: &csv::StringRecord,
    columns: &[usize],
    format: &str,
) -> Result<NaiveDateTime, String> {
    let cells: Vec<&str> = columns
        .iter()
        .map(|column| record.get(*column).unwrap_or_default())
        .collect();
    let text = cells.join(" ");
    NaiveDateTime::parse_from_str(&text, format)
        .or_else(|_| {
            NaiveDate::parse_from_str(&text, format).map(|date| date.and_time(NaiveTime::MIN))
        })
        .map_err(|_| format!("\"{text}\" is not a time of the form {format}"))
}

/// A local time in its zone. In the hour that comes twice, a time not later than the moment before it is the second one.
fn in_zone(local: NaiveDateTime, zone: Tz, before: Option<Moment>) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Ambiguous(first, second) if before.is_some_and(|before| first <= before) => {
            second.with_timezone(&Utc)
        }
        LocalResult::Ambiguous(..) | LocalResult::Single(_) | LocalResult::None => {
            moment_of(zone, local)
        }
    }
}

/// A count as people and machines write it: digits, in groups of three or not, with a fraction of one or two zeros or none.
fn count(text: &str) -> Result<i64, String> {
    let refused = || format!("\"{text}\" is not a count");
    let is_gap =
        |letter: char| letter.is_whitespace() || "\u{a0}\u{202f}\u{2009}'’".contains(letter);
    let written: String = text.chars().filter(|letter| !is_gap(*letter)).collect();
    let without_fraction = [".0", ",0", ".00", ",00"]
        .into_iter()
        .find_map(|fraction| written.strip_suffix(fraction));
    let whole = without_fraction.unwrap_or(&written);
    let separator = if whole.contains(',') { ',' } else { '.' };
    let mut groups = whole.trim_start_matches('-').split(separator);
    let first = groups.next().unwrap_or_default().len();
    let mut is_grouped = false;
    for group in groups {
        is_grouped = true;
        if group.len() != 3 {
            return Err(refused());
        }
    }
    if is_grouped && !(1..=3).contains(&first) {
        return Err(refused());
    }
    let value: i64 = whole
        .replace(separator, "")
        .parse()
        .map_err(|_| refused())?;
    if (0..=LARGEST_COUNT).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{value} is not a count from 0 to {LARGEST_COUNT}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mapping: &str) -> CountsFile {
        let mapping = format!("gateway = 'g'\ndevice = 'd'\nchannel = 'c'\n{mapping}");
        parse(text, &toml::from_str(&mapping).unwrap()).unwrap()
    }

    const EXPORT: &str = r#"
        time = { columns = ["from-time"], format = "%d/%m/%Y - %H:%M", zone = "Europe/Zurich" }
        until = { columns = ["to-time"], format = "%d/%m/%Y - %H:%M" }
        counts = { semantics = "delta", forward = "Forward counter", backward = "Backward counter" }
    "#;

    #[test]
    fn day_first_dates_gaps_and_text_cells() {
        let file = read(
            "\u{feff}from-time,to-time,Forward counter,Backward counter\n\
             31/01/2026 - 19:28,31/01/2026 - 19:29,3,1\n31/01/2026 - 19:29,,2,0\n\
             01/02/2026 - 08:00,01/02/2026 - 08:01,Gate broken,0\n01/02/2026 - 08:01,01/02/2026 - 08:02,-4,0\n"
                .trim_start_matches('\u{feff}'),
            EXPORT,
        );
        assert_eq!(file.messages.len(), 1);
        let reading = &file.messages[0].readings[0];
        assert_eq!(
            reading.at.unwrap().to_rfc3339(),
            "2026-01-31T18:29:00+00:00"
        );
        assert_eq!(reading.period, Some(Crossings::both(3, 1)));
        assert_eq!(
            file.refused
                .iter()
                .map(|refused| refused.line)
                .collect::<Vec<_>>(),
            [3, 4, 5]
        );
        assert_eq!(file.refused[1].rule, "\"Gate broken\" is not a count");
    }

    #[test]
    fn two_lines_of_one_interval_become_one() {
        let file = read(
            "7,10/30/05,00:30:00,4\n9,10/30/05,00:30:00,6\n5,10/30/05,01:00:00,1\n",
            r#"
            header = false
            time = { columns = [1, 2], format = "%m/%d/%y %H:%M:%S", zone = "America/Los_Angeles", minutes = 30 }
            counts = { semantics = "delta", direction = { column = 0, forward = "9", backward = "7", count = 3 } }
            "#,
        );
        assert_eq!(file.messages.len(), 1);
        assert_eq!(
            file.messages[0].readings[0].period,
            Some(Crossings::both(6, 4))
        );
        assert_eq!(file.refused[0].line, 3);
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_hours() {
        let file = read(
            "Hour;IN\n2018-10-28 00:00:00;1\n2018-10-28 01:00:00;2\n2018-10-28 01:00:00;3\n2018-10-28 02:00:00;4\n",
            r#"
            time = { columns = ["Hour"], format = "%Y-%m-%d %H:%M:%S", zone = "Europe/London", minutes = 60 }
            counts = { semantics = "delta", forward = "IN" }
            "#,
        );
        let ends: Vec<i64> = file
            .messages
            .iter()
            .map(|message| message.readings[0].at.unwrap().timestamp())
            .collect();
        assert_eq!(
            ends.windows(2)
                .map(|pair| pair[1] - pair[0])
                .collect::<Vec<_>>(),
            [3600, 3600, 3600]
        );
    }

    #[test]
    fn minutes_of_the_hour_that_comes_twice_follow_each_other() {
        let file = read(
            "from,to,n\n02:58,02:59,1\n02:59,02:00,2\n02:00,02:01,3\n02:01,02:02,4\n02:59,03:00,5\n"
                .replace("02:", "2026-10-25 02:")
                .replace("03:", "2026-10-25 03:")
                .as_str(),
            r#"
            time = { columns = ["from"], format = "%Y-%m-%d %H:%M", zone = "Europe/Zurich" }
            until = { columns = ["to"], format = "%Y-%m-%d %H:%M" }
            counts = { semantics = "delta", forward = "n" }
            "#,
        );
        assert_eq!(file.refused, []);
        let minutes = |at: Option<Moment>| at.unwrap().timestamp() / 60 % 1440;
        let intervals: Vec<(i64, i64)> = file
            .messages
            .iter()
            .map(|message| {
                (
                    minutes(message.readings[0].since),
                    minutes(message.readings[0].at),
                )
            })
            .collect();
        assert_eq!(
            intervals,
            [(58, 59), (59, 60), (60, 61), (61, 62), (119, 120)]
        );
    }

    #[test]
    fn counts_are_read_as_people_write_them() {
        let read = |text: &str| count(text);
        assert_eq!(read("1 234"), Ok(1234));
        assert_eq!(read("12.0"), Ok(12));
        assert_eq!(read("12,00"), Ok(12));
        assert_eq!(read("100"), Ok(100));
        assert_eq!(read("1,000"), Ok(1_000));
        assert_eq!(read("1.234.567"), Ok(1_234_567));
        assert_eq!(read("1'000"), Ok(1_000));
        assert_eq!(read("1\u{202f}000,00"), Ok(1_000));
        for wrong in [
            "12.5",
            "1000,000",
            "1,00,000",
            ",5",
            "1,000.0.0",
            "",
            "-",
            "1e3",
            "-1,000",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("12.5").is_err());
        assert!(read("NA").is_err());
        assert!(read("").is_err());
    }
}
