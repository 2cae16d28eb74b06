//! Releases: the page on a machine that is no appliance and on one that is, bundles that are handed in, what is decided, and
//! a version that meets the schema of a newer one. The machine itself is tried in `tests/image`.

use std::path::PathBuf;

use parvis::domain::role::Role;
use reqwest::StatusCode;

use crate::harness::people::Visitor;
use crate::harness::{Answer, LIBRARY, Server, TestParvis};

const STATUS: &str = r#"{"running":"0.2.0","other":{"version":"0.1.0","entry":"parvis-cloud_0.1.0.efi","tries_left":null},
    "available":"0.3.0","checked_at":"2999-01-01T10:00:00Z","unavailable":null,"waits":null,"work":null}"#;

const RECORD: &str = r#"{"highest":"0.2.0","outcomes":[
    {"at":"2026-03-01T10:00:00Z","action":"install","from":"0.2.0","version":"0.1.5","became":"failed",
     "why":"older","detail":"0.1.5 is older than 0.2.0"},
    {"at":"2026-02-01T10:00:00Z","action":"install","from":"0.1.0","version":"0.2.0","became":"done"}]}"#;

/// An appliance, as far as the page sees: where the unit tells how far it is.
async fn appliance() -> (TestParvis, Visitor) {
    let server = Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    let place = parvis.directory.display().to_string();
    let path = parvis.directory.join("parvis.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    let settings = format!(
        "decisions = \"{place}/decided.toml\"\n{settings}[appliance.releases]\nasked = \"{place}/asked\"\n\
         kept = \"{place}/kept\"\ntold = \"{place}/told\"\n\
         [update]\nurl = \"https://updates.example/parvis/\"\nnotes = \"https://updates.example/{{version}}.html\"\n"
    );
    std::fs::write(&path, settings).unwrap();
    for (directory, file, text) in [
        ("told", "status.json", STATUS),
        ("kept", "record.json", RECORD),
    ] {
        let directory = parvis.directory.join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(file), text).unwrap();
    }
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    (parvis, ada)
}

async fn hand_in(parvis: &TestParvis, who: &Visitor, token: &str, bundle: &[u8]) -> Answer {
    let mut body = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
         --boundary\r\nContent-Disposition: form-data; name=\"bundle\"; filename=\"a.tar\"\r\n\
         Content-Type: application/x-tar\r\n\r\n"
    )
    .into_bytes();
    body.extend(bundle);
    body.extend(b"\r\n--boundary--\r\n");
    let request = parvis
        .client
        .post(format!("{}/admin/updates/bundle", parvis.address))
        .header("cookie", who.cookie())
        .header("origin", &parvis.address)
        .header("content-type", "multipart/form-data; boundary=boundary");
    parvis.send(request.body(body)).await
}

/// A bundle, with a kernel image of some length.
fn bundle(names: &[&str]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for name in names {
        let length = if name.ends_with(".efi") { 3_000_000 } else { 5 };
        let mut header = tar::Header::new_gnu();
        header.set_size(length);
        header.set_mode(0o644);
        let content = std::io::Read::take(std::io::repeat(b'x'), length);
        builder.append_data(&mut header, name, content).unwrap();
    }
    builder.into_inner().unwrap()
}

const WHOLE: [&str; 5] = [
    "SHA256SUMS",
    "SHA256SUMS.gpg",
    "parvis-cloud_0.4.0.efi",
    "parvis-cloud_0.4.0_899e14fe82b7d63523d6b2759ffa3c14.root",
    "parvis-cloud_0.4.0_11ad53559ae45058a906003c67b01613.verity",
];

fn audited(parvis: &TestParvis, act: &str, outcome: &str) -> i64 {
    parvis.number(&format!(
        "SELECT count(*) FROM audit_records WHERE act = '{act}' AND outcome LIKE '{outcome}%'"
    ))
}

