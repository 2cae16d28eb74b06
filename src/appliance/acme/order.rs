//! From an order to a certificate: the account, the order, the answers on port 80, the chain.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeStatus, ChallengeType, Error,
    ExternalAccountKey, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use openssl::pkey::{PKey, Private};

use super::Challenges;
use super::challenges::Posted;
use super::http::{Http, Patience};
use super::kept::{Kept as _, KeptAccount, KeptOrder};
use super::renewal_information;
use crate::appliance::certificate::{Files, Pair, new_key, request};
use crate::domain::certificate::Choice;
use crate::domain::reading::Moment;
use crate::error;

/// How long a directory may take to look at the answer, and to issue.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_mins(2));

/// What a certificate is requested with.
pub struct Acme<'a> {
    /// Where account and order are kept.
    pub files: &'a Files,
    /// Where the directory is answered.
    pub challenges: &'a Challenges,
    /// Which directory, and for whom.
    pub choice: &'a Choice,
    /// The name that people use.
    pub name: &'a str,
    /// The way there.
    pub client: reqwest::Client,
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub reason: String,
    /// Until when the directory does not want to be asked again.
    pub asked_to_wait: Option<Moment>,
}

impl From<error::Error> for Failure {
    fn from(error: error::Error) -> Self {
        Self {
            reason: error.chain(),
            asked_to_wait: None,
        }
    }
}

