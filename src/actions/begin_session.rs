//! Beginning a session: the same for everybody who proved who they are, whatever they proved it with. Their browser is
//! remembered; a browser that is new to them is told to them by mail.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use chrono_tz::Tz;
use serde_json::json;

use crate::auth::sealing::Seal;
use crate::auth::secret;
use crate::auth::sessions::{self as signing_in, Beginning};
use crate::domain::audit::Event;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::session::{Vouched, browser_words, has_short_password};
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::devices::{self, Seen};
use crate::persistence::outbox::Letter;
use crate::persistence::{Transaction, audit, invitations, outbox, sessions};

/// How long a link to choose a password is good.
pub const INVITATION: TimeDelta = TimeDelta::hours(48);

/// The longest name of a browser that is kept.
const LONGEST_AGENT: usize = 200;

/// The browser that asks.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// Its address.
    pub address: String,
    /// What it calls itself.
    pub agent: String,
    /// The name by which people are told whether they know it.
    pub device: Option<String>,
    /// The secret of the session it is in.
    pub session: Option<String>,
}

/// What letters need to know of the place they come from.
#[derive(Debug, Clone)]
pub struct Letterhead {
    seal: Arc<Seal>,
    institution: String,
    address: String,
    zone: Tz,
}

impl Letterhead {
    /// That of a service.
    #[must_use]
    pub fn of(parvis: &Parvis, seal: &Arc<Seal>) -> Self {
        let campus = parvis.campus();
        Self {
            seal: Arc::clone(seal),
            institution: campus.institution.name.in_language("fr").to_owned(),
            address: parvis.settings.web.public_address(),
            zone: campus.zone(),
        }
    }

    /// The institution.
    #[must_use]
    pub fn institution(&self) -> &str {
        &self.institution
    }

    /// What seals.
    #[must_use]
    pub fn seal(&self) -> &Arc<Seal> {
        &self.seal
    }

    /// The link that an invitation is.
    #[must_use]
    pub fn invitation(&self, secret: &str) -> String {
        format!("{}/invitation/{secret}", self.address)
    }

    /// Writes a letter to a person, in French and in English; nothing without an address. Its text may hold a link that
    /// opens an account, so it waits sealed.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn write(
        &self,
        tx: &mut Transaction<'_>,
        person: &Person,
        subject: (&str, &str),
        body: &str,
        now: Moment,
    ) -> Result<bool, Error> {
        let Some(recipient) = &person.email else {
            return Ok(false);
        };
        self.write_to(tx, recipient, subject, body, now)?;
        Ok(true)
    }

    /// [`Letterhead::write`], to an address.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn write_to(
        &self,
        tx: &mut Transaction<'_>,
        recipient: &str,
        subject: (&str, &str),
        body: &str,
        now: Moment,
    ) -> Result<(), Error> {
        let letter = Letter {
            recipient: recipient.to_owned(),
            subject: format!("{} · {} / {}", self.institution, subject.0, subject.1),
            body: STANDARD.encode(self.seal.seal(body.as_bytes())?),
        };
        outbox::write(tx, &letter, now)
    }

    fn moment(&self, now: Moment) -> String {
        now.with_timezone(&self.zone)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string()
    }
}

/// What a person proved.
#[derive(Debug, Clone)]
pub struct Proof {
    /// With what, as sessions say it.
    pub method: String,
    /// Whether more than a password was part of it.
    pub is_strong: bool,
    /// The provider that vouched.
    pub vouched: Option<Vouched>,
    /// Whether it is the end of an invitation: then the browser is the person's own and nobody need be told.
    pub is_invited: bool,
}

impl Proof {
    /// With something of this service's own.
    #[must_use]
    pub fn of(method: &str, is_strong: bool) -> Self {
        Self {
            method: method.to_owned(),
            is_strong,
            vouched: None,
            is_invited: false,
        }
    }
}

/// A session that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The secret of the session, for its cookie.
    pub secret: String,
    /// The name of the browser, for a cookie that stays.
    pub device: String,
    /// Whether the person's roles need a second factor that was not part of the sign-in.
    pub is_too_weak: bool,
}

