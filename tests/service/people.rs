//! People, roles and the audit of what happens to them.

use parvis::appliance::cluster::SERVICE_ROLE;
use parvis::domain::role::Role;
use reqwest::StatusCode;

use crate::harness::{LIBRARY, TestParvis};

#[tokio::test]
async fn an_administrator_gives_and_takes_roles_and_all_of_it_is_on_record() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let bob = parvis.sign_in("Bob", &[]);
    let page = format!("/admin/people/{}", bob.person);
    assert!(
        parvis
            .get_as(&bob, "/admin")
            .await
            .text
            .contains("personne ne lui a donné de rôle")
    );

    let give = [("do", "give"), ("role", "reporting"), ("site", "library")];
    let given = parvis.post_as(&ada, &page, &give).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.text);
    assert_eq!(
        parvis.post_as(&ada, &page, &give).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let shown = parvis.get_as(&ada, &page).await.text;
    assert!(shown.contains("Rapports · Bibliothèque"), "{shown}");
    assert!(
        parvis
            .get_as(&bob, "/admin")
            .await
            .text
            .contains("lire les statistiques")
    );

    let take = [("do", "take"), ("role", "reporting"), ("site", "library")];
    assert_eq!(
        parvis.post_as(&ada, &page, &take).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        parvis.post_as(&ada, &page, &take).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );

    let audit = parvis.get_as(&ada, "/admin/audit.csv").await;
    assert_eq!(audit.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = audit.text.lines().collect();
    assert!(
        lines[1].contains("take-role") && lines[1].contains("Ada") && lines[1].contains("library")
    );
    assert!(lines[2].contains("grant-role") && lines[2].contains("\"\"role\"\":\"\"reporting\"\""));
    let only = parvis.get_as(&ada, "/admin/audit?q=take-role").await.text;
    assert!(only.contains("take-role") && !only.contains("grant-role"));
    assert!(parvis.run(&["audit", "verify"]).contains("none altered"));
}

#[tokio::test]
async fn the_last_administrator_is_never_locked_out() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let page = format!("/admin/people/{}", ada.person);
    let take = [("do", "take"), ("role", "institution-administrator")];
    assert_eq!(
        parvis.post_as(&ada, &page, &take).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let deactivate = [("do", "deactivate"), ("sure", "yes")];
    assert_eq!(
        parvis.post_as(&ada, &page, &deactivate).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );

    let bob = parvis.sign_in("Bob", &[(Role::InstitutionAdministrator, None)]);
    assert_eq!(
        parvis.post_as(&bob, &page, &deactivate).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        parvis.get_as(&ada, "/admin").await.status,
        StatusCode::SEE_OTHER
    );
    // Whoever is deactivated does not count.
    let own = format!("/admin/people/{}", bob.person);
    assert_eq!(
        parvis.post_as(&bob, &own, &take).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        parvis
            .post_as(&bob, &page, &[("do", "reactivate")])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        parvis.post_as(&bob, &own, &take).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_role_of_the_institution_is_for_no_site_and_a_role_must_be_one() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let bob = parvis.sign_in("Bob", &[]);
    let page = format!("/admin/people/{}", bob.person);
    for (role, site, expected) in [
        ("root", "library", StatusCode::UNPROCESSABLE_ENTITY),
        ("reporting", "nowhere", StatusCode::NOT_FOUND),
        ("security-officer", "library", StatusCode::SEE_OTHER),
    ] {
        let fields = [("do", "give"), ("role", role), ("site", site)];
        assert_eq!(
            parvis.post_as(&ada, &page, &fields).await.status,
            expected,
            "{role} {site}"
        );
    }
    assert_eq!(
        parvis.number(
            "SELECT count(*) FROM grants WHERE role = 'security-officer' AND site_id IS NULL"
        ),
        1
    );
}

#[tokio::test]
async fn the_administration_of_a_site_gives_roles_there_and_nowhere_else() {
    let campus = format!(
        "{LIBRARY}\n[[site]]\nslug = \"canteen\"\nname = \"Canteen\"\nkind = \"canteen\"\n"
    );
    let parvis = TestParvis::start(&campus).await;
    let ada = parvis.sign_in("Ada", &[(Role::Administration, Some("library"))]);
    let bob = parvis.sign_in("Bob", &[]);
    let give = async |role: &str, site: &str| {
        let fields = [("who", "bob@uni.example"), ("role", role), ("site", site)];
        parvis.post_as(&ada, "/admin/people", &fields).await.status
    };
    assert_eq!(give("execution", "library").await, StatusCode::SEE_OTHER);
    assert_eq!(give("execution", "canteen").await, StatusCode::FORBIDDEN);
    assert_eq!(give("execution", "").await, StatusCode::FORBIDDEN);
    assert_eq!(
        give("institution-administrator", "library").await,
        StatusCode::FORBIDDEN
    );
    let fields = [
        ("who", "nobody@uni.example"),
        ("role", "execution"),
        ("site", "canteen"),
    ];
    assert_eq!(
        parvis.post_as(&ada, "/admin/people", &fields).await.status,
        StatusCode::FORBIDDEN,
        "who may not give roles learns of nobody"
    );
    let list = parvis.get_as(&ada, "/admin/people?site=library").await.text;
    assert!(list.contains("Bob") && list.contains("Ada"), "{list}");
    assert_eq!(
        parvis
            .get_as(&ada, "/admin/people?site=canteen")
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        parvis.get_as(&ada, "/admin/people").await.status,
        StatusCode::FORBIDDEN
    );
    let page = format!("/admin/people/{}", bob.person);
    let take = [
        ("do", "take"),
        ("role", "execution"),
        ("site", "library"),
        ("list", "library"),
    ];
    let taken = parvis.post_as(&ada, &page, &take).await;
    assert_eq!(taken.header("location"), "/admin/people?site=library");
    // Twice is told, though the page of the person is not hers to see.
    let again = parvis.post_as(&ada, &page, &take).await;
    assert_eq!(
        again.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        again.text
    );
    assert!(again.text.contains("wrong-list") && again.text.contains("Ada"));
}

#[tokio::test]
async fn who_looks_as_somebody_else_sees_what_they_see_and_changes_nothing() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let bob = parvis.sign_in("Bob", &[(Role::Reporting, Some("library"))]);
    let person = bob.person.to_string();
    let looking = parvis
        .post_as(&ada, "/admin/see-as", &[("person", &person)])
        .await;
    assert_eq!(looking.status, StatusCode::SEE_OTHER, "{}", looking.text);
    let home = parvis.get_as(&ada, "/admin").await.text;
    assert!(
        home.contains("ne pouvez rien modifier") && !home.contains("/admin/audit"),
        "{home}"
    );
    assert_eq!(
        parvis.get_as(&ada, "/admin/people").await.status,
        StatusCode::FORBIDDEN
    );
    let add = parvis
        .post_as(&ada, "/admin/people", &[("name", "Eve")])
        .await;
    assert_eq!(add.status, StatusCode::FORBIDDEN);
    parvis.post_as(&ada, "/admin/see-as", &[]).await;
    assert_eq!(
        parvis.get_as(&ada, "/admin/people").await.status,
        StatusCode::OK
    );
    assert_eq!(
        parvis
            .post_as(&bob, "/admin/see-as", &[("person", "1")])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_password_alone_opens_nothing_that_reaches_far() {
    let parvis = TestParvis::start(LIBRARY).await;
    let roles = [(Role::InstitutionAdministrator, None)];
    let weak = parvis.sign_in_by("Ada", &roles, "password", false);
    let refused = parvis.get_as(&weak, "/admin/people").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("second facteur"), "{}", refused.text);
    assert!(
        parvis
            .get_as(&weak, "/admin")
            .await
            .text
            .contains("clé d’accès")
    );
}

#[tokio::test]
async fn a_record_that_is_altered_or_taken_away_is_found() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    for name in ["B", "C", "D", "E"] {
        parvis
            .post_as(&ada, "/admin/people", &[("name", name)])
            .await;
    }
    let records = parvis.number("SELECT count(*) FROM audit_records");
    assert!(records >= 4);
    let verify = || {
        let output = parvis.command(&["audit", "verify"]);
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert!(verify().0);
    let forbidden = parvis
        .execute("UPDATE audit_records SET actor = 'Eve'")
        .unwrap_err();
    assert!(
        forbidden.to_string().contains("appended, never altered"),
        "{forbidden}"
    );
    assert!(parvis.execute("DELETE FROM audit_records").is_err());
    assert!(parvis.execute("TRUNCATE audit_records").is_err());

    // Whoever owns the machine gets past the triggers; the chain tells.
    let behind = |statement: &str| {
        parvis
            .execute(&format!(
                "BEGIN; ALTER TABLE audit_records DISABLE TRIGGER ALL; {statement}; \
                 ALTER TABLE audit_records ENABLE TRIGGER ALL; COMMIT"
            ))
            .unwrap();
    };
    behind("UPDATE audit_records SET actor = actor || '!' WHERE position = 2");
    let (holds, told) = verify();
    assert!(!holds && told.contains("record 2 was altered"), "{told}");
    behind("UPDATE audit_records SET actor = left(actor, -1) WHERE position = 2");
    assert!(verify().0);
    behind(&format!(
        "DELETE FROM audit_records WHERE position = {records}"
    ));
    let (holds, told) = verify();
    assert!(!holds && told.contains("at the end"), "{told}");
    behind("DELETE FROM audit_records WHERE position = 2");
    let (holds, told) = verify();
    assert!(!holds && told.contains("before 3"), "{told}");
}

#[tokio::test]
async fn the_role_of_the_service_adds_to_the_audit_and_alters_neither_it_nor_the_schema() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    parvis
        .post_as(&ada, "/admin/people", &[("name", "B")])
        .await;
    let tried = |statement: &str| {
        let as_service = format!("SET ROLE {SERVICE_ROLE}; {statement}");
        parvis
            .execute(&as_service)
            .map_err(|error| error.to_string())
    };
    tried("SELECT count(*) FROM audit_records").unwrap();
    for statement in [
        "UPDATE audit_records SET actor = 'Eve'",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records",
        "DELETE FROM audit_heads",
        "ALTER TABLE audit_records DISABLE TRIGGER ALL",
        "ALTER TABLE people ADD COLUMN password text",
        "DROP TABLE sessions",
        "DELETE FROM __diesel_schema_migrations",
    ] {
        let refused = tried(statement).expect_err(statement);
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{statement}: {refused}"
        );
    }
}

