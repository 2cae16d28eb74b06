//! What is known of providers: what they say of themselves, kept for a day, their keys, and how their clocks go.
//!
//! Nothing is asked before it is needed: Parvis starts while a provider is down, and asks again when somebody comes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use openidconnect::{DiscoveryError, IssuerUrl};
use tokio::sync::watch;

use super::hosts::Hosts;
use super::http::{Conversation, Http, Unanswered};
use super::metadata::Metadata;
use super::refusal::{Code, Refusal};
use crate::domain::reading::Moment;

/// How long what a provider said of itself is believed.
const FRESH: TimeDelta = TimeDelta::hours(24);
/// How long a provider that failed is left in peace.
const PEACE: TimeDelta = TimeDelta::seconds(2);
/// How long nobody asks for keys again, however many tokens name unknown ones.
const COOLDOWN: TimeDelta = TimeDelta::seconds(60);
/// Logout tokens that are remembered, so that none counts twice.
const MOST_REMEMBERED: usize = 10_000;

/// What administrators see of a provider.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// When it last said what it is.
    pub discovered_at: Option<Moment>,
    /// Why it last did not.
    pub failure: Option<(Moment, Refusal)>,
    /// How far its clock is ahead of ours, and when that was measured.
    pub difference: Option<(Moment, TimeDelta)>,
    /// Why a sign-in last failed, and the reference people were told.
    pub refused: Option<(Moment, Refusal, String)>,
}

#[derive(Debug, Default)]
struct Slot {
    metadata: Option<(Moment, Arc<Metadata>)>,
    failure: Option<(Moment, Refusal)>,
    keys_asked_at: Option<Moment>,
}

/// What is known of providers, shared by all that ask.
#[derive(Debug)]
pub struct Providers {
    http: Http,
    /// One at a time asks a provider; the others wait for what it says.
    slots: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot>>>>,
    reports: Mutex<HashMap<String, Report>>,
    logout_tokens: Mutex<HashMap<(String, String), Moment>>,
}

impl Providers {
    /// Knows nobody yet.
    #[must_use]
    pub fn new(http: Http) -> Self {
        Self {
            http,
            slots: Mutex::default(),
            reports: Mutex::default(),
            logout_tokens: Mutex::default(),
        }
    }

    /// What a provider says of itself.
    ///
    /// # Errors
    /// When it does not answer, or not as it must.
    pub async fn metadata(&self, issuer: &str) -> Result<Arc<Metadata>, Refusal> {
        let slot = self.slot(issuer);
        let mut slot = slot.lock().await;
        let now = self.now();
        if let Some((at, metadata)) = &slot.metadata
            && now < *at + FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        if let Some((at, refusal)) = &slot.failure
            && now < *at + PEACE
        {
            return Err(refusal.clone());
        }
        let conversation = self.http.conversation(issuer);
        let discovered = discover(&conversation, issuer).await;
        self.learn(issuer, &conversation);
        let now = self.now();
        match discovered {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *slot = Slot {
                    metadata: Some((now, Arc::clone(&metadata))),
                    failure: None,
                    keys_asked_at: slot.keys_asked_at,
                };
                self.report_on(issuer, |report| {
                    (report.discovered_at, report.failure) = (Some(now), None);
                });
                Ok(metadata)
            }
            Err(refusal) => {
                slot.failure = Some((now, refusal.clone()));
                self.report_on(issuer, |report| {
                    report.failure = Some((now, refusal.clone()));
                });
                Err(refusal)
            }
        }
    }

    /// What a provider says of itself and its keys, asked for again, unless that was done a moment ago: with a new key it may
    /// have begun to sign in another way.
    pub(super) async fn discovered_anew(&self, issuer: &str) -> Option<Arc<Metadata>> {
        let slot = self.slot(issuer);
        let mut slot = slot.lock().await;
        let now = self.now();
        if slot.keys_asked_at.is_some_and(|at| now < at + COOLDOWN) {
            return None;
        }
        slot.keys_asked_at = Some(now);
        match discover(&self.http.conversation(issuer), issuer).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                slot.metadata = Some((now, Arc::clone(&metadata)));
                Some(metadata)
            }
            Err(refusal) => {
                log::warn!("keys of {issuer}: {refusal}");
                None
            }
        }
    }

    /// Forgets what a provider said of itself, so that it is asked again.
    pub async fn forget(&self, issuer: &str) {
        *self.slot(issuer).lock().await = Slot::default();
    }

    /// What administrators see of a provider.
    #[must_use]
    pub fn report(&self, issuer: &str) -> Report {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.get(issuer).cloned().unwrap_or_default()
    }

    /// Notes that a sign-in failed.
    pub fn note_refused(&self, issuer: &str, refusal: &Refusal, reference: &str) {
        let now = self.now();
        self.report_on(issuer, |report| {
            report.refused = Some((now, refusal.clone(), reference.to_owned()));
        });
    }

    /// A conversation with a provider; [`Providers::learn`] after it.
    pub(super) fn conversation<'c>(&'c self, issuer: &'c str) -> Conversation<'c> {
        self.http.conversation(issuer)
    }

    /// Says which providers are in use, so that the ways to them are known before they are asked. The others are forgotten.
    pub fn are<'i>(&self, issuers: impl IntoIterator<Item = &'i str>) {
        self.http.will_ask(issuers);
    }

    /// The hosts of providers, as they become known: where a firewall is, it must let pass what goes there.
    #[must_use]
    pub fn hosts(&self) -> watch::Receiver<Hosts> {
        self.http.hosts()
    }

    /// Notes how the provider's clock goes.
    pub(super) fn learn(&self, issuer: &str, conversation: &Conversation<'_>) {
        if let Some(difference) = conversation.difference() {
            let now = self.now();
            self.report_on(issuer, |report| report.difference = Some((now, difference)));
        }
    }

    /// What time it is here.
    pub(super) fn now(&self) -> Moment {
        self.http.clock().now()
    }

    /// Whether a logout token is new; it is remembered until a moment. When there is no room to remember it is not new.
    pub(super) fn is_new(&self, issuer: &str, id: &str, until: Moment) -> bool {
        let now = self.now();
        let mut known = self
            .logout_tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, until| now < *until);
        if known.len() >= MOST_REMEMBERED {
            return false;
        }
        known
            .insert((issuer.to_owned(), id.to_owned()), until)
            .is_none()
    }

    fn slot(&self, issuer: &str) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(issuer.to_owned()).or_default())
    }

    fn report_on(&self, issuer: &str, change: impl FnOnce(&mut Report)) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        change(reports.entry(issuer.to_owned()).or_default());
    }
}

