//! Each family of senders through the real door: how it proves itself, and what becomes of what it says.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::harness::{Answer, LIBRARY, TestParvis, chirpstack, xovis};

/// A hall for each family, beside the library.
const HALLS: &str = r#"
[[space]]
slug = "four"
site = "library"
name = "Xovis 4"

[[space]]
slug = "things"
site = "library"
name = "The Things Stack"

[[space]]
slug = "delta"
site = "library"
name = "Deltas"

[[space]]
slug = "snapshot"
site = "library"
name = "Snapshots"

[[passage]]
name = "To four"
from = "outside"
to = "four"

[[passage]]
name = "To things"
from = "outside"
to = "things"

[[passage]]
name = "To delta"
from = "outside"
to = "delta"

[[gateway]]
name = "four"
family = "xovis-4"
auth = "basic"
user = "counter"

[[gateway]]
name = "things"
family = "things-stack"

[[gateway]]
name = "delta"
family = "json"
auth = "header"
header = "X-Gate-Key"

[gateway.mapping]
items = "/doors"
device = "/door"
time = { pointer = "/until", format = "epoch_ms" }
dedup = "/message"

[[gateway.mapping.channel]]
key = { value = "door" }
semantics = "delta"
forward = "/in"
backward = "/out"

[[gateway]]
name = "snapshot"
family = "json"
auth = "path"

[gateway.mapping]
device = { value = "camera" }

[[gateway.mapping.channel]]
key = "/zone"
semantics = "snapshot"
level = "/people"

[[sensor]]
gateway = "four"
device = "80:1F:12:D5:30:DC"

[[sensor.channel]]
key = "element-0"
passage = "To four"

[[sensor]]
gateway = "things"
device = "24E124751D135002"
model = "milesight-vs135"

[[sensor.channel]]
key = "line_1"
passage = "To things"

[[sensor]]
gateway = "delta"
device = "west"

[[sensor.channel]]
key = "door"
passage = "To delta"
direction = "backward"

[[sensor]]
gateway = "snapshot"
device = "camera"

[[sensor.channel]]
key = "zone-a"
space = "snapshot"
"#;

async fn start() -> TestParvis {
    TestParvis::start(&format!("{LIBRARY}{HALLS}")).await
}

fn post(parvis: &TestParvis, path: &str, body: &Value) -> RequestBuilder {
    let address = format!("{}/ingest/{path}", parvis.address);
    let request = parvis.client.post(address).body(body.to_string());
    request.header("content-type", "application/json")
}

fn stored(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["stored"].as_i64().unwrap()
}

fn four(now: DateTime<Utc>, forward: i64, backward: i64) -> Value {
    let to = now.timestamp() / 60 * 60;
    let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap().to_rfc3339();
    json!({
        "content": { "element": [{ "element-id": 0, "element-name": "Line 0", "data-type": "LINE", "measurement": [{
            "from": moment(to - 60), "to": moment(to),
            "value": [{ "value": forward, "label": "fw" }, { "value": backward, "label": "bw" }] }] }] },
        "sensor-info": { "serial-number": "80:1F:12:D5:30:DC", "ip-address": "192.168.0.94" },
    })
}

fn delta(now: DateTime<Utc>) -> Value {
    let door = |message: &str, count: i64| json!({ "door": "west", "until": now.timestamp_millis(), "in": 1, "out": count, "message": message });
    // The same time and count twice, told apart by the sender's mark.
    json!({ "doors": [door("a7", 5), door("a8", 5)] })
}

