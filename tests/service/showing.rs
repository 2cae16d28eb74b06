//! The open API: what it tells, how it is described, cached, limited and refused.

use std::io::Read as _;

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, LIBRARY, Server, TestParvis, xovis};
use crate::schema::{faults, mismatches};

/// A library in which six people are.
async fn start() -> TestParvis {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let body = xovis("AA:01", 1, Utc::now(), &[(0, 9, 3)]);
    parvis.deliver("doors", &secret, &body).await;
    parvis.wait_for_people("library", 6).await;
    let ledger = "SELECT count(*) FROM ledger_entries";
    parvis
        .wait_until("the ledger is written", || parvis.number(ledger) > 0)
        .await;
    parvis
}

async fn with_header(parvis: &TestParvis, path: &str, name: &str, value: &str) -> Answer {
    let request = parvis.client.get(format!("{}{path}", parvis.address));
    parvis.send(request.header(name, value)).await
}

#[tokio::test]
async fn a_space_tells_what_is_known_of_it() {
    let parvis = start().await;
    let list = parvis.get("/api/v1/spaces?lang=en").await.json();
    let slugs: Vec<&str> = list["spaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|space| space["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["library", "ground", "upper", "reading-room"]);
    assert_eq!(
        (&list["next"], &list["licence"]),
        (&Value::Null, &json!("https://example.org/licence"))
    );
    let library = &list["spaces"][0];
    for (field, value) in [
        ("name", json!("Library")),
        ("site", json!("library")),
        ("present", json!(6)),
        ("capacity", json!(100)),
        ("safety_capacity", json!(150)),
        ("percentage", json!(6)),
        ("level", json!("quiet")),
        ("is_open", json!(true)),
        ("stale", json!(false)),
        ("quality", json!("degraded")),
    ] {
        assert_eq!(library[field], value, "{field}");
    }
    assert!(library.as_object().unwrap().contains_key("trend"));
    let age = Utc::now()
        - library["updated_at"]
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<Utc>>()
            .unwrap();
    assert!(age < TimeDelta::minutes(3), "{age}");
    // What nobody has seen is unknown, and not zero.
    let unseen = &list["spaces"][3];
    let told = ["present", "percentage", "updated_at"].map(|field| &unseen[field]);
    assert_eq!(
        (told, &unseen["level"], &unseen["quality"]),
        ([&Value::Null; 3], &json!("unknown"), &json!("unknown"))
    );
    assert_eq!(
        parvis.get("/api/v1/spaces/library?lang=en").await.json(),
        *library
    );
    assert_eq!(
        parvis.get("/api/v1/spaces/library?lang=fr").await.json()["name"],
        "Bibliothèque"
    );
    let french = with_header(
        &parvis,
        "/api/v1/spaces/library",
        "accept-language",
        "fr-CH, en;q=0.5",
    )
    .await;
    assert_eq!(french.json()["name"], "Bibliothèque");
    let unknown = parvis.get("/api/v1/spaces/museum").await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.header("content-type")),
        (404, "application/problem+json")
    );
    assert_eq!(unknown.json()["detail"], "no space is called \"museum\"");
}

