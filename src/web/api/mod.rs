//! The open API, version 1: for any page and any program, without a key; only what staff count takes a token.

pub(super) mod history;
pub(super) mod live;
pub(super) mod me;
pub(super) mod openapi;
pub(super) mod places;
pub(super) mod recounts;
pub(super) mod spaces;

use actix_web::HttpRequest;
use bytes::Bytes;
use serde::Serialize;

use super::cache::{Body, Key, Stamp};
use super::headers::Kind;
use super::language;
use super::services::Services;
use crate::error::Error;

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
