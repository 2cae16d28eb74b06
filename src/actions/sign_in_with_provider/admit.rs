//! What is made of somebody a provider vouches for: who they are here, what they may, and the session that begins.
//!
//! An account is known by issuer and subject. It becomes somebody's by an administrator's expectation or by the wish of who
//! is signed in, never because a name or a mail address is the same.

use serde_json::json;

use super::{Failed, Ready, Returned, Returning, SignOn};
use crate::auth::oidc::{Attempt, Code, Refusal, Verified};
use crate::auth::sessions::{self, Beginning};
use crate::domain::actor::Grant;
use crate::domain::audit::Event;
use crate::domain::claims::{Delivered, Meaning, judge};
use crate::domain::ids::PersonId;
use crate::domain::issuer::{Expectation, Linking, NoMatch};
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::role::Role;
use crate::domain::session::Vouched;
use crate::error::Error;
use crate::persistence::{Transaction, audit, issuers, people};

/// The longest name or mail address that is taken over.
const LONGEST: usize = 200;

/// Somebody who is signed in now.
#[derive(Debug)]
pub struct Admitted {
    /// The secret of their session.
    pub secret: String,
    /// Where they wanted to go.
    pub return_to: String,
}

/// Somebody at the door, with all that was learned about them.
pub(super) struct Entry {
    issuer_id: i32,
    key: String,
    no_match: NoMatch,
    vouched: Vouched,
    name: Option<String>,
    mail: Option<String>,
    /// What they are to be called if nobody says a name.
    fallback: String,
    grants: Vec<Grant>,
    delivered: Delivered,
    is_strong: bool,
    expectations: ExpectationsMet,
    link_to: Option<PersonId>,
    signed_in: Option<PersonId>,
    return_to: String,
    session: Option<String>,
    address: String,
    agent: String,
}

/// Tells whether an expectation is met; the claims stay where they were read.
type ExpectationsMet = Box<dyn Fn(&Expectation) -> bool + Send>;

impl Entry {
    pub(super) fn new(
        sign_on: &SignOn,
        ready: &Ready,
        attempt: &Attempt,
        verified: Verified,
        returning: &Returning<'_>,
    ) -> Result<Self, Failed> {
        let configuration = ready.kept.issuer.configuration.clone();
        let reading = configuration.reading(&verified.claims);
        let judgement = judge(&configuration.rules, &reading);
        let delivered = Delivered::of(&reading, &configuration.rules, &judgement);
        let given = judgement.given.map_err(|elsewhere| Refusal {
            code: Code::Groups,
            detail: elsewhere.to_string(),
        })?;
        let cut = |text: String| text.chars().take(LONGEST).collect::<String>();
        let (name, mail) = (
            reading.name().map(cut),
            reading.first(Meaning::Mail).map(cut),
        );
        let fallback = reading.first(Meaning::PrincipalName).map(cut);
        let is_strong = configuration.is_strong(&verified.claims);
        let seal = |text: &str| sign_on.seal().seal(text.as_bytes());
        let vouched = Vouched {
            issuer: verified.issuer,
            sid: verified.sid,
            sealed_id_token: Some(seal(&verified.id_token)?),
            sealed_refresh_token: verified.refresh_token.as_deref().map(seal).transpose()?,
            checked_at: None,
            subject: verified.subject,
        };
        let claims = verified.claims;
        Ok(Self {
            issuer_id: ready.kept.id,
            key: ready.kept.issuer.key.clone(),
            no_match: configuration.no_match,
            fallback: fallback.unwrap_or_else(|| vouched.subject.clone()),
            vouched,
            name,
            mail,
            grants: given.into_iter().map(|given| given.grant).collect(),
            delivered,
            is_strong,
            expectations: Box::new(move |expected| {
                expected.is_met(&configuration.reading(&claims))
            }),
            link_to: attempt.person(),
            signed_in: returning.signed_in,
            return_to: attempt.return_to.clone(),
            session: returning.session.map(str::to_owned),
            address: returning.address.to_owned(),
            agent: returning.agent.to_owned(),
        })
    }

