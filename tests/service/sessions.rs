//! Sessions, forms and tokens: who holds the secret is who began it, until it ends, and nobody else can speak for them.

use parvis::domain::role::{Act, Role};
use reqwest::StatusCode;

use crate::harness::people::{Visitor, form};
use crate::harness::{LIBRARY, Server, TestParvis};

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_the_sign_in_and_back_to_where_they_wanted_to_go() {
    let parvis = TestParvis::start(LIBRARY).await;
    let answer = parvis.get("/admin/audit?q=a%20b").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.header("location"),
        "/sign-in?return=%2Fadmin%2Faudit%3Fq%3Da%2520b"
    );
    let page = parvis.get("/sign-in").await;
    assert_eq!(page.status, StatusCode::OK);
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-visit=")
            && cookie.contains("; HttpOnly")
            && cookie.contains("; Secure")
            && cookie.contains("SameSite=Lax")
            && cookie.contains("Path=/"),
        "{cookie}"
    );
    // A visitor of the public pages gets none.
    assert_eq!(parvis.get("/").await.header("set-cookie"), "");
}

#[tokio::test]
async fn a_session_ends_for_every_copy_of_its_cookie() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Execution, Some("library"))]);
    let stolen = ada.clone();
    assert_eq!(
        parvis.get_as(&stolen, "/admin").await.status,
        StatusCode::OK
    );

    let out = parvis.post_as(&ada, "/sign-out", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert_eq!(out.header("location"), "/sign-in?out=here");
    assert!(out.headers.get_all("set-cookie").iter().any(|cookie| {
        let cookie = cookie.to_str().unwrap();
        cookie.starts_with("__Host-session=;") && cookie.contains("Max-Age=0")
    }));
    let after = parvis.get_as(&stolen, "/api/v1/me").await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        parvis.post_as(&stolen, "/me/sessions", &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn sessions_end_when_unused_when_old_and_when_their_person_is_deactivated() {
    let parvis = TestParvis::start(LIBRARY).await;
    let roles = [(Role::Execution, None)];
    let is_good =
        async |visitor: &Visitor| parvis.get_as(visitor, "/admin").await.status == StatusCode::OK;
    let idle = parvis.sign_in("Idle", &roles);
    let old = parvis.sign_in("Old", &roles);
    let gone = parvis.sign_in("Gone", &roles);
    let kept = parvis.sign_in("Kept", &roles);
    let age = |visitor: &Visitor, column: &str, time: &str| {
        let person = visitor.person;
        parvis
            .execute(&format!(
                "UPDATE sessions SET {column} = {column} - interval '{time}' WHERE person_id = {person}"
            ))
            .unwrap();
    };
    age(&idle, "seen_at", "60 minutes");
    age(&kept, "seen_at", "59 minutes");
    age(&old, "begun_at", "12 hours");
    parvis
        .execute(&format!(
            "UPDATE people SET deactivated_at = now() WHERE id = {}",
            gone.person
        ))
        .unwrap();
    assert!(is_good(&kept).await);
    assert!(!is_good(&idle).await);
    assert!(!is_good(&old).await);
    assert!(!is_good(&gone).await);
    // The use was noted, so the hour begins again.
    age(&kept, "seen_at", "2 minutes");
    assert!(is_good(&kept).await);
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions_and_nobody_elses() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Execution, None)]);
    let eve = parvis.sign_in("Eve", &[(Role::Execution, None)]);
    let page = parvis.get_as(&ada, "/me").await;
    assert!(page.text.contains("192.0.2.1") && page.text.contains("a browser"));
    let session = parvis.number(&format!(
        "SELECT id FROM sessions WHERE person_id = {}",
        ada.person
    ));
    let refused = parvis
        .post_as(&eve, "/me/sessions", &[("session", &session.to_string())])
        .await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(parvis.get_as(&ada, "/me").await.status, StatusCode::OK);
    let ended = parvis
        .post_as(&ada, "/me/sessions", &[("session", &session.to_string())])
        .await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_eq!(
        parvis.get_as(&ada, "/me").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_form_from_elsewhere_or_without_its_token_is_refused() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let eve = parvis.sign_in("Eve", &[(Role::InstitutionAdministrator, None)]);
    let other_port = parvis.address.replace(":21443", ":21444");
    let (own, foreign) = (ada.token(), eve.token());
    let cases: [(&str, Option<&str>, Option<&str>, StatusCode); 9] = [
        (&own, Some(&parvis.address), None, StatusCode::SEE_OTHER),
        (&own, None, Some("same-origin"), StatusCode::SEE_OTHER),
        (&own, None, None, StatusCode::SEE_OTHER),
        (&own, Some(&other_port), None, StatusCode::FORBIDDEN),
        (&own, Some("null"), None, StatusCode::FORBIDDEN),
        (&own, None, Some("cross-site"), StatusCode::FORBIDDEN),
        (&own, None, Some("same-site"), StatusCode::FORBIDDEN),
        ("", Some(&parvis.address), None, StatusCode::FORBIDDEN),
        (&foreign, Some(&parvis.address), None, StatusCode::FORBIDDEN),
    ];
    for (number, (token, origin, site, expected)) in cases.into_iter().enumerate() {
        let name = format!("Person {number}");
        let mut request = parvis
            .client
            .post(format!("{}/admin/people", parvis.address))
            .header("cookie", ada.cookie())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&[("token", token), ("name", &name)]));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let answer = parvis.send(request).await;
        assert_eq!(answer.status, expected, "{number}: {}", answer.text);
        let added = parvis.number(&format!(
            "SELECT count(*) FROM people WHERE name = '{name}'"
        ));
        assert_eq!(added == 1, expected == StatusCode::SEE_OTHER, "{number}");
    }
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for_and_a_cookie_adds_nothing_to_it() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let token = parvis.api_token(&ada, &[Act::ReadAudit]).await;
    let ask = async |path: &str, token: &str, with_cookie: bool| {
        let mut request = parvis
            .client
            .get(format!("{}{path}", parvis.address))
            .bearer_auth(token);
        if with_cookie {
            request = request.header("cookie", ada.cookie());
        }
        parvis.send(request).await.status
    };
    assert_eq!(ask("/admin/audit.csv", &token, false).await, StatusCode::OK);
    assert_eq!(
        ask("/admin/people", &token, false).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        ask("/admin/people", &token, true).await,
        StatusCode::FORBIDDEN
    );
    assert_ne!(
        ask("/admin/audit.csv", "parvis_wrong", true).await,
        StatusCode::OK
    );
    // It can not make another, nor take itself for a browser.
    let request = parvis
        .client
        .post(format!("{}/me/tokens", parvis.address))
        .bearer_auth(&token)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&[
            ("name", "more"),
            ("days", "1"),
            ("scope", "read-audit"),
        ]));
    assert_eq!(parvis.send(request).await.status, StatusCode::FORBIDDEN);

    assert!(parvis.get_as(&ada, "/me").await.text.contains("a program"));
    let id = parvis.number("SELECT id FROM api_tokens");
    parvis
        .post_as(&ada, "/me/tokens", &[("revoke", &id.to_string())])
        .await;
    assert_ne!(ask("/admin/audit.csv", &token, false).await, StatusCode::OK);
    let second = parvis.api_token(&ada, &[Act::ReadAudit]).await;
    parvis
        .execute("UPDATE api_tokens SET until = now() - interval '1 second'")
        .unwrap();
    assert_ne!(
        ask("/admin/audit.csv", &second, false).await,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_token_reaches_no_further_than_its_person() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Execution, Some("library"))]);
    let refused = parvis
        .post_as(
            &ada,
            "/me/tokens",
            &[("name", "more"), ("days", "1"), ("scope", "manage-people")],
        )
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for (name, days, scope) in [
        ("", "1", "recount"),
        ("x", "401", "recount"),
        ("x", "0", "recount"),
        ("x", "1", "fly"),
    ] {
        let fields = [("name", name), ("days", days), ("scope", scope)];
        let refused = parvis.post_as(&ada, "/me/tokens", &fields).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{fields:?}"
        );
    }
    assert_eq!(parvis.number("SELECT count(*) FROM api_tokens"), 0);
}

