//! From claims to roles: made anew at each sign-in, apart from those given by hand, and never leaving nobody to set it right.

use serde_json::json;

use crate::browser::Browser;
use crate::world::World;

#[tokio::test]
async fn rules_give_roles_and_each_sign_in_makes_them_anew() {
    let world = World::shared().await;
    world.sign_in(&Browser::new(), "bob+roles").await;
    assert_eq!(world.roles("bob+roles"), ["execution@library"]);
    world
        .change(
            "bob+roles",
            &json!({ "groups": ["parvis-admins", "guards"] }),
        )
        .await;
    world.sign_in(&Browser::new(), "bob+roles").await;
    assert_eq!(
        world.roles("bob+roles"),
        ["execution@library", "institution-administrator"]
    );
    // Out of all groups: in no longer, and with no role left that somebody could still use in an open session.
    world.change("bob+roles", &json!({ "groups": [] })).await;
    let page = world.sign_in(&Browser::new(), "bob+roles").await;
    assert!(page.is_refused_with("SSO-NO-ROLE"), "{}", page.text);
    assert!(world.roles("bob+roles").is_empty());
}

#[tokio::test]
async fn whom_no_rule_gives_anything_is_refused_and_leaves_no_trace() {
    let world = World::shared().await;
    for user in ["guest+none", "eve+other-university"] {
        let page = world.sign_in(&Browser::new(), user).await;
        assert!(page.is_refused_with("SSO-NO-ROLE"), "{user}: {}", page.text);
        let known = format!("SELECT count(*) FROM identities WHERE subject = '{user}'");
        assert_eq!(world.parvis.number(&known), 0, "{user}");
    }
    let refused = "SELECT count(*) FROM audit_records WHERE act = 'sign-in' AND outcome = 'refused: SSO-NO-ROLE'";
    assert!(world.parvis.number(refused) >= 2);
}

#[tokio::test]
async fn where_that_is_allowed_they_sign_in_and_may_nothing() {
    let world = World::shared().await;
    world.new_issuer("open", "no_match = \"no-role\"").await;
    let browser = Browser::new();
    let page = world.sign_in_with("open", &browser, "guest").await;
    assert_eq!(
        (page.status.as_u16(), page.url.path()),
        (200, "/me"),
        "{}",
        page.text
    );
    assert_ne!(browser.get(&world.at("/admin/people")).await.status, 200);
}

#[tokio::test]
async fn groups_that_were_left_out_are_an_error_and_take_nothing_away() {
    let world = World::shared().await;
    world.sign_in(&Browser::new(), "bob+many").await;
    world
        .change(
            "bob+many",
            &json!({ "groups": null, "_claim_names": { "groups": "src1" } }),
        )
        .await;
    let page = world.sign_in(&Browser::new(), "bob+many").await;
    assert!(page.is_refused_with("SSO-GROUPS"), "{}", page.text);
    assert_eq!(world.roles("bob+many"), ["execution@library"]);
}

#[tokio::test]
async fn roles_by_hand_stay_and_are_enough_to_sign_in() {
    let world = World::shared().await;
    world.sign_in(&Browser::new(), "bob+hand").await;
    world.parvis.execute(
        "INSERT INTO grants (person_id, role, granted_at) SELECT person_id, 'reporting', now() FROM identities WHERE subject = 'bob+hand'",
    ).unwrap();
    world.change("bob+hand", &json!({ "groups": [] })).await;
    let page = world.sign_in(&Browser::new(), "bob+hand").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(world.roles("bob+hand"), ["reporting"]);
}

#[tokio::test]
async fn a_deactivated_person_does_not_get_in() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+gone").await;
    world.parvis.execute(
        "UPDATE people SET deactivated_at = now() WHERE id = (SELECT person_id FROM identities WHERE subject = 'bob+gone')",
    ).unwrap();
    assert!(!world.is_signed_in(&browser).await);
    let page = world.sign_in(&Browser::new(), "bob+gone").await;
    assert!(page.is_refused_with("SSO-DEACTIVATED"), "{}", page.text);
}

