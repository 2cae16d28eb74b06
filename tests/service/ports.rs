//! The ports of the machine: what the page for those who watch it shows, what is noted unasked, what the firewall is told.

use std::net::TcpListener;
use std::time::Instant;

use parvis::domain::role::Role;
use reqwest::StatusCode;

use crate::harness::{LIBRARY, PATIENCE, Server, TestParvis};

#[tokio::test]
async fn the_page_shows_the_list_and_who_listens_beside_it() {
    let settings = "[mail]\nrelay = \"smtp.uni.example\"\n[firewall]\nwatches_ports = true\n";
    let parvis = TestParvis::start_with(LIBRARY, settings).await;
    let officer = parvis.sign_in("Olga", &[(Role::SecurityOfficer, None)]);
    let stranger = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let page = parvis.get_as(&officer, "/admin/ports").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "<th scope=\"row\">22/tcp</th>",
        "<th scope=\"row\">80/tcp</th>",
        "<th scope=\"row\">443/tcp</th>",
        "smtp.uni.example (587)",
        "personne : rien n’est configuré",
        &format!("tcp 0.0.0.0:{port} ("),
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    // The service itself listens to this machine only, in tests.
    assert!(!page.text.contains(":21443 ("), "{}", page.text);
    drop(stranger);
    let page = parvis.get_as(&officer, "/admin/ports").await;
    assert!(!page.text.contains(&format!(":{port} (")));
    let runner = parvis.sign_in("Rita", &[(Role::Administration, Some("library"))]);
    let refused = parvis.get_as(&runner, "/admin/ports").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn where_no_firewall_of_parvis_is_the_page_says_so_and_shows_its_own_ports() {
    let parvis = TestParvis::start(LIBRARY).await;
    let provider = parvis.write(
        "idp.toml",
        "key = \"campus\"\nname = \"Campus\"\nissuer = \"https://idp.uni.example:8443/realm\"\nclient_id = \"parvis\"\n",
    );
    parvis.run(&["issuer", "apply", &provider]);
    let officer = parvis.sign_in("Olga", &[(Role::SecurityOfficer, None)]);
    let stranger = TcpListener::bind("0.0.0.0:0").unwrap();
    let begun = Instant::now();
    let page = loop {
        let page = parvis.get_as(&officer, "/admin/ports?lang=en").await;
        if page.text.contains("idp.uni.example (8443)") {
            break page;
        }
        assert!(begun.elapsed() < PATIENCE, "{}", page.text);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    for part in [
        "no firewall of Parvis is in force",
        "<th scope=\"row\">21443/tcp</th>",
        "<th scope=\"row\">21080/tcp</th>",
        ":21443 (",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let port = stranger.local_addr().unwrap().port();
    for part in ["dropped", "22/tcp", &format!(":{port} (")] {
        assert!(!page.text.contains(part), "{part}: {}", page.text);
    }
}

#[tokio::test]
async fn who_listens_beside_the_list_is_among_the_errors_once() {
    let stranger = TcpListener::bind("0.0.0.0:0").unwrap();
    let at = stranger.local_addr().unwrap();
    let parvis = TestParvis::start_with(LIBRARY, "[firewall]\nwatches_ports = true\n").await;
    let words = format!("tcp {at} of user");
    let begun = Instant::now();
    loop {
        let errors = parvis.run(&["errors", "--count", "1000"]);
        match errors.matches(&words).count() {
            0 => assert!(begun.elapsed() < PATIENCE, "{errors}"),
            count => {
                assert_eq!(count, 1, "{errors}");
                break;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn the_firewall_is_told_the_hosts_of_identity_providers() {
    let server = Server::shared();
    let database = server.database();
    let place = std::env::temp_dir().join(format!("parvis-told-by-{}.json", std::process::id()));
    let settings = format!("[firewall]\ntold = \"{}\"\n", place.display());
    let mut parvis = TestParvis::prepare(server, database, &settings);
    parvis.apply(LIBRARY);
    let provider = parvis.write(
        "idp.toml",
        "key = \"campus\"\nname = \"Campus\"\nissuer = \"https://idp.uni.example:8443/realm\"\nclient_id = \"parvis\"\n",
    );
    parvis.run(&["issuer", "apply", &provider]);
    parvis.serve();
    parvis.wait_until_ready().await;
    let told = || std::fs::read_to_string(&place).unwrap_or_default();
    let begun = Instant::now();
    let wanted = r#"[{"kind":"identity-provider","host":"idp.uni.example","port":8443}]"#;
    while told() != wanted {
        assert!(begun.elapsed() < PATIENCE, "{}", told());
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    std::fs::remove_file(&place).unwrap();
}
