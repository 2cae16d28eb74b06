//! Any JSON, read by the mapping an installer wrote.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::json::parse;
use super::observation::{Message, Observation, Payload, Unreadable, count, epoch, label, rfc3339};
use crate::domain::day::moment_told;
use crate::domain::mapping::{MappedChannel, Mapping, Semantics, Source, TimeField, TimeFormat};
use crate::domain::reading::{Crossings, Moment};

/// The most items one body may hold.
const MOST_ITEMS: usize = 20_000;

/// The messages of a body.
pub(super) fn decode(body: &[u8], mapping: &Mapping) -> Result<Payload, Unreadable> {
    let body: Value = parse(body)?;
    let items = match &mapping.items {
        None => std::slice::from_ref(&body),
        Some(pointer) => match body.pointer(pointer) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(_) | None => return Err(Unreadable::invalid(pointer, "is not an array")),
        },
    };
    if items.len() > MOST_ITEMS {
        return Err(Unreadable::invalid(
            "body",
            format!("{} items; send at most {MOST_ITEMS} at once", items.len()),
        ));
    }
    let messages = items
        .iter()
        .map(|item| message(item, mapping))
        .collect::<Result<_, _>>()?;
    Ok(Payload {
        messages,
        ..Payload::default()
    })
}

fn message(item: &Value, mapping: &Mapping) -> Result<Message, Unreadable> {
    let at = mapping
        .time
        .as_ref()
        .map(|field| time(item, field))
        .transpose()?;
    let since = mapping
        .since
        .as_ref()
        .map(|field| time(item, field))
        .transpose()?;
    if since.zip(at).is_some_and(|(since, at)| since >= at) {
        return Err(Unreadable::invalid("since", "is not before time"));
    }
    let mark = mapping
        .dedup
        .as_deref()
        .map(|pointer| text(item, pointer))
        .transpose()?;
    let mut readings = Vec::new();
    for channel in &mapping.channels {
        let observation = Observation {
            since,
            mark: mark.clone(),
            ..observation(item, channel)?
        };
        readings.push(observation);
    }
    let device = label("device", &source(item, &mapping.device)?)?;
    Ok(Message {
        device: Some(device),
        at,
        readings,
        ..Message::default()
    })
}

fn observation(item: &Value, mapped: &MappedChannel) -> Result<Observation, Unreadable> {
    let channel = label("channel", &source(item, &mapped.key)?)?;
    let told = |pointer: &Option<String>| {
        pointer
            .as_deref()
            .map(|pointer| people(item, pointer))
            .transpose()
    };
    let crossings = Crossings {
        forward: told(&mapped.forward)?,
        backward: told(&mapped.backward)?,
    };
    let mut observation = Observation {
        channel,
        ..Observation::default()
    };
    match mapped.semantics {
        Semantics::Cumulative => observation.total = Some(crossings),
        Semantics::Delta => observation.period = Some(crossings),
        Semantics::Snapshot => observation.level = told(&mapped.level)?,
    }
    Ok(observation)
}

/// A value that is in the payload or fixed.
fn source(item: &Value, source: &Source) -> Result<String, Unreadable> {
    match source {
        Source::Fixed { value } => Ok(value.clone()),
        Source::Pointer(pointer) => text(item, pointer),
    }
}

fn text(item: &Value, pointer: &str) -> Result<String, Unreadable> {
    match item.pointer(pointer) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(Unreadable::invalid(pointer, "is neither text nor a number")),
        None => Err(Unreadable::invalid(pointer, "is missing")),
    }
}

fn people(item: &Value, pointer: &str) -> Result<i64, Unreadable> {
    let number = match item.pointer(pointer) {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
        None => return Err(Unreadable::invalid(pointer, "is missing")),
    };
    match number {
        None => Err(Unreadable::invalid(pointer, "is not a number")),
        Some(number) if number.fract() != 0.0 => {
            Err(Unreadable::invalid(pointer, "is not a whole number"))
        }
        Some(number) => count(pointer, number),
    }
}

fn time(item: &Value, field: &TimeField) -> Result<Moment, Unreadable> {
    let pointer = &field.pointer;
    match &field.format {
        TimeFormat::EpochMilliseconds | TimeFormat::EpochSeconds => {
            let number: f64 = text(item, pointer)?
                .parse()
                .map_err(|_| Unreadable::invalid(pointer, "is not a number"))?;
            let exact = if field.format == TimeFormat::EpochSeconds {
                number * 1000.0
            } else {
                number
            };
            // The format is stated, so a small number of milliseconds is a time in 1970 and is judged as such.
            if exact.abs() < 100_000_000_000.0 {
                epoch(pointer, exact / 1000.0)
            } else {
                epoch(pointer, exact)
            }
        }
        TimeFormat::Rfc3339 => rfc3339(pointer, &text(item, pointer)?),
        TimeFormat::Pattern(pattern) => {
            let text = text(item, pointer)?;
            local_time(&text, pattern, field.zone.as_deref())
                .map_err(|rule| Unreadable::invalid(pointer, rule))
        }
    }
}