#[tokio::test]
async fn an_expected_account_becomes_the_person_it_was_expected_for_once() {
    let world = World::shared().await;
    let issuer = world.new_issuer("expecting", "").await;
    world
        .parvis
        .execute("INSERT INTO people (name, created_at) VALUES ('Ada Expected', now())")
        .unwrap();
    let person = world
        .parvis
        .number("SELECT id FROM people WHERE name = 'Ada Expected'");
    let expect = |value: &str| {
        let (person, value) = (person.to_string(), value.to_owned());
        world.parvis.command(&[
            "issuer",
            "expect",
            "expecting",
            "--person",
            &person,
            "--value",
            &value,
        ])
    };
    assert!(!expect("ada@other.example").status.success());
    let told = String::from_utf8_lossy(&expect("ada").stderr).into_owned();
    assert!(told.contains("names no domain"), "{told}");
    let nobody = [
        "issuer",
        "expect",
        "expecting",
        "--person",
        "999999",
        "--value",
        "x",
    ];
    let nobody = world.parvis.command(&nobody);
    let told = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(told.contains("nobody has this number"), "{told}");
    assert!(expect("ada@uni.example").status.success());
    // The login of another university is another person, however alike.
    world
        .sign_in_with("expecting", &Browser::new(), "eve")
        .await;
    world
        .sign_in_with("expecting", &Browser::new(), "ada")
        .await;
    world
        .sign_in_with("expecting", &Browser::new(), "ada+later")
        .await;
    let linked = |subject: &str| {
        let query = format!(
            "SELECT person_id FROM identities WHERE subject = '{subject}' AND issuer = '{issuer}'"
        );
        world.parvis.number(&query)
    };
    assert_eq!(linked("ada"), person);
    assert_ne!(linked("ada+later"), person);
}

#[tokio::test]
async fn a_person_links_an_account_of_theirs_and_nobody_elses() {
    let world = World::shared().await;
    world.new_issuer("another", "").await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+links").await;
    let token = browser.get(&world.at("/me")).await.token();
    // Not without the proof that the form is ours.
    let refused = browser.post(&world.at("/me/accounts/another"), &[]).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let page = browser
        .post(
            &world.at("/me/accounts/another"),
            &[("token".to_owned(), token)],
        )
        .await;
    let at = page.text.find("url=").expect("a way to the provider");
    let way = page.text[at + 4..]
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    let answer = browser
        .travel_to_answer(&way, crate::browser::Hands::of("bob+second"))
        .await;
    // Only in the browser in which the person is signed in.
    let page = browser.get(answer.as_str()).await;
    assert_eq!(
        (page.status.as_u16(), page.header("location")),
        (303, "/me"),
        "{}",
        page.text
    );
    let people = "SELECT count(DISTINCT person_id) FROM identities WHERE subject IN ('bob+links', 'bob+second')";
    assert_eq!(world.parvis.number(people), 1);
    let audited = "SELECT count(*) FROM audit_records WHERE act = 'link-account' AND after->>'subject' = 'bob+second' \
        AND after->>'issuer' LIKE 'https://%'";
    assert_eq!(world.parvis.number(audited), 1);

    // Whoever signed in with it is out when it is unlinked, and is somebody else next time.
    let other = Browser::new();
    world.sign_in_with("another", &other, "bob+second").await;
    assert!(world.is_signed_in(&other).await);
    let page = browser.get(&world.at("/me")).await;
    let account = |subject: &str| {
        let query = format!("SELECT id FROM identities WHERE subject = '{subject}'");
        world.parvis.number(&query).to_string()
    };
    let unlink = |subject: &str, sure: &str| {
        [
            ("token", page.token()),
            ("account", account(subject)),
            (sure, "yes".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    };
    let accounts = world.at("/me/accounts");
    let refused = browser
        .post(&accounts, &unlink("bob+second", "unsure"))
        .await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let done = browser.post(&accounts, &unlink("bob+second", "sure")).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, "/me")
    );
    assert!(!world.is_signed_in(&other).await);
    assert!(world.is_signed_in(&browser).await);
    let audited = "SELECT count(*) FROM audit_records WHERE act = 'unlink-account' AND before->>'subject' = 'bob+second'";
    assert_eq!(world.parvis.number(audited), 1);
    // The last way in stays, unless somebody else takes it away.
    let refused = browser.post(&accounts, &unlink("bob+links", "sure")).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let person = "SELECT person_id FROM identities WHERE subject = 'bob+links'";
    let person = world.parvis.number(person).to_string();
    world
        .parvis
        .run(&["person", "unlink", &person, &account("bob+links")]);
    assert!(!world.is_signed_in(&browser).await);
    let roles = format!("SELECT count(*) FROM grants WHERE person_id = {person}");
    assert_eq!(world.parvis.number(&roles), 0);
}

