//! The proof that a form is one of ours: a token that only a page made for this very browser can hold.
//!
//! The token follows from the secret of the session (or, before a sign-in, of the visit) that the browser's cookie holds,
//! so nothing is kept, it is new with each session, and who cannot read the cookie cannot make it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The token of forms for whoever holds a secret.
#[must_use]
pub fn token(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(openssl::sha::sha256(
        format!("parvis form {secret}").as_bytes(),
    ))
}

/// Whether a form carries the token of a secret; compared in constant time.
#[must_use]
pub fn is_proved(secret: &str, presented: &str) -> bool {
    let expected = token(secret);
    presented.len() == expected.len()
        && openssl::memcmp::eq(presented.as_bytes(), expected.as_bytes())
}

/// Whether a browser says that a request comes from one of our own pages. Other clients say nothing, and prove themselves
/// by the token alone.
#[must_use]
pub fn is_from_here(
    origin: Option<&str>,
    sec_fetch_site: Option<&str>,
    public_address: &str,
) -> bool {
    match (origin, sec_fetch_site) {
        (Some(origin), _) => origin == public_address,
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_secret_only() {
        assert!(is_proved("one", &token("one")));
        assert!(!is_proved("two", &token("one")));
        assert!(!is_proved("one", ""));
        assert_ne!(token("one"), "one");
    }

    #[test]
    fn a_browser_that_names_another_page_is_believed() {
        let here = "https://parvis.uni.example";
        assert!(is_from_here(Some(here), None, here));
        assert!(is_from_here(None, Some("same-origin"), here));
        assert!(is_from_here(None, None, here));
        for origin in [
            "https://parvis.uni.example:8443",
            "http://parvis.uni.example",
            "https://evil.example",
            "null",
        ] {
            assert!(!is_from_here(Some(origin), Some("same-origin"), here));
        }
        for site in ["cross-site", "same-site"] {
            assert!(!is_from_here(None, Some(site), here));
        }
    }
}