    /// Lets them in, or says why not; either way the roles of the provider are what its rules give.
    pub(super) fn admit(
        self,
        tx: &mut Transaction<'_>,
        now: Moment,
    ) -> Result<Result<Returned, Refusal>, Error> {
        let known = issuers::person_of(tx, &self.vouched.issuer, &self.vouched.subject)?;
        if let Some(person) = self.link_to {
            return self.link(tx, person, known, now);
        }
        let known = match known {
            Some(person) => Some(person),
            None => self.expected(tx, now)?,
        };
        let Some(person) = known else {
            return self.admit_stranger(tx, now);
        };
        let person = people::person(tx, person)?;
        if person.deactivated_at.is_some() {
            let detail = format!("{} may no longer sign in", person.object());
            return Ok(Err(refusal(Code::Deactivated, detail)));
        }
        self.renew(tx, &person, now)?;
        let may_nothing = people::grants_of(tx, person.id)?.is_empty();
        if may_nothing && self.no_match == NoMatch::Refuse {
            return Ok(Err(self.no_role(&person.object())));
        }
        self.begin(tx, &person, now).map(Ok)
    }

    /// Somebody never seen: whoever no rule gives anything leaves no trace, where that is refused.
    fn admit_stranger(
        self,
        tx: &mut Transaction<'_>,
        now: Moment,
    ) -> Result<Result<Returned, Refusal>, Error> {
        if self.grants.is_empty() && self.no_match == NoMatch::Refuse {
            return Ok(Err(self.no_role("somebody new")));
        }
        let name = self.name.as_deref().unwrap_or(&self.fallback);
        let id = people::add_signed_in(tx, name, self.mail.as_deref(), now)?;
        issuers::link(tx, &self.linking(id), now)?;
        let person = people::person(tx, id)?;
        audit::note(tx, self.event(&person, "add-person"), now)?;
        self.renew(tx, &person, now)?;
        self.begin(tx, &person, now).map(Ok)
    }

    /// The person whom an administrator expects with such an account.
    fn expected(&self, tx: &mut Transaction<'_>, now: Moment) -> Result<Option<PersonId>, Error> {
        for expected in issuers::expected(tx, self.issuer_id)? {
            if (self.expectations)(&expected) && issuers::fulfil(tx, expected.id, now)? {
                issuers::link(tx, &self.linking(expected.person), now)?;
                let person = people::person(tx, expected.person)?;
                let how =
                    json!({ "issuer": self.key, "claim": expected.claim, "value": expected.value });
                let event = self
                    .event(&person, "link-account")
                    .changing(None, Some(how));
                audit::note(tx, event, now)?;
                return Ok(Some(expected.person));
            }
        }
        Ok(None)
    }

    /// Links the account to who wished it, and is still signed in.
    fn link(
        self,
        tx: &mut Transaction<'_>,
        person: PersonId,
        known: Option<PersonId>,
        now: Moment,
    ) -> Result<Result<Returned, Refusal>, Error> {
        if self.signed_in != Some(person) {
            let detail = "who wished to link the account is not signed in any more";
            return Ok(Err(refusal(Code::Browser, detail.to_owned())));
        }
        if known.is_some_and(|known| known != person) {
            let detail = format!(
                "the account belongs to person {} already",
                known.unwrap_or(person)
            );
            return Ok(Err(refusal(Code::Taken, detail)));
        }
        let person = people::person(tx, person)?;
        if known.is_none() {
            issuers::link(tx, &self.linking(person.id), now)?;
            let how = json!({ "issuer": self.key });
            let event = self
                .event(&person, "link-account")
                .changing(None, Some(how));
            audit::note(tx, event, now)?;
        }
        self.renew(tx, &person, now)?;
        Ok(Ok(Returned::Linked(self.return_to)))
    }