#[tokio::test]
async fn a_wrong_rule_does_not_take_the_last_administrator_away() {
    let world = World::start("").await;
    world.sign_in(&Browser::new(), "ada").await;
    assert_eq!(
        world.roles("ada"),
        ["institution-administrator", "reporting"]
    );
    let wrong = "[[rules]]\nclaim = \"groups\"\noperator = \"equals\"\nvalue = \"mistyped\"\nrole = \"institution-administrator\"\n";
    world.describe("campus", &world.issuer, wrong);
    let browser = Browser::new();
    let page = world.sign_in(&browser, "ada").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(world.roles("ada"), ["institution-administrator"]);
    // With another administrator it does what it says.
    world.parvis.execute(
        "WITH one AS (INSERT INTO people (name, created_at) VALUES ('Other', now()) RETURNING id) \
         INSERT INTO grants (person_id, role, granted_at) SELECT id, 'institution-administrator', now() FROM one",
    ).unwrap();
    let page = world.sign_in(&Browser::new(), "ada").await;
    assert!(page.is_refused_with("SSO-NO-ROLE"), "{}", page.text);
    assert!(world.roles("ada").is_empty());
}

#[tokio::test]
async fn an_administrator_needs_a_second_factor_that_the_provider_tells_of() {
    let world = World::shared().await;
    let (strong, weak) = (Browser::new(), Browser::new());
    world.sign_in(&strong, "ada+strong").await;
    assert_eq!(strong.get(&world.at("/admin/issuers")).await.status, 200);
    world.change("ada+weak", &json!({ "mfa": false })).await;
    world.sign_in(&weak, "ada+weak").await;
    assert_eq!(weak.get(&world.at("/admin/issuers")).await.status, 403);
}

