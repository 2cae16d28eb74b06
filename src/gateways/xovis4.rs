//! Xovis sensors with firmware 3 or 4: the JSON of line and zone counts, and of live events.
//!
//! Source: payloads of real PC2 and PC2S sensors in public integrations (akenza-io/device-type-library, MIT;
//! sdu-cfei/xovis-driver). A body may hold several measurements: the sensor buffers while it is offline. Channel keys:
//! `element-ID` for counted intervals and states, `line-ID` for events, of which only `LineCount` is a count
//! (`LineCrossing` tells the same crossing once more).

use serde::Deserialize;

use super::json::{OneOrMany, parse};
use super::observation::{Message, Observation, Payload, Unreadable, count, epoch, label, rfc3339};
use crate::domain::reading::Crossings;

#[derive(Deserialize)]
struct Body {
    content: Option<Content>,
    values: Option<Vec<Event>>,
    #[serde(rename = "sensor-info", default)]
    sensor: Sensor,
}

#[derive(Deserialize, Default)]
struct Sensor {
    #[serde(rename = "serial-number")]
    serial: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    element: OneOrMany<Element>,
}

#[derive(Deserialize)]
struct Element {
    #[serde(rename = "element-id")]
    id: i64,
    #[serde(rename = "element-name")]
    name: Option<String>,
    #[serde(default)]
    measurement: Vec<Measurement>,
}

#[derive(Deserialize)]
struct Measurement {
    from: String,
    to: String,
    #[serde(default)]
    value: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    value: f64,
    label: String,
}

#[derive(Deserialize)]
struct Event {
    timestamp: f64,
    #[serde(rename = "type")]
    kind: String,
    serial: Option<String>,
    direction: Option<String>,
    object: Option<Object>,
    #[serde(rename = "countItem")]
    item: Option<Item>,
}

#[derive(Deserialize)]
struct Object {
    id: i64,
}

#[derive(Deserialize)]
struct Item {
    id: i64,
    name: Option<String>,
}

/// The messages of a body.
pub(super) fn decode(body: &[u8]) -> Result<Payload, Unreadable> {
    let mut payload = Payload::default();
    for body in parse::<OneOrMany<Body>>(body)?.into_vec() {
        match (body.content, body.values) {
            (Some(content), _) => {
                let device = body
                    .sensor
                    .serial
                    .map(|serial| label("/sensor-info/serial-number", &serial))
                    .transpose()?;
                let mut readings = Vec::new();
                for element in content.element.into_vec() {
                    measurements(&element, &mut readings)?;
                }
                payload.messages.push(Message {
                    device,
                    at: None,
                    readings,
                    ..Message::default()
                });
            }
            (None, Some(events)) => {
                for event in events {
                    payload.messages.extend(counted(event)?);
                }
            }
            (None, None) => {
                return Err(Unreadable::invalid(
                    "body",
                    "holds neither content nor values",
                ));
            }
        }
    }
    Ok(payload)
}

fn measurements(element: &Element, readings: &mut Vec<Observation>) -> Result<(), Unreadable> {
    let name = element
        .name
        .as_deref()
        .map(|name| label("/content/element/element-name", name))
        .transpose()?;
    for measurement in &element.measurement {
        let since = rfc3339("/content/element/measurement/from", &measurement.from)?;
        let at = rfc3339("/content/element/measurement/to", &measurement.to)?;
        if since >= at {
            return Err(Unreadable::invalid(
                "/content/element/measurement/to",
                "is not after from",
            ));
        }
        let told = |label: &str| {
            let found = measurement.value.iter().find(|value| value.label == label);
            found
                .map(|value| count("/content/element/measurement/value", value.value))
                .transpose()
        };
        let period = Crossings {
            forward: told("fw")?,
            backward: told("bw")?,
        };
        let mut level = None;
        for word in ["balance", "fill-level", "fillLevel", "count"] {
            level = level.or(told(word)?);
        }
        if !period.is_silent() || level.is_some() {
            readings.push(Observation {
                channel: format!("element-{}", element.id),
                name: name.clone(),
                at: Some(at),
                since: Some(since).filter(|_| !period.is_silent()),
                period: Some(period).filter(|period| !period.is_silent()),
                level,
                ..Observation::default()
            });
        }
    }
    Ok(())
}

fn counted(event: Event) -> Result<Option<Message>, Unreadable> {
    let (Some(item), "LineCount") = (&event.item, event.kind.as_str()) else {
        return Ok(None);
    };
    let forward = match event.direction.as_deref() {
        Some("forward") => 1,
        Some("backward") => 0,
        Some(_) | None => {
            return Err(Unreadable::invalid(
                "/values/direction",
                "is neither forward nor backward",
            ));
        }
    };
    let reading = Observation {
        channel: format!("line-{}", item.id),
        name: item
            .name
            .as_deref()
            .map(|name| label("/values/countItem/name", name))
            .transpose()?,
        at: Some(epoch("/values/timestamp", event.timestamp)?),
        period: Some(Crossings::both(forward, 1 - forward)),
        mark: event.object.map(|object| object.id.to_string()),
        ..Observation::default()
    };
    let device = event
        .serial
        .map(|serial| label("/values/serial", &serial))
        .transpose()?;
    Ok(Some(Message {
        device,
        at: None,
        readings: vec![reading],
        ..Message::default()
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_buffered_body_holds_several_intervals() {
        let measurement = |minute: u8, fw: u8| {
            json!({
                "from": format!("2021-09-23T10:{minute}:00+02:00"), "to": format!("2021-09-23T10:{}:00+02:00", minute + 1),
                "value": [{ "value": fw, "label": "fw" }, { "value": 0, "label": "bw" }],
            })
        };
        let body = json!({
            "sensor-time": { "timezone": "Europe/Zurich", "time": "2021-09-23T10:21:06+02:00" },
            "content": { "element": [{ "element-id": 0, "element-name": "Line 0", "data-type": "LINE",
                "measurement": [measurement(20, 1), measurement(21, 4)] }] },
            "sensor-info": { "serial-number": "80:1F:12:D5:30:DC", "ip-address": "192.168.0.94" },
        });
        let payload = decode(body.to_string().as_bytes()).unwrap();
        let readings = &payload.messages[0].readings;
        assert_eq!(
            readings
                .iter()
                .map(|r| r.period.unwrap().forward)
                .collect::<Vec<_>>(),
            [Some(1), Some(4)]
        );
        assert_eq!(
            readings[0].at.unwrap().to_rfc3339(),
            "2021-09-23T08:21:00+00:00"
        );
    }

    #[test]
    fn a_crossing_is_told_twice_and_counted_once() {
        let event = |kind: &str| {
            json!({ "timestamp": 1_632_385_264_305_i64, "type": kind, "serial": "80:1F:12:D5:30:DC",
            "direction": "forward", "object": { "id": 3006, "x": 303 }, "countItem": { "id": 0, "name": "Line 0" } })
        };
        let body =
            json!({ "values": [event("LineCrossing"), event("ZoneExit"), event("LineCount")] });
        let payload = decode(body.to_string().as_bytes()).unwrap();
        let [message] = payload.messages.as_slice() else {
            panic!("one message")
        };
        assert_eq!(message.readings[0].period, Some(Crossings::both(1, 0)));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fail(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&body);
        }
    }
}
