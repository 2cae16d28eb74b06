//! What a provider says of an account, and what follows: name and address, and the roles that its rules give.

use crate::actions::make_roles_anew::make_roles_anew;
use crate::auth::oidc::{Code, Refusal};
use crate::domain::actor::Grant;
use crate::domain::audit::Event;
use crate::domain::claims::{Claims, Delivered, Meaning, judge};
use crate::domain::issuer::Issuer;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::persistence::{Transaction, audit, issuers, people};

/// The longest name or mail address that is taken over.
const LONGEST: usize = 200;

/// What a provider says of an account.
#[derive(Debug)]
pub(super) struct Said {
    /// The provider, as its tokens name it.
    pub(super) issuer: String,
    /// The account there.
    pub(super) subject: String,
    pub(super) name: Option<String>,
    pub(super) mail: Option<String>,
    /// What they are to be called if nobody says a name.
    pub(super) fallback: String,
    /// The roles that the rules give.
    pub(super) grants: Vec<Grant>,
    pub(super) delivered: Delivered,
    /// From where the person came, if they are here.
    pub(super) address: Option<String>,
}

impl Said {
    /// Reads claims by the rules of their issuer.
    ///
    /// # Errors
    /// When claims that the rules read were left out: nothing follows from that.
    pub(super) fn read(issuer: &Issuer, subject: &str, claims: &Claims) -> Result<Self, Refusal> {
        let configuration = &issuer.configuration;
        let reading = configuration.reading(claims);
        let judgement = judge(&configuration.rules, &reading);
        let delivered = Delivered::of(&reading, &configuration.rules, &judgement);
        let given = judgement.given.map_err(|elsewhere| Refusal {
            code: Code::Groups,
            detail: elsewhere.to_string(),
        })?;
        let cut = |text: String| text.chars().take(LONGEST).collect::<String>();
        let fallback = reading.first(Meaning::PrincipalName).map(cut);
        Ok(Self {
            issuer: configuration.issuer.clone(),
            subject: subject.to_owned(),
            name: reading.name().map(cut),
            mail: reading.address().map(cut),
            fallback: fallback.unwrap_or_else(|| subject.to_owned()),
            grants: given.into_iter().map(|given| given.grant).collect(),
            delivered,
            address: None,
        })
    }

    /// Takes over what the provider says now: name, address, and the roles that its rules give.
    pub(super) fn renew(
        &self,
        tx: &mut Transaction<'_>,
        person: &Person,
        now: Moment,
    ) -> Result<(), Error> {
        let issuer = &self.issuer;
        issuers::note_sign_in(tx, issuer, &self.subject, &self.delivered, now)?;
        // The name and address of a local account are what its administrator set: mail about it goes there.
        if person.login.is_none() {
            let name = self.name.as_deref().unwrap_or(&person.name);
            let mail = self.mail.as_deref().or(person.email.as_deref());
            people::refresh(tx, person.id, name, mail)?;
        }
        let changed = make_roles_anew(tx, person.id, issuer, &self.grants, now)?;
        if let Some((before, after)) = changed {
            let event = self
                .event(person, "roles-by-rules")
                .changing(Some(before), Some(after));
            audit::note(tx, event, now)?;
        }
        Ok(())
    }

    /// A record about a person, by themselves or on the word of the provider.
    pub(super) fn event(&self, person: &Person, act: &str) -> Event {
        Event {
            person: Some(person.id),
            ..Event::by_nobody(&person.name, self.address.clone(), act, &person.object())
        }
    }
}
