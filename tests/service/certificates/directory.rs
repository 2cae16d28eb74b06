//! Certificates from a directory: requested, renewed, refused, interrupted, and nobody's connection dropped.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    administrator, prepared, running, served, served_fingerprint, trusting, wait_for_another,
};
use crate::harness::{PATIENCE, TestParvis};
use crate::pebble::{Habits, Pebble};

/// The settings of a certificate from the directory at a service.
fn from_directory(host: &str, directory: &std::path::Path) -> String {
    format!(
        "[certificate]\nsource = \"acme\"\ndirectory = \"{}\"\nca_file = \"{}\"\nterms_agreed = true\ncontact = \"it@uni.example\"\n",
        Pebble::address_at(host),
        Pebble::ca_file(directory).display()
    )
}

/// An answer on a connection that stays open.
async fn ask_again(
    tls: &mut tokio_openssl::SslStream<tokio::net::TcpStream>,
    host: &str,
) -> String {
    let request = format!("GET /health/live HTTP/1.1\r\nhost: {host}\r\n\r\n");
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = [0; 4096];
    let read = tokio::time::timeout(PATIENCE, tls.read(&mut bytes)).await;
    let read = read.expect("no answer").unwrap();
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

#[tokio::test]
async fn a_certificate_is_requested_and_renewed_at_two_thirds_without_dropping_anybody() {
    let parvis = prepared(from_directory);
    let habits = Habits {
        life: 45,
        ..Habits::default()
    };
    let pebble = Pebble::start(&parvis, &habits).await;
    let parvis = running(parvis).await;
    let self_made = served_fingerprint(&parvis).await;
    // Connections of before go on: one that asks now and then, and one that only listens.
    let mut open = parvis.connect().await;
    let mut stream = parvis.connect().await;
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nhost: {}\r\n\r\n",
        parvis.host()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(ask_again(&mut open, parvis.host()).await.contains("200 OK"));
    let first = wait_for_another(&parvis, &self_made).await;
    let issued = Instant::now();
    let root = pebble.root(&parvis).await;
    trusting(&parvis, &root).await.unwrap();
    let chain = served(&parvis).await;
    assert_eq!(chain.len(), 2, "the service's and the intermediate");
    assert_eq!(pebble.asked("/order-plz"), 1);
    assert!(ask_again(&mut open, parvis.host()).await.contains("200 OK"));
    let second = wait_for_another(&parvis, &first).await;
    let lived = issued.elapsed().as_secs();
    // Two thirds of 45 s, up to a thirtieth later, and looked at each 5 s.
    assert!((29..=39).contains(&lived), "renewed after {lived} s");
    trusting(&parvis, &root).await.unwrap();
    assert_ne!(second, self_made);
    assert!(ask_again(&mut open, parvis.host()).await.contains("200 OK"));
    let mut bytes = [0; 65_536];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await;
    let head = String::from_utf8_lossy(&bytes[..read.unwrap().unwrap()]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let still = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut bytes)).await;
    assert!(!matches!(still, Ok(Ok(0) | Err(_))), "the stream ended");
    // The order is forgotten, the account kept where only the service reads.
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let found = std::fs::metadata(parvis.directory.join(name));
        found.map(|found| found.permissions().mode() & 0o777).ok()
    };
    assert_eq!(mode("acme-order.json"), None);
    assert_eq!(mode("acme-account.json"), Some(0o600));
    assert_eq!(mode("key.pem"), Some(0o600));
    assert_eq!(mode("pair.pem"), Some(0o600));
    // Nothing else is answered on port 80, whatever is asked and under whatever name.
    for path in [
        "/.well-known/acme-challenge/",
        "/.well-known/acme-challenge/../../acme-account.json",
        "/.well-known/acme-challenge/%2e%2e/%2e%2e/etc/passwd",
        "/.well-known/acme-challenge/x",
    ] {
        let mut tcp = tokio::net::TcpStream::connect((parvis.host(), 21080))
            .await
            .unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: evil.example\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let answer = crate::harness::read_to_end(&mut tcp).await;
        assert!(answer.contains(" 308 "), "{path}: {answer}");
        assert!(!answer.contains("evil.example"), "{answer}");
    }
    let audited = parvis.stored_in("audit_records");
    assert_eq!(audited.matches("renew-certificate").count(), 2, "{audited}");
    let ada = administrator(&parvis);
    let page = parvis.get_as(&ada, "/admin/certificate").await.text;
    assert!(
        page.contains(&second) && page.contains("Pebble Intermediate"),
        "{page}"
    );
}

