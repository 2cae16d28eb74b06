//! Signing in with an account of this service: a name and a password. What may follow is in `second_step`.
//!
//! Whether an account exists is not told: a wrong name, a wrong password and a deactivated account get the same answer
//! after the same work.

use chrono::TimeDelta;
use serde_json::json;

use super::begin_session::{Begun, Browser, Letterhead, Proof, begin};
use super::choose_password::is_administrator;
use super::second_step::{Step, begin_step, has_second_factor};
use crate::auth::local::Local;
use crate::auth::local::rules::is_too_short;
use crate::auth::secret;
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::session::{PASSWORD, SHORT_PASSWORD};
use crate::domain::throttle::{Patience, Source, WINDOW};
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::failures::{self, Admission, Try};
use crate::persistence::{Transaction, View, audit, credentials, devices, people};

/// A name and a password.
#[derive(Clone)]
pub struct Attempt {
    /// The name of the account, as it was typed.
    pub login: String,
    /// The password, as it was typed.
    pub password: String,
    /// Where the person wanted to go.
    pub back: String,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Outcome {
    /// Not now: too much was tried.
    Wait(TimeDelta),
    /// Wrong.
    Wrong,
    /// Right so far; the secret names what goes on.
    SecondStep(String),
    /// A session, and where to go.
    SignedIn(Begun, String),
}

/// What an account is counted under: what was typed may be a password, so it is not kept.
pub(super) fn account(login: &str) -> [u8; 32] {
    secret::digest(&format!("login {login}"))
}

/// The source of a try at an account: a browser it knows, else the network.
pub(super) fn source(
    view: &mut View<'_>,
    person: Option<PersonId>,
    browser: &Browser,
) -> Result<Source, Error> {
    if let (Some(person), Some(device)) = (person, &browser.device)
        && let Some(known) = devices::known_to(view, person, &secret::digest(device))?
    {
        return Ok(Source::Device(known));
    }
    let unknown = std::net::IpAddr::from([0, 0, 0, 0]);
    Ok(Source::of(browser.address.parse().unwrap_or(unknown)))
}

/// A try that may be made.
struct Admitted {
    made: Try,
    source: Source,
    person: Option<Person>,
    hash: Option<String>,
}

/// Tries a name and a password.
///
/// # Errors
/// When the database is not available, or too many passwords wait to be compared.
pub async fn with_password(
    parvis: &Parvis,
    local: &Local,
    attempt: Attempt,
    browser: Browser,
) -> Result<Outcome, Error> {
    let now = parvis.clock.now();
    let login = attempt.login.trim().to_lowercase();
    let account = account(&login);
    let asking = browser.clone();
    let admitted = parvis
        .database
        .write(move |tx| {
            let person = people::by_login(tx, &login)?;
            let source = source(tx, person.as_ref().map(|person| person.id), &asking)?;
            let made = match failures::admit(tx, &account, &source, Patience::WITH_PASSWORDS, now)?
            {
                Admission::Admitted(made) => made,
                Admission::Wait(wait) => {
                    note_throttled(tx, person.as_ref(), &source, &asking, now)?;
                    return Ok(Err(wait));
                }
            };
            let hash = match &person {
                Some(person) => credentials::password(tx, person.id)?,
                None => None,
            };
            Ok(Ok(Admitted {
                made,
                source,
                person,
                hash,
            }))
        })
        .await?;
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(wait) => return Ok(Outcome::Wait(wait)),
    };
    let is_right = local
        .passwords
        .is_right(&attempt.password, admitted.hash.clone())
        .await?;
    let letterhead = Letterhead::of(parvis, &local.seal);
    parvis
        .database
        .write(move |tx| {
            let person = match &admitted.person {
                Some(person) if is_right => standing(tx, person.id, admitted.hash.as_deref())?,
                _ => None,
            };
            let Some(person) = person else {
                refuse(
                    tx,
                    admitted.person.as_ref(),
                    &browser,
                    "wrong password",
                    now,
                )?;
                return Ok(Outcome::Wrong);
            };
            failures::forgive(tx, admitted.made, &account, &admitted.source)?;
            // Who was given further roles since they chose it may have one that is too short for them.
            let is_short =
                is_administrator(tx, person.id)? && is_too_short(&attempt.password, true);
            let method = if is_short { SHORT_PASSWORD } else { PASSWORD };
            if has_second_factor(tx, person.id)? {
                let step = Step {
                    method: method.to_owned(),
                    vouched: None,
                    back: attempt.back,
                };
                return Ok(Outcome::SecondStep(begin_step(
                    tx,
                    &letterhead,
                    person.id,
                    &step,
                    now,
                )?));
            }
            let proof = Proof::of(method, false);
            let begun = begin(tx, &letterhead, &person, &proof, &browser, now)?;
            Ok(Outcome::SignedIn(begun, attempt.back))
        })
        .await
}

/// The person, if they may still sign in and their password is still the one that was compared.
fn standing(
    tx: &mut Transaction<'_>,
    id: PersonId,
    hash: Option<&str>,
) -> Result<Option<Person>, Error> {
    let person = people::person(tx, id)?;
    let is_same = credentials::password(tx, id)?.as_deref() == hash;
    Ok(Some(person).filter(|person| person.deactivated_at.is_none() && is_same))
}

/// Records that tries at an account are not even made: once for each source, account and [`WINDOW`], however many there are.
pub(super) fn note_throttled(
    tx: &mut Transaction<'_>,
    person: Option<&Person>,
    source: &Source,
    browser: &Browser,
    now: Moment,
) -> Result<(), Error> {
    let event = attempt_of(person, browser)
        .changing(None, Some(json!({ "source": source.name() })))
        .refused("throttled");
    if audit::note_once(tx, event, now - WINDOW, now)? {
        log::warn!(
            "sign-in: a source tries too often and is refused for a while; the audit says which"
        );
    }
    Ok(())
}

/// Records a sign-in that was refused. A name that nobody has is not recorded: people type passwords there.
pub(super) fn refuse(
    tx: &mut Transaction<'_>,
    person: Option<&Person>,
    browser: &Browser,
    why: &str,
    now: Moment,
) -> Result<(), Error> {
    audit::note(tx, attempt_of(person, browser).refused(why), now)
}

fn attempt_of(person: Option<&Person>, browser: &Browser) -> Event {
    let (name, object) = person.map_or_else(
        || ("unknown".to_owned(), "unknown account".to_owned()),
        |person| (person.name.clone(), person.object()),
    );
    Event {
        person: person.map(|person| person.id),
        ..Event::by_nobody(&name, Some(browser.address.clone()), "sign-in", &object)
    }
}
