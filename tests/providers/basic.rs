//! The Basic profile of the certification for clients, and what it leaves out of the checks of an ID token.

use crate::browser::Browser;
use crate::world::World;

/// A sign-in as somebody whose answers have a fault is refused with a code, and nobody is signed in.
async fn is_refused(fault: &str, code: &str) {
    let world = World::shared().await;
    let browser = Browser::new();
    let page = world.sign_in(&browser, &format!("bob~{fault}")).await;
    assert!(
        page.is_refused_with(code),
        "{fault}: {} {}",
        page.status,
        page.text
    );
    assert!(!world.is_signed_in(&browser).await, "{fault}");
    assert_eq!(
        browser.cookie(&world.parvis.address, "__Host-session"),
        None,
        "{fault}"
    );
}

/// A sign-in whose answers are odd but right succeeds.
async fn is_accepted(oddity: &str) {
    let world = World::shared().await;
    let browser = Browser::new();
    let page = world.sign_in(&browser, &format!("bob~{oddity}")).await;
    assert_eq!(
        (page.status.as_u16(), page.url.path()),
        (200, "/me"),
        "{oddity}: {}",
        page.text
    );
    assert!(
        page.text.contains("Bob Ouédraogo"),
        "{oddity}: {}",
        page.text
    );
}

/// Each test of the certification by its name, with what a client must do.
macro_rules! cases {
    ($($name:ident: $fault:literal => $code:literal;)*) => {
        $(#[tokio::test]
        async fn $name() {
            is_refused($fault, $code).await;
        })*
    };
    ($($name:ident: $oddity:literal;)*) => {
        $(#[tokio::test]
        async fn $name() {
            is_accepted($oddity).await;
        })*
    };
}

cases! {
    oidcc_client_test: "none";
    oidcc_client_test_kid_absent_single_jwks: "kid-absent";
    oidcc_client_test_idtoken_sig_rs256: "none";
    oidcc_client_test_userinfo_bearer_header: "none";
    oidcc_client_test_scope_userinfo_claims: "none";
    oidcc_client_test_client_secret_basic: "none";
    oidcc_client_test_missing_athash_which_code_flow_allows: "missing-athash";
    oidcc_client_test_userinfo_signed: "userinfo-signed";
    an_authorised_party_that_is_parvis_is_no_fault: "valid-azp";
    a_clock_30_seconds_ahead_is_no_fault: "iat-in-30-seconds";
    a_token_that_expired_30_seconds_ago_is_no_fault: "expired-30-seconds-ago";
    true_as_a_text_is_true: "string-booleans";
    a_time_in_words_is_a_time: "updated-at-text";
    bearer_is_written_in_any_case: "token-type-lower-case";
}

cases! {
    oidcc_client_test_invalid_iss: "invalid-iss" => "SSO-ISSUER";
    oidcc_client_test_missing_sub: "missing-sub" => "SSO-TOKENS";
    oidcc_client_test_invalid_aud: "invalid-aud" => "SSO-AUDIENCE";
    oidcc_client_test_missing_aud: "missing-aud" => "SSO-AUDIENCE";
    oidcc_client_test_missing_iat: "missing-iat" => "SSO-TOKENS";
    oidcc_client_test_idtoken_sig_none: "sig-none" => "SSO-SIGNATURE";
    oidcc_client_test_invalid_sig_rs256: "invalid-sig-rs256" => "SSO-SIGNATURE";
    oidcc_client_test_invalid_sig_hs256: "invalid-sig-hs256" => "SSO-SIGNATURE";
    oidcc_client_test_invalid_sig_es256: "invalid-sig-es256" => "SSO-SIGNATURE";
    oidcc_client_test_userinfo_invalid_sub: "userinfo-invalid-sub" => "SSO-USERINFO";
    oidcc_client_test_nonce_invalid: "invalid-nonce" => "SSO-NONCE";
    oidcc_client_test_invalid_athash: "invalid-athash" => "SSO-HASH";
    an_issuer_with_a_slash_more_is_another: "iss-with-slash" => "SSO-ISSUER";
    a_token_without_issuer: "missing-iss" => "SSO-TOKENS";
    a_token_about_nobody: "empty-sub" => "SSO-SUBJECT";
    a_name_of_256_letters: "long-sub" => "SSO-SUBJECT";
    a_name_that_is_a_number: "sub-is-number" => "SSO-TOKENS";
    a_token_for_somebody_else_too: "more-aud" => "SSO-AUDIENCE";
    a_token_at_the_wish_of_somebody_else: "invalid-azp" => "SSO-AUDIENCE";
    a_token_from_the_future: "iat-in-an-hour" => "SSO-TIME";
    a_token_of_last_month: "iat-30-days-ago" => "SSO-TIME";
    a_token_that_does_not_expire: "missing-exp" => "SSO-TOKENS";
    a_token_that_expired_beyond_the_skew: "expired" => "SSO-TIME";
    a_token_without_nonce: "missing-nonce" => "SSO-NONCE";
    no_signature_but_something_in_its_place: "sig-none-with-signature" => "SSO-SIGNATURE";
    the_public_key_as_a_shared_secret: "sig-hs256-with-public-key" => "SSO-SIGNATURE";
    a_key_nobody_published: "unknown-kid" => "SSO-SIGNATURE";
    a_stranger_under_a_published_name: "stranger-under-known-kid" => "SSO-SIGNATURE";
    an_access_token_in_place_of_an_id_token: "typ-of-access-token" => "SSO-TOKENS";
    a_logout_token_in_place_of_an_id_token: "typ-of-logout-token" => "SSO-TOKENS";
    demands_that_are_not_known: "crit" => "SSO-TOKENS";
    something_that_is_no_token: "not-a-token" => "SSO-TOKENS";
    no_id_token_at_all: "missing-id-token" => "SSO-TOKENS";
    a_token_that_is_not_bearer: "token-type-mac" => "SSO-TOKENS";
    a_page_in_place_of_tokens: "token-html" => "SSO-EXCHANGE";
    a_token_endpoint_out_of_order: "token-error" => "SSO-TOKENS";
    a_token_endpoint_that_sends_elsewhere: "token-redirect" => "SSO-EXCHANGE";
    userinfo_about_nobody: "userinfo-missing-sub" => "SSO-USERINFO";
    userinfo_out_of_order: "userinfo-error" => "SSO-USERINFO";
    userinfo_out_of_order_whatever_it_says: "userinfo-error-with-claims" => "SSO-USERINFO";
    userinfo_signed_by_a_stranger: "userinfo-signed-by-stranger" => "SSO-USERINFO";
    userinfo_signed_as_another_issuer: "userinfo-signed-as-another-issuer" => "SSO-USERINFO";
    userinfo_signed_for_another_client: "userinfo-signed-for-another-client" => "SSO-USERINFO";
    an_answer_in_the_name_of_another_issuer: "response-iss-of-another" => "SSO-RESPONSE-ISSUER";
    an_answer_without_the_announced_issuer: "response-iss-missing" => "SSO-RESPONSE-ISSUER";
    an_answer_to_another_question: "state-of-another" => "SSO-STATE";
    an_answer_to_no_question: "state-missing" => "SSO-STATE";
    an_answer_without_code: "code-missing" => "SSO-PROVIDER";
}