#[tokio::test]
async fn each_proof_opens_its_own_door_and_no_other() {
    let parvis = start().await;
    let secret = |gateway: &str| parvis.secret(gateway);
    let (doors, basic, header, path) = (
        secret("doors"),
        secret("four"),
        secret("delta"),
        secret("snapshot"),
    );
    let now = Utc::now();
    let (five, four, delta) = (
        xovis("AA:01", 1, now, &[(0, 1, 0)]),
        four(now, 1, 0),
        delta(now),
    );
    let snapshot = json!({ "zone": "zone-a", "people": 4 });
    let doors_post = || post(&parvis, "doors", &five);
    let basic_post = || post(&parvis, "four", &four);
    let header_post = || post(&parvis, "delta", &delta);
    let path_post = |secret: &str| post(&parvis, &format!("snapshot/{secret}"), &snapshot);
    let wrong = [
        doors_post().bearer_auth(&basic),
        doors_post().basic_auth("doors", Some(&doors)),
        doors_post().header("x-parvis-secret", &doors),
        doors_post().header("authorization", &doors),
        basic_post().bearer_auth(&basic),
        basic_post().basic_auth("four", Some(&basic)),
        basic_post().basic_auth("counter", Some(&doors)),
        basic_post().basic_auth("counter", None::<&str>),
        basic_post().header("authorization", "Basic !!!"),
        header_post().bearer_auth(&header),
        header_post().header("x-parvis-secret", &header),
        header_post().header("x-gate-key", &doors),
        path_post(&doors),
        path_post(""),
        post(&parvis, "snapshot", &snapshot).bearer_auth(&path),
    ];
    for request in wrong {
        let answer = parvis.send(request).await;
        assert!(
            [401, 404].contains(&answer.status.as_u16()),
            "{}",
            answer.text
        );
    }
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 0);
    let right = [
        (doors_post().bearer_auth(&doors), 1),
        (
            doors_post().header("authorization", format!("bearer  {doors}")),
            0,
        ),
        (basic_post().basic_auth("counter", Some(&basic)), 1),
        (header_post().header("x-gate-key", &header), 2),
        (path_post(&path), 1),
    ];
    for (request, count) in right {
        assert_eq!(stored(&parvis.send(request).await), count);
    }
    let log = parvis.log();
    for secret in [doors, basic, header, path] {
        assert!(!log.contains(&secret));
    }
}

#[tokio::test]
async fn an_old_secret_is_good_during_the_overlap_and_not_after_it() {
    let parvis = start().await;
    let first = parvis.secret("doors");
    let second = parvis.secret("doors");
    let body = xovis("AA:01", 1, Utc::now(), &[(0, 1, 0)]);
    for secret in [&first, &second] {
        assert_eq!(parvis.deliver("doors", secret, &body).await.status, 200);
    }
    let listed = parvis.run(&["gateway", "list"]);
    assert_eq!(listed.matches("good until").count(), 1, "{listed}");
    let third = parvis.run(&["gateway", "secret", "doors", "--overlap-hours", "0"]);
    let since = Instant::now();
    while parvis.deliver("doors", &second, &body).await.status != 401 {
        assert!(since.elapsed() < Duration::from_secs(2), "still good");
    }
    assert_eq!(parvis.deliver("doors", &first, &body).await.status, 401);
    assert_eq!(
        parvis.deliver("doors", third.trim(), &body).await.status,
        200
    );
    assert_eq!(parvis.number("SELECT count(*) FROM gateway_secrets"), 1);
}

#[tokio::test]
async fn a_secret_is_printed_once_and_kept_as_a_digest_only() {
    let parvis = start().await;
    let secret = parvis.secret("doors");
    let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(&secret)
        .unwrap();
    assert_eq!(raw.len(), 32);
    let kept = parvis.everything_stored();
    let digest = hex::encode(openssl::sha::sha256(secret.as_bytes()));
    assert!(kept.contains(&digest));
    let listed = parvis.run(&["gateway", "list"]);
    for written in [secret.clone(), STANDARD.encode(&raw), hex::encode(&raw)] {
        for place in [&kept, &listed, &parvis.log()] {
            assert!(!place.contains(&written));
        }
    }
    // The digest is no secret that opens the door.
    let body = xovis("AA:01", 1, Utc::now(), &[(0, 1, 0)]);
    assert_eq!(parvis.deliver("doors", &digest, &body).await.status, 401);
    let unknown = parvis.command(&["gateway", "secret", "windows"]);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no gateway is called \"windows\""));
}

