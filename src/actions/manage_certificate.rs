//! The certificate of the HTTPS door: seeing it, saying where it comes from, bringing one, and asking for one.

use openssl::x509::X509;
use serde_json::json;

use crate::appliance::certificate::{
    Anchors, Certificates, Files, Notes, Pair, examine, make, request,
};
use crate::domain::actor::{Actor, Allowed};
use crate::domain::audit::Event;
use crate::domain::certificate::{
    Choice, Facts, ManagedCertificate, Source, Warning, renewal_due, warning,
};
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::audit;

/// Where the authorities that vouch for a directory are kept when they come from the page.
const DIRECTORY_CA: &str = "directory-ca.pem";

/// Where the key of an account that the authority knows is kept when it comes from the page.
const BINDING_KEY: &str = "acme-binding.key";

/// The certificate, and how it does.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Where it comes from.
    pub choice: Choice,
    /// What it says.
    pub facts: Facts,
    /// What to warn of.
    pub warning: Option<Warning>,
    /// When it is renewed, where it is by itself.
    pub renewal_due: Option<Moment>,
    /// What is remembered of renewals.
    pub notes: Notes,
    /// Whether one is on its way.
    pub is_renewing: bool,
    /// Why files that somebody put in place are not served.
    pub refused: Option<String>,
    /// A request that waits for its answer.
    pub request: Option<String>,
}

/// What somebody brings.
#[derive(Default)]
pub struct Brought {
    /// The chain in PEM, or a PKCS#12 file.
    pub chain: Vec<u8>,
    /// The key in PEM; none when the chain brings it, or when it is the answer to a request of this machine.
    pub key: Vec<u8>,
    /// What opens the key or the PKCS#12 file.
    pub password: String,
}

/// What somebody decides.
#[derive(Default)]
pub struct Decision {
    /// Where it comes from.
    pub choice: Choice,
    /// Authorities that vouch for the directory, PEM, in place of those there are.
    pub directory_ca: Option<String>,
    /// The key of an account that the authority knows, in place of the one there is.
    pub binding_key: Option<String>,
}

/// The certificate, and how it does.
///
/// # Errors
/// When the actor may not see it, or a file cannot be read.
pub fn show(parvis: &Parvis, certificates: &Certificates, actor: &Actor) -> Result<Shown, Error> {
    allowed(actor)?;
    let (choice, facts) = (parvis.certificate(), certificates.facts());
    let notes = Notes::read(&certificates.files);
    Ok(Shown {
        warning: warning(choice.source, &facts, parvis.clock.now()),
        renewal_due: (choice.source == Source::Acme)
            .then(|| notes.next_try.unwrap_or_else(|| renewal_due(&facts))),
        choice: (*choice).clone(),
        facts,
        notes,
        is_renewing: certificates.is_renewing(),
        refused: certificates.refused(),
        request: request::waiting(&certificates.files)?,
    })
}

/// Checks what somebody brings and serves it from now on. Nothing is changed when a check fails.
///
/// # Errors
/// The rule that is broken; or the actor may not, or a file cannot be written, or the database is not available.
pub async fn install(
    parvis: &Parvis,
    certificates: &Certificates,
    actor: &Actor,
    brought: &Brought,
) -> Result<Facts, Error> {
    let allowed = allowed(actor)?;
    let files = &certificates.files;
    let pair = read(files, brought)?;
    let name = &parvis.settings.web.public_name;
    let pair = examine(pair, name, Anchors::SystemAndSent, parvis.clock.now())?;
    let choice = parvis.certificate();
    if choice.source != Source::Uploaded {
        // First: were it replaced and then still renewed from elsewhere, it would soon be gone.
        parvis.choose_certificate(Choice {
            source: Source::Uploaded,
            ..(*choice).clone()
        })?;
    }
    let facts = put(
        parvis,
        certificates,
        actor,
        &allowed,
        &pair,
        "upload-certificate",
    )
    .await?;
    if request::key(files)?.is_some_and(|waiting| waiting.public_eq(&pair.key)) {
        request::forget(files)?;
    }
    Ok(facts)
}

