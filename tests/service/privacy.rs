//! What tells one person from another never gets past the decoder: not into the database, not into the log.

use chrono::Utc;
use serde_json::{Value, json};

use crate::harness::{LIBRARY, TestParvis, chirpstack, xovis};

/// What must not be kept. Each stands in the payload it is looked for in.
const PERSONAL: [&str; 9] = [
    "FEMALE",
    "wheelchair-7731",
    "3c:06:30:aa:bb:cc",
    "iVBORw0KGgoAAAANSUhEUg",
    "badge-0042",
    "1.8133",
    "fw-child",
    "Ada Lovelace",
    "10.20.30.40",
];

/// Delivers a payload that is stored, and asserts that the personal words in it are not.
async fn assert_left_out(parvis: &TestParvis, gateway: &str, body: &Value, words: &[&str]) {
    let secret = parvis.secret(gateway);
    let sent = body.to_string();
    let answer = parvis.deliver(gateway, &secret, body).await;
    assert!(
        answer.json()["stored"].as_i64() > Some(0),
        "{}",
        answer.text
    );
    let kept = parvis.everything_stored() + &parvis.log() + &answer.text;
    for word in words {
        assert!(PERSONAL.contains(word) && sent.contains(word), "{word}");
        assert!(!kept.contains(word), "{gateway}: {word} was kept");
    }
    // It would have been seen: what may be kept is there.
    assert!(parvis.everything_stored().contains(gateway));
}

#[tokio::test]
async fn sex_age_tags_and_tracks_of_a_live_sensor_are_left_out() {
    let parvis = TestParvis::start(LIBRARY).await;
    let person = json!({
        "track_id": 527, "type": "PERSON", "position": [0.4, 1.8133, 1.71],
        "attributes": { "gender": "FEMALE", "age": 34, "tag": "badge-0042", "mobility": "wheelchair-7731",
            "person_height": 1.8133, "mac": "3c:06:30:aa:bb:cc", "thumbnail": "iVBORw0KGgoAAAANSUhEUg" },
    });
    let event = json!({ "category": "SCENE", "type": "LINE_CROSS_FORWARD", "attributes": {
        "track_id": 527, "sequence_number": 0, "geometry_id": 2, "geometry_name": "Line 0",
        "gender": "FEMALE", "tag": "badge-0042" } });
    let body = json!([{ "live_data": {
        "package_info": { "agent_id": 1005 }, "sensor_info": { "serial_number": "AA:01", "ip_address": "10.20.30.40" },
        "frames": [{ "time": Utc::now().timestamp_millis(), "tracked_objects": [person], "events": [event] }],
    }}]);
    let words = [
        "FEMALE",
        "wheelchair-7731",
        "3c:06:30:aa:bb:cc",
        "iVBORw0KGgoAAAANSUhEUg",
        "badge-0042",
        "1.8133",
        "10.20.30.40",
    ];
    assert_left_out(&parvis, "doors", &body, &words).await;
}

#[tokio::test]
async fn counts_by_sex_or_age_are_left_out_and_the_whole_is_counted() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut body = xovis("AA:01", 1, Utc::now(), &[(0, 5, 2)]);
    let counts = body.pointer_mut("/logics_data/logics/0/records/0/counts");
    let counts = counts.unwrap().as_array_mut().unwrap();
    counts.push(json!({ "id": 9, "name": "fw-child", "value": 3 }));
    counts
        .push(json!({ "id": 10, "name": "fw-gender", "value": 1, "bins": [{ "name": "FEMALE" }] }));
    assert_left_out(&parvis, "doors", &body, &["fw-child", "FEMALE"]).await;
    parvis.wait_for_people("library", 3).await;
}

#[tokio::test]
async fn pictures_and_names_beside_a_mapped_count_are_left_out() {
    let parvis = TestParvis::start(LIBRARY).await;
    // What a camera with a "snapshot" option sends: the count, and whom it saw.
    let body = json!({
        "gate": "side", "at": Utc::now().to_rfc3339(), "in": 12, "out": 7,
        "snapshot": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg", "device_mac": "3c:06:30:aa:bb:cc",
        "people": [{ "gender": "FEMALE", "age": 34, "name": "Ada Lovelace", "badge": "badge-0042" }],
    });
    let words = [
        "iVBORw0KGgoAAAANSUhEUg",
        "3c:06:30:aa:bb:cc",
        "FEMALE",
        "Ada Lovelace",
        "badge-0042",
    ];
    assert_left_out(&parvis, "gate", &body, &words).await;
}

#[tokio::test]
async fn what_a_network_server_adds_to_an_uplink_is_left_out() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut body = chirpstack(
        "24e124600d121001",
        Utc::now(),
        &[0x04, 0xc9, 0x07, 0x01, 0x00, 0x00],
    );
    body["deviceInfo"]["tags"] = json!({ "owner": "Ada Lovelace" });
    body["object"] = json!({ "wifi": ["3c:06:30:aa:bb:cc"], "image": "iVBORw0KGgoAAAANSUhEUg" });
    body["rxInfo"] = json!([{ "gatewayId": "0016c001f153a14c", "context": "10.20.30.40" }]);
    let words = [
        "Ada Lovelace",
        "3c:06:30:aa:bb:cc",
        "iVBORw0KGgoAAAANSUhEUg",
        "10.20.30.40",
    ];
    assert_left_out(&parvis, "lora", &body, &words).await;
    parvis.wait_for_people("reading-room", 7).await;
}

#[tokio::test]
async fn personal_words_in_a_refused_payload_are_not_logged() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let mut body = xovis("AA:01", 1, Utc::now(), &[(0, 1, 0)]);
    body["logics_data"]["logics"][0]["id"] = json!("Ada Lovelace");
    let answer = parvis.deliver("doors", &secret, &body).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["field"], "/logics_data/logics/0/id");
    let told = parvis.everything_stored() + &parvis.log() + &answer.text;
    assert!(!told.contains("Ada"), "{told}");
}