/// Begins a session, in place of the one the browser is in.
///
/// # Errors
/// When the database is not available.
pub fn begin(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: &Person,
    proof: &Proof,
    browser: &Browser,
    now: Moment,
) -> Result<Begun, Error> {
    let is_strong = proof.is_strong && !has_short_password(&proof.method);
    let beginning = Beginning {
        person: person.id,
        method: &proof.method,
        is_strong,
        vouched: proof.vouched.as_ref(),
        address: &browser.address,
        agent: &browser.agent,
        instead_of: browser.session.as_deref(),
    };
    let session = signing_in::begin(tx, &beginning, now)?;
    let device = match &browser.device {
        Some(device) => device.clone(),
        None => secret::random()?,
    };
    let agent: String = browser
        .agent
        .chars()
        .filter(|letter| !letter.is_control())
        .take(LONGEST_AGENT)
        .collect();
    let seen = Seen {
        digest: &secret::digest(&device),
        agent: &agent,
        address: &browser.address,
    };
    let is_new = devices::remember(tx, person.id, &seen, now)?;
    let event = Event {
        person: Some(person.id),
        ..Event::by_nobody(
            &person.name,
            Some(browser.address.clone()),
            "sign-in",
            &person.object(),
        )
    };
    let mut after = json!({ "method": proof.method, "new_device": is_new });
    if let (Some(after), Some(vouched)) = (after.as_object_mut(), &proof.vouched) {
        after.insert("issuer".to_owned(), json!(vouched.issuer));
        after.insert("subject".to_owned(), json!(vouched.subject));
    }
    audit::note(tx, event.changing(None, Some(after)), now)?;
    if is_new && !proof.is_invited {
        tell(tx, letterhead, person, &seen, now)?;
    }
    let is_too_weak = !is_strong && super::choose_password::is_administrator(tx, person.id)?;
    Ok(Begun {
        secret: session,
        device,
        is_too_weak,
    })
}

/// Makes a session strong by a second factor: a new one takes the place of the one the browser is in.
///
/// # Errors
/// See [`go_on`].
pub fn strengthen(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: &Person,
    by: &str,
    browser: &Browser,
    now: Moment,
) -> Result<Begun, Error> {
    go_on(tx, letterhead, person, (by, true), browser, now)
}

/// Goes on with the session that the browser is in after something more was proved, and whether that makes it strong: a new
/// one takes its place.
///
/// # Errors
/// When the browser is in no session of that person, or the database is not available.
pub fn go_on(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: &Person,
    (by, is_strong): (&str, bool),
    browser: &Browser,
    now: Moment,
) -> Result<Begun, Error> {
    let digest = secret::digest(browser.session.as_deref().unwrap_or_default());
    let session = sessions::find(tx, &digest)?
        .filter(|session| session.person == person.id)
        .ok_or(Error::Unauthenticated)?;
    let method = if session.method.split('+').any(|part| part == by) {
        session.method
    } else {
        format!("{}+{by}", session.method)
    };
    let proof = Proof {
        method,
        is_strong: is_strong || session.is_strong,
        vouched: session.vouched,
        is_invited: false,
    };
    begin(tx, letterhead, person, &proof, browser, now)
}

/// Makes a link to choose a password, in place of those there were.
///
/// # Errors
/// When the database is not available.
pub fn invitation(tx: &mut Transaction<'_>, person: &Person, now: Moment) -> Result<String, Error> {
    let link = secret::random()?;
    invitations::add(tx, person.id, &secret::digest(&link), now, now + INVITATION)?;
    Ok(link)
}

/// Tells a person of a sign-in from a browser they were not known to use.
fn tell(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: &Person,
    seen: &Seen<'_>,
    now: Moment,
) -> Result<(), Error> {
    if person.email.is_none() {
        return Ok(());
    }
    let (moment, address, agent) = (
        letterhead.moment(now),
        seen.address,
        browser_words(seen.agent),
    );
    let (french, english) = if person.login.is_some() {
        let link = letterhead.invitation(&invitation(tx, person, now)?);
        (
            format!(
                "Ce n’était pas vous ? Ouvrez ce lien dans les 48 heures : vous choisirez un nouveau mot de passe, et toutes \
                 vos sessions prendront fin.\n{link}"
            ),
            format!(
                "This was not you? Open this link within 48 hours: you choose a new password, and all your sessions end.\n{link}"
            ),
        )
    } else {
        let account = format!("{}/me", letterhead.address);
        (
            format!(
                "Ce n’était pas vous ? Changez le mot de passe de votre compte universitaire, et fermez vos sessions ici :\n{account}"
            ),
            format!(
                "This was not you? Change the password of your university account, and end your sessions here:\n{account}"
            ),
        )
    };
    let body = format!(
        "Bonjour {name},\n\n\
         Votre compte vient d’être utilisé depuis un navigateur qui ne l’avait jamais été.\n\n\
         Quand : {moment}\nD’où : {address}\nNavigateur : {agent}\n\n\
         C’était vous ? Il n’y a rien à faire.\n\n{french}\n\n\
         ----\n\n\
         Hello {name},\n\n\
         Your account was just used from a browser it had never been used from.\n\n\
         When: {moment}\nFrom: {address}\nBrowser: {agent}\n\n\
         This was you? There is nothing to do.\n\n{english}\n",
        name = person.name,
    );
    let subject = (
        "connexion depuis un nouvel appareil",
        "sign-in from a new device",
    );
    letterhead.write(tx, person, subject, &body, now).map(drop)
}
