//! The cookies of people who sign in; visitors of the public pages get none.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};

/// Holds the secret of a session.
pub(super) const SESSION: &str = "__Host-session";

/// Holds a random secret that the forms before a sign-in are bound to.
pub(super) const VISIT: &str = "__Host-visit";

/// Holds the name of the browser, by which people are told whether they know it.
pub(super) const DEVICE: &str = "__Host-device";

/// Holds the name of a sign-in that waits for its second step.
pub(super) const STEP: &str = "__Host-step";

/// Holds the name of a ceremony with a passkey.
pub(super) const CEREMONY: &str = "__Host-ceremony";

/// Holds the secret of the browser that sets the machine up.
pub(super) const SET_UP: &str = "__Host-set-up";

/// Holds the language chosen for the pages of staff.
pub(super) const LANGUAGE: &str = "__Host-language";

/// How long the language is remembered.
const A_YEAR: time::Duration = time::Duration::days(365);

/// The value of a cookie.
pub(super) fn value(request: &HttpRequest, name: &str) -> Option<String> {
    request
        .cookie(name)
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| !value.is_empty())
}

/// A cookie that ends with the browser, is sent to this very host only, over TLS only, and that no script reads.
pub(super) fn passing(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// A cookie that stays for a year.
pub(super) fn lasting(name: &'static str, value: String) -> Cookie<'static> {
    let mut cookie = passing(name, value);
    cookie.set_max_age(A_YEAR);
    cookie
}

/// Takes a cookie away.
pub(super) fn gone(name: &'static str) -> Cookie<'static> {
    let mut cookie = passing(name, String::new());
    cookie.make_removal();
    cookie
}
