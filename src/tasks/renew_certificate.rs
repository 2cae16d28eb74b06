//! Keeping a certificate from an ACME directory: requested when there is none of it, renewed at two thirds of its life,
//! tried again after failures. The one in use is not touched until the new one is there and checked.
//!
//! It runs on its own and not among the tasks of the schedule: a directory that does not answer would hold those up.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::appliance::acme::{Acme, Failure};
use crate::appliance::certificate::{Anchors, Certificates, Notes, Obtained, Pair, examine};
use crate::auth::oidc::{Line, client};
use crate::domain::audit::Event;
use crate::domain::certificate::{Choice, Facts, Source, next_try, renewal_due};
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::errors::Noted;
use crate::persistence::{audit, errors};

/// How often to look whether it is time.
const PAUSE: Duration = Duration::from_secs(5);

/// Whoever asks twice gets one: the second finds what the first got.
const JUST_NOW: TimeDelta = TimeDelta::minutes(1);

/// How often the directory is asked when it wants its certificate to be replaced, where it never said.
const ASKED_EVERY: TimeDelta = TimeDelta::hours(6);

/// What the directory said about replacing the certificate in use, and when it was asked.
#[derive(Default)]
struct Opinion {
    fingerprint: String,
    asked_at: Option<Moment>,
    replace_from: Option<Moment>,
}

/// Keeps it, until it is stopped.
pub async fn keep_renewing(parvis: Arc<Parvis>, certificates: Arc<Certificates>) {
    let mut opinion = Opinion::default();
    loop {
        let is_asked = tokio::select! {
            () = certificates.asked() => true,
            () = tokio::time::sleep(PAUSE) => false,
        };
        let choice = parvis.certificate();
        if choice.source == Source::Acme {
            opinion.refresh(&parvis, &certificates, &choice).await;
            if is_due(
                &certificates,
                &choice,
                &opinion,
                is_asked,
                parvis.clock.now(),
            ) {
                renew(&parvis, &certificates, &choice).await;
            }
        }
        if is_asked {
            certificates.tell_ended();
        }
    }
}

/// Whether a certificate is to be requested now. Somebody who asks need not wait for the next try, but for the directory.
fn is_due(
    certificates: &Certificates,
    choice: &Choice,
    opinion: &Opinion,
    is_asked: bool,
    now: Moment,
) -> bool {
    let notes = Notes::read(&certificates.files);
    let facts = certificates.facts();
    if notes.asked_to_wait.is_some_and(|until| now < until) {
        return false;
    }
    let obtained = notes.obtained.filter(|obtained| {
        obtained.fingerprint == facts.fingerprint
            && obtained.directory == choice.directory
            && obtained.profile == choice.profile
    });
    let Some(obtained) = obtained else {
        return is_asked || notes.next_try.is_none_or(|next| now >= next);
    };
    if is_asked {
        return now > obtained.at + JUST_NOW;
    }
    if notes.next_try.is_some_and(|next| now < next) {
        return false;
    }
    now >= renewal_due(&facts) || opinion.replace_from.is_some_and(|from| now >= from)
}

impl Opinion {
    /// Asks again, now and then, about a certificate that the directory issued. No answer is no opinion.
    async fn refresh(&mut self, parvis: &Parvis, certificates: &Certificates, choice: &Choice) {
        let (facts, now) = (certificates.facts(), parvis.clock.now());
        if self.fingerprint == facts.fingerprint
            && self.asked_at.is_some_and(|at| now < at + ASKED_EVERY)
        {
            return;
        }
        *self = Self {
            asked_at: Some(now),
            replace_from: None,
            fingerprint: facts.fingerprint,
        };
        let Some(pair) = of_directory(certificates, choice) else {
            return;
        };
        let window = match acme(parvis, certificates, choice) {
            Ok(acme) => acme.window(&pair, now).await,
            Err(error) => Err(error.into()),
        };
        match window {
            Ok(window) => self.replace_from = window.map(|(start, _)| start),
            Err(failure) => log::warn!("certificate: renewal information: {}", failure.reason),
        }
    }
}