#[tokio::test]
async fn on_a_machine_that_is_no_appliance_nothing_is_installed_and_it_is_said_why() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let page = parvis.get_as(&ada, "/admin/updates?lang=en").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("This is no appliance"), "{}", page.text);
    assert!(page.text.contains(env!("CARGO_PKG_VERSION")));
    for asked in ["check", "install", "roll-back", "in-the-window"] {
        let answer = parvis
            .post_as(&ada, "/admin/updates", &[("do", asked)])
            .await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{asked}");
        assert!(
            answer.text.contains("this is no appliance"),
            "{}",
            answer.text
        );
    }
    let answer = hand_in(&parvis, &ada, &ada.token(), &bundle(&WHOLE)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert_eq!(audited(&parvis, "update-", "done"), 0);
    let output = parvis.command(&["update", "install"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains("this is no appliance"),
        "{told}"
    );
}

#[tokio::test]
async fn the_page_says_what_runs_what_there_is_and_why_something_was_refused() {
    let (parvis, ada) = appliance().await;
    let page = parvis.get_as(&ada, "/admin/updates?lang=en").await;
    for words in [
        "<dd>0.2.0 <a href=\"https://updates.example/0.2.0.html\"",
        "0.1.0 (came up healthy)",
        "<dd>0.3.0 <a href=\"https://updates.example/0.3.0.html\"",
        "Go back to 0.1.0",
        "refused: it is older than what was installed here",
        "0.1.5 is older than 0.2.0",
        "Install in the window (02:00-05:00)",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(page.header("refresh"), "");
    let french = parvis.get_as(&ada, "/admin/updates?lang=fr").await.text;
    assert!(french.contains("refusé : plus ancienne"), "{french}");

    // While something is done, the page says how far it is and is loaded again.
    let working = STATUS.replace(
        "\"work\":null",
        r#""work":{"action":"install","version":"0.3.0","phase":"fetching","file":"x.root","percent":42,"since":"2026-03-01T10:00:00Z"}"#,
    );
    std::fs::write(parvis.directory.join("told/status.json"), working).unwrap();
    let page = parvis.get_as(&ada, "/admin/updates?lang=en").await;
    assert_eq!(page.header("refresh"), "3");
    assert!(
        page.text.contains("Installing 0.3.0 · fetching x.root"),
        "{}",
        page.text
    );
    assert!(page.text.contains("value=\"42\"") && !page.text.contains("value=\"install\""));
}

#[tokio::test]
async fn what_nobody_can_begin_is_refused_and_leaves_no_trace() {
    let (parvis, ada) = appliance().await;
    // There is no such unit on this machine.
    let fields = [("do", "install"), ("version", "0.3.0")];
    let answer = parvis.post_as(&ada, "/admin/updates", &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert!(!parvis.directory.join("asked/request.json").exists());
    assert_eq!(audited(&parvis, "update-install", "done"), 0);
    let wrong = [("do", "install"), ("version", "../1")];
    let answer = parvis.post_as(&ada, "/admin/updates", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_to_happen_in_the_window_is_kept_until_it_is_taken_back() {
    let (parvis, ada) = appliance().await;
    let fields = [("do", "in-the-window"), ("version", "0.3.0")];
    assert_eq!(
        parvis.post_as(&ada, "/admin/updates", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let kept = std::fs::read_to_string(parvis.directory.join("asked/in-the-window.json")).unwrap();
    assert!(kept.contains("\"0.3.0\""), "{kept}");
    let page = parvis.get_as(&ada, "/admin/updates?lang=en").await.text;
    assert!(
        page.contains("Do not install in the window after all"),
        "{page}"
    );
    let back = [("do", "not-in-the-window")];
    assert_eq!(
        parvis.post_as(&ada, "/admin/updates", &back).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!parvis.directory.join("asked/in-the-window.json").exists());
    assert_eq!(audited(&parvis, "update-install-in-the-window", "done"), 1);
}

#[tokio::test]
async fn a_bundle_is_taken_whole_or_refused_with_its_rule() {
    let (parvis, ada) = appliance().await;
    let place: PathBuf = parvis.directory.join("asked/bundle");
    let token = ada.token();
    let mut evil = bundle(&WHOLE);
    // The first name becomes one that leads out of the directory.
    evil[..13].copy_from_slice(b"../SHA256SUMS");
    let sum: u32 = evil[..512]
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            u32::from(if (148..156).contains(&at) {
                b' '
            } else {
                *byte
            })
        })
        .sum();
    evil[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    for (what, bytes, rule) in [
        ("out of its place", evil, "does not lie at the top"),
        ("not whole", bundle(&WHOLE[1..]), "holds no SHA256SUMS"),
        ("cut off", bundle(&WHOLE)[..1_000_000].to_vec(), "too early"),
        ("no tar", vec![b'x'; 100_000], "no whole tar"),
    ] {
        let answer = hand_in(&parvis, &ada, &token, &bytes).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{what}: {}",
            answer.text
        );
        assert!(answer.text.contains(rule), "{what}: {}", answer.text);
        assert!(!place.exists(), "{what}");
    }
    assert_eq!(audited(&parvis, "update-hand-in", "refused"), 4);
    let strange = hand_in(&parvis, &ada, "not-mine", &bundle(&WHOLE)).await;
    assert_eq!(strange.status, StatusCode::FORBIDDEN);

    let taken = hand_in(&parvis, &ada, &token, &bundle(&WHOLE)).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 5);
    let kernel = std::fs::metadata(place.join("parvis-cloud_0.4.0.efi")).unwrap();
    assert_eq!(kernel.len(), 3_000_000);
    let page = parvis.get_as(&ada, "/admin/updates?lang=en").await.text;
    assert!(
        page.contains("A bundle with version 0.4.0 was handed in"),
        "{page}"
    );
    let forget = [("do", "forget-bundle")];
    assert_eq!(
        parvis.post_as(&ada, "/admin/updates", &forget).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!place.exists());
}

#[tokio::test]
async fn where_releases_come_from_is_decided_and_holds_at_once() {
    let (parvis, ada) = appliance().await;
    let decide = |url: &'static str, window: &'static str| {
        let fields = [
            ("do", "settings"),
            ("url", url),
            ("window", window),
            ("automatic", "yes"),
        ];
        let (parvis, ada) = (&parvis, &ada);
        async move { parvis.post_as(ada, "/admin/updates", &fields).await }
    };
    for (url, window) in [
        ("file:///etc/", "02:00-05:00"),
        ("https://b.example/", "2 to 5"),
    ] {
        let answer = decide(url, window).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{url} {window}"
        );
    }
    assert!(!parvis.directory.join("decided.toml").exists());
    let decided = decide("https://b.example/", "23:00-04:30").await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
    let page = parvis.get_as(&ada, "/admin/updates?lang=en").await.text;
    for words in [
        "https://b.example/",
        "23:00-04:30",
        "checked",
        "https://updates.example/0.2.0.html",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(audited(&parvis, "decide-updates", "done"), 1);
}

#[tokio::test]
async fn a_version_serves_on_the_schema_of_a_newer_one_and_says_so() {
    let server = Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    parvis
        .execute(
            "CREATE TABLE later (id integer); ALTER TABLE spaces ADD COLUMN later text; \
             INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
        )
        .unwrap();
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let log = parvis.log();
    assert!(
        log.contains("the schema is newer than this version, by 29990101000000"),
        "{log}"
    );
}

#[tokio::test]
async fn the_database_is_copied_so_that_it_can_be_restored_and_the_newest_two_copies_are_kept() {
    let parvis = TestParvis::start(LIBRARY).await;
    let copies = parvis.directory.join("copies");
    // As the owner of the schema, who may read everything.
    let settings = parvis.write(
        "owner.toml",
        format!(
            "[database]\nurl = {:?}\n[appliance.releases]\ncopies = {:?}\n",
            parvis.database,
            copies.display().to_string()
        ),
    );
    let mut made = Vec::new();
    for _ in 0..3 {
        // Their names say when they were made, to the second.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let copied = std::process::Command::new(env!("CARGO_BIN_EXE_parvis"))
            .args(["--config", &settings, "update", "copy-database"])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&copied.stderr).into_owned();
        assert!(copied.status.success(), "{told}");
        made.push(String::from_utf8(copied.stdout).unwrap());
    }
    let mut left: Vec<String> = std::fs::read_dir(&copies)
        .unwrap()
        .map(|entry| format!("{}\n", entry.unwrap().path().display()))
        .collect();
    left.sort();
    assert_eq!(left, made[1..]);
    let listed = std::process::Command::new("pg_restore")
        .args(["--list", made[2].trim()])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.contains("TABLE DATA public audit_records"),
        "{listed}"
    );
}