/// Decides where the certificate comes from. One that is self-made is made at once; one from a directory is asked for.
///
/// # Errors
/// When a value breaks a rule, the actor may not, the decision cannot be kept, or the database is not available.
pub async fn choose(
    parvis: &Parvis,
    certificates: &Certificates,
    actor: &Actor,
    decision: Decision,
) -> Result<(), Error> {
    let allowed = allowed(actor)?;
    let files = &certificates.files;
    let Decision {
        mut choice,
        directory_ca,
        binding_key,
    } = decision;
    if let Some(pem) = directory_ca {
        let found = X509::stack_from_pem(pem.as_bytes()).unwrap_or_default();
        if found.is_empty() {
            return Err(invalid("directory_ca", "no certificate in PEM is there"));
        }
        files.write_beside(DIRECTORY_CA, pem.as_bytes())?;
        choice.ca_file = Some(files.beside(DIRECTORY_CA));
    }
    if let Some(key) = binding_key {
        files.write_beside(BINDING_KEY, key.as_bytes())?;
        choice.binding_key_file = Some(files.beside(BINDING_KEY));
    }
    check(&choice)?;
    let before = parvis.certificate();
    parvis.choose_certificate(choice.clone())?;
    let now = parvis.clock.now();
    let event = Event::done(actor, "choose-certificate", "certificate");
    let event = event.changing(Some(json!(*before)), Some(json!(choice)));
    parvis
        .database
        .write(move |tx| audit::note(tx, event, now))
        .await?;
    match choice.source {
        Source::Acme => {
            Notes::change(files, |notes| {
                *notes = Notes {
                    obtained: notes.obtained.take(),
                    warned: notes.warned.take(),
                    ..Notes::default()
                };
            })?;
            drop(certificates.ask());
        }
        Source::SelfMade => {
            let pair = make(&parvis.settings.web.public_name)?;
            let act = "make-certificate";
            let facts = put(parvis, certificates, actor, &allowed, &pair, act).await?;
            Notes::change(files, |notes| notes.made = Some(facts.fingerprint))?;
        }
        Source::Uploaded => {}
    }
    Ok(())
}

/// Makes a key and a request that an authority answers by hand; returns the request.
///
/// # Errors
/// When the actor may not, a file cannot be written, or the database is not available.
pub async fn make_request(parvis: &Parvis, files: &Files, actor: &Actor) -> Result<String, Error> {
    allowed(actor)?;
    let (name, now) = (&parvis.settings.web.public_name, parvis.clock.now());
    let made = request::make(files, name)?;
    let event = Event::done(actor, "make-certificate-request", "certificate");
    let event = event.changing(None, Some(json!({ "name": name })));
    parvis
        .database
        .write(move |tx| audit::note(tx, event, now))
        .await?;
    Ok(made)
}

fn allowed(actor: &Actor) -> Result<Allowed<ManagedCertificate>, Error> {
    Ok(actor.allowed(Act::ManageCertificate, ManagedCertificate)?)
}

fn invalid(field: &str, rule: impl Into<String>) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule: rule.into(),
    }
}

/// Serves a pair that was checked, and notes who did it.
async fn put(
    parvis: &Parvis,
    certificates: &Certificates,
    actor: &Actor,
    _: &Allowed<ManagedCertificate>,
    pair: &Pair,
    act: &str,
) -> Result<Facts, Error> {
    let (before, now) = (certificates.facts(), parvis.clock.now());
    certificates.install(pair)?;
    let facts = pair.facts()?;
    let event = Event::done(actor, act, "certificate");
    let event = event.changing(Some(json!(before)), Some(json!(facts)));
    parvis
        .database
        .write(move |tx| audit::note(tx, event, now))
        .await?;
    Ok(facts)
}

/// What somebody brings, whatever form it has.
fn read(files: &Files, brought: &Brought) -> Result<Pair, Error> {
    let Brought {
        chain,
        key,
        password,
    } = brought;
    let holds = |bytes: &[u8], words: &str| {
        let mut windows = bytes.windows(words.len());
        windows.any(|window| window == words.as_bytes())
    };
    if chain.is_empty() {
        return Err(invalid("certificate", "readable: no file was given"));
    }
    if !holds(chain, "-----BEGIN ") {
        return Pair::from_pkcs12(chain, password);
    }
    if !key.is_empty() {
        return Pair::from_pem(chain, key, password);
    }
    if holds(chain, "PRIVATE KEY-----") {
        return Pair::from_pem(chain, chain, password);
    }
    match request::key(files)? {
        Some(waiting) => Pair::with_key(chain, waiting),
        None => Err(invalid(
            "key",
            "readable: no key was given, and no request of this machine waits for an answer",
        )),
    }
}

fn check(choice: &Choice) -> Result<(), Error> {
    if choice.source != Source::Acme {
        return Ok(());
    }
    let directory = url::Url::parse(&choice.directory);
    if !directory.is_ok_and(|url| url.scheme() == "https" && url.has_host()) {
        return Err(invalid(
            "directory",
            "must be an address that begins with https://",
        ));
    }
    if !choice.terms_agreed {
        let rule = "nothing is requested before the terms of service of the directory are accepted";
        return Err(invalid("terms_agreed", rule));
    }
    let is_address = |text: &String| {
        let halves = text.split_once('@');
        halves.is_some_and(|(before, after)| !before.is_empty() && after.contains('.'))
            && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    };
    if choice.contact.as_ref().is_some_and(|to| !is_address(to)) {
        return Err(invalid("contact", "must be a mail address, or empty"));
    }
    let is_word = |text: &String| {
        let mut letters = text.bytes();
        letters.all(|letter| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter))
    };
    if choice
        .profile
        .as_ref()
        .is_some_and(|profile| !is_word(profile))
    {
        return Err(invalid(
            "profile",
            "must be a name of letters, digits and -",
        ));
    }
    if choice.binding.is_some() && choice.binding_key_file.is_none() {
        return Err(invalid(
            "binding_key",
            "is needed with the identifier of the account",
        ));
    }
    Ok(())
}