#[tokio::test]
async fn a_directory_that_is_down_or_not_believed_changes_nothing_and_is_asked_again() {
    let wrong_ca = |host: &str, directory: &std::path::Path| {
        let settings = from_directory(host, directory);
        settings.replace("pebble/certificate.pem", "other.pem")
    };
    let parvis = prepared(wrong_ca);
    let other = parvis::appliance::certificate::make("other").unwrap();
    parvis.write("other.pem", other.chain_pem().unwrap());
    let mut parvis = running(parvis).await;
    let before = served_fingerprint(&parvis).await;
    let failures = || {
        let log = parvis.log();
        log.matches("certificate: not renewed").count()
    };
    parvis.wait_until("it failed", || failures() == 1).await;
    let shown = parvis.run(&["certificate", "show"]);
    assert!(
        shown.contains("does not answer") && shown.contains("refused"),
        "{shown}"
    );
    // An hour passes before it is asked again by itself; whoever asks need not wait.
    let ada = administrator(&parvis);
    let page = parvis.get_as(&ada, "/admin/certificate").await.text;
    assert!(page.contains("does not answer"), "{page}");
    assert_eq!(
        parvis.metric("parvis_certificate_renewal_failures").await,
        Some(1.0)
    );
    let pebble = Pebble::start(&parvis, &Habits::default()).await;
    let asked = parvis.command(&["certificate", "request"]);
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(
        !asked.status.success() && told.contains("certificate verify failed"),
        "{told}"
    );
    assert_eq!((failures(), pebble.asked("/sign-me-up")), (2, 0));
    assert!(
        parvis
            .run(&["errors"])
            .contains("task: renew the certificate")
    );
    assert_eq!(served_fingerprint(&parvis).await, before);
    // With the right authority it is given one, by hand and at once.
    parvis.stop();
    let settings = std::fs::read_to_string(parvis.directory.join("parvis.toml")).unwrap();
    parvis.write(
        "parvis.toml",
        settings.replace("other.pem", "pebble/certificate.pem"),
    );
    let parvis = running(parvis).await;
    assert_eq!(served_fingerprint(&parvis).await, before, "too early");
    let told = parvis.run(&["certificate", "request"]);
    let now = wait_for_another(&parvis, &before).await;
    assert!(told.contains(&now), "{told}");
    let shown = parvis.run(&["certificate", "show"]);
    assert!(!shown.contains("last failure"), "{shown}");
}

#[tokio::test]
async fn a_directory_that_does_not_get_its_answer_gives_nothing() {
    let parvis = prepared(|host, directory| {
        let settings = from_directory(host, directory);
        let agreed = settings.replace("terms_agreed = true\n", "");
        format!(
            "{agreed}binding = \"university\"\nbinding_key_file = \"{}/binding.key\"\n",
            directory.display()
        )
    });
    let secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    parvis.write("binding.key", format!("{secret}\n"));
    let habits = Habits {
        asks_on: 21081,
        binding: Some(("university", secret)),
        ..Habits::default()
    };
    let pebble = Pebble::start(&parvis, &habits).await;
    let mut parvis = running(parvis).await;
    let before = served_fingerprint(&parvis).await;
    // Nothing is asked for while nobody accepted the terms.
    parvis
        .wait_until("it says so", || parvis.log().contains("terms of service"))
        .await;
    assert_eq!(pebble.asked("/sign-me-up"), 0);
    parvis.stop();
    let settings = std::fs::read_to_string(parvis.directory.join("parvis.toml")).unwrap();
    parvis.write(
        "parvis.toml",
        settings.replace("binding =", "terms_agreed = true\nbinding ="),
    );
    let parvis = running(parvis).await;
    let told = parvis.command(&["certificate", "request"]).stderr;
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(
        told.contains("did not get the answer") && told.contains("21081"),
        "{told}"
    );
    // The service asks by itself when it starts; who asks meanwhile waits for that, who is later begins another.
    let orders = pebble.asked("/order-plz");
    assert!((1..=2).contains(&orders), "{orders} orders");
    // The next attempt begins anew, with the same account.
    parvis.command(&["certificate", "request"]);
    // On a busy machine the service's own order may come as late as this one.
    let after = pebble.asked("/order-plz");
    assert!((orders + 1..=3).contains(&after), "{orders}, then {after}");
    assert_eq!(pebble.asked("/sign-me-up"), 1);
    assert_eq!(served_fingerprint(&parvis).await, before);
    let everything = parvis.everything_stored();
    assert!(!everything.contains(secret) && !parvis.log().contains(secret));
}

