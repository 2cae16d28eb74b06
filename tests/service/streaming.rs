//! Live streams: everything at first, each change within a moment, nothing twice, and no watcher left behind.

use std::process::Command;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::harness::{LIBRARY, PATIENCE, TestParvis, xovis};

/// An event as a browser understands it: the fields of its lines.
#[derive(Debug, Default, PartialEq)]
struct Event {
    kind: String,
    id: Option<u64>,
    data: String,
}

/// A client that listens.
struct Listener {
    tls: SslStream<TcpStream>,
    head: String,
    unread: String,
}

impl Listener {
    async fn open(parvis: &TestParvis, path: &str, headers: &str) -> Self {
        let mut tls = parvis.connect().await;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n",
            parvis.host()
        );
        tls.write_all(request.as_bytes()).await.unwrap();
        let mut listener = Self {
            tls,
            head: String::new(),
            unread: String::new(),
        };
        listener.head = listener.until("\r\n\r\n").await;
        assert!(
            listener.head.starts_with("HTTP/1.1 200 "),
            "{}",
            listener.head
        );
        assert_eq!(listener.until("\n\n").await, "retry: 3000");
        listener
    }

    async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some((text, rest)) = self.unread.split_once(end) {
                let (text, rest) = (text.to_owned(), rest.to_owned());
                self.unread = rest;
                return text;
            }
            let mut bytes = [0; 4096];
            let read = tokio::time::timeout(PATIENCE, self.tls.read(&mut bytes)).await;
            let read = read.expect("nothing came").unwrap();
            assert_ne!(read, 0, "the stream ended");
            self.unread
                .push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }

    async fn next(&mut self) -> Event {
        let mut event = Event::default();
        for line in self.until("\n\n").await.lines() {
            let (field, value) = line.split_once(": ").unwrap();
            match field {
                "event" => value.clone_into(&mut event.kind),
                "id" => event.id = value.parse().ok(),
                "data" => event.data.push_str(value),
                other => panic!("a field {other}"),
            }
        }
        event
    }

    /// Events up to the one with an id, which ends what belongs together; heartbeats are left out.
    async fn changes(&mut self) -> (Vec<Event>, u64) {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            let id = event.id;
            if event.kind != "beat" {
                events.push(event);
            }
            if let Some(id) = id {
                return (events, id);
            }
        }
    }

    /// The newest figures of what changes next, as slug and people.
    async fn figures(&mut self) -> (Vec<(String, Value)>, u64) {
        let (events, id) = self.changes().await;
        let figure = |event: &Event| {
            assert_eq!(event.kind, "space");
            let space: Value = serde_json::from_str(&event.data).unwrap();
            (
                space["slug"].as_str().unwrap().to_owned(),
                space["present"].clone(),
            )
        };
        (events.iter().map(figure).collect(), id)
    }

    /// Whether the service has closed it.
    async fn is_closed(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match tokio::time::timeout(PATIENCE, self.tls.read(&mut bytes)).await {
                Ok(Ok(0) | Err(_)) => return true,
                Ok(Ok(_)) => {}
                Err(_) => return false,
            }
        }
    }
}

fn slugs(figures: &[(String, Value)]) -> Vec<&str> {
    let mut slugs: Vec<&str> = figures.iter().map(|(slug, _)| slug.as_str()).collect();
    slugs.sort_unstable();
    slugs
}

const EVERYTHING: [&str; 4] = ["ground", "library", "reading-room", "upper"];

async fn enter(parvis: &TestParvis, secret: &str, device: &str, people: i64) {
    let body = xovis(device, 1, Utc::now(), &[(0, people, 0)]);
    let answer = parvis.deliver("doors", secret, &body).await;
    assert_eq!(answer.json()["stored"], 1, "{}", answer.text);
}

#[tokio::test]
async fn a_new_client_gets_everything_and_then_each_change_within_a_moment() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let mut listener = Listener::open(&parvis, "/api/v1/live", "").await;
    let head = listener.head.to_lowercase();
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "access-control-allow-origin: *",
        "x-content-type-options: nosniff",
        "strict-transport-security: ",
    ] {
        assert!(head.contains(header), "{header}: {head}");
    }
    let (first, known) = listener.figures().await;
    assert_eq!(slugs(&first), EVERYTHING);
    enter(&parvis, &secret, "AA:01", 5).await;
    let answered = Instant::now();
    let mut people = Vec::new();
    let mut last = known;
    while slugs(&people) != ["ground", "library"] {
        let (more, id) = listener.figures().await;
        assert!(id > last, "ids grow");
        (people, last) = ([people, more].concat(), id);
    }
    assert!(
        answered.elapsed() < Duration::from_millis(500),
        "{:?}",
        answered.elapsed()
    );
    assert!(
        people.iter().all(|(_, present)| *present == 5),
        "{people:?}"
    );
    let only = "/api/v1/live?space=upper";
    let (first, _) = Listener::open(&parvis, only, "").await.figures().await;
    assert_eq!(slugs(&first), ["upper"]);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed_and_nothing_else() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let (_, known) = Listener::open(&parvis, "/api/v1/live", "")
        .await
        .figures()
        .await;
    enter(&parvis, &secret, "AA:02", 4).await;
    parvis.wait_for_people("upper", 4).await;
    let back = |id: &str| format!("last-event-id: {id}\r\n");
    let mut again = Listener::open(&parvis, "/api/v1/live", &back(&known.to_string())).await;
    let (missed, newest) = again.figures().await;
    // The stairs lead up from the ground floor; who is in the library stays in it.
    let moved = slugs(&missed);
    assert!(
        moved.contains(&"upper") && !moved.contains(&"reading-room"),
        "{missed:?}"
    );
    // Who knows the newest hears only what comes.
    let mut newest = Listener::open(&parvis, "/api/v1/live", &back(&newest.to_string())).await;
    enter(&parvis, &secret, "AA:01", 9).await;
    let (next, _) = newest.figures().await;
    assert!(
        next.iter()
            .all(|(slug, _)| slug == "library" || slug == "ground"),
        "{next:?}"
    );
    // An id from nowhere is none.
    for unknown in [
        "99999999999999999",
        "0",
        "-1",
        "x",
        "9007199254740993000000",
    ] {
        let mut lost = Listener::open(&parvis, "/api/v1/live", &back(unknown)).await;
        assert_eq!(slugs(&lost.figures().await.0), EVERYTHING, "{unknown}");
    }
}

