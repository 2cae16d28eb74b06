//! What a provider's word is worth by itself: no second factor for roles that reach far, and no mail address that it did not
//! verify.

use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::browser::{Browser, Page};
use crate::world::World;

/// What stands between two texts of a page.
fn between<'p>(page: &'p Page, before: &str, after: &str) -> &'p str {
    let (_, rest) = page
        .text
        .split_once(before)
        .unwrap_or_else(|| panic!("{}", page.text));
    rest.split_once(after).unwrap().0
}

/// The code that an authenticator shows now, or some steps from now.
fn code(typed: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(typed.replace(' ', "")).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = parvis::clock::Clock::System.now().timestamp() + steps * 30;
    totp.generate(u64::try_from(now).unwrap()).to_string()
}

/// Sends a form with the token of a page of the same browser.
async fn send(world: &World, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let path = path.strip_prefix(&world.parvis.address).unwrap_or(path);
    let mut page = browser.get(&world.at("/me/security")).await;
    if !page.status.is_success() {
        page = browser.get(&world.at(path)).await;
    }
    let mut all = vec![("token".to_owned(), page.token())];
    let fields = fields.iter();
    all.extend(fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post(&world.at(path), &all).await
}

#[tokio::test]
async fn a_password_of_the_university_alone_sets_up_no_second_factor_for_roles_that_reach_far() {
    let world = World::shared().await;
    world.new_issuer("beside", "").await;
    world.change("ada+first", &json!({ "mfa": false })).await;
    let browser = Browser::new();
    let page = world.sign_in(&browser, "ada+first").await;
    assert_eq!(page.url.path(), "/me/security", "{}", page.text);
    assert!(!page.text.contains("action=\"/me/codes\""), "{}", page.text);
    for path in ["/me/codes", "/me/accounts/beside"] {
        let refused = send(&world, &browser, path, &[]).await;
        assert_eq!(refused.status, 409, "{path}: {}", refused.text);
    }
    // What is true is said once.
    let home = browser.get(&world.at("/admin")).await;
    assert!(home.text.contains("va loin"), "{}", home.text);
    assert!(!home.text.contains("donné de rôle"), "{}", home.text);

    // Who is vouched for by an invitation may.
    let person = "SELECT person_id FROM identities WHERE subject = 'ada+first'";
    let person = world.parvis.number(person).to_string();
    let link = world.parvis.run(&["person", "invite", &person]);
    let stranger = Browser::new();
    let page = stranger.get(link.trim()).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains("/sign-in?return=/invitation/"),
        "{}",
        page.text
    );
    let invited = send(&world, &browser, link.trim(), &[("signed-in", "1")]).await;
    assert_eq!(
        invited.header("location"),
        "/me/security",
        "{}",
        invited.text
    );
    let again = send(&world, &browser, link.trim(), &[("signed-in", "1")]).await;
    assert_eq!(again.status, 410, "{}", again.text);
    assert_eq!(browser.get(&world.at("/admin/issuers")).await.status, 403);
    let proposed = send(&world, &browser, "/me/codes", &[]).await;
    let typed = between(&proposed, "<p class=\"secret\">", "</p>");
    let ceremony = between(&proposed, "name=\"ceremony\" value=\"", "\"");
    let fields = [("ceremony", ceremony), ("code", &code(typed, 0))];
    let confirmed = send(&world, &browser, "/me/codes", &fields).await;
    assert_eq!(confirmed.header("location"), "/admin", "{}", confirmed.text);
    assert_eq!(browser.get(&world.at("/admin/issuers")).await.status, 200);

    // From now on the code is asked for after the provider's answer, and there is no session before.
    let next = Browser::new();
    let page = world.sign_in(&next, "ada+first").await;
    assert_eq!(page.url.path(), "/sign-in/second", "{}", page.text);
    assert!(!world.is_signed_in(&next).await);
    let fields = [("code", code(typed, 1).as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fields = [&[("token".to_owned(), page.token())], &fields[..]].concat();
    let done = next.post(&world.at("/sign-in/second"), &fields).await;
    assert_eq!(done.header("location"), "/me", "{}", done.text);
    assert_eq!(next.get(&world.at("/admin/issuers")).await.status, 200);
    // The session is still one that the provider vouched for.
    let vouched = "SELECT count(*) FROM sessions WHERE subject = 'ada+first' AND method = 'oidc+totp' AND is_strong \
        AND id_token IS NOT NULL AND ended_at IS NULL";
    assert_eq!(world.parvis.number(vouched), 1);
}

#[tokio::test]
async fn a_mail_address_that_the_provider_did_not_verify_makes_nobody_somebody_else() {
    let world = World::shared().await;
    let rule = "[[rules]]\nclaim = \"mail\"\noperator = \"equals\"\nvalue = \"mallory@uni.example\"\n\
        role = \"institution-administrator\"\n\
        [[rules]]\nclaim = \"eduperson_principal_name\"\noperator = \"present\"\nrole = \"reporting\"\n";
    let issuer = world.new_issuer("unverified", "").await;
    world.describe("unverified", &issuer, rule);
    let insert = "INSERT INTO people (name, created_at) VALUES ('Mail Expected', now())";
    world.parvis.execute(insert).unwrap();
    let person = "SELECT id FROM people WHERE name = 'Mail Expected'";
    let person = world.parvis.number(person);
    world.parvis.run(&[
        "issuer",
        "expect",
        "unverified",
        "--person",
        &person.to_string(),
        "--claim",
        "email",
        "--value",
        "mallory@uni.example",
    ]);
    let whose = || {
        world
            .parvis
            .number("SELECT person_id FROM identities WHERE subject = 'bob+mallory'")
    };
    let mail = |is_verified: bool| json!({ "email": "mallory@uni.example", "email_verified": is_verified });
    world.change("bob+mallory", &mail(false)).await;
    world
        .sign_in_with("unverified", &Browser::new(), "bob+mallory")
        .await;
    assert_ne!(whose(), person);
    assert_eq!(world.roles("bob+mallory"), ["reporting"]);
    // It is an address to write to all the same, and the administrator is told.
    let known = "SELECT count(*) FROM people p JOIN identities i ON i.person_id = p.id \
        WHERE i.subject = 'bob+mallory' AND p.email = 'mallory@uni.example'";
    assert_eq!(world.parvis.number(known), 1);
    let browser = Browser::new();
    world.sign_in(&browser, "ada+reads").await;
    let page = browser.get(&world.at("/admin/issuers/unverified")).await;
    assert!(
        page.text.contains("mallory@uni.example (écarté"),
        "{}",
        page.text
    );
    let claims = json!({ "email": "mallory@uni.example", "email_verified": false }).to_string();
    let fields = [
        ("token", page.token()),
        ("do", "try".to_owned()),
        ("claims", claims),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let tried = browser
        .post(&world.at("/admin/issuers/unverified"), &fields)
        .await;
    assert!(
        tried
            .text
            .contains("ID token email: mallory@uni.example (écarté"),
        "{}",
        tried.text
    );
    world
        .parvis
        .execute("DELETE FROM identities WHERE subject = 'bob+mallory'")
        .unwrap();
    world.change("bob+mallory", &mail(true)).await;
    world
        .sign_in_with("unverified", &Browser::new(), "bob+mallory")
        .await;
    assert_eq!(whose(), person);
    assert!(
        world
            .roles("bob+mallory")
            .contains(&"institution-administrator".to_owned())
    );
}
