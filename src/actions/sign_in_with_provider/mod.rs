//! Signing in with an identity provider: away to it, back from it, and what is made of whom it vouches for.

mod admit;
mod recheck;
mod said;
mod sign_out;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use super::begin_session::{Begun, Browser, Letterhead};
use crate::auth::oidc::attempt::Beginning;
use crate::auth::oidc::{
    self, Attempt, Callback, Client, Code, Http, Line, Providers, Refusal, Verified, attempt,
};
use crate::auth::sealing::Seal;
use crate::auth::secret;
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::domain::issuer::Issuer;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::issuers::Kept;
use crate::persistence::{audit, ceremonies, issuers};

/// How long a person may take at the provider.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// Finished sign-ins that are remembered, so that the same answer coming twice is no error.
const MOST_FINISHED: usize = 10_000;

/// Sign-on with identity providers.
#[derive(Debug)]
pub struct SignOn {
    parvis: Arc<Parvis>,
    seal: Arc<Seal>,
    providers: Providers,
    finished: Mutex<HashMap<[u8; 32], Moment>>,
}

/// Why nobody is signed in.
#[derive(Debug)]
pub enum Failed {
    /// It was refused: people get the code, administrators the story.
    Refused(Refusal),
    /// Something else.
    Broken(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Who wants to go to the provider, and what for.
#[derive(Debug)]
pub struct Leaving<'a> {
    /// The provider, by its name in addresses.
    pub key: &'a str,
    /// The browser's own secret.
    pub browser: &'a str,
    /// Where they want to go afterwards: an address of ours.
    pub return_to: String,
    /// Whom to link the account to, if that is what it is for.
    pub link_to: Option<PersonId>,
}

/// Who comes back from the provider.
#[derive(Debug)]
pub struct Returning<'a> {
    /// The provider, by its name in addresses.
    pub key: &'a str,
    /// The name of the attempt.
    pub state: Option<&'a str>,
    /// The secret that the browser was given at the beginning.
    pub attempt: Option<&'a str>,
    /// What the provider says.
    pub callback: Callback,
    /// Who is signed in in this browser.
    pub signed_in: Option<PersonId>,
    /// The browser.
    pub from: Browser,
}

/// What came of coming back.
#[derive(Debug)]
pub enum Returned {
    /// Somebody is signed in: the secret of their session, and where they wanted to go.
    SignedIn(Begun, String),
    /// A second factor is still asked for; the secret names what goes on.
    SecondStep(String),
    /// The account is linked to who was signed in.
    Linked(String),
    /// This very answer came before.
    Again,
}

/// A provider ready to be spoken to.
pub(super) struct Ready {
    pub(super) kept: Kept,
    secret: Option<String>,
    redirect: String,
    skew: TimeDelta,
}

impl Ready {
    pub(super) fn client(&self) -> Client<'_> {
        Client {
            configuration: &self.kept.issuer.configuration,
            secret: self.secret.as_deref(),
            redirect: &self.redirect,
            skew: self.skew,
        }
    }
}

impl SignOn {
    /// Sign-on as the settings want it. No provider is asked yet.
    ///
    /// # Errors
    /// When the settings name certificates or a proxy that cannot be used, or the key that seals cannot.
    pub fn new(parvis: &Arc<Parvis>, seal: Arc<Seal>) -> Result<Self, Error> {
        let settings = &parvis.settings.auth;
        let line = Line {
            ca_file: settings.ca_file.clone(),
            proxy: settings.proxy.clone(),
            no_proxy: settings.no_proxy.join(","),
            allows_loopback: settings.plain_loopback_issuers,
        };
        Ok(Self {
            parvis: Arc::clone(parvis),
            seal,
            providers: Providers::new(Http::new(&line, parvis.clock.clone())?),
            finished: Mutex::default(),
        })
    }

    /// What is known of providers.
    #[must_use]
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// What seals secrets.
    #[must_use]
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// The parts in use.
    #[must_use]
    pub fn parvis(&self) -> &Parvis {
        &self.parvis
    }

