//! VS350 and VS351 passage counters and the VS360 break beam: one line with 16-bit totals, battery, temperature, alarms.

use serde_json::json;

use super::frame::{Bytes, Frame, Stop, repeated_setting};
use super::named;

const LINE: &str = "line_1";

pub(super) fn read(frame: &mut Frame, id: u8, kind: u8, bytes: &mut Bytes<'_>) -> Result<(), Stop> {
    let short = Stop::Short { id, kind };
    match (id, kind) {
        (0x01, 0x75) => {
            let percent = bytes.u8().ok_or(short)?;
            frame.battery(percent);
            frame.detail("battery_main", json!(percent));
        }
        (0x02, 0x75) => {
            let percent = bytes.u8().ok_or(short)?;
            frame.battery(percent);
            frame.detail("battery_node", json!(percent));
        }
        (0x03, 0x67) => temperature(frame, bytes).ok_or(short)?,
        (0x83, 0x67) => {
            temperature(frame, bytes).ok_or(short)?;
            let words = [
                "threshold alarm release",
                "threshold alarm",
                "",
                "high temperature alarm",
                "high temperature alarm release",
            ];
            frame.detail(
                "temperature_alarm",
                json!(named(&words, bytes.u8().ok_or(short)?)),
            );
        }
        (0x03, 0xf4) => event(frame, bytes).ok_or(short)?,
        (0x04 | 0x84, 0xcc) => {
            frame.total(LINE, None, bytes.crossings().ok_or(short)?);
            if id == 0x84 {
                frame.detail("total_count_alarm", json!(alarm(bytes.u8().ok_or(short)?)));
            }
        }
        (0x05 | 0x85, 0xcc) => {
            frame.period(LINE, None, bytes.crossings().ok_or(short)?);
            if id == 0x85 {
                frame.detail("period_count_alarm", json!(alarm(bytes.u8().ok_or(short)?)));
            }
        }
        (0x0a, 0xef) => frame.at = Some(bytes.time().ok_or(short)?),
        (0x20, 0xce) => history(frame, bytes).ok_or(short)?,
        // How sensitive the VS350 sees (version 3).
        (0x81, 0xee) => bytes.leave_out(id, kind, Some(1))?,
        _ => bytes.leave_out(id, kind, repeated_setting(id, kind, plain, extended))?,
    }
    Ok(())
}

fn history(frame: &mut Frame, bytes: &mut Bytes<'_>) -> Option<()> {
    let (at, what) = (bytes.time()?, bytes.u8()?);
    if what > 1 {
        return None;
    }
    frame.period(LINE, Some(at), bytes.crossings()?);
    if what == 1 {
        frame.total(LINE, Some(at), bytes.crossings()?);
    }
    Some(())
}

fn temperature(frame: &mut Frame, bytes: &mut Bytes<'_>) -> Option<()> {
    let tenths = bytes.i16()?;
    frame.detail("temperature", json!(f64::from(tenths) / 10.0));
    Some(())
}

fn alarm(code: u8) -> String {
    named(&["", "threshold alarm"], code)
}

fn event(frame: &mut Frame, bytes: &mut Bytes<'_>) -> Option<()> {
    let what = named(
        &[
            "counting_anomaly",
            "node_device_without_response",
            "devices_misaligned",
        ],
        bytes.u8()?,
    );
    let status = named(&["alarm_release", "alarm"], bytes.u8()?);
    frame.listed("event", json!({ "type": what, "status": status }));
    Some(())
}

/// Lengths of the settings of all three devices; where two have one, they agree.
const fn plain(kind: u8) -> Option<usize> {
    match kind {
        0x04
        | 0x10
        | 0x27
        | 0x28
        | 0x40
        | 0x41
        | 0x4a
        | 0x68
        | 0x69
        | 0x6b
        | 0x6d
        | 0x84
        | 0x97
        | 0xa6
        | 0xa8..=0xaa
        | 0xad
        | 0xec
        | 0xfc
        | 0xfd => Some(1),
        0x77 | 0x8f | 0xa7 | 0xbd => Some(2),
        0x05 | 0x6a | 0x8e | 0xab | 0xed | 0xef => Some(3),
        0xac => Some(4),
        0x75 => Some(6),
        0x35 | 0x96 => Some(8),
        0x06 => Some(9),
        _ => None,
    }
}

const fn extended(kind: u8) -> Option<usize> {
    match kind {
        0x10 | 0x86 | 0x87 | 0x8b | 0x8c | 0xa2 | 0xa3 => Some(1),
        0x85 => Some(2),
        0x8d => Some(4),
        _ => None,
    }
}
