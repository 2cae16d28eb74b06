//! The certificate of the HTTPS door: requested, renewed, brought, refused, replaced, and nobody's connection dropped.

use std::time::{Duration, Instant};

use openssl::hash::MessageDigest;
use openssl::ssl::SslVerifyMode;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Req};
use parvis::domain::role::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::authority::{Authority, Wish, key, pem_of, rsa, sealed_pem_of};
use crate::harness::people::Visitor;
use crate::harness::{Answer, LIBRARY, PATIENCE, Server, TestParvis};
use crate::mail::MailServer;
use crate::pebble::{Habits, Pebble};

/// A Parvis that does not run yet, with decisions and further settings.
fn prepared(settings: impl Fn(&str, &std::path::Path) -> String) -> TestParvis {
    let server = Server::shared();
    let database = server.database();
    let parvis = TestParvis::prepare(server, database, "");
    let path = parvis.directory.join("parvis.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = format!(
        "decisions = \"{}/decided.toml\"\n{text}{}",
        parvis.directory.display(),
        settings(parvis.host(), &parvis.directory)
    );
    std::fs::write(path, text).unwrap();
    parvis.apply(LIBRARY);
    parvis
}

/// The settings of a certificate from the directory at a service.
fn from_directory(host: &str, directory: &std::path::Path) -> String {
    format!(
        "[certificate]\nsource = \"acme\"\ndirectory = \"{}\"\nca_file = \"{}\"\nterms_agreed = true\ncontact = \"it@uni.example\"\n",
        Pebble::address_at(host),
        Pebble::ca_file(directory).display()
    )
}

async fn running(mut parvis: TestParvis) -> TestParvis {
    parvis.serve();
    parvis.wait_until_ready().await;
    parvis
}

/// The chain that a new connection is shown, the service's own first.
async fn served(parvis: &TestParvis) -> Vec<X509> {
    let tls = parvis.connect().await;
    let chain = tls.ssl().peer_cert_chain().unwrap();
    chain.iter().map(ToOwned::to_owned).collect()
}

