//! What the certification does not ask, and what goes wrong in daily life: two tabs, the back button, lost cookies, other
//! browsers, stolen answers, and addresses that lead elsewhere.

use crate::browser::{Browser, Hands};
use crate::world::World;

#[tokio::test]
async fn the_request_has_everything_that_protects_it() {
    let world = World::shared().await;
    let browser = Browser::new();
    let page = browser.get(&world.at("/sign-in/campus")).await;
    let address: reqwest::Url = page.header("location").parse().unwrap();
    let of = |name: &str| {
        address
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(of("response_type").as_deref(), Some("code"));
    assert_eq!(of("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(
        of("scope").as_deref(),
        Some("openid profile email eduperson")
    );
    assert_eq!(
        of("redirect_uri"),
        Some(world.at("/sign-in/campus/callback"))
    );
    for name in ["state", "nonce", "code_challenge"] {
        assert!(of(name).unwrap().len() >= 22, "{name}");
    }
    let cookie = page.header("set-cookie");
    for part in [
        "__Host-attempt=",
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // Neither is ever the same again.
    let again: reqwest::Url = browser
        .get(&world.at("/sign-in/campus"))
        .await
        .header("location")
        .parse()
        .unwrap();
    let pairs = |url: &reqwest::Url| {
        url.query_pairs()
            .filter(|(key, _)| ["state", "nonce", "code_challenge"].contains(&key.as_ref()))
            .map(|(_, value)| value.into_owned())
            .collect::<Vec<_>>()
    };
    assert!(
        pairs(&address)
            .iter()
            .all(|value| !pairs(&again).contains(value))
    );
}

#[tokio::test]
async fn a_session_is_new_after_a_sign_in_whatever_was_planted() {
    let world = World::shared().await;
    let browser = Browser::new();
    browser.plant(&world.parvis.address, "__Host-session", "planted");
    world.sign_in(&browser, "bob+planted").await;
    let first = browser
        .cookie(&world.parvis.address, "__Host-session")
        .unwrap();
    assert_ne!(first, "planted");
    world.sign_in(&browser, "bob+planted").await;
    let page = browser.get(&world.at("/sign-in/campus")).await;
    assert_eq!(page.status, 303);
    let thief = Browser::new();
    thief.plant(&world.parvis.address, "__Host-session", "planted");
    assert!(!world.is_signed_in(&thief).await);
}

#[tokio::test]
async fn two_tabs_sign_in_side_by_side() {
    let world = World::shared().await;
    let browser = Browser::new();
    let start = world.at("/sign-in/campus?return=/me");
    let one = browser
        .travel_to_answer(&start, Hands::of("bob+tabs"))
        .await;
    let other = browser
        .travel_to_answer(&start, Hands::of("bob+tabs"))
        .await;
    for answer in [other, one] {
        let page = browser.get(answer.as_str()).await;
        assert_eq!(
            (page.status.as_u16(), page.header("location")),
            (303, "/me"),
            "{}",
            page.text
        );
    }
    assert!(world.is_signed_in(&browser).await);
}

#[tokio::test]
async fn two_first_sign_ins_at_once_make_one_person() {
    let world = World::shared().await;
    let start = world.at("/sign-in/campus?return=/me");
    let browsers = [Browser::new(), Browser::new(), Browser::new()];
    let mut answers = Vec::new();
    for browser in &browsers {
        answers.push(
            browser
                .travel_to_answer(&start, Hands::of("bob+at-once"))
                .await,
        );
    }
    let pages = futures_util::future::join_all(
        browsers
            .iter()
            .zip(&answers)
            .map(|(browser, answer)| browser.get(answer.as_str())),
    );
    for page in pages.await {
        assert_eq!(page.status, 303, "{}", page.text);
    }
    let people = "SELECT count(DISTINCT person_id) FROM sessions WHERE subject = 'bob+at-once'";
    assert_eq!(world.parvis.number(people), 1);
}

#[tokio::test]
async fn the_same_answer_twice_goes_home_and_never_signs_in_again() {
    let world = World::shared().await;
    let browser = Browser::new();
    let start = world.at("/sign-in/campus");
    let answer = browser
        .travel_to_answer(&start, Hands::of("bob+twice"))
        .await;
    browser.get(answer.as_str()).await;
    let again = browser.get(answer.as_str()).await;
    assert_eq!(
        (again.status.as_u16(), again.header("location")),
        (303, "/admin")
    );
    assert_eq!(again.header("set-cookie"), "");
    // Neither does it for whoever finds it in a history.
    let other = Browser::new().get(answer.as_str()).await;
    assert_eq!(
        (other.status.as_u16(), other.header("location")),
        (303, "/")
    );
    assert_eq!(other.header("set-cookie"), "");
}

#[tokio::test]
async fn an_answer_in_another_browser_signs_nobody_in() {
    let world = World::shared().await;
    let (attacker, victim) = (Browser::new(), Browser::new());
    let start = world.at("/sign-in/campus");
    // The attacker signs in, keeps the answer back, and has the victim's browser open it.
    let answer = attacker
        .travel_to_answer(&start, Hands::of("eve+trap"))
        .await;
    victim.get(&start).await;
    let page = victim.get(answer.as_str()).await;
    assert!(page.is_refused_with("SSO-BROWSER"), "{}", page.text);
    assert!(!world.is_signed_in(&victim).await);
    // And it is spent.
    let page = attacker.get(answer.as_str()).await;
    assert!(page.is_refused_with("SSO-STATE"), "{}", page.text);
}

#[tokio::test]
async fn a_lost_cookie_is_told_as_what_it_is() {
    let world = World::shared().await;
    let browser = Browser::new();
    let answer = browser
        .travel_to_answer(&world.at("/sign-in/campus"), Hands::of("bob"))
        .await;
    browser.forget(&world.parvis.address);
    let page = browser.get(answer.as_str()).await;
    assert!(page.is_refused_with("SSO-BROWSER"), "{}", page.text);
}

#[tokio::test]
async fn a_code_of_somebody_elses_sign_in_is_worth_nothing() {
    let world = World::shared().await;
    let (thief, owner) = (Browser::new(), Browser::new());
    let start = world.at("/sign-in/campus");
    let of_owner = owner
        .travel_to_answer(&start, Hands::of("ada+robbed"))
        .await;
    let of_thief = thief.travel_to_answer(&start, Hands::of("eve+robs")).await;
    let code = of_owner
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let mut mixed = of_thief.clone();
    let rest: Vec<(String, String)> = of_thief
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| name != "code")
        .collect();
    mixed
        .query_pairs_mut()
        .clear()
        .extend_pairs(rest)
        .append_pair("code", &code);
    let page = thief.get(mixed.as_str()).await;
    assert!(page.is_refused_with("SSO-EXCHANGE"), "{}", page.text);
}

#[tokio::test]
async fn an_answer_at_the_door_of_another_issuer_is_refused() {
    let world = World::shared().await;
    world.new_issuer("door", "").await;
    let browser = Browser::new();
    let answer = browser
        .travel_to_answer(&world.at("/sign-in/campus"), Hands::of("bob"))
        .await;
    let mixed = answer
        .as_str()
        .replace("/sign-in/campus/", "/sign-in/door/");
    let page = browser.get(&mixed).await;
    assert!(page.is_refused_with("SSO-RESPONSE-ISSUER"), "{}", page.text);
}

#[tokio::test]
async fn nobody_is_led_elsewhere_after_a_sign_in() {
    let world = World::shared().await;
    for wish in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "%09/evil.example",
        "/%5Cevil.example",
        "javascript:alert(1)",
    ] {
        let browser = Browser::new();
        let start = world.at(&format!("/sign-in/campus?return={wish}"));
        let answer = browser.travel_to_answer(&start, Hands::of("bob")).await;
        let page = browser.get(answer.as_str()).await;
        assert_eq!(
            (page.status.as_u16(), page.header("location")),
            (303, "/admin"),
            "{wish}"
        );
    }
}

#[tokio::test]
async fn what_the_provider_says_went_wrong_is_shown_as_a_code_and_told_to_administrators() {
    let world = World::shared().await;
    let browser = Browser::new();
    let start = browser.get(&world.at("/sign-in/campus")).await;
    let asked: reqwest::Url = start.header("location").parse().unwrap();
    let state = asked
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let mut answer: reqwest::Url = world.at("/sign-in/campus/callback").parse().unwrap();
    answer
        .query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_description", "<b>not today</b>")
        .append_pair("state", &state)
        .append_pair("iss", &world.issuer);
    let page = browser.get(answer.as_str()).await;
    assert!(page.is_refused_with("SSO-DENIED"), "{}", page.text);
    assert!(!page.text.contains("not today"));
    let admin = Browser::new();
    world.sign_in(&admin, "ada+diagnosis").await;
    let shown = admin.get(&world.at("/admin/issuers/campus")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(!shown.text.contains("<b>not today</b>"));
    for told in [
        world.at("/sign-in/campus/callback"),
        world.at("/sign-in/campus/back-channel"),
        world.at("/signed-out"),
    ] {
        assert!(shown.text.contains(&told), "{told}");
    }
}

#[tokio::test]
async fn no_secret_and_no_token_lies_in_the_database_or_the_log_in_clear() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+clear").await;
    browser.get(&world.at("/sign-in/campus")).await;
    let session = browser
        .cookie(&world.parvis.address, "__Host-session")
        .unwrap();
    let attempt = browser
        .cookie(&world.parvis.address, "__Host-attempt")
        .unwrap();
    let (stored, log) = (world.parvis.everything_stored(), world.parvis.log());
    for secret in [
        session.as_str(),
        attempt.as_str(),
        "a secret that nobody guesses",
        "eyJhbGciOi",
    ] {
        assert!(
            !stored.contains(secret) && !log.contains(secret),
            "{secret}"
        );
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_work_is_refused_with_what_to_do() {
    let world = World::shared().await;
    let with = |issuer: &str| {
        let text = format!(
            "key = \"wrong\"\nname = \"Wrong\"\nissuer = \"{issuer}\"\nclient_id = \"parvis\"\n"
        );
        let file = world.parvis.write("wrong.toml", text);
        let output = world.parvis.command(&["issuer", "apply", &file]);
        assert!(!output.status.success(), "{issuer}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(with("http://idp.uni.example").contains("https://"));
    assert!(with("http://127.0.0.1:1").contains("https://"));
    assert!(with("https://login.microsoftonline.com/common/v2.0").contains("TENANT-ID"));
}

#[tokio::test]
async fn a_second_browser_is_new_and_the_first_is_known_again() {
    let world = World::shared().await;
    let browser = Browser::new();
    let new = "SELECT count(*) FROM audit_records r JOIN identities i USING (person_id) \
        WHERE i.subject = 'bob+browsers' AND r.act = 'sign-in' AND (r.after->>'new_device')::boolean";
    world.sign_in(&browser, "bob+browsers").await;
    assert_eq!(world.parvis.number(new), 1);
    let name = browser
        .cookie(&world.parvis.address, "__Host-device")
        .unwrap();
    world.sign_in(&browser, "bob+browsers").await;
    assert_eq!(world.parvis.number(new), 1);
    let again = browser.cookie(&world.parvis.address, "__Host-device");
    assert_eq!(again.unwrap(), name);
    world.sign_in(&Browser::new(), "bob+browsers").await;
    assert_eq!(world.parvis.number(new), 2);
}
