//! Certificates that people bring: checked, put in order, refused with the rule, taken from files, and warned of.

use std::time::Duration;

use openssl::hash::MessageDigest;
use openssl::x509::X509Req;
use parvis::domain::role::Role;

use super::{
    administrator, fingerprint, prepared, running, served, served_fingerprint, trusting,
    wait_for_another,
};
use crate::authority::{Authority, Wish, key, pem_of, rsa, sealed_pem_of};
use crate::harness::people::Visitor;
use crate::harness::{Answer, TestParvis};
use crate::mail::MailServer;

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
