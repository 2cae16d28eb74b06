//! Telling the security contact by mail that the certificate ends: once for each threshold.

use super::begin_session::Letterhead;
use crate::appliance::certificate::{Certificates, Notes};
use crate::domain::certificate::{Facts, Warning, warning};
use crate::error::Error;
use crate::parvis::Parvis;

/// Tells what there is to warn of, unless it was told.
///
/// # Errors
/// When the database is not available or what was told cannot be remembered; then it is told again.
pub async fn warn(
    parvis: &Parvis,
    certificates: &Certificates,
    letterhead: &Letterhead,
) -> Result<(), Error> {
    let (facts, now) = (certificates.facts(), parvis.clock.now());
    let Some(found) = warning(parvis.certificate().source, &facts, now) else {
        return Ok(());
    };
    let notes = Notes::read(&certificates.files);
    let is_told = notes
        .warned
        .as_ref()
        .is_some_and(|(of, worst)| *of == facts.fingerprint && *worst >= found);
    if is_told {
        return Ok(());
    }
    log::warn!(
        "certificate: {}: it ends on {}",
        found.name(),
        facts.not_after
    );
    if let Some(recipient) = recipient(parvis) {
        let (subject, body) = letter(parvis, found, &facts, notes.reason.as_deref());
        let letterhead = letterhead.clone();
        parvis
            .database
            .write(move |tx| {
                let subject = (subject.0.as_str(), subject.1.as_str());
                letterhead.write_to(tx, &recipient, subject, &body, now)
            })
            .await?;
    }
    Notes::change(&certificates.files, |notes| {
        notes.warned = Some((facts.fingerprint, found));
    })
}

/// Whom to tell: the security contact, where it is a mail address.
fn recipient(parvis: &Parvis) -> Option<String> {
    let campus = parvis.campus();
    let contact = campus.institution.security_contact.as_ref()?;
    let address = contact.strip_prefix("mailto:")?;
    let address = address.split('?').next().unwrap_or(address);
    Some(address.to_owned())
}

fn letter(
    parvis: &Parvis,
    found: Warning,
    facts: &Facts,
    reason: Option<&str>,
) -> ((String, String), String) {
    let name = &parvis.settings.web.public_name;
    let page = format!("{}/admin/certificate", parvis.settings.web.public_address());
    let ends = facts.not_after.format("%Y-%m-%d %H:%M UTC");
    let subject = match found {
        Warning::Ended => (
            format!("Le certificat de {name} a expiré"),
            format!("The certificate of {name} has ended"),
        ),
        Warning::RenewalOverdue => (
            format!("Le certificat de {name} n’est pas renouvelé"),
            format!("The certificate of {name} is not renewed"),
        ),
        Warning::EndsWithinMonth | Warning::EndsWithinWeek | Warning::EndsWithinDay => (
            format!("Le certificat de {name} expire bientôt"),
            format!("The certificate of {name} ends soon"),
        ),
    };
    let failure = reason.map_or_else(String::new, |reason| {
        format!("\nDernier échec / Last failure:\n{reason}\n")
    });
    let body = format!(
        "Certificat de {name}, émis par {issuer}\nFin de validité : {ends}\nEmpreinte SHA-256 : {fingerprint}\n\n\
         Sans nouveau certificat, les navigateurs refuseront d’ouvrir les pages. Que faire : {page}\n\n\
         ---\n\nCertificate of {name}, issued by {issuer}\nEnds: {ends}\nSHA-256 fingerprint: {fingerprint}\n\n\
         Without a new certificate browsers will refuse to open the pages. What to do: {page}\n{failure}",
        issuer = facts.issuer,
        fingerprint = facts.fingerprint,
    );
    (subject, body)
}
