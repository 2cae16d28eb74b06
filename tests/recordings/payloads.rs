//! Published payloads of the supported devices decode to their published expectation.

use std::collections::BTreeMap;

use parvis::domain::gateway::Family;
use parvis::gateways::{Decoder, Payload, decode_device};
use serde_json::{Value, json};

use crate::recording;

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(recording(name)).unwrap()).unwrap()
}

/// The family of a Milesight model, if it is one of ours.
fn family(model: &str) -> Option<Family> {
    format!("milesight-{}", model.to_lowercase()).parse().ok()
}

/// What a payload says under the names that Milesight's own decoders use.
fn published(payload: &Payload, family: Family) -> BTreeMap<String, Value> {
    // Devices with a single line do not number it.
    let has_lines = matches!(
        family,
        Family::MilesightVs132 | Family::MilesightVs133 | Family::MilesightVs135
    );
    let mut told = BTreeMap::new();
    for message in &payload.messages {
        told.extend(message.status.details.clone());
        for reading in &message.readings {
            let channel = &reading.channel;
            let name = |what: &str| {
                if has_lines {
                    format!("{channel}_{what}")
                } else {
                    what.to_owned()
                }
            };
            let mut history = BTreeMap::new();
            let mut note = |key: String, value: Option<i64>| {
                if let Some(value) = value {
                    let told = if reading.from_history {
                        &mut history
                    } else {
                        &mut told
                    };
                    told.insert(key, json!(value));
                }
            };
            if let Some(total) = reading.total {
                note(name("total_in"), total.forward);
                note(name("total_out"), total.backward);
            }
            if let Some(period) = reading.period {
                if channel.contains("_to_") {
                    note(channel.clone(), period.forward);
                } else {
                    note(name("period_in"), period.forward);
                    note(name("period_out"), period.backward);
                }
            }
            if channel == "people" {
                note("people_count_all".to_owned(), reading.level);
            } else {
                note(format!("{channel}_count"), reading.level);
            }
            if reading.from_history {
                history.insert(
                    "timestamp".to_owned(),
                    json!(reading.at.unwrap().timestamp()),
                );
                let list = told
                    .entry("history".to_owned())
                    .or_insert_with(|| json!([]));
                list.as_array_mut().unwrap().push(json!(history));
            }
        }
        if let Some(battery) = message.status.battery {
            told.insert("battery".to_owned(), json!(battery));
        }
    }
    told
}

/// The names that upstream tests assert, in ours: `totalCounterIn` of topic `line_1` is `line_1_total_in`.
fn asserted(topic: &str, key: &str, has_lines: bool) -> String {
    let key = key.trim_start_matches("data.");
    let snake: String = key
        .chars()
        .flat_map(|letter| {
            if letter.is_uppercase() {
                vec!['_', letter.to_ascii_lowercase()]
            } else {
                vec![letter]
            }
        })
        .collect();
    let snake = snake
        .replace("periodic_counter", "period")
        .replace("total_counter", "total");
    match snake.as_str() {
        "in" | "out" => format!("period_{snake}"),
        _ if has_lines && topic.starts_with("line_") => format!("{topic}_{snake}"),
        _ => snake
            .replace("region", "region_")
            .replace("region__", "region_"),
    }
}

/// Numbers by value, words without regard to how they are spelled.
fn same(one: &Value, other: &Value) -> bool {
    let plain = |value: &Value| {
        value
            .to_string()
            .to_lowercase()
            .replace(['"', '_', ' '], "")
    };
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => plain(one) == plain(other),
    }
}

#[test]
fn every_uplink_of_a_supported_device_decodes_as_published() {
    let all = read("lorawan_people_counters.json");
    let mut tried = 0;
    for vector in all["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let Some(family) = family(vector["model"].as_str().unwrap()) else {
            continue;
        };
        tried += 1;
        let bytes = hex::decode(vector["bytes_hex"].as_str().unwrap()).unwrap();
        let told = published(&decode_device(Some(family), &bytes), family);
        let mut expected: BTreeMap<String, Value> = BTreeMap::new();
        if let Some(data) = vector["expected"]["data"].as_object() {
            expected.extend(data.clone());
            // Everything counted is in the expectation too: nothing is invented.
            for (name, value) in &told {
                let is_count = ["_in", "_out", "_count"]
                    .iter()
                    .any(|end| name.ends_with(end));
                assert!(
                    !is_count || data.contains_key(name),
                    "{id}: {name} = {value} is invented"
                );
            }
        }
        let has_lines = !matches!(family, Family::MilesightVs121 | Family::MilesightVs350);
        let emitted = vector["expected_emits"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for emit in &emitted {
            let topic = emit["topic"].as_str().unwrap();
            let fields = emit
                .as_object()
                .unwrap()
                .iter()
                .filter(|(key, _)| key.starts_with("data."));
            expected.extend(
                fields.map(|(key, value)| (asserted(topic, key, has_lines), value.clone())),
            );
        }
        assert!(!expected.is_empty(), "{id} expects nothing");
        for (name, value) in &expected {
            let got = told.get(name).unwrap_or(&Value::Null);
            assert!(
                same(got, value),
                "{id}: {name} is {got}, published {value}; all: {told:?}"
            );
        }
    }
    assert!(tried >= 24, "only {tried} uplinks were tried");
}

