//! The doors and the machine around them: TLS, certificate, redirect, health, systemd, a database that goes and comes back.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use openssl::ssl::{SslConnectorBuilder, SslVerifyMode, SslVersion};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Answer, LIBRARY, PATIENCE, Server, TestParvis, read_to_end, xovis};

#[tokio::test]
async fn tls_is_new_enough_and_aes_256_goes_first() {
    let parvis = TestParvis::start(LIBRARY).await;
    let version = |version: SslVersion| {
        move |ssl: &mut SslConnectorBuilder| {
            // A client that would speak anything: what is refused here, the service refuses.
            ssl.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
            ssl.set_min_proto_version(Some(version)).unwrap();
            ssl.set_max_proto_version(Some(version)).unwrap();
        }
    };
    for old in [SslVersion::TLS1, SslVersion::TLS1_1] {
        let refused = parvis.connect_with(version(old)).await.unwrap_err();
        assert!(refused.contains("alert protocol version"), "{refused}");
    }
    for new in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let tls = parvis.connect_with(version(new)).await.unwrap();
        assert_eq!(tls.ssl().version2(), Some(new));
    }
    let first_128 = |ssl: &mut SslConnectorBuilder| {
        ssl.set_cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")
            .unwrap();
        ssl.set_ciphersuites("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384")
            .unwrap();
    };
    let cipher = async |newest| {
        let tls = parvis.connect_with(|ssl| {
            first_128(ssl);
            ssl.set_max_proto_version(Some(newest)).unwrap();
        });
        tls.await
            .unwrap()
            .ssl()
            .current_cipher()
            .unwrap()
            .name()
            .to_owned()
    };
    assert_eq!(
        cipher(SslVersion::TLS1_2).await,
        "ECDHE-ECDSA-AES256-GCM-SHA384"
    );
    assert_eq!(cipher(SslVersion::TLS1_3).await, "TLS_AES_256_GCM_SHA384");
    for weak in ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES256-GCM-SHA384"] {
        let weak = parvis.connect_with(|ssl| {
            ssl.set_cipher_list(&format!("{weak}:@SECLEVEL=0")).unwrap();
            ssl.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
        });
        assert!(weak.await.unwrap_err().contains("handshake failure"));
    }
}