/// A service that was restarted with an order on its way, the order as it was kept, and the directory that has given it its
/// certificate since. `None` when the directory chose the moment without a service to look for its answer: then the order
/// is lost, and what is to be tried has not happened.
async fn restarted_with_an_order() -> Option<(TestParvis, Pebble, serde_json::Value)> {
    let parvis = prepared(from_directory);
    let habits = Habits {
        sleeps: Some(8),
        ..Habits::default()
    };
    let pebble = Pebble::start(&parvis, &habits).await;
    let mut parvis = running(parvis).await;
    let before = served_fingerprint(&parvis).await;
    let order = parvis.directory.join("acme-order.json");
    parvis
        .wait_until("an order is on its way", || order.exists())
        .await;
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&order).unwrap()).unwrap();
    parvis.kill();
    let parvis = running(parvis).await;
    let since = Instant::now();
    while served_fingerprint(&parvis).await == before {
        let log = parvis.log();
        if log.contains("did not get the answer") {
            return None;
        }
        assert!(since.elapsed() < PATIENCE, "still {before}: {log}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Some((parvis, pebble, kept))
}

#[tokio::test]
async fn an_order_that_a_restart_interrupts_goes_on_and_two_who_ask_get_one() {
    let mut tries = 0;
    let (parvis, pebble, kept) = loop {
        if let Some(found) = restarted_with_an_order().await {
            break found;
        }
        tries += 1;
        assert!(
            tries < 8,
            "the directory always looks while nobody is there"
        );
    };
    assert_eq!(
        (pebble.asked("/order-plz"), pebble.asked("/sign-me-up")),
        (1, 1)
    );
    let key = std::fs::read_to_string(parvis.directory.join("key.pem")).unwrap();
    assert_eq!(kept["key"], serde_json::json!(key), "the key of the order");
    // Whoever asks now, twice at once, gets this one: there is no second order.
    let ada = administrator(&parvis);
    let ask = || parvis.post_as(&ada, "/admin/certificate", &[("do", "ask")]);
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (303, 303));
    assert_eq!(pebble.asked("/order-plz"), 1);
    let root = pebble.root(&parvis).await;
    trusting(&parvis, &root).await.unwrap();
}

#[tokio::test]
async fn where_it_comes_from_is_decided_on_the_page_and_kept() {
    let parvis = prepared(|_, _| String::new());
    let pebble = Pebble::start(&parvis, &Habits::default()).await;
    let mut parvis = running(parvis).await;
    let before = served_fingerprint(&parvis).await;
    let ada = administrator(&parvis);
    let directory = Pebble::address_at(parvis.host());
    let ca = std::fs::read_to_string(Pebble::ca_file(&parvis.directory)).unwrap();
    let fields = [
        ("do", "choose"),
        ("source", "acme"),
        ("directory", directory.as_str()),
        ("directory_ca", &ca),
        ("contact", "it@uni.example"),
    ];
    for (field, value, wrong) in [
        ("terms", "", "terms_agreed"),
        ("contact", "it", "contact"),
        ("directory", "http://insecure.example/dir", "directory"),
        ("directory_ca", "none", "directory_ca"),
        ("source", "elsewhere", "source"),
        ("binding", "me", "binding_key"),
    ] {
        let mut changed: Vec<(&str, &str)> = fields.to_vec();
        changed.retain(|(name, _)| *name != field);
        changed.push((field, value));
        if field != "terms" {
            changed.push(("terms_agreed", "yes"));
        }
        let answer = parvis.post_as(&ada, "/admin/certificate", &changed).await;
        assert_eq!(answer.status, 422, "{field}");
        assert!(answer.text.contains(wrong), "{field}: {}", answer.text);
    }
    assert_eq!(pebble.asked("/sign-me-up"), 0);
    let mut agreed = fields.to_vec();
    agreed.push(("terms_agreed", "yes"));
    let answer = parvis.post_as(&ada, "/admin/certificate", &agreed).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let issued = wait_for_another(&parvis, &before).await;
    parvis.stop();
    let parvis = running(parvis).await;
    let shown = parvis.run(&["certificate", "show"]);
    assert!(
        shown.contains("source       acme") && shown.contains(&directory),
        "{shown}"
    );
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(pebble.asked("/order-plz"), 1, "it has one already");
    assert_eq!(served_fingerprint(&parvis).await, issued);
    // Back to one of its own, at once.
    let answer = parvis.post_as(
        &ada,
        "/admin/certificate",
        &[("do", "choose"), ("source", "self-made")],
    );
    assert_eq!(answer.await.status, 303);
    let own = served_fingerprint(&parvis).await;
    assert_ne!(own, issued);
    // One that is for another name than the settings say now is made anew; with the same name it stays.
    let names = |chain: Vec<openssl::x509::X509>| {
        let names = chain[0].subject_alt_names().unwrap();
        let names = names.iter().filter_map(|name| name.dnsname());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut parvis = parvis;
    for (name, is_kept) in [
        (parvis.host().to_owned(), true),
        ("places.example".to_owned(), false),
    ] {
        parvis.stop();
        let settings = std::fs::read_to_string(parvis.directory.join("parvis.toml")).unwrap();
        let from = format!("public_name = \"{}\"", parvis.host());
        let to = format!("public_name = \"{name}\"");
        parvis.write("parvis.toml", settings.replacen(&from, &to, 1));
        parvis = running(parvis).await;
        assert_eq!(served_fingerprint(&parvis).await == own, is_kept, "{name}");
    }
    assert_eq!(names(served(&parvis).await), ["places.example"]);
}
