//! What people may do about themselves: see where they are signed in, end that, make tokens for programs and take them back.

use chrono::TimeDelta;

use crate::auth::secret;
use crate::auth::sessions::SignedIn;
use crate::domain::actor::Place;
use crate::domain::audit::{Event, Record};
use crate::domain::issuer::{Identity, Issuer};
use crate::domain::person::GrantedRole;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::domain::session::{Limits, Session};
use crate::domain::token::{LONGEST, NewToken, Token};
use crate::error::Error;
use crate::persistence::sessions::Ending;
use crate::persistence::{Database, audit, issuers, people, sessions, tokens};

/// Sign-ins shown.
const SIGN_INS: i64 = 20;

/// What a person sees of themselves.
#[derive(Debug)]
pub struct Account {
    /// Where they are signed in.
    pub sessions: Vec<Session>,
    /// What they were given, and by whom.
    pub roles: Vec<GrantedRole>,
    /// Their tokens.
    pub tokens: Vec<Token>,
    /// Their last sign-ins.
    pub sign_ins: Vec<Record>,
    /// Their accounts at identity providers.
    pub identities: Vec<Identity>,
    /// The identity providers there are.
    pub issuers: Vec<Issuer>,
}

/// What a person sees of themselves.
///
/// # Errors
/// When the database is not available.
pub async fn show(
    database: &Database,
    who: &SignedIn,
    limits: Limits,
    now: Moment,
) -> Result<Account, Error> {
    let person = who.person.id;
    database
        .read(move |view| {
            let mut living = sessions::of_person(view, person)?;
            living.retain(|session| session.is_good(limits, now));
            Ok(Account {
                sessions: living,
                roles: people::roles_of(view, person)?,
                tokens: tokens::of_person(view, person)?,
                sign_ins: audit::sign_ins_of(view, person, SIGN_INS)?,
                identities: issuers::of_person(view, person)?,
                issuers: issuers::all(view)?
                    .into_iter()
                    .map(|kept| kept.issuer)
                    .collect(),
            })
        })
        .await
}

/// Signs out: the session ends at once, everywhere its secret may have got to.
///
/// # Errors
/// When the database is not available.
pub async fn sign_out(database: &Database, who: &SignedIn, now: Moment) -> Result<(), Error> {
    let event = Event::done(&who.actor, "sign-out", who.person.object());
    let session = who.session.as_ref().map(|session| session.id);
    database
        .write(move |tx| {
            if let Some(id) = session {
                sessions::end(tx, Ending::One(id), now)?;
            }
            audit::note(tx, event, now)
        })
        .await
}

/// Ends one of a person's own sessions, or all but the one they use.
///
/// # Errors
/// When they have no such session, or the database is not available.
pub async fn end_sessions(
    database: &Database,
    who: &SignedIn,
    one: Option<i64>,
    now: Moment,
) -> Result<(), Error> {
    let event = Event::done(&who.actor, "end-sessions", who.person.object());
    let (person, own) = (
        who.person.id,
        who.session.as_ref().map_or(0, |session| session.id),
    );
    database
        .write(move |tx| {
            let which = one.map_or(Ending::AllBut(person, own), |id| Ending::OneOf(person, id));
            let ended = sessions::end(tx, which, now)?;
            if ended == 0 && one.is_some() {
                return Err(Error::NotFound(
                    "session of yours has this number".to_owned(),
                ));
            }
            audit::note(tx, event, now)
        })
        .await
}

/// What a person wants of a token.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Act>,
    /// For how many days it is good.
    pub days: i64,
}

/// Makes a token and returns it: the only time it is seen.
///
/// # Errors
/// When it has no name or scope, lasts too long, reaches further than its person, or the database is not available.
pub async fn make_token(
    database: &Database,
    who: &SignedIn,
    wish: Wish,
    now: Moment,
) -> Result<String, Error> {
    let refuse = |field: &str, rule: &str| {
        Err(Error::Invalid {
            field: field.to_owned(),
            rule: rule.to_owned(),
        })
    };
    if who.session.is_none() {
        return refuse("token", "a program can not make tokens; sign in");
    }
    if wish.name.is_empty() || wish.name.chars().count() > 80 {
        return refuse("name", "say in 1 to 80 characters what the token is for");
    }
    if wish.scopes.is_empty() {
        return refuse("scopes", "choose at least one thing the token may do");
    }
    if !(1..=LONGEST.num_days()).contains(&wish.days) {
        return refuse("days", "a token is good for 1 to 400 days");
    }
    for act in &wish.scopes {
        who.actor.permit(*act, Place::AnySite)?;
    }
    let new = NewToken {
        name: wish.name,
        scopes: wish.scopes,
        until: now + TimeDelta::days(wish.days),
    };
    let token = format!("parvis_{}", secret::random()?);
    let digest = secret::digest(&token);
    let scopes: Vec<&str> = new.scopes.iter().map(|act| act.name()).collect();
    let event = Event::done(&who.actor, "make-token", format!("token {}", new.name)).changing(
        None,
        Some(serde_json::json!({ "scopes": scopes, "until": new.until })),
    );
    let person = who.person.id;
    database
        .write(move |tx| {
            tokens::add(tx, person, &new, &digest, now)?;
            audit::note(tx, event, now)
        })
        .await?;
    Ok(token)
}

/// Takes a token back.
///
/// # Errors
/// When they have no such token, or the database is not available.
pub async fn revoke_token(
    database: &Database,
    who: &SignedIn,
    id: i32,
    now: Moment,
) -> Result<(), Error> {
    let (person, actor) = (who.person.id, who.actor.clone());
    database
        .write(move |tx| {
            let name = tokens::revoke(tx, person, id, now)?
                .ok_or_else(|| Error::NotFound("token of yours has this number".to_owned()))?;
            let event = Event::done(&actor, "revoke-token", format!("token {name}"));
            audit::note(tx, event, now)
        })
        .await
}
