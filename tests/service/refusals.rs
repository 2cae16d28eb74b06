//! What must not come in is refused with its rule, stores nothing, and leaves no trace of what it held.

use chrono::{TimeDelta, Utc};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::harness::{Answer, LIBRARY, TestParvis, read_to_end, xovis};

/// Stands in every bad body, and must be nowhere else afterwards.
const MARK: &str = "Lovelace";

const STORED: &str =
    "SELECT (SELECT count(*) FROM readings) + (SELECT count(*) FROM doubted_readings)
     + (SELECT count(*) FROM sensors WHERE heard_at IS NOT NULL OR NOT is_described)";

/// Asserts that an answer is a problem with a status that names its rule, and returns the field.
fn assert_refused(what: &str, answer: &Answer, status: u16, rule: &str) -> String {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{what}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(rule), "{what}: {detail}");
    assert!(!answer.text.contains(MARK), "{what}: {detail}");
    problem["field"].as_str().unwrap_or_default().to_owned()
}

/// Asserts that nothing was stored, that the log tells refusals only, and that the door still works.
async fn assert_unharmed(parvis: &TestParvis, secrets: &[&str]) {
    assert_eq!(parvis.number(STORED), 0);
    assert!(!parvis.everything_stored().contains(MARK));
    let log = parvis.log();
    for word in secrets.iter().chain(&[MARK, "DROP TABLE"]) {
        assert!(!log.contains(word), "the log holds {word}");
    }
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "INFO", "{line}");
    }
    let secret = parvis.secret("doors");
    let good = xovis("AA:01", 1, Utc::now(), &[(0, 3, 1)]);
    let answer = parvis.deliver("doors", &secret, &good).await;
    assert_eq!(answer.json()["stored"], 1, "{}", answer.text);
    parvis.wait_for_people("library", 2).await;
}

#[tokio::test]
async fn who_is_not_known_is_refused_before_the_body_is_read() {
    let parvis = TestParvis::start(LIBRARY).await;
    let (doors, gate) = (parvis.secret("doors"), parvis.secret("gate"));
    // Not even JSON: a body that is looked at would be refused for that.
    let body = json!(MARK);
    let wrong = parvis.deliver("doors", MARK, &body).await;
    assert_refused(
        "a wrong secret",
        &wrong,
        401,
        "the secret is missing or wrong",
    );
    assert!(wrong.header("www-authenticate").contains("Bearer"));
    let other = parvis.deliver("doors", &gate, &body).await;
    assert_refused("another gateway's secret", &other, 401, "the secret");
    let empty = parvis.deliver("doors", "", &body).await;
    assert_refused("an empty secret", &empty, 401, "the secret");
    let address = |path: &str| format!("{}/ingest/{path}", parvis.address);
    let none = parvis.send(parvis.client.post(address("doors"))).await;
    assert_refused("no secret", &none, 401, "the secret is missing");
    let in_path = parvis.send(parvis.client.post(address(&format!("doors/{doors}"))));
    assert_refused("a secret in the address", &in_path.await, 401, "the secret");
    let unknown = parvis.deliver("windows", &doors, &body).await;
    assert_refused("a gateway there is not", &unknown, 404, "no gateway");
    for name in ["..%2fdoors", "%00", "Lovelace'--", &"d".repeat(5_000)] {
        let request = parvis.client.post(address(name)).bearer_auth(&doors);
        assert_refused(name, &parvis.send(request).await, 404, "");
    }
    // A gateway that never had a secret takes nothing, whatever is shown.
    let never = parvis.deliver("lora", "", &body).await;
    assert_refused("no secret was ever made", &never, 401, "the secret");
    assert_unharmed(&parvis, &[&doors, &gate]).await;
}

