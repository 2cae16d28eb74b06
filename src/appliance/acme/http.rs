//! The way to the directory: our HTTP client, bounded answers, and what the directory says about asking again.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

use crate::domain::reading::Moment;

/// A directory that wants to be left alone for longer is asked nevertheless.
const LONGEST_PATIENCE: TimeDelta = TimeDelta::days(7);

/// The largest answer, in bytes.
const LARGEST: usize = 1 << 20;

/// When the directory wants to be asked again, if its last refusal said so.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience(Arc<Mutex<Option<String>>>);

impl Patience {
    /// The moment, from the header (RFC 9110 10.2.3).
    pub(super) fn until(&self, now: Moment) -> Option<Moment> {
        let told = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        let until = match told.parse::<u32>() {
            Ok(seconds) => now + TimeDelta::seconds(i64::from(seconds)),
            Err(_) => DateTime::parse_from_rfc2822(&told).ok()?.to_utc(),
        };
        Some(until.min(now + LONGEST_PATIENCE))
    }

    fn note(&self, told: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }
}

/// The way.
pub(super) struct Http {
    pub(super) client: reqwest::Client,
    pub(super) patience: Patience,
}

impl HttpClient for Http {
    fn request(
        &self,
        request: ::http::Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        let asked = self
            .client
            .request(parts.method, &address)
            .headers(parts.headers)
            .body(reqwest::Body::wrap(body));
        let patience = self.patience.clone();
        Box::pin(async move { answer(asked, &address, &patience).await })
    }
}

async fn answer(
    asked: reqwest::RequestBuilder,
    address: &str,
    patience: &Patience,
) -> Result<BytesResponse, Error> {
    let lost = |error: reqwest::Error| {
        let told = crate::error::Error::internal(error.without_url()).chain();
        other(format!("{address} does not answer: {told}"))
    };
    let mut response = asked.send().await.map_err(lost)?;
    let status = response.status();
    let mut builder = ::http::Response::builder().status(status);
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    if status.is_client_error() || status.is_server_error() {
        let told = response.headers().get(::http::header::RETRY_AFTER);
        if let Some(told) = told.and_then(|told| told.to_str().ok()) {
            patience.note(told.trim().to_owned());
        }
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LARGEST {
            let told = format!("{address} answers with more than {LARGEST} bytes");
            return Err(other(told));
        }
        body.extend_from_slice(&chunk);
    }
    // Whoever speaks ACME explains refusals in JSON; what stands before it may not.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
    if !status.is_success() && !is_json {
        return Err(other(format!("{address} answers {status}")));
    }
    let (parts, ()) = builder.body(())?.into_parts();
    Ok(BytesResponse {
        parts,
        body: Box::new(Bytes::from(body)),
    })
}

fn other(told: String) -> Error {
    Error::Other(told.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_says_when_to_ask_again_in_seconds_or_as_a_date() {
        let now = Moment::from_timestamp(1_800_000_000, 0).unwrap();
        let told = |header: &str| {
            let patience = Patience::default();
            patience.note(header.to_owned());
            patience.until(now)
        };
        assert_eq!(told("120"), Some(now + TimeDelta::seconds(120)));
        assert_eq!(
            told("Fri, 15 Jan 2027 08:00:00 GMT").map(|at| at.to_rfc3339()),
            Some("2027-01-15T08:00:00+00:00".to_owned())
        );
        assert_eq!(told("99999999"), Some(now + LONGEST_PATIENCE));
        assert_eq!(told("soon"), None);
        assert_eq!(Patience::default().until(now), None);
    }
}
