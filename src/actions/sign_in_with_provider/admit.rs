//! What is made of somebody a provider vouches for: who they are here, what they may, and the session that begins.
//!
//! An account is known by issuer and subject. It becomes somebody's by an administrator's expectation or by the wish of who
//! is signed in, never because a name or a mail address is the same.

use serde_json::{Value, json};

use super::said::Said;
use super::{Failed, Ready, Returned, Returning, SignOn};
use crate::actions::begin_session::{Browser, Letterhead, Proof, begin};
use crate::actions::choose_password::is_administrator;
use crate::actions::second_step::{Step, begin_step, has_second_factor};
use crate::auth::oidc::{Attempt, Code, Refusal, Verified};
use crate::domain::ids::PersonId;
use crate::domain::issuer::{Expectation, Linking, NoMatch};
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::session::Vouched;
use crate::error::Error;
use crate::persistence::{Transaction, audit, issuers, people};

/// Somebody at the door, with all that was learned about them.
pub(super) struct Entry {
    issuer_id: i32,
    no_match: NoMatch,
    said: Said,
    vouched: Vouched,
    is_strong: bool,
    is_expected: Expected,
    link_to: Option<PersonId>,
    signed_in: Option<PersonId>,
    return_to: String,
    from: Browser,
}

/// Tells whether an expectation is met; the claims stay where they were read.
type Expected = Box<dyn Fn(&Expectation) -> bool + Send>;

impl Entry {
    pub(super) fn new(
        sign_on: &SignOn,
        ready: &Ready,
        attempt: &Attempt,
        verified: Verified,
        returning: &Returning<'_>,
    ) -> Result<Self, Failed> {
        let issuer = &ready.kept.issuer;
        let configuration = issuer.configuration.clone();
        let mut said = Said::read(issuer, &verified.subject, &verified.claims)?;
        said.address = Some(returning.from.address.clone());
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
            no_match: configuration.no_match,
            said,
            vouched,
            is_strong: configuration.is_strong(&claims),
            is_expected: Box::new(move |expected| expected.is_met(&configuration.reading(&claims))),
            link_to: attempt.person(),
            signed_in: returning.signed_in,
            return_to: attempt.return_to.clone(),
            from: returning.from.clone(),
        })
    }

    /// Lets them in, or says why not; either way the roles of the provider are what its rules give.
    pub(super) fn admit(
        self,
        tx: &mut Transaction<'_>,
        letterhead: &Letterhead,
        now: Moment,
    ) -> Result<Result<Returned, Refusal>, Error> {
        issuers::hold(tx, &self.vouched.issuer, &self.vouched.subject)?;
        let known = issuers::person_of(tx, &self.vouched.issuer, &self.vouched.subject)?;
        if let Some(person) = self.link_to {
            return self.link(tx, person, known, now);
        }
        let known = match known {
            Some(person) => Some(person),
            None => self.expected(tx, now)?,
        };
        let Some(person) = known else {
            return self.admit_stranger(tx, letterhead, now);
        };
        let person = people::person(tx, person)?;
        if person.deactivated_at.is_some() {
            let detail = format!("{} may no longer sign in", person.object());
            return Ok(Err(refusal(Code::Deactivated, detail)));
        }
        self.said.renew(tx, &person, now)?;
        let may_nothing = people::grants_of(tx, person.id)?.is_empty();
        if may_nothing && self.no_match == NoMatch::Refuse {
            return Ok(Err(self.no_role(&person.object())));
        }
        self.begin(tx, letterhead, &person, now).map(Ok)
    }

    /// Somebody never seen: whoever no rule gives anything leaves no trace, where that is refused.
    fn admit_stranger(
        self,
        tx: &mut Transaction<'_>,
        letterhead: &Letterhead,
        now: Moment,
    ) -> Result<Result<Returned, Refusal>, Error> {
        if self.said.grants.is_empty() && self.no_match == NoMatch::Refuse {
            return Ok(Err(self.no_role("somebody new")));
        }
        let name = self.said.name.as_deref().unwrap_or(&self.said.fallback);
        let id = people::add_signed_in(tx, name, self.said.mail.as_deref(), now)?;
        issuers::link(tx, &self.linking(id), now)?;
        let person = people::person(tx, id)?;
        let event = self.said.event(&person, "add-person");
        audit::note(tx, event.changing(None, Some(self.account())), now)?;
        self.said.renew(tx, &person, now)?;
        self.begin(tx, letterhead, &person, now).map(Ok)
    }

    /// The person whom an administrator expects with such an account.
    fn expected(&self, tx: &mut Transaction<'_>, now: Moment) -> Result<Option<PersonId>, Error> {
        for expected in issuers::expected(tx, self.issuer_id)? {
            if (self.is_expected)(&expected) && issuers::fulfil(tx, expected.id, now)? {
                issuers::link(tx, &self.linking(expected.person), now)?;
                let person = people::person(tx, expected.person)?;
                let how = json!({
                    "issuer": self.vouched.issuer, "subject": self.vouched.subject,
                    "claim": expected.claim, "value": expected.value,
                });
                let event = self
                    .said
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
            let event = self
                .said
                .event(&person, "link-account")
                .changing(None, Some(self.account()));
            audit::note(tx, event, now)?;
        }
        self.said.renew(tx, &person, now)?;
        Ok(Ok(Returned::Linked(self.return_to)))
    }

    /// Begins their session, or asks for the second factor that they have here, where their roles need one that the provider
    /// did not tell of.
    fn begin(
        self,
        tx: &mut Transaction<'_>,
        letterhead: &Letterhead,
        person: &Person,
        now: Moment,
    ) -> Result<Returned, Error> {
        if !self.is_strong && is_administrator(tx, person.id)? && has_second_factor(tx, person.id)?
        {
            let step = Step {
                method: "oidc".to_owned(),
                vouched: Some(self.vouched),
                back: self.return_to,
            };
            let step = begin_step(tx, letterhead, person.id, &step, now)?;
            return Ok(Returned::SecondStep(step));
        }
        let proof = Proof {
            vouched: Some(self.vouched),
            ..Proof::of("oidc", self.is_strong)
        };
        let begun = begin(tx, letterhead, person, &proof, &self.from, now)?;
        Ok(Returned::SignedIn(begun, self.return_to))
    }

    fn linking(&self, person: PersonId) -> Linking {
        Linking {
            person,
            issuer: self.vouched.issuer.clone(),
            subject: self.vouched.subject.clone(),
        }
    }

    /// The account, as records name it.
    fn account(&self) -> Value {
        json!({ "issuer": self.vouched.issuer, "subject": self.vouched.subject })
    }

    fn no_role(&self, whom: &str) -> Refusal {
        let delivered = &self.said.delivered;
        let mut detail = format!("no rule gives {whom} a role");
        for (place, names) in [
            ("the ID token", &delivered.id_token),
            ("userinfo", &delivered.userinfo),
        ] {
            if !names.is_empty() {
                detail = format!("{detail}; {place} has {}", names.join(", "));
            }
        }
        for (claim, values) in &delivered.out_of_scope {
            let values = values.join(", ");
            detail = format!("{detail}; {claim} is left aside for its domain: {values}");
        }
        for (claim, values) in &delivered.unverified {
            let values = values.join(", ");
            detail = format!("{detail}; {claim} is left aside as not verified: {values}");
        }
        refusal(Code::NoRole, detail)
    }
}

fn refusal(code: Code, detail: String) -> Refusal {
    Refusal { code, detail }
}
