//! The headers of every answer: what a browser may do with it, and who may frame it.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderName, HeaderValue};

/// Scripts and styles from here and nowhere else, none inline; framed by nobody.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The widget is made to be framed.
const WIDGET_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";

/// An answer that programs read renders nothing.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

// Constants: to make a name takes as long as to put a header.
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page of our own.
    Page,
    /// A part of somebody else's page.
    Widget,
    /// Data anybody may read, from any page.
    OpenData,
    /// Everything else: refusals, health, ingest.
    Closed,
}

/// The headers of a kind, as name and value.
pub(super) fn of(kind: Kind) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let policy = match kind {
        Kind::Page => POLICY,
        Kind::Widget => WIDGET_POLICY,
        Kind::OpenData | Kind::Closed => DATA_POLICY,
    };
    let all = [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without any referrer browsers call the origin of a form "null", and its own service would refuse it.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (
            PERMISSIONS_POLICY,
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    let framing = match kind {
        Kind::Page | Kind::Closed => [
            Some((header::X_FRAME_OPTIONS, "DENY")),
            Some((CROSS_ORIGIN_RESOURCE_POLICY, "same-origin")),
            None,
        ],
        Kind::Widget => [
            Some((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin")),
            None,
            None,
        ],
        Kind::OpenData => [
            Some((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")),
            Some((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin")),
            Some((
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                "etag, link, ratelimit, ratelimit-policy, retry-after",
            )),
        ],
    };
    all.into_iter().chain(framing.into_iter().flatten())
}

/// Puts the headers of a kind on an answer.
pub(super) fn put(builder: &mut HttpResponseBuilder, kind: Kind) -> &mut HttpResponseBuilder {
    for (name, value) in of(kind) {
        builder.insert_header((name, HeaderValue::from_static(value)));
    }
    builder
}