impl Acme<'_> {
    /// Gets a certificate, going on with an order that was begun. `replaced` is the one of this directory that it takes the
    /// place of. The caller checks and installs it, and then says [`Acme::is_done`].
    ///
    /// # Errors
    /// Why there is none.
    pub async fn obtain(&self, replaced: Option<&Pair>, now: Moment) -> Result<Pair, Failure> {
        if !self.choice.terms_agreed {
            let reason = "the terms of service of the directory are not accepted: tick the box on the page, or set \
                          certificate.terms_agreed = true";
            return Err(Failure {
                reason: reason.to_owned(),
                asked_to_wait: None,
            });
        }
        let replaced = replaced.and_then(renewal_information::identifier);
        let patience = Patience::default();
        let mut result = self.attempt(replaced.clone(), &patience).await;
        if result.as_ref().is_err_and(is_unknown_account) {
            // The directory forgot the account, or is another one at the same address.
            KeptAccount::forget(self.files)?;
            KeptOrder::forget(self.files)?;
            result = self.attempt(replaced, &patience).await;
        }
        result.map_err(|error| self.failure(&error, &patience, now))
    }

    /// The certificate is in place: the order need not be remembered.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn is_done(&self) -> Result<(), error::Error> {
        KeptOrder::forget(self.files)
    }

    /// From when to when the directory wants a certificate of its own to be replaced (ARI, RFC 9773); nothing when it has
    /// no opinion.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn window(
        &self,
        pair: &Pair,
        now: Moment,
    ) -> Result<Option<(Moment, Moment)>, Failure> {
        let patience = Patience::default();
        let window = async {
            let account = self.account(&patience).await?;
            renewal_information::window(&account, pair).await
        };
        let window: Result<_, Error> = window.await;
        window.map_err(|error| self.failure(&error, &patience, now))
    }

    fn failure(&self, error: &Error, patience: &Patience, now: Moment) -> Failure {
        Failure {
            reason: format!("{}: {error}", self.choice.directory),
            asked_to_wait: patience.until(now),
        }
    }

    async fn attempt(
        &self,
        replaced: Option<CertificateIdentifier<'_>>,
        patience: &Patience,
    ) -> Result<Pair, Error> {
        let account = self.account(patience).await?;
        let (mut order, key) = self.order(&account, replaced).await?;
        let result = self.follow(&mut order, &key).await;
        if let Err(Error::Api(_) | Error::Str(_)) = &result {
            // It ended badly and will not get better; the next attempt begins anew.
            KeptOrder::forget(self.files).map_err(ours)?;
        }
        let chain = result?;
        Pair::with_key(chain.as_bytes(), key).map_err(ours)
    }

    async fn account(&self, patience: &Patience) -> Result<Account, Error> {
        let builder = Account::builder_with_http(Box::new(Http {
            client: self.client.clone(),
            patience: patience.clone(),
        }));
        let contact = self.choice.contact.as_ref();
        let contact: Vec<String> = contact
            .map(|to| format!("mailto:{to}"))
            .into_iter()
            .collect();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let kept = KeptAccount::read(self.files);
        let kept = kept.filter(|kept| kept.directory == self.choice.directory);
        let keep = |credentials| {
            let account = KeptAccount {
                directory: self.choice.directory.clone(),
                contact: self.choice.contact.clone(),
                credentials,
            };
            account.write(self.files).map_err(ours)
        };
        let Some(kept) = kept else {
            let new = NewAccount {
                contact: &contact,
                terms_of_service_agreed: self.choice.terms_agreed,
                only_return_existing: false,
            };
            let directory = self.choice.directory.clone();
            let binding = self.binding()?;
            let (account, credentials) = builder.create(&new, directory, binding.as_ref()).await?;
            keep(credentials)?;
            return Ok(account);
        };
        let account = builder.from_credentials(kept.credentials).await?;
        if kept.contact != self.choice.contact {
            account.update_contacts(&contact).await?;
            if let Some(kept) = KeptAccount::read(self.files) {
                keep(kept.credentials)?;
            }
        }
        Ok(account)
    }

    fn binding(&self) -> Result<Option<ExternalAccountKey>, Error> {
        let (Some(id), Some(file)) = (&self.choice.binding, &self.choice.binding_key_file) else {
            return Ok(None);
        };
        let wrong = |why: String| Error::Other(format!("{}: {why}", file.display()).into());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let key = URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('='));
        let key = key.map_err(|error| wrong(format!("the key is not base64url: {error}")))?;
        Ok(Some(ExternalAccountKey::new(id.clone(), &key)))
    }

    /// The order that was begun for the same, or a new one.
    async fn order(
        &self,
        account: &Account,
        replaced: Option<CertificateIdentifier<'_>>,
    ) -> Result<(Order, PKey<Private>), Error> {
        let kept = KeptOrder::read(self.files).filter(|kept| {
            kept.directory == self.choice.directory
                && kept.name == self.name
                && kept.profile == self.choice.profile
        });
        if let Some(kept) = kept {
            let key = PKey::private_key_from_pem_passphrase(kept.key.as_bytes(), b"");
            match (account.order(kept.url).await, key) {
                (Ok(order), Ok(key)) => return Ok((order, key)),
                // Only a directory that answers is asked for another one.
                (Err(error @ Error::Other(_)), _) => return Err(error),
                _ => {}
            }
        }
        let key = new_key().map_err(broken)?;
        let pem = key.private_key_to_pem_pkcs8().map_err(broken)?;
        let order = self.new_order(account, replaced).await?;
        let kept = KeptOrder {
            directory: self.choice.directory.clone(),
            name: self.name.to_owned(),
            profile: self.choice.profile.clone(),
            url: order.url().to_owned(),
            key: String::from_utf8_lossy(&pem).into_owned(),
            answers: Vec::new(),
        };
        kept.write(self.files).map_err(ours)?;
        Ok((order, key))
    }

    async fn new_order(
        &self,
        account: &Account,
        replaced: Option<CertificateIdentifier<'_>>,
    ) -> Result<Order, Error> {
        let identifiers = [match self.name.parse() {
            Ok(address) => Identifier::Ip(address),
            Err(_) => Identifier::Dns(self.name.to_owned()),
        }];
        let plain = || {
            let new = NewOrder::new(&identifiers);
            match &self.choice.profile {
                Some(profile) => new.profile(profile),
                None => new,
            }
        };
        if let Some(replaced) = replaced {
            match account.new_order(&plain().replaces(replaced)).await {
                // A directory without ARI, or one that counts it as replaced already.
                Err(Error::Unsupported(_)) => {}
                Err(Error::Api(problem)) if !says(&problem, "rateLimited") => {}
                other => return other,
            }
        }
        account.new_order(&plain()).await
    }

    /// Brings an order to its end, wherever it stands; returns the chain.
    async fn follow(&self, order: &mut Order, key: &PKey<Private>) -> Result<String, Error> {
        let posted = self.answer(order).await?;
        let status = match order.state().status {
            OrderStatus::Pending => match order.poll_ready(&POLLING).await {
                Ok(status) => status,
                Err(Error::Api(_)) => OrderStatus::Invalid,
                Err(error) => return Err(error),
            },
            OrderStatus::Ready => OrderStatus::Ready,
            OrderStatus::Processing => OrderStatus::Processing,
            OrderStatus::Valid => OrderStatus::Valid,
            OrderStatus::Invalid => OrderStatus::Invalid,
        };
        drop(posted);
        match status {
            OrderStatus::Invalid => return Err(self.why_invalid(order).await),
            OrderStatus::Ready => {
                let request = request::signed(self.name, None, key).map_err(broken)?;
                let request = request.to_der().map_err(broken)?;
                order.finalize_csr(&request).await?;
            }
            OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Valid => {}
        }
        order.poll_certificate(&POLLING).await
    }

    /// Answers what the directory wants to see, as long as what is returned lives.
    async fn answer(&self, order: &mut Order) -> Result<Vec<Posted>, Error> {
        let mut posted = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
                let told = format!("the directory does not offer http-01 for {}", self.name);
                return Err(Error::Other(told.into()));
            };
            let answer = challenge.key_authorization();
            posted.push(self.challenges.post(&challenge.token, answer.as_str()));
            self.keep_answer(&challenge.token, answer.as_str())
                .map_err(ours)?;
            if matches!(challenge.status, ChallengeStatus::Pending) {
                challenge.set_ready().await?;
            }
        }
        Ok(posted)
    }

    /// The directory may ask while the service begins again.
    fn keep_answer(&self, token: &str, answer: &str) -> Result<(), error::Error> {
        let answer = (token.to_owned(), answer.to_owned());
        match KeptOrder::read(self.files) {
            Some(mut kept) if !kept.answers.contains(&answer) => {
                kept.answers.push(answer);
                kept.write(self.files)
            }
            _ => Ok(()),
        }
    }

    /// What the directory saw instead of the answer.
    async fn why_invalid(&self, order: &mut Order) -> Error {
        let mut reasons = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            if let Ok(state) = authorization.refresh().await {
                let problems = state.challenges.iter().filter_map(|one| one.error.as_ref());
                reasons.extend(problems.map(ToString::to_string));
            }
        }
        if let Err(error) = KeptOrder::forget(self.files) {
            return ours(error);
        }
        Error::Other(
            format!(
                "it did not get the answer it asked for on http://{}{}…: {}",
                self.name,
                super::PATH,
                reasons.join("; ")
            )
            .into(),
        )
    }
}

fn says(problem: &instant_acme::Problem, word: &str) -> bool {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    kind.strip_prefix("urn:ietf:params:acme:error:") == Some(word)
}

fn is_unknown_account(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if says(problem, "accountDoesNotExist"))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn ours(error: error::Error) -> Error {
    Error::Other(error.chain().into())
}

fn broken(error: openssl::error::ErrorStack) -> Error {
    Error::Other(error.into())
}