    /// The providers in use, by name in addresses and name on the button.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn offered(&self) -> Result<Vec<Issuer>, Error> {
        let kept = self.parvis.database.read(issuers::all).await?;
        Ok(kept.into_iter().map(|kept| kept.issuer).collect())
    }

    /// Lets it be known which providers are in use, so that the ways to them are open before they are asked.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn announce(&self) -> Result<(), Error> {
        let offered = self.offered().await?;
        self.providers.are(
            offered
                .iter()
                .map(|issuer| issuer.configuration.issuer.as_str()),
        );
        Ok(())
    }

    /// Where the provider sends browsers back to.
    #[must_use]
    pub fn redirect(&self, key: &str) -> String {
        let here = self.parvis.settings.web.public_address();
        format!("{here}/sign-in/{key}/callback")
    }

    /// Where the provider tells that a session ended.
    #[must_use]
    pub fn back_channel(&self, key: &str) -> String {
        let here = self.parvis.settings.web.public_address();
        format!("{here}/sign-in/{key}/back-channel")
    }

    /// Where the provider sends browsers after a sign-out.
    #[must_use]
    pub fn after_sign_out(&self) -> String {
        format!("{}/signed-out", self.parvis.settings.web.public_address())
    }

    /// A provider ready to be spoken to.
    pub(super) async fn ready(&self, key: &str) -> Result<Ready, Error> {
        let wanted = key.to_owned();
        let kept = self
            .parvis
            .database
            .read(move |view| issuers::named(view, &wanted))
            .await?;
        self.prepared(kept)
    }

    pub(super) fn prepared(&self, kept: Kept) -> Result<Ready, Error> {
        let secret = kept
            .sealed_secret
            .as_deref()
            .map(|sealed| self.open(sealed));
        Ok(Ready {
            secret: secret.transpose()?,
            redirect: self.redirect(&kept.issuer.key),
            skew: self.parvis.settings.auth.clock_skew(),
            kept,
        })
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Result<String, Error> {
        String::from_utf8(self.seal.open(sealed)?).map_err(Error::internal)
    }

    /// Begins a sign-in; returns where to send the browser.
    ///
    /// # Errors
    /// When there is no such provider, it does not answer, or the database is not available.
    pub async fn begin(&self, leaving: Leaving<'_>) -> Result<String, Failed> {
        let ready = self.ready(leaving.key).await?;
        let client = ready.client();
        let issuer = &client.configuration.issuer;
        let metadata = self.providers.metadata(issuer).await?;
        let state = secret::random()?;
        let beginning = Beginning {
            key: leaving.key,
            state: &state,
            browser: hex::encode(secret::digest(leaving.browser)),
            return_to: leaving.return_to,
            link_to: leaving.link_to,
        };
        let (url, attempt) = attempt::begin(&metadata, &client, beginning)?;
        let clear = serde_json::to_vec(&attempt).map_err(Error::internal)?;
        let sealed = self.seal.seal(&clear)?;
        let (digest, person, now) = (
            secret::digest(&state),
            attempt.person(),
            self.parvis.clock.now(),
        );
        self.parvis
            .database
            .write(move |tx| ceremonies::begin(tx, &digest, person, &sealed, now))
            .await?;
        Ok(url.into())
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// Why nobody is signed in. That is on record then.
    pub async fn finish(&self, returning: Returning<'_>) -> Result<Returned, Failed> {
        let result = self.try_to_finish(&returning).await;
        if let Err(Failed::Refused(refusal)) = &result {
            self.record_refusal(&returning, refusal).await;
        }
        result
    }

    async fn try_to_finish(&self, returning: &Returning<'_>) -> Result<Returned, Failed> {
        let lost = |detail: &str| Refusal {
            code: Code::State,
            detail: detail.to_owned(),
        };
        let state = returning
            .state
            .ok_or_else(|| lost("the answer names no sign-in (state)"))?;
        let digest = secret::digest(state);
        let since = self.parvis.clock.now() - PATIENCE;
        let taken = self
            .parvis
            .database
            .write(move |tx| ceremonies::take(tx, &digest, since))
            .await?;
        let Some((_, sealed)) = taken else {
            if self.was_finished(&digest) {
                return Ok(Returned::Again);
            }
            let detail = "the sign-in was not begun here, was finished before, or took longer than 15 minutes";
            return Err(lost(detail).into());
        };
        // What else is kept there is no attempt, and does not read as one.
        let attempt: Attempt = serde_json::from_slice(&self.seal.open(&sealed)?)
            .map_err(|_| lost("what was begun under this name is no sign-in with a provider"))?;
        check_browser(&attempt, returning.attempt)?;
        if attempt.key != returning.key {
            let detail = format!("{} was asked, and {} answers", attempt.key, returning.key);
            return Err(Refusal {
                code: Code::ResponseIssuer,
                detail,
            }
            .into());
        }
        let ready = self.ready(returning.key).await?;
        let verified = oidc::finish(
            &self.providers,
            &ready.client(),
            &attempt,
            &returning.callback,
        )
        .await?;
        let returned = self.admit(&ready, &attempt, verified, returning).await?;
        self.remember_finished(digest);
        Ok(returned)
    }

    async fn admit(
        &self,
        ready: &Ready,
        attempt: &Attempt,
        verified: Verified,
        returning: &Returning<'_>,
    ) -> Result<Returned, Failed> {
        let entry = admit::Entry::new(self, ready, attempt, verified, returning)?;
        let letterhead = Letterhead::of(&self.parvis, &self.seal);
        let now = self.parvis.clock.now();
        // What is refused may change something too: roles that the provider does not give any more.
        let outcome = self
            .parvis
            .database
            .write(move |tx| entry.admit(tx, &letterhead, now))
            .await?;
        Ok(outcome?)
    }

    fn was_finished(&self, digest: &[u8; 32]) -> bool {
        let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.contains_key(digest)
    }

    fn remember_finished(&self, digest: [u8; 32]) {
        let now = self.parvis.clock.now();
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.retain(|_, at| now < *at + PATIENCE);
        if finished.len() < MOST_FINISHED {
            finished.insert(digest, now);
        }
    }

    /// A refusal is on record under its code. The story stays here: it may name who could not sign in.
    async fn record_refusal(&self, returning: &Returning<'_>, refusal: &Refusal) {
        let address = Some(returning.from.address.clone());
        let object = format!("issuer {}", returning.key);
        let event =
            Event::by_nobody("somebody", address, "sign-in", &object).refused(refusal.code.name());
        let now = self.parvis.clock.now();
        let noted = self
            .parvis
            .database
            .write(move |tx| audit::note(tx, event, now));
        if let Err(error) = noted.await {
            log::warn!(
                "audit: a refused sign-in is not on record: {}",
                error.chain()
            );
        }
    }

    /// Notes for administrators why a sign-in failed, under the reference that people were told.
    pub async fn note_refused(&self, key: &str, refusal: &Refusal, reference: &str) {
        log::info!(reference = reference; "sign-in with {key} refused: {}", refusal.code.name());
        if let Ok(ready) = self.ready(key).await {
            let issuer = &ready.kept.issuer.configuration.issuer;
            self.providers.note_refused(issuer, refusal, reference);
        }
    }
}

/// The answer must come to the browser that asked: else somebody could be signed in to another's account unawares.
fn check_browser(attempt: &Attempt, browser: Option<&str>) -> Result<(), Refusal> {
    let shown = browser.map(|secret| hex::encode(secret::digest(secret)));
    let is_same = shown.is_some_and(|shown| {
        shown.len() == attempt.browser.len()
            && openssl::memcmp::eq(shown.as_bytes(), attempt.browser.as_bytes())
    });
    if is_same {
        return Ok(());
    }
    Err(Refusal {
        code: Code::Browser,
        detail: "the sign-in was begun in another browser, or its cookie was lost".to_owned(),
    })
}