fn fingerprint(certificate: &X509) -> String {
    let digest = certificate.digest(MessageDigest::sha256()).unwrap();
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

async fn served_fingerprint(parvis: &TestParvis) -> String {
    fingerprint(&served(parvis).await[0])
}

/// Waits until new connections are shown another certificate than this one.
async fn wait_for_another(parvis: &TestParvis, than: &str) -> String {
    let since = Instant::now();
    loop {
        let now = served_fingerprint(parvis).await;
        if now != than {
            return now;
        }
        let log = parvis.log();
        assert!(since.elapsed() < PATIENCE, "still {than}: {log}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A connection that believes one root only.
async fn trusting(parvis: &TestParvis, root: &X509) -> Result<(), String> {
    let root = root.clone();
    let connection = parvis.connect_with(move |ssl| {
        let mut store = X509StoreBuilder::new().unwrap();
        store.add_cert(root).unwrap();
        ssl.set_cert_store(store.build());
        ssl.set_verify(SslVerifyMode::PEER);
    });
    connection.await.map(drop)
}

fn administrator(parvis: &TestParvis) -> Visitor {
    parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)])
}

/// A form with files, as browsers send it.
async fn bring(parvis: &TestParvis, who: &Visitor, parts: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    let token = who.token();
    for (name, content) in std::iter::once(&("token", token.as_bytes())).chain(parts) {
        let head = format!("--boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--boundary--\r\n");
    let address = format!("{}/admin/certificate/upload", parvis.address);
    let request = parvis
        .client
        .post(address)
        .header("cookie", who.cookie())
        .header("origin", &parvis.address)
        .header("accept-language", "en")
        .header("content-type", "multipart/form-data; boundary=boundary");
    parvis.send(request.body(body)).await
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
    assert_eq!(
        (pebble.asked("/sign-me-up"), pebble.asked("/order-plz")),
        (1, 1)
    );
    // The next attempt begins anew, with the same account.
    parvis.command(&["certificate", "request"]);
    assert_eq!(
        (pebble.asked("/sign-me-up"), pebble.asked("/order-plz")),
        (1, 2)
    );
    assert_eq!(served_fingerprint(&parvis).await, before);
    let everything = parvis.everything_stored();
    assert!(!everything.contains(secret) && !parvis.log().contains(secret));
}

#[tokio::test]
async fn an_order_that_a_restart_interrupts_goes_on_and_two_who_ask_get_one() {
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
    wait_for_another(&parvis, &before).await;
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
async fn a_certificate_that_is_brought_is_checked_put_in_order_and_served() {
    let parvis = running(prepared(|_, _| String::new())).await;
    let ada = administrator(&parvis);
    let host = parvis.host().to_owned();
    let names = [host.as_str(), "places.uni.example"];
    let ours = Authority::new();
    let (mine, other) = (key(), key());
    let leaf = ours.issue(&mine, &Wish::of(&names));
    let chain = Authority::pem(&[&ours.root, &leaf, &ours.intermediate]);
    let before = served_fingerprint(&parvis).await;
    let of = |wish: &Wish<'_>| {
        Authority::pem(&[&ours.issue(&mine, wish), &ours.intermediate, &ours.root])
    };
    let old = of(&Wish {
        days: (-90, -1),
        ..Wish::of(&names)
    });
    let early = of(&Wish {
        days: (2, 90),
        ..Wish::of(&names)
    });
    let elsewhere = of(&Wish::of(&["*.uni.example", "192.0.2.1"]));
    let client = of(&Wish {
        is_for_servers: false,
        ..Wish::of(&names)
    });
    let sha1 = of(&Wish {
        digest: MessageDigest::sha1(),
        ..Wish::of(&names)
    });
    let alone = Authority::pem(&[&leaf]);
    let rootless = Authority::pem(&[&leaf, &ours.intermediate]);
    let stranger = Authority::pem(&[&leaf, &Authority::new().intermediate, &ours.root]);
    let weak = rsa(1024);
    let weak_chain = Authority::pem(&[
        &ours.issue(&weak, &Wish::of(&names)),
        &ours.intermediate,
        &ours.root,
    ]);
    let (mine_pem, other_pem, weak_pem) = (pem_of(&mine), pem_of(&other), pem_of(&weak));
    let sealed = sealed_pem_of(&mine, "s3sam öffne");
    let p12 = ours.pkcs12(&leaf, &mine, "s3sam");
    for (rule, chain, key, password) in [
        ("The key does not belong", &chain, &other_pem, ""),
        ("It is not valid today", &old, &mine_pem, ""),
        ("It is not valid today", &early, &mine_pem, ""),
        (
            "It is not for the name of this service",
            &elsewhere,
            &mine_pem,
            "",
        ),
        ("It is not made for servers", &client, &mine_pem, ""),
        ("algorithm that is broken", &sha1, &mine_pem, ""),
        ("The chain is not complete", &alone, &mine_pem, ""),
        ("The chain is not complete", &rootless, &mine_pem, ""),
        ("The chain", &stranger, &mine_pem, ""),
        ("The key is too weak", &weak_chain, &weak_pem, ""),
        (
            "The file can not be read",
            &b"no certificate".to_vec(),
            &mine_pem,
            "",
        ),
        ("The file can not be read", &chain, &b"no key".to_vec(), ""),
        ("The file can not be read", &chain, &Vec::new(), ""),
        ("The file can not be read", &Vec::new(), &mine_pem, ""),
        ("The file can not be read", &chain, &sealed, "wrong"),
        ("The file can not be read", &chain, &sealed, ""),
        ("The file can not be read", &p12, &Vec::new(), "wrong"),
    ] {
        let parts = [
            ("certificate", &chain[..]),
            ("key", key),
            ("password", password.as_bytes()),
        ];
        let answer = bring(&parvis, &ada, &parts).await;
        assert_eq!(answer.status, 422, "{rule}: {}", answer.text);
        assert!(answer.text.contains(rule), "{rule}: {}", answer.text);
        assert!(!answer.text.contains("PRIVATE KEY"));
        assert_eq!(served_fingerprint(&parvis).await, before, "{rule}");
    }
    let password = "s3sam öffne".as_bytes();
    for parts in [
        vec![("certificate", &chain[..]), ("key", &mine_pem)],
        vec![
            ("certificate", &chain),
            ("key", &sealed),
            ("password", password),
        ],
        vec![("certificate", &p12), ("password", b"s3sam")],
        vec![("certificate", &[&chain[..], &mine_pem].concat())],
    ] {
        let answer = bring(&parvis, &ada, &parts).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let served = served(&parvis).await;
        let served: Vec<String> = served.iter().map(fingerprint).collect();
        assert_eq!(
            served,
            [fingerprint(&leaf), fingerprint(&ours.intermediate)]
        );
        trusting(&parvis, &ours.root).await.unwrap();
    }
    let page = parvis.get_as(&ada, "/admin/certificate").await.text;
    for word in [
        &host,
        "places.uni.example",
        "Test Intermediate",
        &fingerprint(&leaf),
        "EC P-256",
    ] {
        assert!(page.contains(word), "{word}: {page}");
    }
    // Neither key nor password is anywhere but in the files of the service.
    let secrets = String::from_utf8(mine_pem.clone()).unwrap();
    let secret = secrets.lines().nth(1).unwrap();
    for text in [&parvis.log(), &parvis.everything_stored(), &page] {
        assert!(!text.contains(secret) && !text.contains("s3sam"));
    }
    let decided = std::fs::read_to_string(parvis.directory.join("decided.toml")).unwrap();
    assert!(decided.contains("source = \"uploaded\""), "{decided}");
    assert!(
        parvis
            .stored_in("audit_records")
            .contains("upload-certificate")
    );
    // Two bring at once: one of them is served, whole.
    let (first, second) = (key(), key());
    let both = [first, second].map(|key| {
        let leaf = ours.issue(&key, &Wish::of(&names));
        (
            Authority::pem(&[&leaf, &ours.intermediate, &ours.root]),
            pem_of(&key),
            fingerprint(&leaf),
        )
    });
    let [one, other] = &both;
    let (one_parts, other_parts) = (
        [("certificate", &one.0[..]), ("key", &one.1[..])],
        [("certificate", &other.0[..]), ("key", &other.1[..])],
    );
    let (a, b) = tokio::join!(
        bring(&parvis, &ada, &one_parts),
        bring(&parvis, &ada, &other_parts)
    );
    assert_eq!((a.status.as_u16(), b.status.as_u16()), (303, 303));
    let now = served_fingerprint(&parvis).await;
    assert!(now == one.2 || now == other.2);
    let shown = parvis.run(&["certificate", "show"]);
    assert!(shown.contains(&now), "{shown}");
}

#[tokio::test]
async fn the_answer_to_a_request_of_this_machine_needs_no_key() {
    let parvis = running(prepared(|_, _| String::new())).await;
    let ada = administrator(&parvis);
    let host = parvis.host().to_owned();
    let ours = Authority::new();
    assert_eq!(
        parvis
            .get_as(&ada, "/admin/certificate/request.csr")
            .await
            .status,
        404
    );
    parvis
        .post_as(&ada, "/admin/certificate", &[("do", "request")])
        .await;
    let first = parvis.get_as(&ada, "/admin/certificate/request.csr").await;
    assert_eq!(first.header("content-type"), "application/pkcs10");
    // The command prints the same, and another one only when it is asked for.
    assert_eq!(parvis.run(&["certificate", "csr"]), first.text);
    let second = parvis.run(&["certificate", "csr", "--new"]);
    assert_ne!(second, first.text);
    let answer = |pem: &str| {
        let request = X509Req::from_pem(pem.as_bytes()).unwrap();
        let leaf = ours.answer(&request, &[&host]);
        (
            Authority::pem(&[&leaf, &ours.intermediate, &ours.root]),
            fingerprint(&leaf),
        )
    };
    let (late, _) = answer(&first.text);
    let refused = bring(&parvis, &ada, &[("certificate", &late)]).await;
    assert!(
        refused.text.contains("The key does not belong"),
        "{}",
        refused.text
    );
    let (chain, expected) = answer(&second);
    let path = parvis.write("answer.pem", chain);
    let told = parvis.run(&["certificate", "install", &path]);
    assert!(told.contains(&expected), "{told}");
    assert_eq!(served_fingerprint(&parvis).await, expected, "at once");
    assert!(!parvis.directory.join("request-key.pem").exists());
    assert_eq!(
        parvis
            .get_as(&ada, "/admin/certificate/request.csr")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn files_that_an_operator_replaces_are_taken_when_they_belong_together() {
    let mut parvis = running(prepared(|_, _| String::new())).await;
    let before = served_fingerprint(&parvis).await;
    let host = parvis.host().to_owned();
    let (one, other) = (
        parvis::appliance::certificate::make(&host).unwrap(),
        parvis::appliance::certificate::make(&host).unwrap(),
    );
    parvis.write("certificate.pem", one.chain_pem().unwrap());
    let is_refused = || parvis.log().contains("the new files are refused");
    parvis.wait_until("it is refused", is_refused).await;
    assert!(parvis.log().contains("key-match"), "{}", parvis.log());
    assert_eq!(served_fingerprint(&parvis).await, before);
    let ada = administrator(&parvis);
    let page = parvis.get_as(&ada, "/admin/certificate").await.text;
    assert!(page.contains("key-match"), "{page}");
    // It would not stop the service from starting either.
    parvis.stop();
    let mut parvis = running(parvis).await;
    assert_eq!(served_fingerprint(&parvis).await, before);
    parvis.write("key.pem", one.key_pem().unwrap());
    wait_for_another(&parvis, &before).await;
    let log = parvis.log();
    assert_eq!(log.matches("the new files are refused").count(), 1, "{log}");
    // A crash between the two files of an installation: the key is new, the certificate is not.
    parvis.stop();
    parvis.write("certificate.pem.ready", other.chain_pem().unwrap());
    parvis.write("key.pem", other.key_pem().unwrap());
    let parvis = running(parvis).await;
    assert_eq!(served_fingerprint(&parvis).await, fingerprint(&other.leaf));
    let shown = parvis.run(&["certificate", "show"]);
    assert!(shown.contains(&fingerprint(&other.leaf)), "{shown}");
}

#[tokio::test]
async fn whoever_answers_for_security_hears_once_that_the_certificate_ends() {
    let mut parvis = prepared(|host, _| MailServer::settings(host));
    let mut mail = MailServer::at(&parvis.directory, parvis.host());
    mail.start(&[]);
    let (ours, key) = (Authority::new(), key());
    let names = [parvis.host()];
    let wish = Wish {
        days: (-300, 20),
        ..Wish::of(&names)
    };
    let leaf = ours.issue(&key, &wish);
    parvis.write(
        "certificate.pem",
        Authority::pem(&[&leaf, &ours.intermediate]),
    );
    parvis.write("key.pem", pem_of(&key));
    parvis.serve();
    parvis.wait_until_ready().await;
    let letters = mail.wait_for(&parvis, 1).await;
    let letter = &letters[0];
    for word in [
        "To: security@test.example",
        "ends soon",
        "expire bientôt",
        "/admin/certificate",
        &fingerprint(&leaf),
    ] {
        assert!(letter.contains(word), "{word}: {letter}");
    }
    let ready = parvis.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json()["certificate"], "ends-within-month");
    let ada = administrator(&parvis);
    let home = parvis.get_as(&ada, "/admin?language=en").await.text;
    assert!(home.contains("href=\"/admin/certificate\""), "{home}");
    let cleo = parvis.sign_in("Cleo", &[(Role::Creativity, None)]);
    let home = parvis.get_as(&cleo, "/admin").await.text;
    assert!(!home.contains("/admin/certificate"), "{home}");
    // Not again after a restart.
    parvis.stop();
    parvis.serve();
    parvis.wait_until_ready().await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(mail.letters().len(), 1);
    let ends = parvis
        .metric("parvis_certificate_ends_seconds")
        .await
        .unwrap();
    let left = ends - parvis::clock::Clock::System.now().timestamp() as f64;
    assert!((19.0..=20.1).contains(&(left / 86_400.0)), "{left}");
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
    assert!(served(&parvis).await[0].issuer_name().entries().count() == 1);
    assert_ne!(served_fingerprint(&parvis).await, issued);
}
