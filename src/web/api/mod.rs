//! The open API, version 1: read-only, for any page and any program, without a key.

pub(super) mod history;
pub(super) mod live;
pub(super) mod openapi;
pub(super) mod places;
pub(super) mod spaces;

use actix_web::HttpRequest;
use bytes::Bytes;
use serde::Serialize;

use super::cache::{Body, Key, Stamp};
use super::headers::Kind;
use super::language;
use super::services::Services;
use crate::error::Error;

/// The value of a parameter in the address.
fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let pairs = request
        .query_string()
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let value = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next()?;
    Some(percent_decoded(value))
}

/// Percent-decoding as of RFC 3986, with `+` for a space as forms write it; what is not UTF-8 becomes a question mark.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The language of names in an answer.
fn language_of(request: &HttpRequest, services: &Services) -> String {
    language::of(request, &services.texts).unwrap_or_else(|| services.texts.first().to_owned())
}

/// The stamp of an answer made from the board now.
fn stamp(services: &Services) -> Stamp {
    let minute = services.parvis.clock.now().timestamp().div_euclid(60);
    Stamp {
        version: services.board.snapshot().version,
        minute,
    }
}

fn key(what: impl Into<String>, language: &str) -> Key {
    Key {
        what: what.into(),
        language: language.to_owned(),
    }
}

/// A body of open data.
fn body<T: Serialize>(
    services: &Services,
    content_type: &'static str,
    value: &T,
) -> Result<Body, Error> {
    let bytes = serde_json::to_vec(value).map_err(Error::internal)?;
    let licence = services.parvis.campus().institution.data_licence.clone();
    Ok(Body {
        bytes: Bytes::from(bytes),
        content_type,
        kind: Kind::OpenData,
        licence,
    })
}