#[tokio::test]
async fn what_is_not_json_of_the_family_is_refused_with_its_place() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let post = async |content_type: &'static str, body: Vec<u8>| {
        let request = parvis
            .client
            .post(format!("{}/ingest/doors", parvis.address));
        let request = request
            .bearer_auth(&secret)
            .header(CONTENT_TYPE, content_type);
        parvis.send(request.body(body)).await
    };
    let marked = |text: &str| text.replace("MARK", MARK).into_bytes();
    let json = "application/json";
    let bad: [(&str, Vec<u8>, u16, &str); 11] = [
        ("nothing", Vec::new(), 400, "line 1 column 0: not JSON"),
        ("words", marked("MARK"), 400, "line 1 column 1: not JSON"),
        (
            "half",
            marked(r#"{"logics_data": {"x": "MARK""#),
            400,
            "not JSON: EOF",
        ),
        (
            "invalid UTF-8",
            marked("\"MARK").into_iter().chain(*b"\xff\xfe").collect(),
            400,
            "not UTF-8 at byte 9",
        ),
        (
            "brackets",
            "[".repeat(100_000).into_bytes(),
            400,
            "recursion limit",
        ),
        (
            "objects",
            r#"{"logics_data":"#.repeat(50_000).into_bytes(),
            400,
            "not JSON: EOF",
        ),
        (
            "a huge number",
            marked(r#"{"connection_test": "MARK", "logics_data": {"logics": [{"id": 1e999}]}}"#),
            400,
            "number out of range",
        ),
        (
            "not a number",
            marked(r#"{"x": "MARK", "y": NaN}"#),
            400,
            "not JSON",
        ),
        (
            "a string",
            marked("\"MARK\""),
            422,
            "body: is not an object or an array of objects",
        ),
        (
            "another family",
            marked(r#"{"deviceInfo": {"devEui": "MARK"}}"#),
            422,
            "holds none of logics_data",
        ),
        ("an XML", marked("<MARK/>"), 400, "not JSON"),
    ];
    for (what, body, status, rule) in bad {
        assert_refused(what, &post(json, body).await, status, rule);
    }
    for other in [
        "text/xml",
        "text/plain",
        "application/x-protobuf",
        "multipart/form-data; boundary=x",
    ] {
        assert_refused(
            other,
            &post(other, marked("MARK")).await,
            415,
            "application/json",
        );
    }
    for good in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.xovis+json",
    ] {
        assert_refused(good, &post(good, Vec::new()).await, 400, "not JSON");
    }
    assert_unharmed(&parvis, &[&secret]).await;
}

#[tokio::test]
async fn a_value_that_breaks_a_rule_is_named_and_nothing_beside_it_is_kept() {
    let parvis = TestParvis::start(LIBRARY).await;
    let doors = parvis.secret("doors");
    let now = Utc::now();
    let changed = |pointer: &str, value: Value| {
        // A good record before the bad one.
        let mut body = xovis("AA:01", 1, now, &[(2, 1, 0), (1, 1, 0)]);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let record = "/logics_data/logics/0/records/1";
    let long = MARK.repeat(2_000);
    let sql = "Lovelace'; DROP TABLE readings; --";
    let ago = |days: i64| json!((now - TimeDelta::days(days)).timestamp_millis());
    let bad: [(&str, Value, &str, &str); 13] = [
        (
            "/counts/0/value",
            json!(-1),
            "/logics/records/counts/value",
            "from 0 to",
        ),
        (
            "/counts/0/value",
            json!(1e300),
            "/logics/records/counts/value",
            "from 0 to",
        ),
        (
            "/counts/0/value",
            json!(long),
            "/logics_data/logics/0/records/1/counts/0/value",
            "is not a number",
        ),
        (
            "/counts/0/name",
            json!([MARK]),
            "/logics_data/logics/0/records/1/counts/0/name",
            "is not text",
        ),
        (
            "/counts",
            json!(long),
            "/logics_data/logics/0/records/1/counts",
            "is not an array",
        ),
        (
            "/counts/0",
            json!({ "name": "fw", "x": MARK }),
            "/logics_data/logics/0/records/1/counts/0/value",
            "is missing",
        ),
        ("/from", json!(0), "time", "400 days back"),
        ("/from", ago(401), "time", "400 days back"),
        (
            "/to",
            json!("2099-01-01T00:00:00Z"),
            "time",
            "24 hours ahead",
        ),
        ("/to", ago(-2), "time", "24 hours ahead"),
        ("/to", json!(0), "/logics/records/to", "is not after from"),
        ("/to", json!(sql), "/logics/records/to", "RFC 3339"),
        (
            "/to",
            json!({ "x": MARK }),
            "/logics_data/logics/0/records/1/to",
            "a number or text",
        ),
    ];
    for (place, value, field, rule) in bad {
        let what = format!("{place} {rule}");
        let body = changed(&format!("{record}{place}"), value);
        let answer = parvis.deliver("doors", &doors, &body);
        assert_eq!(
            assert_refused(&what, &answer.await, 422, rule),
            field,
            "{what}"
        );
    }
    for (pointer, field) in [
        (
            "/logics_data/sensor_info/serial_number",
            "/sensor_info/serial_number",
        ),
        ("/logics_data/logics/0/name", "/logics/name"),
    ] {
        for name in [sql, "<b>Lovelace</b>", "", "Lovelace\u{0}", &"x".repeat(81)] {
            let answer = parvis
                .deliver("doors", &doors, &changed(pointer, json!(name)))
                .await;
            assert_eq!(assert_refused(name, &answer, 422, "is not a name"), field);
        }
    }
    assert_unharmed(&parvis, &[&doors]).await;
}

#[tokio::test]
async fn a_mapped_value_that_breaks_a_rule_is_named_by_its_pointer() {
    let parvis = TestParvis::start(LIBRARY).await;
    let gate = parvis.secret("gate");
    let now = Utc::now();
    let long = MARK.repeat(2_000);
    let standing = |field: &str, value: Value| {
        let mut body = json!({ "gate": "side", "at": now.to_rfc3339(), "in": 5, "out": 5 });
        body[field] = value;
        body
    };
    for (field, value) in [
        ("in", json!("NaN")),
        ("in", json!("inf")),
        ("in", json!(long)),
        ("out", json!(-3)),
        ("out", json!(null)),
        ("out", json!("1e99")),
        ("at", json!(MARK)),
        ("at", json!(0)),
        ("gate", json!({})),
    ] {
        let answer = parvis
            .deliver("gate", &gate, &standing(field, value.clone()))
            .await;
        let what = format!("{field} {value}");
        assert_eq!(
            assert_refused(&what, &answer, 422, "is n"),
            format!("/{field}")
        );
    }
    assert_unharmed(&parvis, &[&gate]).await;
}

#[tokio::test]
async fn what_is_too_large_or_never_ends_is_given_up() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let head = |more: &str| {
        format!(
            "POST /ingest/doors HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {secret}\r\n{more}\r\n"
        )
    };
    let large = parvis.exchange(head("content-length: 10485760\r\n"));
    let chunk = format!("8000\r\n{}\r\n", MARK.repeat(4096));
    let chunked = head("connection: close\r\ntransfer-encoding: chunked\r\n")
        + &chunk.repeat(320)
        + "0\r\n\r\n";
    let chunked = parvis.exchange(chunked);
    let slow = async {
        let mut tls = parvis.connect().await;
        let begun = head("content-length: 100\r\n") + "{\"x\": \"Lovelace";
        tls.write_all(begun.as_bytes()).await.unwrap();
        read_to_end(&mut tls).await
    };
    // Nobody but HTTP itself answers a head that cannot be read.
    let wide = parvis.exchange(head(&format!("x-wide: {}\r\n", MARK.repeat(100_000))));
    let many = parvis.exchange(head(&format!("x-{MARK}: 1\r\n").repeat(50_000)));
    let broken = parvis.exchange(b"POST /ingest/doors HTTP/1.1\r\nLovelace\r\n\r\n");
    let (large, chunked, slow, wide, many, broken) =
        tokio::join!(large, chunked, slow, wide, many, broken);
    for (answer, status) in [(large, "413 "), (chunked, "413 "), (slow, "408 ")] {
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(
            answer.contains("content-type: application/problem+json"),
            "{answer}"
        );
        assert!(answer.contains("\"detail\":\"the body "), "{answer}");
    }
    for answer in [wide, many, broken] {
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        assert!(!answer.contains(MARK), "{answer}");
    }
    assert_unharmed(&parvis, &[&secret]).await;
}

#[tokio::test]
async fn another_method_is_told_which_one_goes() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let address = format!("{}/ingest/doors", parvis.address);
        let request = parvis
            .client
            .request(method.clone(), address)
            .bearer_auth(&secret);
        let answer = parvis.send(request).await;
        assert_eq!(answer.header("allow"), "POST");
        if method == reqwest::Method::HEAD {
            assert_eq!(answer.status, 405);
        } else {
            assert_refused(method.as_str(), &answer, 405, "does not go here");
        }
    }
    let posted = parvis
        .client
        .post(format!("{}/api/v1/spaces", parvis.address));
    let posted = parvis.send(posted).await;
    assert_refused("POST to the API", &posted, 405, "does not go here");
    assert_eq!(posted.header("allow"), "GET, HEAD");
    assert_unharmed(&parvis, &[&secret]).await;
}
