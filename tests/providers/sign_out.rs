//! Signing out, begun here: here first, then at the provider, and back.

use crate::browser::{Browser, Hands, Page};
use crate::world::World;

/// Signs out and stays on the page that leads to the provider.
async fn leave(world: &World, browser: &Browser) -> Page {
    let page = browser.get(&world.at("/me")).await;
    browser
        .post(
            &world.at("/sign-out"),
            &[("token".to_owned(), page.token())],
        )
        .await
}

/// Where that page leads.
fn way(page: &Page) -> reqwest::Url {
    let at = page.text.find("url=").expect("a way to the provider");
    let address = page.text[at + "url=".len()..].split('"').next().unwrap();
    address
        .replace("&#38;", "&")
        .replace("&amp;", "&")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+out").await;
    let session = browser
        .cookie(&world.parvis.address, "__Host-session")
        .unwrap();
    let page = leave(&world, &browser).await;
    assert_eq!(page.status, 200, "{}", page.text);
    // Signed out here, whatever becomes of the rest.
    let thief = Browser::new();
    thief.plant(&world.parvis.address, "__Host-session", &session);
    assert!(!world.is_signed_in(&browser).await && !world.is_signed_in(&thief).await);
    let way = way(&page);
    let names: Vec<String> = way
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "id_token_hint",
            "client_id",
            "post_logout_redirect_uri",
            "state"
        ]
    );
    let confirm = browser.get(way.as_str()).await;
    let back = browser.fill_in(&confirm, Hands::of("bob")).await;
    let back = browser.get(back.header("location")).await;
    assert_eq!(
        (back.status.as_u16(), back.url.path()),
        (200, "/signed-out")
    );
    assert!(
        back.text.contains("everywhere") || back.text.contains("partout"),
        "{}",
        back.text
    );
    // The page signs nobody in again, and the provider asks who one is.
    assert!(!back.text.contains("http-equiv"));
    assert_eq!(back.header("location"), "");
    let start = browser.get(&world.at("/sign-in/campus")).await;
    let asked = browser.get(start.header("location")).await;
    let asked = browser
        .get(asked.url.join(asked.header("location")).unwrap().as_str())
        .await;
    assert!(asked.text.contains("password"), "{}", asked.text);
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout_other_state() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+other-state").await;
    leave(&world, &browser).await;
    let back = browser.get(&world.at("/signed-out?state=of-another")).await;
    assert_eq!(back.status, 400, "{}", back.text);
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout_no_state() {
    let world = World::shared().await;
    let browser = Browser::new();
    world.sign_in(&browser, "bob+no-state").await;
    leave(&world, &browser).await;
    let back = browser.get(&world.at("/signed-out")).await;
    assert_eq!(back.status, 400, "{}", back.text);
    // What was not expected is not taken for an answer either.
    assert_eq!(
        Browser::new()
            .get(&world.at("/signed-out?state=x"))
            .await
            .status,
        400
    );
    assert_eq!(
        Browser::new().get(&world.at("/signed-out")).await.status,
        200
    );
}

#[tokio::test]
async fn a_provider_that_is_not_to_hear_of_it_is_left_alone() {
    let world = World::shared().await;
    world
        .new_issuer("only-here", "sign_out = \"only-here\"")
        .await;
    let browser = Browser::new();
    world.sign_in_with("only-here", &browser, "bob").await;
    let page = leave(&world, &browser).await;
    assert_eq!(
        (page.status.as_u16(), page.header("location")),
        (303, "/signed-out")
    );
    assert!(!world.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_provider_without_a_place_to_sign_out_is_left_alone() {
    let world = World::shared().await;
    let issuer = world.new_issuer("no-logout", "").await;
    world.set(&issuer, "logout=none").await;
    let browser = Browser::new();
    world.sign_in_with("no-logout", &browser, "bob").await;
    let page = leave(&world, &browser).await;
    assert_eq!(
        (page.status.as_u16(), page.header("location")),
        (303, "/signed-out")
    );
    assert!(!world.is_signed_in(&browser).await);
}
