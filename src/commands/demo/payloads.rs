//! What real sensors would send for these counts: the forms of their vendors' documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::domain::reading::Moment;

/// An interval and the people in it, forward and backward.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Interval {
    pub(in crate::commands) from: Moment,
    pub(in crate::commands) to: Moment,
    pub(in crate::commands) forward: i64,
    pub(in crate::commands) backward: i64,
}

/// A LOGICS package of a Xovis sensor with firmware 5.
pub(in crate::commands) fn xovis5(
    serial: &str,
    package: usize,
    logic: i64,
    name: &str,
    intervals: &[Interval],
) -> Value {
    let record = |interval: &Interval| {
        json!({
            "from": interval.from.timestamp_millis(), "to": interval.to.timestamp_millis(),
            "samples": 1, "samples_expected": 1,
            "counts": [
                { "id": logic * 2, "name": "fw", "value": interval.forward },
                { "id": logic * 2 + 1, "name": "bw", "value": interval.backward },
            ],
        })
    };
    json!({ "logics_data": {
        "package_info": { "version": "5.0", "id": package, "agent_id": 1008 },
        "sensor_info": { "serial_number": serial, "type": "SINGLE_SENSOR" },
        "logics": [{
            "id": logic, "name": name, "info": "XLT_LINE_IN_OUT_COUNT",
            "geometries": [{ "id": logic, "type": "LINE", "name": name }],
            "records": intervals.iter().map(record).collect::<Vec<_>>(),
        }],
    }})
}

/// A `LIVE_DATA` package of such a sensor.
pub(super) fn xovis5_live(serial: &str, frames: &[Value]) -> Value {
    json!({ "live_data": {
        "package_info": { "version": "5.0", "id": frames.len(), "agent_id": 1005 },
        "sensor_info": { "serial_number": serial, "type": "SINGLE_SENSOR" },
        "frames": frames,
    }})
}

/// A frame in which one person crosses the line.
pub(super) fn xovis5_frame(at: Moment, track: i64, forward: bool) -> Value {
    let kind = if forward {
        "LINE_CROSS_FORWARD"
    } else {
        "LINE_CROSS_BACKWARD"
    };
    json!({
        "framenumber": track * 7, "time": at.timestamp_millis(),
        "tracked_objects": [{ "track_id": track, "type": "PERSON", "position": [0.1, 0.2, 1.7], "attributes": {} }],
        "events": [{ "category": "SCENE", "type": kind, "attributes": {
            "track_id": track, "sequence_number": 0, "geometry_id": 2, "geometry_type": "LINE", "geometry_name": "Entrance",
        } }],
    })
}

/// The counts of a Xovis sensor with firmware 4.
pub(super) fn xovis4(serial: &str, intervals: &[Interval]) -> Value {
    let time = |at: Moment| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let measurement = |interval: &Interval| {
        json!({
            "from": time(interval.from), "to": time(interval.to),
            "value": [{ "value": interval.forward, "label": "fw" }, { "value": interval.backward, "label": "bw" }],
        })
    };
    json!({
        "status": { "code": "OK" },
        "content": { "element": [{
            "element-id": 0, "element-name": "Turnstile", "sensor-type": "SINGLE_SENSOR", "data-type": "LINE",
            "resolution": "ONE_MINUTE", "measurement": intervals.iter().map(measurement).collect::<Vec<_>>(),
        }] },
        "sensor-info": { "serial-number": serial, "device-type": "PC2S", "name": "Gym" },
    })
}

/// An uplink as ChirpStack v4 delivers it.
pub(super) fn chirpstack(eui: &str, profile: &str, at: Moment, frame: i64, bytes: &[u8]) -> Value {
    json!({
        "deduplicationId": format!("{eui}-{frame}"), "time": at.to_rfc3339(),
        "deviceInfo": { "applicationName": "people", "deviceProfileName": profile, "deviceName": profile, "devEui": eui, "tags": {} },
        "devAddr": "01a2b3c4", "adr": true, "dr": 5, "fCnt": frame, "fPort": 85, "confirmed": false,
        "data": STANDARD.encode(bytes),
    })
}

/// An uplink as The Things Stack v3 delivers it.
pub(super) fn things_stack(eui: &str, at: Moment, frame: i64, bytes: &[u8]) -> Value {
    let time = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
    json!({
        "end_device_ids": { "device_id": format!("eui-{}", eui.to_lowercase()), "dev_eui": eui },
        "correlation_ids": [format!("as:up:{eui}{frame}")], "received_at": time,
        "uplink_message": { "f_port": 85, "f_cnt": frame, "frm_payload": STANDARD.encode(bytes), "received_at": time },
    })
}

/// A VS350: battery, total and period of its line.
pub(super) fn vs350(battery: u8, total: (u16, u16), period: (u16, u16)) -> Vec<u8> {
    let mut bytes = vec![0x01, 0x75, battery, 0x04, 0xcc];
    bytes.extend(total.0.to_le_bytes());
    bytes.extend(total.1.to_le_bytes());
    bytes.extend([0x05, 0xcc]);
    bytes.extend(period.0.to_le_bytes());
    bytes.extend(period.1.to_le_bytes());
    bytes
}

/// A VS135: the totals of its lines, the first of which has id 3.
pub(super) fn vs135(lines: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, (people_in, people_out)) in (3..).step_by(3).zip(lines) {
        bytes.extend([id, 0xd2]);
        bytes.extend(people_in.to_le_bytes());
        bytes.extend([id + 1, 0xd2]);
        bytes.extend(people_out.to_le_bytes());
    }
    bytes
}

/// A VS121: people in view.
pub(super) fn vs121(people: u8) -> Vec<u8> {
    vec![0x04, 0xc9, people, 0x01, 0x00, u8::from(people > 0)]
}

/// Turnstiles that send JSON of their own.
pub(super) fn turnstile(gate: &str, at: Moment, entered: i64, left: i64) -> Value {
    json!({ "gate": gate, "timestamp": at.timestamp(), "entered": entered, "left": left })
}
