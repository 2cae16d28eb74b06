//! Back-channel logout: what a provider tells ends sessions at once, and nothing else does.

use crate::browser::{Browser, Hands, Page};
use crate::world::World;

/// A logout token of the provider, with a fault.
async fn token(world: &World, query: &str) -> String {
    let page = Browser::new()
        .get(&format!("{}/logout-token?{query}", world.issuer))
        .await;
    page.text
}

/// Tells Parvis something.
async fn tell(world: &World, token: &str) -> Page {
    let fields = [("logout_token".to_owned(), token.to_owned())];
    let address = world.at("/sign-in/campus/back-channel");
    Browser::new().post(&address, &fields).await
}

/// The provider's name of the session of an account.
fn sid(world: &World, subject: &str) -> String {
    crate::harness::text(
        &mut world.parvis.connection(),
        &format!("SELECT sid FROM sessions WHERE subject = '{subject}' ORDER BY id DESC LIMIT 1"),
    )
}

/// A token with a fault is refused, and the session goes on.
async fn is_refused(fault: &str) {
    let world = World::shared().await;
    let browser = Browser::new();
    let subject = format!("bob+back-{fault}");
    world.sign_in(&browser, &subject).await;
    let token = token(
        &world,
        &format!("case={fault}&sub={subject}&sid={}", sid(&world, &subject)).replace('+', "%2B"),
    )
    .await;
    let page = tell(&world, &token).await;
    assert_eq!(page.status, 400, "{fault}: {}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(
        page.text.contains("invalid_request"),
        "{fault}: {}",
        page.text
    );
    assert!(world.is_signed_in(&browser).await, "{fault}");
}

macro_rules! refusals {
    ($($name:ident: $fault:literal;)*) => {
        $(#[tokio::test]
        async fn $name() {
            is_refused($fault).await;
        })*
    };
}

refusals! {
    oidcc_client_test_rp_backchannel_rpinitlogout_alg_none: "alg-none";
    oidcc_client_test_rp_backchannel_rpinitlogout_no_event: "no-event";
    oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce: "with-nonce";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg: "wrong-alg";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud: "wrong-aud";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event: "wrong-event";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss: "wrong-iss";
    a_logout_token_of_a_stranger: "stranger";
    an_old_logout_token_that_does_not_expire: "old-without-exp";
    a_logout_token_without_a_name: "no-jti";
    a_logout_token_of_another_type: "like-an-id-token";
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout() {
    let world = World::shared().await;
    let (here, elsewhere) = (Browser::new(), Browser::new());
    world.sign_in(&here, "bob+back-all").await;
    // A copy of the cookie, as a thief would have it.
    let session = here
        .cookie(&world.parvis.address, "__Host-session")
        .unwrap();
    elsewhere.plant(&world.parvis.address, "__Host-session", &session);
    assert!(world.is_signed_in(&elsewhere).await);
    // Signing out at the provider itself: it tells Parvis.
    let page = here.get(&format!("{}/session/end", world.issuer)).await;
    here.fill_in(&page, Hands::of("bob")).await;
    world
        .parvis
        .wait_until("the session has ended", || {
            world.parvis.number(
                "SELECT count(*) FROM sessions WHERE subject = 'bob+back-all' AND ended_at IS NULL",
            ) == 0
        })
        .await;
    assert!(!world.is_signed_in(&here).await && !world.is_signed_in(&elsewhere).await);
    assert_eq!(world.told(&world.issuer).await["backChannel"], "success");
}

#[tokio::test]
async fn a_session_alone_ends_that_session_alone() {
    let world = World::shared().await;
    let (one, other) = (Browser::new(), Browser::new());
    world.sign_in(&one, "bob+back-sid").await;
    let first = sid(&world, "bob+back-sid");
    world.sign_in(&other, "bob+back-sid").await;
    assert_ne!(first, sid(&world, "bob+back-sid"));
    let page = tell(&world, &token(&world, &format!("sid={first}")).await).await;
    assert_eq!(
        (page.status.as_u16(), page.header("cache-control")),
        (200, "no-store"),
        "{}",
        page.text
    );
    assert!(!world.is_signed_in(&one).await);
    assert!(world.is_signed_in(&other).await);
}

#[tokio::test]
async fn an_account_alone_ends_all_its_sessions_and_nobody_elses() {
    let world = World::shared().await;
    let (one, other, somebody) = (Browser::new(), Browser::new(), Browser::new());
    world.sign_in(&one, "bob+back-sub").await;
    world.sign_in(&other, "bob+back-sub").await;
    world.sign_in(&somebody, "bob+back-not").await;
    let page = tell(
        &world,
        &token(&world, "sub=bob%2Bback-sub&case=no-exp").await,
    )
    .await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(!world.is_signed_in(&one).await && !world.is_signed_in(&other).await);
    assert!(world.is_signed_in(&somebody).await);
}

#[tokio::test]
async fn an_unknown_session_is_no_error_and_a_token_counts_once() {
    let world = World::shared().await;
    let token = token(&world, "sid=nobody-knows").await;
    assert_eq!(tell(&world, &token).await.status, 200);
    assert_eq!(tell(&world, &token).await.status, 400);
    assert_eq!(tell(&world, "").await.status, 400);
    assert_eq!(tell(&world, "a.b.c").await.status, 400);
    let unknown = world.at("/sign-in/nobody/back-channel");
    assert_eq!(
        Browser::new()
            .post(&unknown, &[("logout_token".to_owned(), "a.b.c".to_owned())])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_id_token_is_no_logout_token() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+back-id-token").await;
    let page = browser.get(&world.at("/me")).await;
    let left = browser
        .post(
            &world.at("/sign-out"),
            &[("token".to_owned(), page.token())],
        )
        .await;
    let at = left
        .text
        .find("id_token_hint=")
        .expect("a way to the provider");
    let id_token = left.text[at + "id_token_hint=".len()..]
        .split(['&', '"'])
        .next()
        .unwrap();
    assert_eq!(id_token.split('.').count(), 3);
    assert_eq!(tell(&world, id_token).await.status, 400);
}
