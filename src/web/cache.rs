//! Answers that are the same for everybody, made once: identity, brotli and gzip, each with its `ETag`.
//!
//! An answer is good while its stamp (the board's version and the minute) is; when it is not, one visitor makes the next
//! one and the others meanwhile get the last.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use arc_swap::ArcSwap;
use bytes::Bytes;

use super::headers::{self, Kind};
use crate::error::Error;

/// An answer is made again at most this often, however fast the campus moves.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// The most different answers kept; beyond it all are forgotten and made again.
const MOST: usize = 4_096;

/// What an answer is made from: when neither changed, it would come out the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The board's version.
    pub(super) version: u64,
    /// The minute, for times told relative to now.
    pub(super) minute: i64,
}

/// Which answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The route and what it was asked for.
    pub(super) what: String,
    /// The language.
    pub(super) language: String,
}

/// A body and its content type.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    pub(super) kind: Kind,
    /// The licence of open data, as an address.
    pub(super) licence: Option<String>,
}

#[derive(Debug)]
struct Entry {
    stamp: Stamp,
    made_at: Instant,
    is_being_renewed: AtomicBool,
    body: Body,
    etag: String,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

struct Renewal<'e>(&'e Entry);

impl Drop for Renewal<'_> {
    fn drop(&mut self) {
        self.0.is_being_renewed.store(false, Ordering::Release);
    }
}

/// The answers.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: ArcSwap<HashMap<Key, Arc<Entry>>>,
}

impl Cache {
    /// The answer to a request: the one there is when it is still good, else a new one.
    ///
    /// # Errors
    /// What `make` returns.
    pub(super) async fn answer<F>(
        &self,
        request: &HttpRequest,
        key: Key,
        stamp: Stamp,
        make: impl FnOnce() -> F,
    ) -> Result<HttpResponse, Error>
    where
        F: Future<Output = Result<Body, Error>>,
    {
        let there = self.entries.load().get(&key).cloned();
        if let Some(entry) = &there {
            let is_good = entry.stamp == stamp || entry.made_at.elapsed() < AT_MOST_EVERY;
            if is_good || entry.is_being_renewed.swap(true, Ordering::AcqRel) {
                return Ok(entry.respond(request));
            }
        }
        // Should the making fail, or its visitor leave, the next visitor tries again.
        let _renewal = there.as_ref().map(|entry| Renewal(entry));
        let body = make().await?;
        let entry = Arc::new(Entry::new(body, stamp));
        let response = entry.respond(request);
        self.entries.rcu(|entries| {
            let mut entries = if entries.len() < MOST {
                HashMap::clone(entries)
            } else {
                HashMap::new()
            };
            entries.insert(key.clone(), Arc::clone(&entry));
            entries
        });
        Ok(response)
    }
}

/// An answer that is not kept.
pub(super) fn once(request: &HttpRequest, body: Body) -> HttpResponse {
    Entry::new(
        body,
        Stamp {
            version: 0,
            minute: 0,
        },
    )
    .respond(request)
}

impl Entry {
    fn new(body: Body, stamp: Stamp) -> Self {
        Self {
            stamp,
            made_at: Instant::now(),
            is_being_renewed: AtomicBool::new(false),
            etag: hex::encode(openssl::sha::sha256(&body.bytes)),
            body,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let (coding, suffix) = coding(request);
        let etag = format!("\"{:.18}{suffix}\"", self.etag);
        let known = request
            .headers()
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok());
        let is_known = known.is_some_and(|known| {
            known
                .split(',')
                .any(|known| known.trim().trim_start_matches("W/") == etag)
        });
        let mut builder = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        headers::put(&mut builder, self.body.kind);
        builder
            .insert_header((header::ETAG, etag))
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache")))
            .insert_header((
                header::VARY,
                HeaderValue::from_static("accept-encoding, accept-language"),
            ));
        if let Some(licence) = &self.body.licence {
            builder.insert_header((header::LINK, format!("<{licence}>; rel=\"license\"")));
        }
        if is_known {
            return builder.finish();
        }
        builder.insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.body.content_type),
        ));
        match coding {
            Coding::Identity => builder.body(self.body.bytes.clone()),
            Coding::Brotli => {
                builder.insert_header((header::CONTENT_ENCODING, "br"));
                builder.body(self.brotli.get_or_init(|| brotli(&self.body.bytes)).clone())
            }
            Coding::Gzip => {
                builder.insert_header((header::CONTENT_ENCODING, "gzip"));
                builder.body(self.gzip.get_or_init(|| gzip(&self.body.bytes)).clone())
            }
        }
    }
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Brotli,
    Gzip,
}

/// The coding a client accepts, and what it adds to the `ETag`: another coding is another representation.
pub(super) fn coding(request: &HttpRequest) -> (Coding, &'static str) {
    let accepted = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let accepts = |name: &str| {
        accepted.split(',').any(|part| {
            let mut pieces = part.split(';').map(str::trim);
            pieces.next() == Some(name) && !pieces.any(|piece| piece == "q=0")
        })
    };
    if accepts("br") {
        (Coding::Brotli, "-br")
    } else if accepts("gzip") {
        (Coding::Gzip, "-gz")
    } else {
        (Coding::Identity, "")
    }
}

/// Brotli at a quality that takes about a millisecond for a page.
pub(super) fn brotli(bytes: &Bytes) -> Bytes {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 5,
        lgwin: 18,
        ..Default::default()
    };
    let mut written = Vec::new();
    match brotli::BrotliCompress(&mut bytes.as_ref(), &mut written, &parameters) {
        Ok(_) => Bytes::from(written),
        // Writing into memory does not fail.
        Err(_) => bytes.clone(),
    }
}

/// Gzip for clients without brotli.
pub(super) fn gzip(bytes: &Bytes) -> Bytes {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    match encoder.write_all(bytes).and_then(|()| encoder.finish()) {
        Ok(written) => Bytes::from(written),
        // Writing into memory does not fail.
        Err(_) => bytes.clone(),
    }
}
