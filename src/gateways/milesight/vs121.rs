//! VS121 workplace sensor: people in view, regions, line crossings (16-bit totals), flows between edges, dwell time.

use serde_json::json;

use super::frame::{Bytes, Frame, Stop, repeated_setting};
use crate::domain::reading::{Crossings, Moment};

pub(super) fn read(frame: &mut Frame, id: u8, kind: u8, bytes: &mut Bytes<'_>) -> Result<(), Stop> {
    let short = Stop::Short { id, kind };
    match (id, kind) {
        (0x04, 0xc9) => people(frame, None, bytes).ok_or(short)?,
        (0x05, 0xcc) => frame.period("line_1", None, bytes.crossings().ok_or(short)?),
        (0x06, 0xcd) => frame.detail("people_count_max", json!(bytes.u8().ok_or(short)?)),
        (0x07, 0xd5) => regions(frame, None, 1, bytes.take(8).ok_or(short)?),
        (0x08, 0xd5) => regions(frame, None, 9, bytes.take(8).ok_or(short)?),
        (0x09..=0x0c, 0xda) => {
            for to in 0..4 {
                flow(frame, None, edge(id - 0x09), edge(to), bytes).ok_or(short)?;
            }
        }
        (0x0d, 0xcc) => frame.total("line_1", None, bytes.crossings().ok_or(short)?),
        (0x0e, 0xe4) => {
            let region = bytes.u8().ok_or(short)?;
            frame.detail("dwell_time_region", json!(region));
            frame.detail("dwell_time_avg", json!(bytes.u16().ok_or(short)?));
            frame.detail("dwell_time_max", json!(bytes.u16().ok_or(short)?));
        }
        (0x0f, 0x85) => frame.at = Some(bytes.time().ok_or(short)?),
        (0x10, 0xf7) => frame.period("crossing", None, bytes.crossings().ok_or(short)?),
        (0x20, 0xce) => {
            let at = bytes.time().ok_or(short)?;
            let what = bytes.u8().ok_or(short)?;
            history(frame, at, what, bytes).ok_or(short)?;
        }
        _ => bytes.leave_out(id, kind, repeated_setting(id, kind, plain, extended))?,
    }
    Ok(())
}

/// What was kept while the device could not send; flows and regions come in smaller pieces than live.
fn history(frame: &mut Frame, at: Moment, what: u8, bytes: &mut Bytes<'_>) -> Option<()> {
    let when = Some(at);
    match what {
        0x01 => people(frame, when, bytes)?,
        0x02 => frame.period("line_1", when, bytes.crossings()?),
        0x03 => frame.history_detail(at, "people_count_max", json!(bytes.u8()?)),
        0x04..=0x07 => regions(frame, when, (what - 0x04) * 4 + 1, bytes.take(4)?),
        0x08..=0x0f => {
            let piece = what - 0x08;
            let first = (piece % 2) * 2;
            flow(frame, when, edge(piece / 2), edge(first), bytes)?;
            flow(frame, when, edge(piece / 2), edge(first + 1), bytes)?;
        }
        0x10 => frame.total("line_1", when, bytes.crossings()?),
        0x11 => {
            bytes.u8()?;
            frame.history_detail(at, "dwell_time_avg", json!(bytes.u16()?));
            frame.history_detail(at, "dwell_time_max", json!(bytes.u16()?));
        }
        0x12 => frame.period("crossing", when, bytes.crossings()?),
        _ => return None,
    }
    Some(())
}

/// People in view, and one bit for each region that is occupied (big-endian, unlike everything else).
fn people(frame: &mut Frame, at: Option<Moment>, bytes: &mut Bytes<'_>) -> Option<()> {
    let (all, regions, occupied) = (bytes.u8()?, bytes.u8()?, bytes.u16_be()?);
    frame.level("people", at, all);
    if at.is_none() {
        frame.detail("region_count", json!(regions));
        for region in 0..regions.min(16) {
            frame.detail(
                &format!("region_{}", region + 1),
                json!((occupied >> region) & 1),
            );
        }
    }
    Some(())
}

fn regions(frame: &mut Frame, at: Option<Moment>, first: u8, counts: &[u8]) {
    for (region, count) in (first..).zip(counts) {
        frame.level(&format!("region_{region}"), at, *count);
    }
}

fn flow(
    frame: &mut Frame,
    at: Option<Moment>,
    from: char,
    to: char,
    bytes: &mut Bytes<'_>,
) -> Option<()> {
    let people = i64::from(bytes.u16()?);
    frame.period(
        &format!("{from}_to_{to}"),
        at,
        Crossings {
            forward: Some(people),
            backward: None,
        },
    );
    Some(())
}

fn edge(index: u8) -> char {
    char::from(b'a' + index)
}

/// Lengths of settings.
const fn plain(kind: u8) -> Option<usize> {
    match kind {
        0x04 | 0x10 | 0x40..=0x45 | 0x48 | 0x50 | 0x51 | 0x69 | 0x84 => Some(1),
        0x03 | 0x05 | 0x46 | 0x6a => Some(3),
        0x11 => Some(4),
        0x35 => Some(8),
        _ => None,
    }
}

const fn extended(kind: u8) -> Option<usize> {
    match kind {
        0x10
        | 0x11
        | 0x3d
        | 0x86
        | 0x87
        | 0x8b
        | 0x8c
        | 0x93
        | 0x94
        | 0x98
        | 0xba
        | 0xcd
        | 0xcf..=0xd4
        | 0xd8
        | 0xdc
        | 0xdd => Some(1),
        0x85 | 0x88 | 0x89 | 0x97 | 0xd5 => Some(2),
        0x92 | 0x96 | 0xb7 => Some(3),
        0x8d | 0x8e | 0xd6 => Some(4),
        0x91 => Some(5),
        0x90 | 0x95 => Some(6),
        0x99 | 0xd7 => Some(7),
        _ => None,
    }
}