    /// Takes over what the provider says now: name, address, and the roles that its rules give.
    fn renew(&self, tx: &mut Transaction<'_>, person: &Person, now: Moment) -> Result<(), Error> {
        let issuer = &self.vouched.issuer;
        issuers::note_sign_in(tx, issuer, &self.vouched.subject, &self.delivered, now)?;
        // The name and address of a local account are what its administrator set: mail about it goes there.
        if person.login.is_none() {
            let name = self.name.as_deref().unwrap_or(&person.name);
            let mail = self.mail.as_deref().or(person.email.as_deref());
            people::refresh(tx, person.id, name, mail)?;
        }
        let before: Vec<Grant> = provided(tx, person.id, issuer)?;
        let mut grants = self.grants.clone();
        if self.would_lock_out(tx, person.id, &before)? {
            grants.push(Grant {
                role: Role::InstitutionAdministrator,
                site: None,
            });
        }
        people::replace_provided(tx, person.id, issuer, &grants, now)?;
        let after = provided(tx, person.id, issuer)?;
        if before != after {
            let (before, after) = (told(&before), told(&after));
            let event = self
                .event(person, "roles-by-rules")
                .changing(Some(before), Some(after));
            audit::note(tx, event, now)?;
        }
        Ok(())
    }

    /// Whether the rules would take the last administrator of the institution away: a rule that was written wrong must not
    /// leave nobody who could write it right.
    fn would_lock_out(
        &self,
        tx: &mut Transaction<'_>,
        person: PersonId,
        before: &[Grant],
    ) -> Result<bool, Error> {
        let administers = |grants: &[Grant]| {
            grants
                .iter()
                .any(|grant| grant.role == Role::InstitutionAdministrator)
        };
        if !administers(before) || administers(&self.grants) {
            return Ok(false);
        }
        let others = people::roles_of(tx, person)?.into_iter().any(|held| {
            held.grant.role == Role::InstitutionAdministrator
                && held.issuer.as_deref() != Some(&self.vouched.issuer)
        });
        Ok(!others && !people::others_administer(tx, person)?)
    }

    fn begin(
        self,
        tx: &mut Transaction<'_>,
        person: &Person,
        now: Moment,
    ) -> Result<Returned, Error> {
        let beginning = Beginning {
            person: person.id,
            method: "oidc",
            is_strong: self.is_strong,
            vouched: Some(&self.vouched),
            address: &self.address,
            agent: &self.agent,
            instead_of: self.session.as_deref(),
        };
        let secret = sessions::begin(tx, &beginning, now)?;
        let how = json!({ "method": "oidc", "issuer": self.key, "strong": self.is_strong });
        let event = self.event(person, "sign-in").changing(None, Some(how));
        audit::note(tx, event, now)?;
        Ok(Returned::SignedIn(Admitted {
            secret,
            return_to: self.return_to,
        }))
    }

    fn linking(&self, person: PersonId) -> Linking {
        Linking {
            person,
            issuer: self.vouched.issuer.clone(),
            subject: self.vouched.subject.clone(),
        }
    }

    fn event(&self, person: &Person, act: &str) -> Event {
        let address = Some(self.address.clone());
        Event {
            person: Some(person.id),
            ..Event::by_nobody(&person.name, address, act, &person.object())
        }
    }

    fn no_role(&self, whom: &str) -> Refusal {
        let names = |names: &[String]| names.join(", ");
        refusal(
            Code::NoRole,
            format!(
                "no rule gives {whom} a role; the ID token has {}; userinfo has {}; left aside for their domain: {:?}",
                names(&self.delivered.id_token),
                names(&self.delivered.userinfo),
                self.delivered.out_of_scope,
            ),
        )
    }
}

fn refusal(code: Code, detail: String) -> Refusal {
    Refusal { code, detail }
}

/// The roles that a provider gave a person.
fn provided(tx: &mut Transaction<'_>, person: PersonId, issuer: &str) -> Result<Vec<Grant>, Error> {
    let roles = people::roles_of(tx, person)?.into_iter();
    let provided = roles.filter(|held| held.issuer.as_deref() == Some(issuer));
    Ok(provided.map(|held| held.grant).collect())
}

fn told(grants: &[Grant]) -> serde_json::Value {
    grants
        .iter()
        .map(|grant| json!({ "role": grant.role, "site": grant.site }))
        .collect()
}