#[tokio::test]
async fn the_certificate_is_made_once_and_names_the_service() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut parvis = TestParvis::start(LIBRARY).await;
    let directory = parvis.directory.clone();
    let file = |name: &str| std::fs::read(directory.join(name)).unwrap();
    let made = (file("certificate.pem"), file("key.pem"));
    let key = std::fs::metadata(directory.join("key.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let certificate = parvis.directory.join("certificate.pem");
    let trusting = |ssl: &mut SslConnectorBuilder| {
        ssl.set_ca_file(&certificate).unwrap();
        ssl.set_verify(SslVerifyMode::PEER);
    };
    parvis.connect_with(trusting).await.unwrap();
    let told = parvis.log();
    assert_eq!(told.matches("certificate: self-made for").count(), 1);
    parvis.stop();
    parvis.serve();
    parvis.wait_until_ready().await;
    assert_eq!((file("certificate.pem"), file("key.pem")), made);
    assert_eq!(
        parvis.log().matches("certificate: self-made for").count(),
        1
    );
    // A name, rather than an address, is named as one; half a pair is not overwritten.
    parvis.stop();
    let settings = String::from_utf8(file("parvis.toml")).unwrap();
    let settings = settings.replacen(
        &format!("public_name = \"{}\"", parvis.host()),
        "public_name = \"parvis.example\"",
        1,
    );
    parvis.write("parvis.toml", settings);
    std::fs::remove_file(&certificate).unwrap();
    let output = parvis.command(&["serve"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("certificate.pem is not"));
    std::fs::remove_file(parvis.directory.join("key.pem")).unwrap();
    parvis.serve();
    parvis.wait_until_ready().await;
    let made = openssl::x509::X509::from_pem(&std::fs::read(&certificate).unwrap()).unwrap();
    let names: Vec<String> = made
        .subject_alt_names()
        .unwrap()
        .iter()
        .filter_map(|name| Some(name.dnsname()?.to_owned()))
        .collect();
    assert_eq!(names, ["parvis.example"]);
}

/// What the HTTP door answers.
async fn plain(parvis: &TestParvis, request: &str) -> String {
    let mut tcp = TcpStream::connect((parvis.host(), 21080)).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    read_to_end(&mut tcp).await
}

#[tokio::test]
async fn http_only_shows_the_way_to_https_under_the_name_of_the_service() {
    let parvis = TestParvis::start(LIBRARY).await;
    let name = parvis.address.clone();
    for (request, place) in [
        ("GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n", "/"),
        (
            "GET /fr/spaces/library?x=1 HTTP/1.1\r\nhost: evil.example:21080\r\n\r\n",
            "/fr/spaces/library?x=1",
        ),
        (
            "POST /ingest/doors HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n",
            "/ingest/doors",
        ),
        (
            "GET //evil.example/x HTTP/1.1\r\nhost: x\r\n\r\n",
            "//evil.example/x",
        ),
        (
            "GET http://evil.example/x HTTP/1.1\r\nhost: evil.example\r\n\r\n",
            "/x",
        ),
        (
            "GET /%0d%0aset-cookie:%20a=b HTTP/1.1\r\nhost: x\r\nx-forwarded-host: evil.example\r\n\r\n",
            "/%0d%0aset-cookie:%20a=b",
        ),
        ("OPTIONS * HTTP/1.1\r\nhost: evil.example\r\n\r\n", ""),
        ("GET /old HTTP/1.0\r\n\r\n", "/old"),
    ] {
        let answer = plain(&parvis, request).await;
        assert!(
            answer.contains(" 308 Permanent Redirect\r\n"),
            "{request}{answer}"
        );
        let location = answer
            .lines()
            .find_map(|line| line.strip_prefix("location: "))
            .unwrap();
        assert_eq!(location, format!("{name}{place}"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            body.is_empty() && !head.to_lowercase().contains("\nset-cookie"),
            "{answer}"
        );
    }
    assert!(
        plain(&parvis, "no HTTP at all\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    // What only processes of this machine may ask is nowhere on the network.
    for path in ["/metrics", "/hand-in/doors"] {
        assert_eq!(parvis.get(path).await.status, 404);
    }
    assert!(
        parvis
            .local("/metrics")
            .await
            .unwrap()
            .contains("parvis_readings_stored_total 0")
    );
}

#[tokio::test]
async fn clients_that_dawdle_are_let_go() {
    let parvis = TestParvis::start(LIBRARY).await;
    let since = Instant::now();
    let silent = async {
        let mut tcp = TcpStream::connect((parvis.host(), 21443)).await.unwrap();
        read_to_end(&mut tcp).await
    };
    let half = async {
        let mut tcp = TcpStream::connect((parvis.host(), 21443)).await.unwrap();
        tcp.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
        read_to_end(&mut tcp).await
    };
    let plain = plain(&parvis, "GET / HTTP/1.1\r\nhost: x\r\n");
    let dripping = async {
        let mut tls = parvis.connect().await;
        tls.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        // A letter now and then buys no time.
        while tls.write_all(b"a").await.is_ok() && since.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        String::new()
    };
    let (silent, half, plain, _) = tokio::join!(silent, half, plain, dripping);
    assert!(
        since.elapsed() < Duration::from_secs(9),
        "{:?}",
        since.elapsed()
    );
    assert_eq!((silent.as_str(), half.as_str()), ("", ""));
    assert!(plain.starts_with("HTTP/1.1 408 "), "{plain}");
    assert_eq!(
        parvis.get("/health/live").await.json(),
        json!({ "live": true })
    );
    let ready = json!({ "ready": true, "database": "ok", "migrations": "ok", "disk": "ok", "recorder": "ok", "certificate": "ok" });
    assert_eq!(parvis.get("/health/ready").await.json(), ready);
}

/// Asserts that an answer is a 503 problem that says when to come back.
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.json()["status"], 503);
}

#[tokio::test]
async fn a_database_that_goes_away_and_comes_back_is_all_that_it_takes() {
    let server = Arc::new(Server::start());
    let mut parvis = TestParvis::prepare(server.clone(), server.database(), "");
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let secret = parvis.secret("doors");
    let process = parvis.process();
    let now = Utc::now();
    let before = xovis("AA:01", 1, now, &[(1, 8, 0)]);
    assert_eq!(parvis.deliver("doors", &secret, &before).await.status, 200);
    parvis.wait_for_people("library", 8).await;
    server.cluster.stop().unwrap();
    let missed = xovis("AA:01", 1, now, &[(0, 5, 1)]);
    assert_unavailable(&parvis.deliver("doors", &secret, &missed).await);
    let ready = parvis.get("/health/ready").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.json()["database"]),
        (503, &json!("does not answer"))
    );
    assert_eq!(parvis.get("/health/live").await.status, 200);
    assert_unavailable(&parvis.get("/api/v1/spaces/library/history").await);
    // What is in memory is still shown.
    assert_eq!(parvis.space("library").await["present"], 8);
    assert_eq!(parvis.get("/en").await.status, 200);
    let page = parvis.get("/en/spaces/library").await;
    assert!(
        [200, 503].contains(&page.status.as_u16()),
        "{}",
        page.status
    );
    assert!(!page.text.contains("connection"), "{}", page.text);
    server.cluster.start().unwrap();
    parvis.wait_until_ready().await;
    let since = Instant::now();
    while parvis.deliver("doors", &secret, &missed).await.status != 200 {
        assert!(since.elapsed() < PATIENCE, "{}", parvis.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    parvis.wait_for_people("library", 12).await;
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 2);
    assert_eq!(parvis.process(), process);
    // It is the one recorder of the database again.
    let lock = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    parvis
        .wait_until("the lock is held", || parvis.number(lock) == 1)
        .await;
    assert_eq!(parvis.get("/health/ready").await.status, 200);
    // A service that starts before its database waits for it and says so.
    parvis.kill();
    server.cluster.stop().unwrap();
    parvis.serve();
    let since = Instant::now();
    let waiting = loop {
        if let Ok(answer) = parvis
            .client
            .get(format!("{}/en", parvis.address))
            .send()
            .await
        {
            break Answer::of(answer).await;
        }
        assert!(since.elapsed() < PATIENCE, "{}", parvis.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(
        (waiting.status.as_u16(), waiting.header("retry-after")),
        (503, "5")
    );
    assert!(
        waiting.text.contains("waits for its database"),
        "{}",
        waiting.text
    );
    assert_unavailable(&parvis.deliver("doors", &secret, &missed).await);
    assert_unavailable(&parvis.get("/api/v1/spaces").await);
    assert_eq!(parvis.get("/health/live").await.status, 200);
    server.cluster.start().unwrap();
    parvis.wait_until_ready().await;
    parvis.wait_for_people("library", 12).await;
}

#[tokio::test]
async fn systemd_hears_that_it_is_ready_alive_and_stopping() {
    let server = Server::shared();
    let mut parvis = TestParvis::prepare(server.clone(), server.database(), "");
    parvis.apply(LIBRARY);
    let path = std::env::temp_dir().join(format!("parvis-notify-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
    command
        .arg("serve")
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000");
    parvis.serve_by(&mut command);
    let first = hear();
    assert!(first.contains("READY=1"), "{first}");
    assert_eq!(
        parvis.get("/health/ready").await.status,
        200,
        "ready means ready"
    );
    for _ in 0..3 {
        assert_eq!(hear().trim(), "WATCHDOG=1");
    }
    parvis.stop();
    while hear().trim() == "WATCHDOG=1" {}
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn sockets_that_systemd_hands_over_are_used() {
    let server = Server::shared();
    let mut parvis = TestParvis::prepare(server.clone(), server.database(), "");
    parvis.apply(LIBRARY);
    let host = parvis.host().to_owned();
    // The settings name an address that is not of this machine: by itself the service would not start.
    let settings = std::fs::read_to_string(parvis.directory.join("parvis.toml")).unwrap();
    let settings = settings
        .replace(&format!("{host}:21443\""), "192.0.2.1:21443\"")
        .replace(&format!("{host}:21080\""), "192.0.2.1:21080\"");
    parvis.write("parvis.toml", settings);
    let refused = parvis.command(&["serve"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("cannot listen on 192.0.2.1:21443"));
    let mut command = Command::new("systemd-socket-activate");
    for port in [21443, 21080] {
        command.arg("--listen").arg(format!("{host}:{port}"));
    }
    command.args([
        "--fdname=https:http",
        "--setenv=PARVIS_CONFIG",
        env!("CARGO_BIN_EXE_parvis"),
        "serve",
    ]);
    parvis.serve_by(&mut command);
    // It starts with the first who calls.
    parvis.wait_until_ready().await;
    assert!(
        plain(&parvis, "GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .contains(" 308 ")
    );
    parvis.stop();
}

#[tokio::test]
async fn an_unexpected_error_is_a_reference_to_visitors_and_a_cause_to_the_operator() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut connection = parvis.connection();
    diesel::connection::SimpleConnection::batch_execute(
        &mut connection,
        "ALTER TABLE publications RENAME TO elsewhere",
    )
    .unwrap();
    let answer = parvis.get("/api/v1/spaces/library/history").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (500, "application/problem+json")
    );
    let first = answer.json()["reference"].as_str().unwrap().to_owned();
    let page = parvis.get("/en/spaces/library").await;
    assert_eq!(page.status, 500);
    let second = page
        .text
        .split(|letter: char| !letter.is_ascii_hexdigit())
        .find(|word| word.len() == 10 && word.chars().all(|letter| !letter.is_lowercase()));
    let second = second
        .unwrap_or_else(|| panic!("no reference in {}", page.text))
        .to_owned();
    for text in [&answer.text, &page.text] {
        for word in [
            "publications",
            "relation",
            "diesel",
            "Database",
            "src/",
            "panicked",
        ] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    let listed = || parvis.run(&["errors"]);
    parvis
        .wait_until("both are listed", || {
            listed().contains(&first) && listed().contains(&second)
        })
        .await;
    let listed = listed();
    assert!(
        listed.contains("GET /api/v1/spaces/{slug}/history"),
        "{listed}"
    );
    assert_eq!(
        listed
            .matches("relation \"publications\" does not exist")
            .count(),
        2,
        "{listed}"
    );
    let logged: Vec<serde_json::Value> = parvis
        .log()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let logged = logged.iter().filter(|line| line["level"] == "ERROR");
    assert_eq!(
        logged
            .filter(|line| line["mdc"].is_object()
                || line["message"].as_str().unwrap().contains("publications"))
            .count(),
        2
    );
}
