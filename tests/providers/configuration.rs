//! The Config profile of the certification: what a provider says of itself, and its keys. Each test has an issuer of its own.

use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::world::World;

/// An issuer that is faulty from the beginning, and the page that a sign-in ends on.
async fn sign_in_with(
    key: &str,
    fault: &str,
) -> (std::sync::Arc<World>, String, crate::browser::Page) {
    let world = World::shared().await;
    let issuer = world.new_issuer(key, "").await;
    world.set(&issuer, fault).await;
    let page = world.sign_in_with(key, &Browser::new(), "bob").await;
    (world, issuer, page)
}

#[tokio::test]
async fn oidcc_client_test_discovery_openid_config() {
    let (_, _, page) = sign_in_with("discovery", "iss=yes").await;
    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/me"));
}

#[tokio::test]
async fn oidcc_client_test_discovery_jwks_uri_keys() {
    let (world, issuer, _) = sign_in_with("keys", "published=first,second").await;
    // Whoever comes later asks for nothing again.
    world.sign_in_with("keys", &Browser::new(), "bob").await;
    let told = world.told(&issuer).await;
    assert_eq!((&told["discovery"], &told["jwks"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn oidcc_client_test_discovery_issuer_mismatch() {
    let (_, _, page) = sign_in_with("mismatch", "discovery=issuer-mismatch").await;
    assert!(page.is_refused_with("SSO-DISCOVERY"), "{}", page.text);
}

#[tokio::test]
async fn oidcc_client_test_signing_key_rotation() {
    let (world, issuer, page) = sign_in_with("rotation", "signing=first").await;
    assert_eq!(page.status, 200);
    world.set(&issuer, "signing=second&published=second").await;
    let page = world.sign_in_with("rotation", &Browser::new(), "bob").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(world.told(&issuer).await["jwks"], 2);
}

#[tokio::test]
async fn a_provider_may_begin_to_sign_in_another_way() {
    let first = "algorithms=RS256&signing=first&published=first";
    let (world, issuer, page) = sign_in_with("another-way", first).await;
    assert_eq!(page.status, 200, "{}", page.text);
    world
        .set(&issuer, "algorithms=ES256&signing=curve&published=curve")
        .await;
    let page = world
        .sign_in_with("another-way", &Browser::new(), "bob")
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
}

#[tokio::test]
async fn a_provider_that_holds_parvis_to_a_secret_in_the_body_gets_it_there() {
    let world = World::shared().await;
    let post = "client_authentication = \"client_secret_post\"";
    world.new_issuer("secret-in-body", post).await;
    let page = world
        .sign_in_with("secret-in-body", &Browser::new(), "bob")
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
    let told = world.parvis.run(&["issuer", "check", "secret-in-body"]);
    assert!(told.contains("client_secret_post"), "{told}");
}

#[tokio::test]
async fn a_provider_that_wants_another_proof_than_a_secret_is_refused_at_once() {
    let (_, _, page) = sign_in_with("other-proof", "methods=private_key_jwt").await;
    assert!(page.is_refused_with("SSO-DISCOVERY"), "{}", page.text);
}

#[tokio::test]
async fn oidcc_client_test_signing_key_rotation_just_before_signing() {
    let world = World::shared().await;
    let issuer = world.new_issuer("just-before", "").await;
    let browser = Browser::new();
    let start = world.at("/sign-in/just-before");
    let answer = browser
        .travel_to_answer(&start, crate::browser::Hands::of("bob"))
        .await;
    world
        .set(&issuer, "signing=second&published=first,second")
        .await;
    let page = browser.get(answer.as_str()).await;
    assert_eq!(
        (page.status.as_u16(), page.header("location")),
        (303, "/admin"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn oidcc_client_test_kid_absent_multiple_jwks() {
    let world = World::shared().await;
    let issuer = world.new_issuer("several-keys", "").await;
    world.set(&issuer, "published=second,first").await;
    let page = world
        .sign_in_with("several-keys", &Browser::new(), "bob~kid-absent")
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
}

#[tokio::test]
async fn forged_keys_do_not_make_parvis_ask_again_and_again() {
    let (world, issuer, _) = sign_in_with("forged", "iss=yes").await;
    for _ in 0..3 {
        let page = world
            .sign_in_with("forged", &Browser::new(), "bob~unknown-kid")
            .await;
        assert!(page.is_refused_with("SSO-SIGNATURE"), "{}", page.text);
    }
    assert_eq!(world.told(&issuer).await["jwks"], 2);
}

#[tokio::test]
async fn a_provider_that_does_not_say_what_it_is_is_told_from_one_that_is_out_of_order() {
    for (key, fault, code) in [
        ("no-discovery", "discovery=error", "SSO-UNREACHABLE"),
        ("discovery-page", "discovery=html", "SSO-DISCOVERY"),
        ("discovery-huge", "discovery=huge", "SSO-UNREACHABLE"),
        ("discovery-elsewhere", "discovery=redirect", "SSO-DISCOVERY"),
        ("no-keys", "jwks=error", "SSO-UNREACHABLE"),
        ("keys-page", "jwks=html", "SSO-DISCOVERY"),
        ("keys-huge", "jwks=huge", "SSO-UNREACHABLE"),
    ] {
        let (_, _, page) = sign_in_with(key, fault).await;
        assert!(page.is_refused_with(code), "{fault}: {}", page.text);
        let is_passing = code == "SSO-UNREACHABLE";
        assert_eq!(page.status == 503, is_passing, "{fault}");
        assert_eq!(page.header("retry-after") == "10", is_passing, "{fault}");
    }
}

#[tokio::test]
async fn a_provider_that_comes_back_is_used_without_a_restart_and_sessions_go_on_meanwhile() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+lasting").await;
    let issuer = world.new_issuer("coming-back", "").await;
    world.set(&issuer, "discovery=error").await;
    let page = world
        .sign_in_with("coming-back", &Browser::new(), "bob")
        .await;
    assert!(page.is_refused_with("SSO-UNREACHABLE"));
    assert!(world.is_signed_in(&browser).await);
    world.set(&issuer, "discovery=").await;
    let since = Instant::now();
    loop {
        let page = world
            .sign_in_with("coming-back", &Browser::new(), "bob")
            .await;
        if page.status == 200 {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{}", page.text);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_name_itself_need_not() {
    let (_, _, page) = sign_in_with("nameless", "iss=no").await;
    assert_eq!(page.status, 200, "{}", page.text);
}

#[tokio::test]
async fn the_clock_of_a_provider_is_measured() {
    let (world, _, _) = sign_in_with("clock", "clock=42").await;
    let told = world.parvis.run(&["issuer", "check", "clock"]);
    let line = told
        .lines()
        .find(|line| line.starts_with("its clock"))
        .unwrap();
    let seconds: i64 = line.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!((40..=44).contains(&seconds), "{told}");
}

#[tokio::test]
async fn an_unknown_authority_is_named() {
    let world = World::start("").await;
    // Settings without the authority of the provider.
    let path = world.parvis.directory.join("parvis.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("ca_file"))
        .collect();
    std::fs::write(&path, without.join("\n")).unwrap();
    let output = world.parvis.command(&["issuer", "check", "campus"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("certificate"),
        "{told}"
    );
}