#[tokio::test]
async fn lists_are_filtered_and_paged_and_bad_filters_refused() {
    let parvis = start().await;
    let slugs = async |query: &str| {
        let page = parvis.get(&format!("/api/v1/spaces?{query}")).await.json();
        let slugs: Vec<String> = page["spaces"]
            .as_array()
            .unwrap()
            .iter()
            .map(|space| space["slug"].as_str().unwrap().to_owned())
            .collect();
        (slugs.join(" "), page["next"].clone())
    };
    assert_eq!(
        slugs("limit=3").await,
        ("library ground upper".to_owned(), json!("reading-room"))
    );
    assert_eq!(
        slugs("limit=3&cursor=reading-room").await,
        ("reading-room".to_owned(), Value::Null)
    );
    assert_eq!(slugs("site=museum").await.0, "");
    assert_eq!(slugs("site=library&open=true&limit=1").await.0, "library");
    assert_eq!(slugs("open=false").await.0, "");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("open=maybe", "open"),
        ("cursor=museum", "cursor"),
        ("cursor=%00%ff", "cursor"),
    ] {
        let refused = parvis.get(&format!("/api/v1/spaces?{query}")).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["field"]),
            (422, &json!(field)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn history_has_a_point_each_step_and_refuses_what_makes_no_sense() {
    let parvis = start().await;
    let now = Utc::now();
    let text = |minutes: i64| {
        (now - TimeDelta::minutes(minutes))
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    };
    let (from, to) = (text(60), text(0));
    let history = parvis
        .get(&format!(
            "/api/v1/spaces/library/history?from={from}&to={to}&step=600"
        ))
        .await
        .json();
    let points = history["points"].as_array().unwrap();
    assert_eq!(
        (points.len(), &history["step"], &history["space"]),
        (7, &json!(600), &json!("library"))
    );
    let last = points.last().unwrap();
    assert_eq!(
        (&last["entries"], &last["exits"], &last["present"]),
        (&json!(9), &json!(3), &json!(6))
    );
    let day = parvis.get("/api/v1/spaces/library/history").await.json();
    assert_eq!(
        (day["points"].as_array().unwrap().len(), &day["step"]),
        (97, &json!(900))
    );
    let dates = (now.date_naive() - chrono::Days::new(2), now.date_naive());
    let by_day = parvis
        .get(&format!(
            "/api/v1/spaces/ground/history?from={}&to={}&step=86400",
            dates.0, dates.1
        ))
        .await;
    assert_eq!(by_day.json()["points"].as_array().unwrap().len(), 3);
    for (query, field) in [
        ("step=59", "step"),
        ("step=0", "step"),
        ("step=-60", "step"),
        ("step=86401", "step"),
        ("step=1e3", "step"),
        ("from=yesterday", "from"),
        ("from=2026-13-01", "from"),
        ("to=%00", "to"),
        ("to=", "to"),
        ("from=1995-01-01", "from"),
        ("from=0000-01-01T00:00:00Z", "from"),
        ("from=2099-01-01", "to"),
        ("to=-262143-01-01", "to"),
        ("to=%2B262142-12-31", "to"),
        ("from=-262143-01-01&to=%2B262142-12-31", "to"),
        ("from=2026-01-01&to=2026-01-05&step=60", "step"),
    ] {
        let refused = parvis
            .get(&format!("/api/v1/spaces/library/history?{query}"))
            .await;
        assert_eq!(refused.status, 422, "{query}: {}", refused.text);
        assert_eq!(refused.json()["field"], field, "{query}");
    }
    assert_eq!(
        parvis.get("/api/v1/spaces/museum/history").await.status,
        404
    );
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let parvis = start().await;
    for path in [
        "/api/v1/spaces",
        "/api/v1/spaces/library",
        "/api/v1/spaces.geojson",
        "/api/v1/sites.jsonld",
        "/api/v1/openapi.json",
        "/en",
        "/en/spaces/library",
    ] {
        let whole = parvis.get(path).await;
        let etag = whole.header("etag");
        assert!(etag.starts_with('"') && whole.status == 200, "{path}");
        for known in [etag, &format!("\"other\", W/{etag}")] {
            let again = with_header(&parvis, path, "if-none-match", known).await;
            assert_eq!(
                (
                    again.status.as_u16(),
                    again.text.as_str(),
                    again.header("etag")
                ),
                (304, "", etag),
                "{path}"
            );
        }
        assert_eq!(
            with_header(&parvis, path, "if-none-match", "\"other\"")
                .await
                .status,
            200
        );
        let request = parvis
            .client
            .request(Method::HEAD, format!("{}{path}", parvis.address));
        let head = parvis.send(request).await;
        assert_eq!(
            (head.status.as_u16(), head.bytes.len(), head.header("etag")),
            (200, 0, etag),
            "{path}"
        );
        assert_eq!(
            head.header("content-length"),
            whole.bytes.len().to_string(),
            "{path}"
        );
        for (coding, accepted) in [
            ("gzip", "gzip, deflate"),
            ("br", "gzip, br;q=0.9"),
            ("", "br;q=0, identity"),
        ] {
            let coded = with_header(&parvis, path, "accept-encoding", accepted).await;
            assert_eq!(coded.header("content-encoding"), coding, "{path}");
            assert_eq!(coded.header("etag") == etag, coding.is_empty(), "{path}");
            assert!(coded.header("vary").contains("accept-encoding"));
            assert_eq!(decoded(coding, &coded.bytes), whole.text, "{path} {coding}");
        }
    }
    // A change is another representation. It is of minutes before, as the first may be a minute old by now.
    let before = parvis.get("/api/v1/spaces/library").await;
    let secret = parvis.secret("doors");
    parvis
        .deliver(
            "doors",
            &secret,
            &xovis("AA:01", 1, Utc::now(), &[(5, 4, 0)]),
        )
        .await;
    parvis.wait_for_people("library", 10).await;
    let after = with_header(
        &parvis,
        "/api/v1/spaces/library",
        "if-none-match",
        before.header("etag"),
    )
    .await;
    assert_eq!(
        (after.status.as_u16(), &after.json()["present"]),
        (200, &json!(10))
    );
}

fn decoded(coding: &str, bytes: &[u8]) -> String {
    let mut decoded = Vec::new();
    match coding {
        "gzip" => drop(
            flate2::read::GzDecoder::new(bytes)
                .read_to_end(&mut decoded)
                .unwrap(),
        ),
        "br" => brotli::BrotliDecompress(&mut std::io::Cursor::new(bytes), &mut decoded).unwrap(),
        _ => decoded.extend_from_slice(bytes),
    }
    String::from_utf8(decoded).unwrap()
}

#[tokio::test]
async fn open_data_may_be_read_from_any_page_under_its_licence() {
    let parvis = start().await;
    for path in [
        "/api/v1/spaces",
        "/api/v1/spaces/library",
        "/api/v1/spaces/library/history",
        "/api/v1/spaces.geojson",
        "/api/v1/sites.jsonld",
    ] {
        let answer = parvis.get(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            "cross-origin",
            "{path}"
        );
        assert_eq!(
            answer.header("link"),
            "<https://example.org/licence>; rel=\"license\"",
            "{path}"
        );
    }
    assert_eq!(
        parvis
            .get("/health/live")
            .await
            .header("access-control-allow-origin"),
        ""
    );
    // A browser asks first when a page of another site wants to send If-None-Match.
    let preflight = |path: &str| {
        let request = format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: x\r\norigin: https://elsewhere.example\r\naccess-control-request-method: GET\r\n\
             access-control-request-headers: if-none-match\r\nconnection: close\r\n\r\n"
        );
        parvis.exchange(request)
    };
    let answer = preflight("/api/v1/spaces/library").await;
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert!(
        answer.contains("access-control-allow-headers: *"),
        "{answer}"
    );
    let answer = preflight("/api/v1/spaces/library/recounts").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn the_past_is_compressed_and_not_sent_again_either() {
    let parvis = start().await;
    let path = "/api/v1/spaces/library/history?from=2026-01-01&to=2026-01-02";
    let first = with_header(&parvis, path, "accept-encoding", "br").await;
    assert_eq!(first.header("content-encoding"), "br");
    let plain = parvis.get(path).await;
    let etag = plain.header("etag").to_owned();
    let again = with_header(&parvis, path, "if-none-match", &etag).await;
    assert_eq!(again.status, 304);
    assert!(!again.header("ratelimit").is_empty());
}

#[tokio::test]
async fn a_stream_of_a_space_there_is_not_is_refused() {
    let parvis = start().await;
    let answer = parvis.get("/api/v1/live?space=museum").await;
    assert_eq!(answer.status, 404, "{}", answer.text);
}

#[tokio::test]
async fn history_is_limited_by_source_and_live_figures_are_not() {
    let server = Server::shared();
    let mut parvis = TestParvis::prepare(server.clone(), server.database(), "");
    let settings = std::fs::read_to_string(parvis.directory.join("parvis.toml")).unwrap();
    parvis.write(
        "parvis.toml",
        settings.replacen("[web]", "[web]\napi_requests_per_minute = 5", 1),
    );
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let path = "/api/v1/spaces/library/history?step=3600";
    for left in [4, 3, 2, 1, 0] {
        let answer = parvis.get(path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), "\"source\";q=5;w=60");
        assert_eq!(
            answer.header("ratelimit"),
            format!("\"source\";r={left};t=60")
        );
    }
    let refused = parvis.get(path).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("content-type")),
        (429, "application/problem+json")
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=13).contains(&wait), "{wait}");
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("more than 5 requests a minute")
    );
    for _ in 0..20 {
        assert_eq!(parvis.get("/api/v1/spaces").await.status, 200);
    }
}