#[tokio::test]
async fn details_that_are_refused_stay_in_the_form() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let bob = parvis.sign_in("Bob", &[]);
    let eve = parvis.sign_in("Eve", &[]);
    let details = |name, login| [("do", "change"), ("name", name), ("login", login)];
    let page = format!("/admin/people/{}", bob.person);
    let done = parvis.post_as(&ada, &page, &details("Bob", "bob")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let page = format!("/admin/people/{}", eve.person);
    let refused = parvis.post_as(&ada, &page, &details("Eva", "bob")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in [
        "<h1>Eve</h1>",
        "id=\"name\" name=\"name\" value=\"Eva\"",
        "id=\"login\" name=\"login\" value=\"bob\" aria-invalid=\"true\"",
        "href=\"#login\"",
        "id=\"login-wrong\"",
    ] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    // What is not known of her is not known because it was entered.
    assert!(!parvis.get_as(&ada, &page).await.text.contains("Eva"));
}

#[tokio::test]
async fn what_takes_away_is_done_only_when_meant_and_never_to_oneself() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    parvis.sign_in("Spare", &[(Role::InstitutionAdministrator, None)]);
    let bob = parvis.sign_in("Bob", &[]);
    parvis
        .execute(
            "INSERT INTO issuers (key, configuration) VALUES \
             ('campus', '{\"name\": \"Campus\", \"issuer\": \"https://idp.example\", \"client_id\": \"parvis\"}')",
        )
        .unwrap();
    let page = format!("/admin/people/{}", bob.person);
    let account = format!("{page}/account");
    for (path, act) in [
        (page.as_str(), "deactivate"),
        (&page, "unlink"),
        (&account, "reset-second-factor"),
        ("/admin/issuers/campus", "retire"),
    ] {
        let refused = parvis.post_as(&ada, path, &[("do", act)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}");
    }
    assert_eq!(parvis.get_as(&bob, "/me").await.status, StatusCode::OK);
    let own = format!("/admin/people/{}", ada.person);
    let deactivate = [("do", "deactivate"), ("sure", "yes")];
    let refused = parvis.post_as(&ada, &own, &deactivate).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.text
    );
    let shown = parvis.get_as(&ada, &own).await.text;
    assert!(!shown.contains("value=\"deactivate\""), "{shown}");
    let shown = parvis.get_as(&ada, &page).await.text;
    assert!(shown.contains("name=\"sure\""), "{shown}");
    let done = parvis.post_as(&ada, &page, &deactivate).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_ne!(parvis.get_as(&bob, "/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_is_called_like_somebody_else_is_told_from_them() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    parvis
        .execute(
            "WITH other AS (INSERT INTO people (name, created_at) VALUES ('Ada', now()) RETURNING id) \
             INSERT INTO identities (person_id, issuer, subject, linked_at) \
             SELECT id, 'https://idp.other.example', 'a-stranger', now() FROM other",
        )
        .unwrap();
    let other = parvis.number("SELECT person_id FROM identities");
    let page = format!("/admin/people/{other}");
    for path in ["/admin/people", &page] {
        let shown = parvis.get_as(&ada, path).await.text;
        let account = "https://idp.other.example · a-stranger";
        assert!(shown.contains(account), "{path}: {shown}");
        assert!(
            shown.contains(&format!("N°\u{a0}{other}")),
            "{path}: {shown}"
        );
    }
    let reactivate = [("do", "reactivate")];
    parvis.post_as(&ada, &page, &reactivate).await;
    let audit = parvis.get_as(&ada, "/admin/audit").await.text;
    assert!(
        audit.contains(&format!("Ada (person {})", ada.person)),
        "{audit}"
    );
    assert!(audit.contains(&format!("person {other} Ada")), "{audit}");
    let list = parvis.run(&["person", "list"]);
    assert!(list.contains(&format!("{other}  -  Ada")), "{list}");
    assert!(
        list.contains("https://idp.other.example  a-stranger"),
        "{list}"
    );
}