#[test]
fn every_envelope_of_a_supported_network_server_decodes_as_published() {
    let all = read("lorawan_ns_envelopes.json");
    let mut tried = 0;
    for entry in all["envelopes"].as_array().unwrap() {
        let server = match entry["network_server"].as_str().unwrap() {
            "ChirpStack" => Family::ChirpStack,
            "ThingsStackCommunity" | "ThingsStackIndustries" => Family::TheThingsStack,
            _ => continue,
        };
        let Some(model) = family(entry["model"].as_str().unwrap()) else {
            continue;
        };
        tried += 1;
        let place = format!("{} in {}", entry["model"], entry["network_server"]);
        let decoder = Decoder {
            family: server,
            mapping: None,
            model_of: &|_| Some(model),
            event: None,
        };
        let payload = decoder
            .decode(entry["envelope"].to_string().as_bytes())
            .unwrap();
        assert_eq!(
            payload.messages[0].device.as_deref(),
            Some("1000000000000001"),
            "{place}"
        );
        assert!(payload.messages[0].at.is_some(), "{place}");
        let told = published(&payload, model);
        for telemetry in entry["thingsboard_result"]["telemetry"].as_array().unwrap() {
            for (name, value) in telemetry["values"].as_object().unwrap() {
                // One converter writes the number of a line as a fraction, another names the only line of a VS132 otherwise.
                let name = name
                    .replace(".0_", "_")
                    .replace("periodic_counter", "line_1_period")
                    .replace("total_counter", "line_1_total");
                let got = told.get(&name).unwrap_or(&Value::Null);
                assert!(
                    same(got, value),
                    "{place}: {name} is {got}, published {value}; all: {told:?}"
                );
            }
        }
        // Without the model the envelope and the bytes are enough to read the same counts.
        let unknown = Decoder {
            model_of: &|_| None,
            ..decoder
        };
        let guessed = unknown
            .decode(entry["envelope"].to_string().as_bytes())
            .unwrap();
        assert_eq!(
            guessed.messages[0].readings, payload.messages[0].readings,
            "{place}"
        );
    }
    assert!(tried >= 14, "only {tried} envelopes were tried");
}

#[test]
fn every_push_of_a_xovis_sensor_decodes_as_published_and_without_persons() {
    let all = read("http_push_people_counters.json");
    let mut tried = 0;
    for vector in all["vectors"].as_array().unwrap() {
        let model = vector["model"].as_str().unwrap();
        if vector["vendor"] != "Xovis" {
            continue;
        }
        tried += 1;
        let id = vector["id"].as_str().unwrap();
        let family = if model.contains("firmware 5") {
            Family::Xovis5
        } else {
            Family::Xovis4
        };
        let body = match &vector["payload"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let decoder = Decoder {
            family,
            mapping: None,
            model_of: &|_| None,
            event: None,
        };
        let payload = decoder
            .decode(body.as_bytes())
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        let readings = payload
            .messages
            .iter()
            .flat_map(|message| &message.readings);
        let crossings: Vec<(i64, i64)> = readings
            .clone()
            .filter(|reading| !reading.channel.contains('/'))
            .filter_map(|reading| reading.period)
            .map(|period| (period.forward.unwrap_or(0), period.backward.unwrap_or(0)))
            .collect();
        let sum = |list: &[(i64, i64)]| {
            list.iter()
                .fold((0, 0), |sum, told| (sum.0 + told.0, sum.1 + told.1))
        };
        let emits = vector["expected_emits"].as_array().unwrap();
        let lines = emits.iter().filter(|emit| emit["topic"] == "line_count");
        let expected: Vec<(i64, i64)> = lines
            .map(|emit| {
                (
                    emit["data.fw"].as_i64().unwrap(),
                    emit["data.bw"].as_i64().unwrap(),
                )
            })
            .collect();
        assert_eq!(sum(&crossings), sum(&expected), "{id}: {crossings:?}");
        for emit in emits.iter().filter(|emit| emit["topic"] == "queue_time") {
            let waited: Vec<i64> = readings
                .clone()
                .filter_map(|reading| reading.level)
                .collect();
            let seconds = emit["data.queueTime"].as_i64().unwrap();
            assert!(
                waited.iter().any(|level| level / 1000 == seconds),
                "{id}: {waited:?}"
            );
        }
        let told = serde_json::to_string(&payload).unwrap().to_lowercase();
        for word in [
            "male",
            "gender",
            "mask",
            "age",
            "view_direction",
            "height",
            "position",
        ] {
            let is_told = told
                .split(|letter: char| !letter.is_alphabetic() && letter != '_')
                .any(|part| part == word);
            assert!(!is_told, "{id} tells {word}: {told}");
        }
    }
    assert!(tried >= 8, "only {tried} pushes were tried");
}