#[tokio::test]
async fn maps_and_search_engines_get_the_same_in_their_formats() {
    let parvis = start().await;
    let answer = parvis.get("/api/v1/spaces.geojson?lang=en").await;
    assert_eq!(answer.header("content-type"), "application/geo+json");
    let map = answer.json();
    assert_eq!(
        (&map["type"], map["features"].as_array().unwrap().len()),
        (&json!("FeatureCollection"), 4)
    );
    let feature = &map["features"][0];
    // Longitude first.
    assert_eq!(
        feature["geometry"],
        json!({ "type": "Point", "coordinates": [2.35, 48.85] })
    );
    assert_eq!(
        (&feature["type"], &feature["id"]),
        (&json!("Feature"), &json!("library"))
    );
    assert_eq!(
        feature["properties"],
        parvis.get("/api/v1/spaces/library?lang=en").await.json()
    );
    let answer = parvis.get("/api/v1/sites.jsonld?lang=en").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    let graph = answer.json();
    assert_eq!(graph["@context"], "https://schema.org");
    let place = &graph["@graph"][0];
    assert_eq!(
        (&place["@type"], &place["name"]),
        (&json!("Library"), &json!("Library"))
    );
    assert_eq!(place["@id"], format!("{}/spaces/library", parvis.address));
    // The building and the reading room, which stands apart.
    assert_eq!(place["maximumAttendeeCapacity"], 120);
    assert_eq!(place["geo"]["latitude"], 48.85);
    let hours = place["openingHoursSpecification"].as_array().unwrap();
    assert!(
        hours.len() >= 7 && hours.iter().all(|day| day["opens"] == "00:00"),
        "{hours:?}"
    );
}

