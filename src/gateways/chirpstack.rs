//! ChirpStack v4: the JSON events of its HTTP integration.
//!
//! Source: ChirpStack's `integration.proto` and documentation. Fields with default values are left out of the JSON.
//! `up` carries readings, `status` the battery; other events are acknowledged and left alone. The integration never
//! repeats a failed delivery, so counters that keep a total are worth more than those that do not.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::envelope::{Uplink, device_eui, unwrap};
use super::json::parse;
use super::observation::{Message, Payload, Status, Unreadable, rfc3339};
use crate::domain::gateway::Family;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    device_info: Option<DeviceInfo>,
    deduplication_id: Option<String>,
    time: Option<String>,
    data: Option<String>,
    battery_level: Option<f64>,
    #[serde(default)]
    join_server_context: Option<JoinServerContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceInfo {
    #[serde(default)]
    dev_eui: String,
    #[serde(default)]
    device_name: String,
    #[serde(default)]
    device_profile_name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JoinServerContext {
    session_key_id: String,
    app_s_key: Option<serde::de::IgnoredAny>,
}

/// The message of an event.
pub(super) fn decode(
    body: &[u8],
    event: Option<&str>,
    model_of: &dyn Fn(&str) -> Option<Family>,
) -> Result<Payload, Unreadable> {
    let told: Event = parse(body)?;
    let Some(device) = &told.device_info else {
        return Err(Unreadable::invalid(
            "/deviceInfo",
            "is missing: this is not an event of ChirpStack v4",
        ));
    };
    let encrypted = |context: &JoinServerContext| {
        !context.session_key_id.is_empty() || context.app_s_key.is_some()
    };
    if told.join_server_context.as_ref().is_some_and(encrypted) {
        let rule =
            "is set: the payload is still encrypted; let ChirpStack hold the application key";
        return Err(Unreadable::invalid("/joinServerContext", rule));
    }
    match event {
        Some("up") | None => {}
        Some("status") => return status(&told, device),
        Some(_) => return Ok(Payload::default()),
    }
    let Some(data) = &told.data else {
        let notes = vec!["the uplink has no payload".to_owned()];
        return if event.is_none() {
            status(&told, device)
        } else {
            Ok(Payload {
                notes,
                ..Payload::default()
            })
        };
    };
    let hints = [
        device.device_profile_name.as_str(),
        device.device_name.as_str(),
    ];
    unwrap(
        &Uplink {
            place: "/data",
            device_eui: &device.dev_eui,
            payload: data,
            at: told
                .time
                .as_deref()
                .map(|time| rfc3339("/time", time))
                .transpose()?,
            mark: told.deduplication_id.as_deref(),
            hints: hints
                .into_iter()
                .chain(device.tags.values().map(String::as_str))
                .collect(),
        },
        model_of,
    )
}

fn status(told: &Event, device: &DeviceInfo) -> Result<Payload, Unreadable> {
    let mut status = Status::default();
    if let Some(percent) = told
        .battery_level
        .filter(|percent| (0.0..=100.0).contains(percent))
    {
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "checked just above"
        )]
        let percent = percent.round() as i32;
        status.battery = Some(percent);
    }
    let device = Some(device_eui("/deviceInfo/devEui", &device.dev_eui)?);
    let message = Message {
        device,
        at: None,
        readings: Vec::new(),
        status,
        ..Message::default()
    };
    Ok(Payload {
        messages: vec![message],
        ..Payload::default()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::reading::Crossings;

    fn uplink() -> Value {
        json!({
            "deduplicationId": "57433366-50a6-4dc2-8145-2df1bbc70d9e", "time": "2023-05-22T07:47:05.404859+00:00",
            "deviceInfo": { "deviceProfileName": "Milesight VS350", "deviceName": "door", "devEui": "24e124136d151234" },
            "fPort": 85, "data": "BMwSABYABcwTABQA",
        })
    }

    fn decode(body: &Value, event: Option<&str>) -> Result<Payload, Unreadable> {
        super::decode(body.to_string().as_bytes(), event, &|_| None)
    }

    #[test]
    fn the_bytes_are_decoded_and_the_object_is_not_looked_at() {
        let mut body = uplink();
        body["object"] = json!({ "total_in": 999 });
        let payload = decode(&body, Some("up")).unwrap();
        let [message] = payload.messages.as_slice() else {
            panic!("one message")
        };
        assert_eq!(message.device.as_deref(), Some("24E124136D151234"));
        assert_eq!(message.readings[0].total, Some(Crossings::both(18, 22)));
        assert_eq!(
            message.at.unwrap().timestamp_micros(),
            1_684_741_625_404_859
        );
        assert_eq!(message.readings[0].mark, None);
    }

    #[test]
    fn without_a_time_the_mark_tells_repetitions() {
        let mut body = uplink();
        body.as_object_mut().unwrap().remove("time");
        let payload = decode(&body, Some("up")).unwrap();
        assert_eq!(
            payload.messages[0].readings[0].mark.as_deref(),
            Some("57433366-50a6-4dc2-8145-2df1bbc70d9e")
        );
    }

    #[test]
    fn a_status_event_tells_the_battery_and_others_nothing() {
        let body = json!({ "deviceInfo": { "devEui": "24e124136d151234" }, "margin": 7, "batteryLevel": 88.19 });
        assert_eq!(
            decode(&body, Some("status")).unwrap().messages[0]
                .status
                .battery,
            Some(88)
        );
        assert_eq!(decode(&body, Some("join")).unwrap(), Payload::default());
    }

    #[test]
    fn encrypted_payloads_are_refused_with_the_reason() {
        let mut body = uplink();
        body["joinServerContext"] = json!({ "sessionKeyId": "abc" });
        assert_eq!(decode(&body, None).unwrap_err().place, "/joinServerContext");
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fail(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = super::decode(&body, None, &|_| None);
        }

        #[test]
        fn no_payload_makes_it_fail(data in ".{0,60}") {
            let mut body = uplink();
            body["data"] = json!(data);
            let _ = decode(&body, Some("up"));
        }
    }
}
