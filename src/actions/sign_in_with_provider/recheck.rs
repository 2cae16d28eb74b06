//! Looking again at the accounts behind long sessions: roles follow the provider, and whom it does not know any more is out.
//!
//! A provider that does not answer ends nothing: the limits of the session do.

use chrono::TimeDelta;
use serde_json::json;

use super::SignOn;
use super::said::Said;
use crate::auth::oidc::{self, Rechecked, Refusal};
use crate::domain::audit::Event;
use crate::domain::session::{Session, Vouched};
use crate::error::Error;
use crate::persistence::sessions::Ending;
use crate::persistence::{Transaction, audit, issuers, people, sessions};

/// How long what a provider said is believed.
const FRESH: TimeDelta = TimeDelta::minutes(15);
/// Sessions looked at in one go.
const AT_ONCE: i64 = 50;

impl SignOn {
    /// Looks again at the accounts of the sessions that were not looked at for longest.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn recheck(&self) -> Result<(), Error> {
        let now = self.parvis.clock.now();
        let (seen_after, before) = (now - self.parvis.settings.auth.limits().idle, now - FRESH);
        let due = self
            .parvis
            .database
            .read(move |view| sessions::to_check(view, seen_after, before, AT_ONCE))
            .await?;
        for session in due {
            if let Some(vouched) = session.vouched.clone() {
                self.recheck_one(&session, &vouched).await?;
            }
        }
        Ok(())
    }

    async fn recheck_one(&self, session: &Session, vouched: &Vouched) -> Result<(), Error> {
        let Some(ready) = self.ready_for(&vouched.issuer).await? else {
            return Ok(());
        };
        let (Some(id_token), Some(refresh_token)) =
            (&vouched.sealed_id_token, &vouched.sealed_refresh_token)
        else {
            return Ok(());
        };
        let before = oidc::Before {
            subject: &vouched.subject,
            id_token: &self.open(id_token)?,
            refresh_token: &self.open(refresh_token)?,
        };
        match oidc::recheck(&self.providers, &ready.client(), &before).await {
            Ok(Rechecked::Vouched {
                claims,
                refresh_token,
            }) => {
                match Said::read(&ready.kept.issuer, &vouched.subject, &claims) {
                    Ok(said) => self.renew(session, said, &refresh_token).await,
                    // Nothing follows from groups that were left out.
                    Err(refusal) => self.put_off(session, &refresh_token, &refusal).await,
                }
            }
            Ok(Rechecked::Withdrawn(refusal)) => {
                self.end_withdrawn(session, vouched, &refusal).await
            }
            Err(refusal) => {
                log::debug!(
                    "looking again at an account failed: {}",
                    refusal.code.name()
                );
                Ok(())
            }
        }
    }

    async fn renew(&self, session: &Session, said: Said, refresh_token: &str) -> Result<(), Error> {
        let sealed = self.seal.seal(refresh_token.as_bytes())?;
        let (id, person, now) = (session.id, session.person, self.parvis.clock.now());
        let work = move |tx: &mut Transaction<'_>| {
            // It may have been unlinked meanwhile: then it gives nothing any more.
            if issuers::person_of(tx, &said.issuer, &said.subject)? != Some(person) {
                return Ok(());
            }
            let person = people::person(tx, person)?;
            said.renew(tx, &person, now)?;
            sessions::checked(tx, id, Some(&sealed), now)
        };
        self.parvis.database.write(work).await
    }

    async fn put_off(
        &self,
        session: &Session,
        refresh_token: &str,
        refusal: &Refusal,
    ) -> Result<(), Error> {
        log::warn!("looking again at an account: {}", refusal.code.name());
        let sealed = self.seal.seal(refresh_token.as_bytes())?;
        let (id, now) = (session.id, self.parvis.clock.now());
        self.parvis
            .database
            .write(move |tx| sessions::checked(tx, id, Some(&sealed), now))
            .await
    }

    async fn end_withdrawn(
        &self,
        session: &Session,
        vouched: &Vouched,
        refusal: &Refusal,
    ) -> Result<(), Error> {
        let (id, person, now) = (session.id, session.person, self.parvis.clock.now());
        let how = json!({ "issuer": vouched.issuer, "why": refusal.code.name() });
        let work = move |tx: &mut Transaction<'_>| {
            let person = people::person(tx, person)?;
            sessions::end(tx, Ending::One(id), now)?;
            let event = Event {
                person: Some(person.id),
                ..Event::by_nobody(&person.name, None, "end-sessions", &person.object())
            };
            audit::note(tx, event.changing(None, Some(how)), now)
        };
        self.parvis.database.write(work).await
    }
}
