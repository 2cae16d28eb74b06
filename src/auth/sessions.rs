//! Signing in and out: sessions begin with a secret that only the browser keeps, and whoever shows it is who began it.

use super::{csrf, secret};
use crate::domain::actor::{Actor, Via};
use crate::domain::ids::PersonId;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::session::{Limits, Session, Vouched};
use crate::error::Error;
use crate::persistence::sessions::{Ending, NewSession};
use crate::persistence::{Database, Transaction, View, people, sessions, tokens};

/// How a session comes to be.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// Who.
    pub person: PersonId,
    /// How they proved who they are: `oidc`, `password`, `password+totp`, `passkey`, `invitation`.
    pub method: &'a str,
    /// Whether more than a password was part of it.
    pub is_strong: bool,
    /// The provider that vouched.
    pub vouched: Option<&'a Vouched>,
    /// From where.
    pub address: &'a str,
    /// What the browser calls itself.
    pub agent: &'a str,
    /// The secret of the session that this one takes the place of, as after a second factor.
    pub instead_of: Option<&'a str>,
}

/// The longest name of a browser that is kept.
const LONGEST_AGENT: usize = 200;

/// Begins a session and returns its secret. Always a new one: what a cookie held before a sign-in is worth nothing after.
///
/// # Errors
/// When the database is not available.
pub fn begin(
    tx: &mut Transaction<'_>,
    beginning: &Beginning<'_>,
    now: Moment,
) -> Result<String, Error> {
    if let Some(old) = beginning.instead_of
        && let Some(session) = sessions::find(tx, &secret::digest(old))?
    {
        sessions::end(tx, Ending::One(session.id), now)?;
    }
    let secret = secret::random()?;
    let agent: String = beginning.agent.chars().take(LONGEST_AGENT).collect();
    let new = NewSession {
        person: beginning.person,
        digest: &secret::digest(&secret),
        method: beginning.method,
        is_strong: beginning.is_strong,
        vouched: beginning.vouched,
        address: beginning.address,
        agent: &agent,
    };
    sessions::begin(tx, &new, now)?;
    Ok(secret)
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// As whom they act.
    pub actor: Actor,
    /// Who they are.
    pub person: Person,
    /// Their session; none for a program with a token.
    pub session: Option<Session>,
    /// As whom they look at the pages, by name.
    pub sees_as: Option<String>,
    /// The token of their forms.
    pub csrf: String,
}

/// Who shows the secret of a session.
///
/// # Errors
/// When the database is not available: then nobody is taken for nobody.
pub async fn recognise(
    database: &Database,
    secret: String,
    address: String,
    limits: Limits,
    now: Moment,
) -> Result<Option<SignedIn>, Error> {
    let found = database
        .read(move |view| look_up(view, &secret, address, limits, now))
        .await?;
    if let Some(session) = found.as_ref().and_then(|found| found.session.as_ref())
        && session.was_seen_long_ago(now)
    {
        let id = session.id;
        database.write(move |tx| sessions::see(tx, id, now)).await?;
    }
    Ok(found)
}

fn look_up(
    view: &mut View<'_>,
    secret: &str,
    address: String,
    limits: Limits,
    now: Moment,
) -> Result<Option<SignedIn>, Error> {
    let session = sessions::find(view, &secret::digest(secret))?;
    let Some(session) = session.filter(|session| session.is_good(limits, now)) else {
        return Ok(None);
    };
    let person = people::person(view, session.person)?;
    if person.deactivated_at.is_some() {
        return Ok(None);
    }
    let seen = session.sees_as.map(|seen| people::person(view, seen));
    let seen = seen.transpose()?;
    let actor = Actor {
        person: Some(person.id),
        name: person.name.clone(),
        via: Via::Session,
        address: Some(address),
        grants: people::grants_of(view, session.sees_as.unwrap_or(person.id))?,
        is_strong: session.is_strong,
        scopes: None,
        only_looks: session.sees_as.is_some(),
    };
    Ok(Some(SignedIn {
        actor,
        person,
        session: Some(session),
        sees_as: seen.map(|seen| seen.name),
        csrf: csrf::token(secret),
    }))
}

/// For whom a program acts that shows a token.
///
/// # Errors
/// When the database is not available.
pub async fn recognise_token(
    database: &Database,
    token: String,
    address: String,
    now: Moment,
) -> Result<Option<SignedIn>, Error> {
    database
        .write(move |tx| {
            let Some(known) = tokens::find(tx, &secret::digest(&token), now)? else {
                return Ok(None);
            };
            let person = people::person(tx, known.person)?;
            if person.deactivated_at.is_some() {
                return Ok(None);
            }
            if known
                .used_at
                .is_none_or(|used_at| now >= used_at + chrono::TimeDelta::seconds(60))
            {
                tokens::see(tx, known.id, now)?;
            }
            let actor = Actor {
                person: Some(person.id),
                name: format!("{} ({})", person.name, known.name),
                via: Via::Token,
                address: Some(address),
                grants: people::grants_of(tx, person.id)?,
                // Whoever made it was asked for a second factor then.
                is_strong: true,
                scopes: Some(known.scopes),
                only_looks: false,
            };
            Ok(Some(SignedIn {
                actor,
                person,
                session: None,
                sees_as: None,
                csrf: String::new(),
            }))
        })
        .await
}
