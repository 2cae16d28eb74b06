//! Xovis sensors with firmware 5: JSON of the LOGICS, `LIVE_DATA` and STATUS agents.
//!
//! Source: Xovis "Sensor V5 API" 5.6.2 (OpenAPI). Only what is listed here is read: counts by sex, age, mask or tag, view
//! directions, tracks and positions are never looked at. Channel keys:
//!
//! | key | from | what |
//! |---|---|---|
//! | `logic-ID` | `logics_data`, counts `fw` and `bw` | people per record, forward and backward |
//! | `logic-ID/NAME` | `logics_data`, states such as `balance`, `queue-length`, `queueing-time` | the state at the end of the record |
//! | `geometry-ID` | `live_data`, line crossings of persons (groups repeat them) | one person each |
//! | `counter-ID` | `live_data`, counts of a logic | the total since the last reset |

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::json;

use super::json::{OneOrMany, parse};
use super::observation::{
    Message, Observation, Payload, Status, Unreadable, count, epoch, label, rfc3339,
};
use crate::domain::reading::{Crossings, Moment};

#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    logics_data: Option<LogicsData<'b>>,
    live_data: Option<LiveData>,
    status_data: Option<StatusData>,
    connection_test: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Package {
    agent_id: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SensorInfo {
    serial_number: Option<String>,
}

#[derive(Deserialize)]
struct LogicsData<'b> {
    #[serde(default)]
    package_info: Package,
    #[serde(default)]
    sensor_info: SensorInfo,
    #[serde(default, borrow)]
    logics: Vec<Logic<'b>>,
}

#[derive(Deserialize)]
struct Logic<'b> {
    id: i64,
    name: Option<String>,
    #[serde(default, borrow)]
    records: Vec<Record<'b>>,
}

#[derive(Deserialize)]
struct Record<'b> {
    from: Time,
    to: Time,
    #[serde(default, borrow)]
    counts: Vec<Count<'b>>,
    samples: Option<f64>,
    samples_expected: Option<f64>,
}

#[derive(Deserialize)]
struct Count<'b> {
    #[serde(borrow)]
    name: Cow<'b, str>,
    value: f64,
}

enum Time {
    Epoch(f64),
    Text(String),
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "milliseconds until the year 3000 are exact in a double"
)]
impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct EpochOrText;

        impl Visitor<'_> for EpochOrText {
            type Value = Time;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number or text")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Time, E> {
                Ok(Time::Epoch(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Time, E> {
                Ok(Time::Epoch(value as f64))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Time, E> {
                Ok(Time::Epoch(value as f64))
            }

            fn visit_str<E>(self, text: &str) -> Result<Time, E> {
                Ok(Time::Text(text.to_owned()))
            }
        }

        source.deserialize_any(EpochOrText)
    }
}

impl Time {
    fn moment(&self, place: &str) -> Result<Moment, Unreadable> {
        match self {
            Self::Epoch(value) => epoch(place, *value),
            Self::Text(text) => rfc3339(place, text),
        }
    }
}

#[derive(Deserialize)]
struct LiveData {
    #[serde(default)]
    package_info: Package,
    #[serde(default)]
    sensor_info: SensorInfo,
    #[serde(default)]
    frames: Vec<LiveFrame>,
}

