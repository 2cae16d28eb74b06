//! VS350 and VS351 passage counters and the VS360 break beam: one line with 16-bit totals, battery, temperature, alarms.

use serde_json::json;

use super::frame::{Bytes, Frame, Stop};
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
        _ => return Err(Stop::Unknown { id, kind }),
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
