//! Styles, scripts and the icon: named by their content, so that a browser fetches each version once.

use std::collections::HashMap;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;

use super::cache::{Coding, brotli, coding, gzip};
use super::failure::{self, Reader, Refusal};
use super::headers::{self, Kind};
use super::services::Services;

const FILES: [(&str, &str, &[u8]); 11] = [
    (
        "style.css",
        "text/css; charset=utf-8",
        include_bytes!("../../web/styles/style.css"),
    ),
    (
        "staff.css",
        "text/css; charset=utf-8",
        include_bytes!("../../web/styles/staff.css"),
    ),
    (
        "live.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/live.js"),
    ),
    (
        "favourites.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/favourites.js"),
    ),
    (
        "search.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/search.js"),
    ),
    (
        "screen.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/screen.js"),
    ),
    (
        "passkey.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/passkey.js"),
    ),
    (
        "tally.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/tally.js"),
    ),
    (
        "follow.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/follow.js"),
    ),
    (
        "unsent.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../web/scripts/unsent.js"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("../../web/icon.svg"),
    ),
];

struct Asset {
    content_type: &'static str,
    identity: Bytes,
    brotli: Bytes,
    gzip: Bytes,
}

/// All assets, by the name in their address.
pub(super) struct Assets {
    by_address: HashMap<String, Asset>,
    addresses: HashMap<&'static str, String>,
}

impl Assets {
    pub(super) fn new() -> Self {
        let mut assets = Self {
            by_address: HashMap::new(),
            addresses: HashMap::new(),
        };
        for (name, content_type, content) in FILES {
            let digest = hex::encode(openssl::sha::sha256(content));
            let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
            let address = format!("{stem}-{digest:.10}.{extension}");
            let identity = Bytes::from_static(content);
            let (brotli, gzip) = (brotli(&identity), gzip(&identity));
            assets.by_address.insert(
                address.clone(),
                Asset {
                    content_type,
                    identity,
                    brotli,
                    gzip,
                },
            );
            assets.addresses.insert(name, format!("/assets/{address}"));
        }
        assets
    }

    /// The address of an asset.
    pub(super) fn address(&self, name: &str) -> &str {
        self.addresses.get(name).map_or("", String::as_str)
    }
}

/// `GET /assets/{name}`
pub(super) async fn show(
    request: HttpRequest,
    name: web::Path<String>,
    services: web::Data<Services>,
) -> HttpResponse {
    let Some(asset) = services.assets.by_address.get(name.as_str()) else {
        let refusal = Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this address");
        return failure::refuse(&request, &services, refusal, Reader::Person);
    };
    let mut builder = HttpResponse::Ok();
    headers::put(&mut builder, Kind::Page)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::CONTENT_TYPE, asset.content_type));
    // The widget is framed by other sites and brings its style along.
    builder.insert_header(("cross-origin-resource-policy", "cross-origin"));
    match coding(&request).0 {
        Coding::Identity => builder.body(asset.identity.clone()),
        Coding::Brotli => builder
            .insert_header((header::CONTENT_ENCODING, "br"))
            .body(asset.brotli.clone()),
        Coding::Gzip => builder
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .body(asset.gzip.clone()),
    }
}