/// The pair in use, if the directory of the choice issued it.
fn of_directory(certificates: &Certificates, choice: &Choice) -> Option<Pair> {
    let obtained = Notes::read(&certificates.files).obtained?;
    let is_its = obtained.fingerprint == certificates.facts().fingerprint
        && obtained.directory == choice.directory;
    is_its.then(|| certificates.files.read().ok()).flatten()
}

fn acme<'a>(
    parvis: &'a Parvis,
    certificates: &'a Certificates,
    choice: &'a Choice,
) -> Result<Acme<'a>, Error> {
    let settings = &parvis.settings;
    let line = Line {
        ca_file: choice.ca_file.clone(),
        proxy: settings.auth.proxy.clone(),
        no_proxy: settings.auth.no_proxy.join(","),
        allows_loopback: false,
    };
    Ok(Acme {
        files: &certificates.files,
        challenges: &certificates.challenges,
        choice,
        name: &settings.web.public_name,
        client: client(&line, "certificate.ca_file")?,
    })
}

/// Requests a certificate, checks it, puts it in place; a failure is noted, and when to try again.
async fn renew(parvis: &Parvis, certificates: &Certificates, choice: &Choice) {
    certificates.set_renewing(true);
    let outcome = obtain(parvis, certificates, choice).await;
    let now = parvis.clock.now();
    let noted = match outcome {
        Ok(facts) => {
            log::info!(
                "certificate: {} from {}, until {}",
                facts.fingerprint,
                choice.directory,
                facts.not_after
            );
            note_success(parvis, certificates, choice, &facts, now).await
        }
        Err(failure) => {
            log::error!("certificate: not renewed: {}", failure.reason);
            note_failure(parvis, certificates, failure, now).await
        }
    };
    if let Err(error) = noted {
        log::warn!("certificate: not noted: {}", error.chain());
    }
    certificates.set_renewing(false);
}

async fn obtain(
    parvis: &Parvis,
    certificates: &Certificates,
    choice: &Choice,
) -> Result<Facts, Failure> {
    let acme = acme(parvis, certificates, choice)?;
    let replaced = of_directory(certificates, choice);
    let pair = acme.obtain(replaced.as_ref(), parvis.clock.now()).await?;
    let name = &parvis.settings.web.public_name;
    let pair = examine(pair, name, Anchors::Sent, parvis.clock.now())?;
    certificates.install(&pair)?;
    acme.is_done()?;
    Ok(pair.facts()?)
}

async fn note_success(
    parvis: &Parvis,
    certificates: &Certificates,
    choice: &Choice,
    facts: &Facts,
    now: Moment,
) -> Result<(), Error> {
    Notes::change(&certificates.files, |notes| {
        *notes = Notes {
            obtained: Some(Obtained {
                fingerprint: facts.fingerprint.clone(),
                directory: choice.directory.clone(),
                profile: choice.profile.clone(),
                at: now,
            }),
            ..Notes::default()
        };
    })?;
    let event = Event::by_nobody("parvis", None, "renew-certificate", "certificate");
    let event = event.changing(None, serde_json::to_value(facts).ok());
    parvis
        .database
        .write(move |tx| audit::note(tx, event, now))
        .await
}

async fn note_failure(
    parvis: &Parvis,
    certificates: &Certificates,
    failure: Failure,
    now: Moment,
) -> Result<(), Error> {
    let facts = certificates.facts();
    let life = facts.not_after - facts.not_before;
    Notes::change(&certificates.files, |notes| {
        notes.failures = notes.failures.saturating_add(1);
        notes.failed_at = Some(now);
        notes.reason = Some(failure.reason.clone());
        notes.asked_to_wait = failure.asked_to_wait;
        notes.next_try = Some(next_try(notes.failures, life, failure.asked_to_wait, now));
    })?;
    let noted = Noted {
        reference: format!("C{:09X}", now.timestamp_millis() & 0xF_FFFF_FFFF),
        at: now,
        place: "task: renew the certificate".to_owned(),
        cause: failure.reason,
    };
    parvis
        .database
        .write(move |tx| errors::note(tx, &noted))
        .await
}
