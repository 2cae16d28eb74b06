//! Files of recorded counts: CSV as spreadsheets, sensors and gates export it, read by a mapping the installer writes.
//!
//! Delimiter, byte order mark and Latin-1 are recognised; a line that cannot be read is reported and left out, and the
//! others still count.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{
    LocalResult, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;

use super::counts_mapping::{Column, FileMapping, Semantics};
use crate::domain::day::moment_told;
use crate::domain::reading::{CLOCK_TOLERANCE, Crossings, LARGEST_COUNT, Moment};
use crate::gateways::{Message, Observation};

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

/// Reads a file of counts. Nobody has counted yet what is later than now.
pub(super) fn read(path: &Path, mapping: &FileMapping, now: Moment) -> anyhow::Result<CountsFile> {
    let read = || parse(&decoded(&std::fs::read(path)?)?, mapping, now);
    read().with_context(|| path.display().to_string())
}

/// UTF-8, or else Latin-1, where every byte is a letter.
fn decoded(bytes: &[u8]) -> anyhow::Result<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_of_text = |byte: &u8| *byte >= b' ' || b"\t\n\r\x0c".contains(byte);
    if !bytes.iter().all(is_of_text) {
        bail!("is not text: export it as CSV, in UTF-8");
    }
    if bytes.trim_ascii().is_empty() {
        bail!("is empty");
    }
    Ok(std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    ))
}

/// The text of a cell as it can be repeated: short, and without what a terminal would obey.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let visible = |letter: char| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    let mut shown: String = text.chars().take(LONGEST).map(visible).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn parse(text: &str, mapping: &FileMapping, now: Moment) -> anyhow::Result<CountsFile> {
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
            .and_then(|interval| not_ahead(interval, now))
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

/// Refuses what is said to have been counted later than now.
fn not_ahead(interval: Interval, now: Moment) -> Result<Interval, String> {
    if interval.1 > now + CLOCK_TOLERANCE {
        let at = interval.1.to_rfc3339_opts(SecondsFormat::Secs, true);
        return Err(format!(
            "{at} is in the future: see the format and the zone of the mapping, and the clock of the counter"
        ));
    }
    Ok(interval)
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

/// The start of an interval, if it has one, and its end.
type Interval = (Option<Moment>, Moment);

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
                found.with_context(|| {
                    let names: Vec<String> = header.iter().map(shown).collect();
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
    ) -> Result<Interval, String> {
        let start = local(record, &self.time, &mapping.time.format)?;
        let zone = mapping.time.zone.unwrap_or(Tz::UTC);
        let moment = in_zone(start, zone, *last)?;
        *last = Some(moment);
        if let (Some(columns), Some(until)) = (&self.until, &mapping.until) {
            let end = local(record, columns, &until.format)?;
            // The end lies after the start by the clock on the wall, unless that was set back in between.
            let at = if end > start {
                moment + (end - start)
            } else {
                in_zone(end, zone, Some(moment))?
            };
            return if at > moment {
                Ok((Some(moment), at))
            } else {
                Err("the interval ends before it begins".to_owned())
            };
        }
        Ok(match (mapping.counts.semantics, mapping.time.minutes) {
            (Semantics::Delta, Some(minutes)) => {
                (Some(moment), moment + TimeDelta::minutes(minutes))
            }
            (Semantics::Cumulative | Semantics::Delta, _) => (None, moment),
        })
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
                    "\"{}\" is neither \"{}\" nor \"{}\"",
                    shown(word),
                    split.forward,
                    split.backward
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
        .map_err(|_| format!("\"{}\" is not a time of the form {format}", shown(&text)))
}

/// A local time in its zone. In the hour that comes twice, a time not later than the moment before it is the second one.
fn in_zone(local: NaiveDateTime, zone: Tz, before: Option<Moment>) -> Result<Moment, String> {
    match zone.from_local_datetime(&local) {
        LocalResult::Ambiguous(first, second) if before.is_some_and(|before| first <= before) => {
            Ok(second.with_timezone(&Utc))
        }
        LocalResult::Ambiguous(..) | LocalResult::Single(_) | LocalResult::None => {
            moment_told(zone, local).map_err(|left_out| format!("{local}: {left_out}"))
        }
    }
}

/// A count as people and machines write it: digits, in groups of three or not, with a fraction of one or two zeros or none.
fn count(text: &str) -> Result<i64, String> {
    let refused = || format!("\"{}\" is not a count", shown(text));
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
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        parse(text, &toml::from_str(&mapping).unwrap(), now).unwrap()
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
    fn what_nobody_can_have_counted_is_refused() {
        let file = read(
            "from-time,to-time,Forward counter,Backward counter\n\
             01/12/2026 - 00:58,01/12/2026 - 00:59,1,0\n01/12/2026 - 01:03,01/12/2026 - 01:04,1,0\n\
             02/11/2099 - 08:06,02/11/2099 - 08:07,1,0\n28/03/2027 - 02:30,28/03/2027 - 02:31,1,0\n\
             29/03/2026 - 02:30,29/03/2026 - 02:31,1,0\n",
            EXPORT,
        );
        assert_eq!(file.messages.len(), 1);
        let rules: Vec<&str> = file.refused.iter().map(|line| line.rule.as_str()).collect();
        assert!(
            rules[0].starts_with("2026-12-01T00:04:00Z is in the future"),
            "{rules:?}"
        );
        assert!(
            rules[1].starts_with("2099-11-02T07:07:00Z is in the future"),
            "{rules:?}"
        );
        assert!(
            rules[3].ends_with("this local time does not exist: clocks go forward over it"),
            "{rules:?}"
        );
    }

    #[test]
    fn what_is_no_text_is_not_repeated() {
        let told = |bytes: &[u8]| decoded(bytes).map_err(|error| error.to_string());
        assert_eq!(told(b""), Err("is empty".to_owned()));
        assert_eq!(told(b"\xef\xbb\xbf\r\n"), Err("is empty".to_owned()));
        for binary in [&b"PK\x03\x04"[..], b"t\0i\0m\0e\0", b"\x1b[2J"] {
            assert!(told(binary).unwrap_err().starts_with("is not text"));
        }
        assert_eq!(told(b"Biblioth\xe8que"), Ok("Bibliothèque".to_owned()));
        assert_eq!(shown("a\u{9b}b"), "a\u{fffd}b");
        assert_eq!(shown(&"a".repeat(100)).chars().count(), 61);
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