#[tokio::test]
async fn the_parts_of_pages_come_as_the_page_shows_them() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    enter(&parvis, &secret, "AA:01", 7).await;
    parvis.wait_for_people("library", 7).await;
    for (part, query, page) in [
        ("rows", "", "/en"),
        ("place", "&space=library", "/en/spaces/library"),
        ("screen", "&space=library", "/en/screens/library"),
        ("widget", "&space=library", "/en/widgets/library"),
    ] {
        let path = format!("/live/{part}?lang=en&links=1{query}");
        let (events, _) = Listener::open(&parvis, &path, "").await.changes().await;
        let own = events
            .iter()
            .find(|event| event.data.contains("library"))
            .unwrap();
        assert_eq!(own.kind, "part");
        let page = parvis.get(page).await;
        assert_eq!(page.status, 200);
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        assert!(
            squeezed(&page.text).contains(&squeezed(&own.data)),
            "{part}: {} in {}",
            own.data,
            page.text
        );
    }
    let framed = Listener::open(&parvis, "/live/widget?space=library", "")
        .await
        .head;
    assert!(framed.contains("frame-ancestors *"), "{framed}");
    assert_eq!(parvis.get("/live/nothing").await.status, 404);
}

#[tokio::test]
async fn a_silent_stream_beats_and_one_that_is_closed_is_forgotten() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut listener = Listener::open(&parvis, "/api/v1/live", "").await;
    let mut hangs_up = Listener::open(&parvis, "/live/rows", "").await;
    listener.changes().await;
    hangs_up.changes().await;
    parvis
        .wait_for_metric("parvis_streams ", 2.0, PATIENCE)
        .await;
    drop(hangs_up);
    parvis
        .wait_for_metric("parvis_streams ", 1.0, Duration::from_secs(2))
        .await;
    let since = Instant::now();
    let beat = listener.next().await;
    assert_eq!((beat.kind.as_str(), beat.id), ("beat", None));
    assert!(since.elapsed() < Duration::from_secs(12));
}

/// The service has a network of its own here, which then goes away under both sides: neither hears that the other is gone.
#[tokio::test]
async fn a_client_that_vanishes_without_a_word_is_gone_within_half_a_minute() {
    let server = crate::harness::Server::shared();
    let mut parvis = TestParvis::prepare(server.clone(), server.database(), "");
    parvis.apply(LIBRARY);
    // Who is not root needs to be it in a namespace first; root keeps its rights on files by staying outside of one.
    let is_root = nix::unistd::geteuid().is_root();
    let mut command = Command::new("unshare");
    if !is_root {
        command.arg("--map-root-user");
    }
    let script = "ip link set lo up && exec \"$0\" serve";
    command.args(["--net", "sh", "-c", script]);
    parvis.serve_by(command.arg(env!("CARGO_BIN_EXE_parvis")));
    let metric = "parvis_streams ";
    parvis.wait_for_metric(metric, 0.0, PATIENCE).await;
    let inside = |program: &str| {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", parvis.process()));
        if !is_root {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--net", "sh", "-c", program]);
        command
    };
    let host = parvis.host();
    let watch = format!(
        "{{ printf 'GET /api/v1/live HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n'; sleep 60; }} | exec openssl s_client -quiet -connect {host}:21443"
    );
    let mut client = inside(&watch)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    parvis.wait_for_metric(metric, 1.0, PATIENCE).await;
    assert!(inside("ip link set lo down").status().unwrap().success());
    parvis
        .wait_for_metric(metric, 0.0, Duration::from_secs(30))
        .await;
    client.kill().unwrap();
    client.wait().unwrap();
}

#[tokio::test]
async fn the_service_stops_within_five_seconds_with_streams_open() {
    let mut parvis = TestParvis::start(LIBRARY).await;
    let mut listeners = Vec::new();
    for path in ["/api/v1/live", "/live/rows", "/live/place?space=library"] {
        let mut listener = Listener::open(&parvis, path, "").await;
        listener.changes().await;
        listeners.push(listener);
    }
    // A request in the middle of its head does not hold it up either.
    let mut idle = parvis.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let took = parvis.stop();
    assert!(took < Duration::from_secs(5), "{took:?}");
    for listener in &mut listeners {
        assert!(listener.is_closed().await);
    }
    assert!(!parvis.log().contains("\"ERROR\""), "{}", parvis.log());
}