#[tokio::test]
async fn every_answer_is_as_its_description_says() {
    let parvis = start().await;
    let answer = parvis.get("/api/v1/openapi.json").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "application/json")
    );
    let document = answer.json();
    assert_eq!(faults(&document), Vec::<String>::new());
    assert_eq!(document["servers"][0]["url"], parvis.address);
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    // What is about who asks is tried where people are signed in.
    let is_open =
        |path: &&&String| document["paths"][path.as_str()]["get"]["responses"]["401"].is_null();
    for path in paths.iter().filter(is_open) {
        for (asked, status) in [
            ("library", "200"),
            ("museum", "404"),
            ("library?limit=0&step=1", "422"),
        ] {
            let (slug, query) = asked.split_once('?').unwrap_or((asked, ""));
            let described = &document["paths"][path.as_str()]["get"]["responses"][status];
            let Some((content_type, content)) = described["content"]
                .as_object()
                .and_then(|all| all.iter().next())
            else {
                continue;
            };
            if content_type == "text/event-stream" {
                continue;
            }
            let answer = parvis
                .get(&format!(
                    "{}?space={slug}&{query}",
                    path.replace("{slug}", slug)
                ))
                .await;
            assert_eq!(answer.status.as_str(), status, "{path} {asked}");
            assert_eq!(answer.header("content-type"), content_type, "{path}");
            let wrong = mismatches(&document, &content["schema"], &answer.json());
            assert!(wrong.is_empty(), "{path} {status}: {wrong:#?}");
        }
    }
    // The check sees what is wrong.
    let schema = json!({ "$ref": "#/components/schemas/SpaceView" });
    let mut space = parvis.space("library").await;
    space["present"] = json!("six");
    space["secret"] = json!(1);
    space.as_object_mut().unwrap().remove("slug");
    assert_eq!(mismatches(&document, &schema, &space).len(), 3);
}

#[tokio::test]
async fn what_staff_counted_where_nothing_counts_says_nothing_of_the_time_before() {
    let silent = "\n[[space]]\nslug = \"silent\"\nsite = \"library\"\nname = \"Silent room\"\n";
    let parvis = TestParvis::start(&format!("{LIBRARY}{silent}")).await;
    parvis.run(&["recount", "silent", "7"]);
    parvis.wait_for_people("silent", 7).await;
    let to = Utc::now() + TimeDelta::seconds(1);
    let from = to - TimeDelta::minutes(10);
    let form = |at: chrono::DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let address = format!(
        "/api/v1/spaces/silent/history?from={}&to={}&step=60",
        form(from),
        form(to)
    );
    let history = parvis.get(&address).await.json();
    let known = history["points"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|point| !point["present"].is_null() && point["present"] != 7)
        .count();
    assert_eq!(known, 0, "{history}");
    let page = parvis.get("/en/spaces/silent").await.text;
    assert!(page.contains("Counted by staff"), "{page}");
    assert!(!page.contains("Nothing counted yet"), "{page}");
}
