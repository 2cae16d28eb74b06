//! VS132, VS133 and VS135 time-of-flight counters: up to four lines with 32-bit totals, regions, dwell time, children.

use serde_json::json;

use super::frame::{Bytes, Frame, Stop, repeated_setting};
use super::named;
use crate::domain::reading::Moment;

/// What a channel of a line holds.
#[derive(Clone, Copy)]
enum Part {
    TotalIn,
    TotalOut,
    Period,
}

/// The line, whether it counts children only, and the part that a channel id stands for: ids 3 to 14 and 17 to 28.
fn line_of(id: u8) -> Option<(String, Part)> {
    let (first, suffix) = match id {
        0x03..=0x0e => (0x03, ""),
        0x11..=0x1c => (0x11, "_child"),
        _ => return None,
    };
    let part = match (id - first) % 3 {
        0 => Part::TotalIn,
        1 => Part::TotalOut,
        _ => Part::Period,
    };
    Some((format!("line_{}{suffix}", (id - first) / 3 + 1), part))
}

pub(super) fn read(frame: &mut Frame, id: u8, kind: u8, bytes: &mut Bytes<'_>) -> Result<(), Stop> {
    let short = Stop::Short { id, kind };
    match (line_of(id), kind) {
        (Some((line, part @ (Part::TotalIn | Part::TotalOut))), 0xd2)
        | (Some((line, part @ Part::Period)), 0xcc) => {
            return count(frame, &line, part, None, bytes).ok_or(short);
        }
        _ => {}
    }
    match (id, kind) {
        (0x0f, 0xe3) => regions(frame, "", None, bytes.take(4).ok_or(short)?),
        (0x1d, 0xe3) => regions(frame, "_child", None, bytes.take(4).ok_or(short)?),
        (0x10, 0xe4) => dwell(frame, "", bytes).ok_or(short)?,
        (0x1e, 0xe4) => dwell(frame, "_child", bytes).ok_or(short)?,
        (0x50, 0xfc) => {
            let [_, node, alarm] = bytes.take(3).ok_or(short)? else {
                return Err(short);
            };
            let name = if *node == 0 {
                "master".to_owned()
            } else {
                format!("node_{node}")
            };
            let word = named(&["alarm_released", "alarm_triggered"], *alarm);
            frame.detail(&format!("{name}_occlusion_alarm"), json!(word));
        }
        (0x20, 0xce) => {
            let at = bytes.time().ok_or(short)?;
            let what = bytes.u8().ok_or(short)?;
            history(frame, at, what, bytes).ok_or(short)?;
        }
        _ => bytes.leave_out(id, kind, repeated_setting(id, kind, plain, extended))?,
    }
    Ok(())
}

/// What was kept while the device could not send; the data type is the channel id the value would have live.
fn history(frame: &mut Frame, at: Moment, what: u8, bytes: &mut Bytes<'_>) -> Option<()> {
    if let Some((line, part)) = line_of(what) {
        return count(frame, &line, part, Some(at), bytes);
    }
    match what {
        0x0f => regions(frame, "", Some(at), bytes.take(4)?),
        0x1d => regions(frame, "_child", Some(at), bytes.take(4)?),
        0x10 | 0x20 | 0x1e | 0x3c => {
            let suffix = if matches!(what, 0x1e | 0x3c) {
                "_child"
            } else {
                ""
            };
            let which = if matches!(what, 0x10 | 0x1e) {
                "avg"
            } else {
                "max"
            };
            let (region, seconds) = (bytes.u8()?, bytes.u16()?);
            frame.history_detail(
                at,
                &format!("region_{region}{suffix}_{which}_dwell"),
                json!(seconds),
            );
        }
        _ => return None,
    }
    Some(())
}

fn count(
    frame: &mut Frame,
    line: &str,
    part: Part,
    at: Option<Moment>,
    bytes: &mut Bytes<'_>,
) -> Option<()> {
    match part {
        Part::Period => frame.period(line, at, bytes.crossings()?),
        Part::TotalIn => {
            let total = i64::from(bytes.u32()?);
            frame
                .observe(line, at)
                .total
                .get_or_insert_default()
                .forward = Some(total);
        }
        Part::TotalOut => {
            let total = i64::from(bytes.u32()?);
            frame
                .observe(line, at)
                .total
                .get_or_insert_default()
                .backward = Some(total);
        }
    }
    Some(())
}

fn regions(frame: &mut Frame, suffix: &str, at: Option<Moment>, counts: &[u8]) {
    for (region, count) in (1..).zip(counts) {
        frame.level(&format!("region_{region}{suffix}"), at, *count);
    }
}

fn dwell(frame: &mut Frame, suffix: &str, bytes: &mut Bytes<'_>) -> Option<()> {
    let (region, average, longest) = (bytes.u8()?, bytes.u16()?, bytes.u16()?);
    frame.detail(
        &format!("region_{region}{suffix}_avg_dwell"),
        json!(average),
    );
    frame.detail(
        &format!("region_{region}{suffix}_max_dwell"),
        json!(longest),
    );
    Some(())
}

/// Lengths of settings.
const fn plain(kind: u8) -> Option<usize> {
    match kind {
        0x04 | 0x10 | 0x27 | 0x40 | 0x42..=0x44 | 0x51 | 0x68 | 0x69 | 0x6d => Some(1),
        0x03 => Some(2),
        0x6a => Some(3),
        0x11 => Some(4),
        _ => None,
    }
}

const fn extended(kind: u8) -> Option<usize> {
    match kind {
        0x86 | 0x87 => Some(1),
        0x85 | 0x88 => Some(2),
        0x84 => Some(3),
        _ => None,
    }
}