/// A time by a pattern of `strftime`: with an offset of its own, or local to a zone.
fn local_time(text: &str, pattern: &str, zone: Option<&str>) -> Result<Moment, String> {
    if let Ok(time) = DateTime::parse_from_str(text, pattern) {
        return Ok(time.with_timezone(&Utc));
    }
    let naive = NaiveDateTime::parse_from_str(text, pattern)
        .map_err(|_| format!("is not a time of the form {pattern}"))?;
    let zone: Tz = zone
        .unwrap_or("UTC")
        .parse()
        .map_err(|_| format!("\"{}\" is not a time zone", zone.unwrap_or_default()))?;
    moment_told(zone, naive).map_err(|left_out| left_out.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mapping(text: &str) -> Mapping {
        toml::from_str(text).unwrap()
    }

    const TURNSTILES: &str = r#"
        items = "/gates"
        device = "/gate"
        time = { pointer = "/when", format = "%d/%m/%Y %H:%M:%S", zone = "Europe/Paris" }
        dedup = "/uuid"
        [[channel]]
        key = { value = "gate" }
        semantics = "cumulative"
        wrap = 1000000
        forward = "/in"
        backward = "/out"
    "#;

    #[test]
    fn items_are_read_by_pointer_in_local_time() {
        let body = json!({ "gates": [
            { "gate": 7, "when": "24/11/2026 09:30:00", "in": "801573", "out": 9, "uuid": "a-1" },
        ]});
        let payload = decode(body.to_string().as_bytes(), &mapping(TURNSTILES)).unwrap();
        let [message] = payload.messages.as_slice() else {
            panic!("one message")
        };
        assert_eq!(message.device.as_deref(), Some("7"));
        assert_eq!(
            message.at.unwrap().to_rfc3339(),
            "2026-11-24T08:30:00+00:00"
        );
        assert_eq!(message.readings[0].total, Some(Crossings::both(801_573, 9)));
        assert_eq!(message.readings[0].mark.as_deref(), Some("a-1"));
    }

    #[test]
    fn each_wrong_field_is_named() {
        let refused = |gate: Value| {
            let body = json!({ "gates": [gate] });
            decode(body.to_string().as_bytes(), &mapping(TURNSTILES))
                .unwrap_err()
                .place
        };
        let good =
            json!({ "gate": 7, "when": "24/11/2026 09:30:00", "in": 1, "out": 2, "uuid": "a" });
        let with = |field: &str, value: Value| {
            let mut gate = good.clone();
            gate[field] = value;
            gate
        };
        assert_eq!(refused(with("in", json!(-4))), "/in");
        assert_eq!(refused(with("in", json!(4.5))), "/in");
        assert_eq!(refused(with("in", json!("4.5"))), "/in");
        assert_eq!(refused(with("when", json!("29/03/2026 02:30:00"))), "/when");
        assert_eq!(refused(with("out", json!("many"))), "/out");
        assert_eq!(refused(with("when", json!("2026-11-24"))), "/when");
        assert_eq!(
            refused(with("gate", json!("'; DROP TABLE sensors; --"))),
            "device"
        );
        assert_eq!(refused(with("gate", json!(null))), "/gate");
    }

    #[test]
    fn a_stated_format_is_kept_even_for_1970() {
        let mapping = mapping(
            r#"
            device = { value = "door" }
            time = { pointer = "/t", format = "epoch_ms" }
            [[channel]]
            key = { value = "c" }
            semantics = "snapshot"
            level = "/n"
            "#,
        );
        let at = |t: i64| {
            decode(json!({ "t": t, "n": 1 }).to_string().as_bytes(), &mapping)
                .unwrap()
                .messages[0]
                .at
                .unwrap()
        };
        assert_eq!(at(0).timestamp(), 0);
        assert_eq!(at(1_764_000_000_000).timestamp(), 1_764_000_000);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fail(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&body, &mapping(TURNSTILES));
        }

        #[test]
        fn no_item_makes_it_fail(gate in any::<f64>(), when in ".{0,30}", people in any::<f64>()) {
            let body = json!({ "gates": [{ "gate": gate, "when": when, "in": people, "out": 0, "uuid": "u" }] });
            let _ = decode(body.to_string().as_bytes(), &mapping(TURNSTILES));
        }
    }
}
