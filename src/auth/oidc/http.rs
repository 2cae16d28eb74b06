//! The way to identity providers: over HTTPS only, following nobody elsewhere, for a while only, and not for long answers.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use openidconnect::http::{self, header};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Certificate, NoProxy, Proxy, redirect};
use tokio::sync::watch;
use url::Url;

use super::hosts::Hosts;
use super::refusal::chain;
use crate::clock::Clock;
use crate::domain::issuer::is_confidential;
use crate::error::Error;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take until anybody picks up.
const CONNECTING: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const LARGEST: usize = 1 << 20;

/// What the operator said about the way to identity providers.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Certificate authorities beside those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// An HTTP proxy, with user and password where it wants them.
    pub proxy: Option<String>,
    /// Hosts, domains and networks that are reached without it, separated by commas.
    pub no_proxy: String,
    /// Whether a provider on this machine may be asked over plain HTTP: for tests and trials.
    pub allows_loopback: bool,
}

/// The way to identity providers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    clock: Clock,
    allows_loopback: bool,
    hosts: watch::Sender<Hosts>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("{0} is not asked: its address does not begin with https://")]
    NotConfidential(String),
    #[error("{address} does not answer: {}", chain(.source))]
    Unreachable {
        address: String,
        source: reqwest::Error,
    },
    #[error("{0} answers with more than {LARGEST} bytes")]
    TooLarge(String),
    #[error("the answer of {0} is not HTTP: {1}")]
    Malformed(String, http::Error),
}

impl Http {
    /// Prepares the way.
    ///
    /// # Errors
    /// When the file of certificates cannot be read, or the proxy's address is none.
    pub fn new(line: &Line, clock: Clock) -> Result<Self, Error> {
        Ok(Self {
            client: client(line, "auth.ca_file")?,
            clock,
            allows_loopback: line.allows_loopback,
            hosts: watch::Sender::default(),
        })
    }

    /// What time it is here.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The hosts that are asked, as they become known.
    pub(super) fn hosts(&self) -> watch::Receiver<Hosts> {
        self.hosts.subscribe()
    }

    /// Says which providers are in use.
    pub(super) fn will_ask<'i>(&self, issuers: impl IntoIterator<Item = &'i str>) {
        self.hosts.send_if_modified(|hosts| hosts.are(issuers));
    }

    /// A conversation, in which the other side's clock is looked at.
    pub(super) fn conversation<'c>(&'c self, issuer: &'c str) -> Conversation<'c> {
        Conversation {
            http: self,
            issuer,
            difference: Mutex::new(None),
        }
    }
}

/// A client that follows nobody elsewhere and does not wait for ever. `ca_field` is the setting that names the authorities.
///
/// # Errors
/// When the file of certificates cannot be read, or the proxy's address is none.
pub fn client(line: &Line, ca_field: &str) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .connect_timeout(CONNECTING)
        .user_agent(concat!("Parvis/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if let Some(path) = &line.ca_file {
        builder = builder.tls_certs_merge(authorities(path, ca_field)?);
    }
    if let Some(address) = &line.proxy {
        let proxy = Proxy::all(address).map_err(|error| Error::Invalid {
            field: "auth.proxy".to_owned(),
            rule: format!("is no address of a proxy: {}", chain(&error)),
        })?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&line.no_proxy)));
    }
    builder.build().map_err(Error::internal)
}

fn authorities(path: &std::path::Path, field: &str) -> Result<Vec<Certificate>, Error> {
    let invalid = |rule: String| Error::Invalid {
        field: field.to_owned(),
        rule: format!("{} {rule}", path.display()),
    };
    let pem = std::fs::read(path).map_err(|error| invalid(format!("cannot be read: {error}")))?;
    let authorities = Certificate::from_pem_bundle(&pem)
        .map_err(|error| invalid(format!("is not PEM: {}", chain(&error))))?;
    if authorities.is_empty() {
        return Err(invalid("holds no certificate".to_owned()));
    }
    Ok(authorities)
}

/// One or several requests to a provider.
#[derive(Debug)]
pub(super) struct Conversation<'h> {
    http: &'h Http,
    issuer: &'h str,
    difference: Mutex<Option<TimeDelta>>,
}

impl Conversation<'_> {
    /// How far the provider's clock is ahead of ours, to the second, if it told the time.
    pub(super) fn difference(&self) -> Option<TimeDelta> {
        *self
            .difference
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks.
    pub(super) async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let (parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        let url = Url::parse(&address)
            .ok()
            .filter(|url| is_confidential(url, self.http.allows_loopback));
        let Some(url) = url else {
            return Err(Unanswered::NotConfidential(address));
        };
        let note = |hosts: &mut Hosts| hosts.note(self.issuer, &url);
        self.http.hosts.send_if_modified(note);
        let unreachable = |source: reqwest::Error| Unanswered::Unreachable {
            address: address.clone(),
            source: source.without_url(),
        };
        let request = self.http.client.request(parts.method, &address);
        let request = request.headers(parts.headers).body(body);
        let mut response = request.send().await.map_err(unreachable)?;
        self.compare_clocks(response.headers());
        let mut builder = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            builder = builder.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Unanswered::TooLarge(address));
            }
            body.extend_from_slice(&chunk);
        }
        builder
            .body(body)
            .map_err(|error| Unanswered::Malformed(address, error))
    }

    fn compare_clocks(&self, headers: &header::HeaderMap) {
        let told = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok());
        let told = told.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if let Some(told) = told {
            let difference = told.timestamp() - self.http.clock.now().timestamp();
            *self
                .difference
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = TimeDelta::try_seconds(difference);
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Conversation<'_> {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