#[tokio::test]
async fn an_administrator_sees_what_came_and_tries_the_rules() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "ada+tries").await;
    let page = browser.get(&world.at("/admin/issuers/campus")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains("eduperson_principal_name"),
        "{}",
        page.text
    );
    let fields = |claims: &str| {
        [
            ("token", page.token()),
            ("do", "try".to_owned()),
            ("claims", claims.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    };
    let address = world.at("/admin/issuers/campus");
    let tried = browser
        .post(&address, &fields("{\"groups\": [\"porters\"]}"))
        .await;
    assert!(
        tried.text.contains("ID token groups: porters"),
        "{}",
        tried.text
    );
    let tried = browser
        .post(
            &address,
            &fields("{\"_claim_names\": {\"groups\": \"src1\"}}"),
        )
        .await;
    assert!(tried.text.contains("200 groups"), "{}", tried.text);
    let tried = browser.post(&address, &fields("groups")).await;
    assert_eq!(tried.status, 422, "{}", tried.text);
}

#[tokio::test]
async fn an_administrator_connects_a_provider_in_the_browser() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "ada+connects").await;
    let token = browser.get(&world.at("/admin/issuers/new")).await.token();
    let fields = |issuer: &str| -> Vec<(String, String)> {
        [
            ("token", token.as_str()),
            ("do", "save"),
            ("key", "by-hand"),
            ("name", "By hand"),
            ("issuer", issuer),
            ("client_id", "parvis"),
            ("secret", "a secret that nobody guesses, +%&= and all"),
            ("scopes", "openid profile eduperson"),
            ("domains", "uni.example"),
            ("no_match", "refuse"),
            ("second_factor", "claimed"),
            ("client_authentication", "announced"),
            ("sign_out", "there"),
            ("rule-claim", "groups"),
            ("rule-operator", "one-of"),
            ("rule-value", "porters\nguards"),
            ("rule-role", "execution"),
            ("rule-site", "library"),
            ("splits", "isMemberOf = ;space"),
            ("claim-groups", "groups\nisMemberOf"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    };
    let address = world.at("/admin/issuers");
    let refused = browser
        .post(&address, &fields("http://idp.uni.example"))
        .await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let saved = browser.post(&address, &fields("https://127.0.0.1:1")).await;
    assert_eq!(
        (saved.status.as_u16(), saved.header("location")),
        (303, "/admin/issuers/by-hand"),
        "{}",
        saved.text
    );
    let page = browser.get(&world.at("/admin/issuers/by-hand")).await;
    assert!(
        page.text.contains("isMemberOf = ;space") && !page.text.contains("nobody guesses"),
        "{}",
        page.text
    );
    let refused = Browser::new()
        .travel(
            &world.at("/sign-in/by-hand"),
            crate::browser::Hands::of("bob"),
        )
        .await;
    assert!(
        refused.is_refused_with("SSO-UNREACHABLE"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn a_session_whose_provider_speaks_of_somebody_else_meanwhile_ends() {
    let world = World::shared().await;
    let issuer = world.new_issuer("swapping", "rechecks = true").await;
    let browser = Browser::new();
    world
        .sign_in_with("swapping", &browser, "bob+swapped")
        .await;
    assert!(world.is_signed_in(&browser).await);
    world.set(&issuer, "token=of-somebody-else").await;
    world
        .parvis
        .execute(
            "UPDATE sessions SET checked_at = checked_at - interval '1 hour' WHERE subject = 'bob+swapped'",
        )
        .unwrap();
    let living = "SELECT count(*) FROM sessions WHERE subject IN ('bob+swapped', 'mallory') AND ended_at IS NULL";
    world
        .parvis
        .wait_until("the session has ended", || world.parvis.number(living) == 0)
        .await;
    assert!(!world.is_signed_in(&browser).await);
}

#[tokio::test]
async fn roles_follow_the_provider_during_a_session_and_whom_it_does_not_know_any_more_is_out() {
    let world = World::shared().await;
    let issuer = world.new_issuer("rechecking", "rechecks = true").await;
    let browser = Browser::new();
    world
        .sign_in_with("rechecking", &browser, "bob+recheck")
        .await;
    assert_eq!(world.roles("bob+recheck"), ["execution@library"]);
    let long_ago = || {
        world.parvis.execute(
            "UPDATE sessions SET checked_at = checked_at - interval '1 hour' WHERE subject = 'bob+recheck'",
        ).unwrap();
    };
    world
        .change("bob+recheck", &json!({ "groups": ["parvis-admins"] }))
        .await;
    long_ago();
    world
        .parvis
        .wait_until("the roles follow", || {
            world.roles("bob+recheck") == ["institution-administrator"]
        })
        .await;
    // A provider that is out of order ends nothing.
    world.set(&issuer, "token=out-of-order").await;
    long_ago();
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert!(world.is_signed_in(&browser).await);
    world.set(&issuer, "token=invalid_grant").await;
    let living = "SELECT count(*) FROM sessions WHERE subject = 'bob+recheck' AND ended_at IS NULL";
    world
        .parvis
        .wait_until("the session has ended", || world.parvis.number(living) == 0)
        .await;
    assert!(!world.is_signed_in(&browser).await);
}
