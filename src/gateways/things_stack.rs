//! The Things Stack v3: the JSON of its webhooks.
//!
//! Source: The Things Stack's webhook documentation. Empty fields are left out, times have nanoseconds, and a delivery is
//! tried at most once by default. Only uplink messages carry readings; other events are acknowledged and left alone.

use serde::Deserialize;

use super::envelope::{Uplink, unwrap};
use super::json::parse;
use super::observation::{Payload, Unreadable, rfc3339};
use crate::domain::gateway::Family;

#[derive(Deserialize)]
struct Event {
    end_device_ids: Option<DeviceIds>,
    uplink_message: Option<UplinkMessage>,
    received_at: Option<String>,
    #[serde(default)]
    correlation_ids: Vec<String>,
}

#[derive(Deserialize)]
struct DeviceIds {
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    dev_eui: String,
}

#[derive(Deserialize)]
struct UplinkMessage {
    frm_payload: Option<String>,
    received_at: Option<String>,
    #[serde(default)]
    version_ids: VersionIds,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VersionIds {
    model_id: String,
}

/// The message of an event.
pub(super) fn decode(
    body: &[u8],
    model_of: &dyn Fn(&str) -> Option<Family>,
) -> Result<Payload, Unreadable> {
    let told: Event = parse(body)?;
    let Some(ids) = &told.end_device_ids else {
        return Err(Unreadable::invalid(
            "/end_device_ids",
            "is missing: this is not an event of The Things Stack v3",
        ));
    };
    let Some(uplink) = &told.uplink_message else {
        return Ok(Payload::default());
    };
    let Some(payload) = &uplink.frm_payload else {
        return Ok(Payload {
            notes: vec!["the uplink has no payload".to_owned()],
            ..Payload::default()
        });
    };
    let time = uplink
        .received_at
        .as_deref()
        .or(told.received_at.as_deref());
    unwrap(
        &Uplink {
            place: "/uplink_message/frm_payload",
            device_eui: &ids.dev_eui,
            payload,
            at: time
                .map(|time| rfc3339("/uplink_message/received_at", time))
                .transpose()?,
            mark: told.correlation_ids.first().map(String::as_str),
            hints: vec![&uplink.version_ids.model_id, &ids.device_id],
        },
        model_of,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::reading::Crossings;

    #[test]
    fn an_uplink_is_decoded_by_the_model_of_its_device() {
        let body = json!({
            "end_device_ids": { "device_id": "door-1", "dev_eui": "24E124136D151234" },
            "correlation_ids": ["as:up:01H0"], "received_at": "2023-05-19T06:40:01.123456789Z",
            "uplink_message": { "f_port": 85, "frm_payload": "A9JIAAAABNLIAAAA", "received_at": "2023-05-19T06:40:00.9Z" },
        });
        let model = |eui: &str| (eui == "24E124136D151234").then_some(Family::MilesightVs135);
        let payload = decode(body.to_string().as_bytes(), &model).unwrap();
        assert_eq!(
            payload.messages[0].readings[0].total,
            Some(Crossings::both(72, 200))
        );
        assert_eq!(
            payload.messages[0].at.unwrap().timestamp_subsec_millis(),
            900
        );
    }

    #[test]
    fn a_join_is_acknowledged_and_left_alone() {
        let body = json!({ "end_device_ids": { "device_id": "x", "dev_eui": "24E124136D151234" }, "join_accept": {} });
        assert_eq!(
            decode(body.to_string().as_bytes(), &|_| None).unwrap(),
            Payload::default()
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fail(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&body, &|_| None);
        }
    }
}
