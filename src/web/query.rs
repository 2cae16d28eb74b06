//! What an address asks for behind its question mark.

use actix_web::HttpRequest;

/// The value of a parameter, the first where there are several.
pub(super) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