#[derive(Deserialize)]
struct LiveFrame {
    time: Time,
    #[serde(default)]
    tracked_objects: Vec<TrackedObject>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct TrackedObject {
    track_id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    attributes: EventAttributes,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EventAttributes {
    track_id: Option<i64>,
    sequence_number: Option<i64>,
    geometry_id: Option<i64>,
    geometry_name: Option<String>,
    logic_id: Option<i64>,
    logic_name: Option<String>,
    counter_name: Option<String>,
    counter_value: Option<f64>,
    amount: Option<f64>,
}

#[derive(Deserialize)]
struct StatusData {
    #[serde(default)]
    package_info: Package,
    #[serde(default)]
    sensor_info: SensorInfo,
    #[serde(default)]
    states: serde_json::Value,
}

/// The messages of a body: an envelope, or an array of up to a hundred.
pub(super) fn decode(body: &[u8]) -> Result<Payload, Unreadable> {
    let envelopes = parse::<OneOrMany<Envelope>>(body)?.into_vec();
    if envelopes.len() > 100 {
        return Err(Unreadable::invalid(
            "body",
            format!("{} envelopes; send at most 100 at once", envelopes.len()),
        ));
    }
    let mut payload = Payload::default();
    for envelope in envelopes {
        if envelope.connection_test.is_some() {
            payload.is_test = true;
        } else if let Some(data) = envelope.logics_data {
            logics(&data, &mut payload)?;
        } else if let Some(data) = envelope.live_data {
            live(&data, &mut payload)?;
        } else if let Some(data) = envelope.status_data {
            status(&data, &mut payload)?;
        } else {
            let rule = "holds none of logics_data, live_data, status_data, connection_test";
            return Err(Unreadable::invalid("body", rule));
        }
    }
    Ok(payload)
}

/// The serial number, or where it is switched off the agent, which then is all that tells sensors apart.
fn device(sensor: &SensorInfo, package: &Package) -> Result<Option<String>, Unreadable> {
    match (&sensor.serial_number, package.agent_id) {
        (Some(serial), _) => label("/sensor_info/serial_number", serial).map(Some),
        (None, Some(agent)) => Ok(Some(format!("agent-{agent}"))),
        (None, None) => Ok(None),
    }
}

fn logics(data: &LogicsData<'_>, payload: &mut Payload) -> Result<(), Unreadable> {
    let device = device(&data.sensor_info, &data.package_info)?;
    let mut readings = Vec::new();
    for logic in &data.logics {
        let name = logic
            .name
            .as_deref()
            .map(|name| label("/logics/name", name))
            .transpose()?;
        for record in &logic.records {
            let (since, at) = (
                record.from.moment("/logics/records/from")?,
                record.to.moment("/logics/records/to")?,
            );
            if since >= at {
                return Err(Unreadable::invalid(
                    "/logics/records/to",
                    "is not after from",
                ));
            }
            if let (Some(samples), Some(expected)) = (record.samples, record.samples_expected)
                && samples < expected
            {
                payload.notes.push(format!(
                    "logic {}: record until {at} has {samples} of {expected} samples",
                    logic.id
                ));
            }
            let observe = |channel: String| Observation {
                channel,
                name: name.clone(),
                at: Some(at),
                since: Some(since),
                ..Observation::default()
            };
            let crossings = crossings(&record.counts)?;
            if !crossings.is_silent() {
                readings.push(Observation {
                    period: Some(crossings),
                    ..observe(format!("logic-{}", logic.id))
                });
            }
            for counted in &record.counts {
                let key = || format!("logic-{}/{}", logic.id, counted.name);
                match counted.name.as_ref() {
                    "balance" | "occupancy" | "queue-length" if counted.value < 0.0 => {
                        payload.notes.push(format!(
                            "{} is {}: a state below zero is left out",
                            key(),
                            counted.value
                        ));
                    }
                    "balance" | "occupancy" | "queue-length" => {
                        let level = Some(count("/logics/records/counts/value", counted.value)?);
                        readings.push(Observation {
                            level,
                            since: None,
                            ..observe(key())
                        });
                    }
                    "queueing-time" | "dwell-time" | "dwell_time" => {
                        let level = Some(count(
                            "/logics/records/counts/value",
                            counted.value * 1000.0,
                        )?);
                        readings.push(Observation {
                            level,
                            since: None,
                            ..observe(key())
                        });
                    }
                    "inflow" | "outflow" | "visits" => {
                        let people = count("/logics/records/counts/value", counted.value)?;
                        let period = Some(Crossings {
                            forward: Some(people),
                            backward: None,
                        });
                        readings.push(Observation {
                            period,
                            ..observe(key())
                        });
                    }
                    _ => {}
                }
            }
        }
    }
    payload.messages.push(Message {
        device,
        at: None,
        readings,
        ..Message::default()
    });
    Ok(())
}

fn crossings(counts: &[Count<'_>]) -> Result<Crossings, Unreadable> {
    let side = |name: &str| {
        let found = counts.iter().find(|counted| counted.name == name);
        found
            .map(|counted| count("/logics/records/counts/value", counted.value))
            .transpose()
    };
    Ok(Crossings {
        forward: side("fw")?,
        backward: side("bw")?,
    })
}

fn live(data: &LiveData, payload: &mut Payload) -> Result<(), Unreadable> {
    let device = device(&data.sensor_info, &data.package_info)?;
    let mut readings = Vec::new();
    for frame in &data.frames {
        let at = frame.time.moment("/frames/time")?;
        for event in &frame.events {
            let track = event.attributes.track_id;
            let is_person = frame
                .tracked_objects
                .iter()
                .all(|object| Some(object.track_id) != track || object.kind == "PERSON");
            if is_person && let Some(observation) = live_event(event)? {
                readings.push(Observation {
                    at: Some(at),
                    ..observation
                });
            }
        }
    }
    payload.messages.push(Message {
        device,
        at: None,
        readings,
        ..Message::default()
    });
    Ok(())
}

fn live_event(event: &Event) -> Result<Option<Observation>, Unreadable> {
    let told = &event.attributes;
    let name = told.geometry_name.as_ref().or(told.logic_name.as_ref());
    let name = name
        .map(|name| label("/events/attributes", name))
        .transpose()?;
    let observation = match (
        event.kind.as_str(),
        told.geometry_id,
        told.logic_id,
        told.counter_name.as_deref(),
    ) {
        (kind @ ("LINE_CROSS_FORWARD" | "LINE_CROSS_BACKWARD"), Some(geometry), _, _) => {
            let forward = i64::from(kind == "LINE_CROSS_FORWARD");
            let mark = told
                .track_id
                .map(|track| format!("{track}:{}", told.sequence_number.unwrap_or(0)));
            let period = Some(Crossings::both(forward, 1 - forward));
            Observation {
                channel: format!("geometry-{geometry}"),
                period,
                mark,
                ..Observation::default()
            }
        }
        ("COUNT_INCREMENT", _, Some(logic), Some(side @ ("fw" | "bw"))) => {
            let Some(value) = told.counter_value else {
                return Ok(None);
            };
            let value = Some(count("/events/attributes/counter_value", value)?);
            let total = if side == "fw" {
                Crossings {
                    forward: value,
                    backward: None,
                }
            } else {
                Crossings {
                    forward: None,
                    backward: value,
                }
            };
            Observation {
                channel: format!("counter-{logic}"),
                total: Some(total),
                ..Observation::default()
            }
        }
        (
            "COUNT_INCREMENT" | "COUNT_DECREMENT",
            _,
            Some(logic),
            Some(state @ ("balance" | "queue-length")),
        ) => {
            let Some(value) = told.counter_value.filter(|value| *value >= 0.0) else {
                return Ok(None);
            };
            let level = Some(count("/events/attributes/counter_value", value)?);
            Observation {
                channel: format!("logic-{logic}/{state}"),
                level,
                ..Observation::default()
            }
        }
        ("TIME_CHANGE", _, Some(logic), Some(state @ "queueing-time")) => {
            let Some(seconds) = told.amount else {
                return Ok(None);
            };
            let level = Some(count("/events/attributes/amount", seconds * 1000.0)?);
            Observation {
                channel: format!("logic-{logic}/{state}"),
                level,
                ..Observation::default()
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(Observation {
        name,
        ..observation
    }))
}

/// The few states that say whether the sensor is well. Agents are not read: their addresses hold secrets.
fn status(data: &StatusData, payload: &mut Payload) -> Result<(), Unreadable> {
    const STATES: [(&str, &str); 7] = [
        ("device_status", "/device/state/state"),
        ("time_status", "/time/state/state"),
        ("network_status", "/network/state/state"),
        ("update_status", "/updates/state/state"),
        ("illumination", "/singlesensor/status/illumination"),
        ("firmware_version", "/device/info/fw_version"),
        ("temperature", "/device/state/details/temperatures/housing"),
    ];
    let mut status = Status::default();
    for (name, pointer) in STATES {
        match data.states.pointer(pointer) {
            Some(serde_json::Value::String(word)) => {
                status
                    .details
                    .insert(name.to_owned(), json!(label(pointer, word)?));
            }
            Some(serde_json::Value::Number(number)) => {
                status.details.insert(name.to_owned(), json!(number));
            }
            _ => {}
        }
    }
    let device = device(&data.sensor_info, &data.package_info)?;
    payload.messages.push(Message {
        device,
        at: None,
        readings: Vec::new(),
        status,
        ..Message::default()
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn line_record(from: i64, counts: &serde_json::Value) -> serde_json::Value {
        json!({ "from": from, "to": from + 60_000, "samples": 1, "samples_expected": 1, "counts": counts })
    }

    fn logics_body(records: &[serde_json::Value]) -> Vec<u8> {
        let logic = json!({ "id": 2, "name": "Porte d'entrée", "info": "XLT_LINE_IN_OUT_COUNT", "records": records });
        json!({ "logics_data": {
            "package_info": { "version": "5.0", "id": 28, "agent_id": 1008 },
            "sensor_info": { "serial_number": "00:6E:02:00:6D:BC", "type": "SINGLE_SENSOR" },
            "logics": [logic],
        }})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn each_record_of_a_line_is_one_interval() {
        let counts =
            json!([{ "id": 2, "name": "fw", "value": 3.0 }, { "id": 3, "name": "bw", "value": 1 }]);
        let payload = decode(&logics_body(&[line_record(1_645_792_860_000, &counts)])).unwrap();
        let [message] = payload.messages.as_slice() else {
            panic!("one message")
        };
        assert_eq!(message.device.as_deref(), Some("00:6E:02:00:6D:BC"));
        let [reading] = message.readings.as_slice() else {
            panic!("one reading")
        };
        assert_eq!(
            (reading.channel.as_str(), reading.name.as_deref()),
            ("logic-2", Some("Porte d'entrée"))
        );
        assert_eq!(reading.period, Some(Crossings::both(3, 1)));
        assert_eq!(
            (reading.at.unwrap() - reading.since.unwrap()).num_seconds(),
            60
        );
    }

    #[test]
    fn what_describes_persons_is_not_read() {
        let counts = json!([
            { "id": 8, "name": "fw", "value": 1 }, { "id": 9, "name": "bw", "value": 0 },
            { "id": 10, "name": "fw-male", "value": 1 }, { "id": 4012, "name": "bw-age", "value": 1, "bins": [0, 1] },
        ]);
        let payload = decode(&logics_body(&[line_record(1_684_325_340_000, &counts)])).unwrap();
        assert_eq!(payload.messages[0].readings.len(), 1);
        assert!(!serde_json::to_string(&payload).unwrap().contains("male"));
    }

    #[test]
    fn queue_statistics_are_length_flow_and_time() {
        let counts = json!([
            { "name": "queue-length", "value": 4 }, { "name": "outflow", "value": 8 },
            { "name": "queueing-time", "value": 124.426_003, "unit": "seconds" },
        ]);
        let payload = decode(&logics_body(&[line_record(1_720_000_500_000, &counts)])).unwrap();
        let told: Vec<_> = payload.messages[0]
            .readings
            .iter()
            .map(|r| (r.channel.as_str(), r.level))
            .collect();
        assert_eq!(
            told,
            [
                ("logic-2/queue-length", Some(4)),
                ("logic-2/outflow", None),
                ("logic-2/queueing-time", Some(124_426))
            ]
        );
    }

    #[test]
    fn groups_repeat_what_persons_do() {
        let frame = |kind: &str, id: i64, direction: &str| {
            json!({
                "time": 1_645_797_259_355_i64,
                "tracked_objects": [{ "track_id": id, "type": kind, "attributes": { "gender": "MALE" } }],
                "events": [{ "category": "SCENE", "type": direction, "attributes": {
                    "track_id": id, "sequence_number": 0, "geometry_id": 2, "geometry_name": "Line 0" } }],
            })
        };
        let body = json!([{ "live_data": { "package_info": { "agent_id": 1005 }, "frames": [
            frame("PERSON", 527, "LINE_CROSS_BACKWARD"), frame("GROUP", 518, "LINE_CROSS_BACKWARD"),
        ] } }]);
        let payload = decode(body.to_string().as_bytes()).unwrap();
        let [reading] = payload.messages[0].readings.as_slice() else {
            panic!("one reading")
        };
        assert_eq!(reading.period, Some(Crossings::both(0, 1)));
        assert_eq!(reading.mark.as_deref(), Some("527:0"));
        assert_eq!(payload.messages[0].device.as_deref(), Some("agent-1005"));
    }

    #[test]
    fn a_connection_test_is_recognised() {
        assert!(
            decode(br#"{"connection_test":{"message":"hello"}}"#)
                .unwrap()
                .is_test
        );
    }

    #[test]
    fn each_wrong_value_is_named() {
        let refused = |body: &[u8]| decode(body).unwrap_err();
        let negative = json!([{ "name": "fw", "value": -1 }]);
        assert_eq!(
            refused(&logics_body(&[line_record(1_645_792_860_000, &negative)])).place,
            "/logics/records/counts/value"
        );
        assert!(refused(b"\xff\xfe").is_malformed);
        assert!(refused(b"{").is_malformed);
        assert!(!refused(b"{}").is_malformed);
        let deep = "[".repeat(100_000);
        assert!(refused(deep.as_bytes()).is_malformed);
        let sql = json!({ "logics_data": { "sensor_info": { "serial_number": "x'; DROP TABLE readings; --" } } });
        assert_eq!(
            refused(sql.to_string().as_bytes()).place,
            "/sensor_info/serial_number"
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fail(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&body);
        }

        #[test]
        fn no_damaged_body_makes_it_fail(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let counts = json!([{ "id": 2, "name": "fw", "value": 3.0 }]);
            let mut body = logics_body(&[line_record(1_645_792_860_000, &counts)]);
            let at = at.index(body.len());
            body[at] = byte;
            let _ = decode(&body);
        }
    }
}