#[tokio::test]
async fn trials_and_events_without_readings_are_welcome_and_store_nothing() {
    let parvis = start().await;
    let (doors, lora, things) = (
        parvis.secret("doors"),
        parvis.secret("lora"),
        parvis.secret("things"),
    );
    let test = json!({ "connection_test": { "message": "hello" } });
    assert_eq!(stored(&parvis.deliver("doors", &doors, &test).await), 0);
    let device = json!({ "devEui": "24e124600d121009", "deviceName": "new" });
    for event in [
        "join",
        "ack",
        "txack",
        "log",
        "location",
        "integration",
        "later-invented",
    ] {
        let body =
            json!({ "deviceInfo": device, "time": "2026-11-24T09:00:00Z", "data": "BMkHAQAA" });
        let request = post(&parvis, &format!("lora?event={event}"), &body);
        let answer = parvis.send(request.bearer_auth(&lora)).await;
        assert_eq!(stored(&answer), 0, "{event}");
    }
    let join = json!({ "end_device_ids": { "device_id": "x", "dev_eui": "24E124751D135009" }, "join_accept": {} });
    assert_eq!(stored(&parvis.deliver("things", &things, &join).await), 0);
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 0);
    assert_eq!(
        parvis.number("SELECT count(*) FROM sensors WHERE NOT is_described"),
        0
    );
    // A status event tells the battery of the device and no reading.
    let body = json!({ "deviceInfo": { "devEui": "24e124600d121001" }, "batteryLevel": 88.4 });
    let request = post(&parvis, "lora?event=status", &body).bearer_auth(&lora);
    assert_eq!(stored(&parvis.send(request).await), 0);
    parvis
        .wait_until("the battery is known", || {
            parvis.number("SELECT count(*) FROM sensors WHERE battery = 88") == 1
        })
        .await;
}

#[tokio::test]
async fn what_each_family_counts_arrives_in_its_space() {
    let parvis = start().await;
    let now = Utc::now();
    let secret = |gateway: &str| parvis.secret(gateway);
    // Xovis 5 and 4: arrays of envelopes, of one interval each.
    let five = json!([
        xovis("AA:01", 1, now, &[(1, 6, 0)]),
        xovis("AA:01", 1, now, &[(0, 2, 1)])
    ]);
    assert_eq!(
        stored(&parvis.deliver("doors", &secret("doors"), &five).await),
        2
    );
    parvis.wait_for_people("library", 7).await;
    let before = now - TimeDelta::minutes(1);
    let bodies = json!([four(before, 9, 1), four(now, 0, 2)]);
    let request = post(&parvis, "four", &bodies).basic_auth("counter", Some(secret("four")));
    assert_eq!(stored(&parvis.send(request).await), 2);
    parvis.wait_for_people("four", 6).await;
    // Network servers: people seen behind one, totals behind the other.
    let seen = chirpstack(
        "24e124600d121001",
        now,
        &[0x04, 0xc9, 0x07, 0x01, 0x00, 0x00],
    );
    let request = post(&parvis, "lora?event=up", &seen).bearer_auth(secret("lora"));
    assert_eq!(stored(&parvis.send(request).await), 1);
    parvis.wait_for_people("reading-room", 7).await;
    let things = secret("things");
    for (at, forward, backward) in [(before, 72, 200), (now, 77, 201)] {
        let bytes = [0x03, 0xd2, forward, 0, 0, 0, 0x04, 0xd2, backward, 0, 0, 0];
        let body = json!({
            "end_device_ids": { "device_id": "door-1", "dev_eui": "24E124751D135002" }, "correlation_ids": ["as:up:1"],
            "uplink_message": { "f_port": 85, "frm_payload": STANDARD.encode(bytes), "received_at": at.to_rfc3339() },
        });
        assert_eq!(stored(&parvis.deliver("things", &things, &body).await), 1);
    }
    parvis.wait_for_people("things", 4).await;
    // Any JSON: two intervals, mounted the other way round; and how many there are.
    let request = post(&parvis, "delta", &delta(now)).header("x-gate-key", secret("delta"));
    assert_eq!(stored(&parvis.send(request).await), 2);
    parvis.wait_for_people("delta", 8).await;
    let path = format!("snapshot/{}", secret("snapshot"));
    for people in [17, 3] {
        let body = json!({ "zone": "zone-a", "people": people });
        assert_eq!(stored(&parvis.send(post(&parvis, &path, &body)).await), 1);
    }
    parvis.wait_for_people("snapshot", 3).await;
}