async fn discover(conversation: &Conversation<'_>, issuer: &str) -> Result<Metadata, Refusal> {
    let address = IssuerUrl::new(issuer.to_owned())
        .map_err(|error| Refusal::because(Code::Discovery, &error))?;
    let metadata = Metadata::discover_async(address, conversation)
        .await
        .map_err(|error| refusal(&error))?;
    if metadata.token_endpoint().is_none() {
        let detail = "the provider announces no token_endpoint";
        return Err(Refusal::new(Code::Discovery, detail));
    }
    if !super::metadata::takes_any(&metadata) {
        let detail = "the provider takes clients by neither client_secret_basic nor client_secret_post \
            (token_endpoint_auth_methods_supported); Parvis has no other proof";
        return Err(Refusal::new(Code::Discovery, detail));
    }
    if super::metadata::algorithms(&metadata).is_empty() {
        let detail = "the provider announces no signature that Parvis accepts (RS, PS or ES with 256 or 384, EdDSA)";
        return Err(Refusal::new(Code::Discovery, detail));
    }
    Ok(metadata)
}

fn refusal(error: &DiscoveryError<Unanswered>) -> Refusal {
    let is_out_of_order = matches!(error, DiscoveryError::Request(_))
        || matches!(error, DiscoveryError::Response(status, ..) if status.is_server_error());
    let code = if is_out_of_order {
        Code::Unreachable
    } else {
        Code::Discovery
    };
    Refusal::because(code, error)
}

#[cfg(test)]
mod tests {
    use super::super::http::Line;
    use super::*;
    use crate::clock::Clock;

    fn providers(clock: &Clock) -> Providers {
        Providers::new(Http::new(&Line::default(), clock.clone()).unwrap())
    }

    #[test]
    fn a_logout_token_counts_once_while_it_is_good() {
        let clock = Clock::standing_at(Moment::UNIX_EPOCH);
        let providers = providers(&clock);
        let until = clock.now() + TimeDelta::minutes(2);
        assert!(providers.is_new("https://a", "1", until));
        assert!(!providers.is_new("https://a", "1", until));
        assert!(providers.is_new("https://a", "2", until));
        assert!(providers.is_new("https://b", "1", until));
        clock.advance(TimeDelta::minutes(2));
        assert!(providers.is_new("https://a", "1", clock.now() + TimeDelta::minutes(2)));
    }

    #[test]
    fn the_ways_to_providers_in_use_are_known_before_they_are_asked() {
        let clock = Clock::standing_at(Moment::UNIX_EPOCH);
        let providers = providers(&clock);
        let hosts = providers.hosts();
        let known = || hosts.borrow().all().len();
        assert_eq!(known(), 0);
        providers.are(["https://idp.example"]);
        assert_eq!(known(), 1);
        providers.are([]);
        assert_eq!(known(), 0);
    }

    #[tokio::test]
    async fn a_provider_without_https_is_not_asked() {
        let clock = Clock::standing_at(Moment::UNIX_EPOCH);
        let refusal = providers(&clock)
            .metadata("http://127.0.0.1:9")
            .await
            .unwrap_err();
        assert_eq!(refusal.code, Code::Unreachable);
        assert!(refusal.detail.contains("https://"), "{refusal}");
    }
}