#[tokio::test]
async fn the_database_holds_no_secret_of_a_session_or_token() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let token = parvis.api_token(&ada, &[Act::ReadAudit]).await;
    let everything = parvis.everything_stored();
    for secret in [&ada.secret, &token, &ada.token()] {
        assert!(!everything.contains(secret.as_str()));
    }
    assert!(everything.contains(&TestParvis::digest_of(&ada.secret)));
    assert!(!parvis.log().contains(&ada.secret) && !parvis.log().contains(&token));
}

#[tokio::test]
async fn while_the_database_is_away_nobody_is_taken_for_nobody() {
    let server = std::sync::Arc::new(Server::start());
    let database = server.database();
    let mut parvis = TestParvis::prepare(std::sync::Arc::clone(&server), database, "");
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let ada = parvis.sign_in("Ada", &[(Role::Execution, None)]);
    assert_eq!(parvis.get_as(&ada, "/admin").await.status, StatusCode::OK);
    server.cluster.stop().unwrap();
    let answer = parvis.get_as(&ada, "/admin").await;
    assert_eq!(
        answer.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        answer.text
    );
    let form = parvis.post_as(&ada, "/sign-out", &[]).await;
    assert_eq!(form.status, StatusCode::SERVICE_UNAVAILABLE);
    server.cluster.start().unwrap();
}

#[tokio::test]
async fn a_program_is_told_what_it_may_do() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Execution, Some("library"))]);
    let token = parvis.api_token(&ada, &[Act::Recount]).await;
    let request = parvis
        .client
        .get(format!("{}/api/v1/me", parvis.address))
        .bearer_auth(token);
    let me = parvis.send(request).await.json();
    assert_eq!(me["sites"][0]["may"], serde_json::json!(["recount"]));
    assert_eq!(me["institution"], serde_json::json!([]));
    let me = parvis.get_as(&ada, "/api/v1/me").await.json();
    assert_eq!(me["sites"][0]["slug"], "library");
    assert!(me["sites"][0]["may"].as_array().unwrap().len() > 3, "{me}");
}
