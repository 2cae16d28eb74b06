//! A certificate that this machine makes for itself, on first start: encryption before anybody vouches for it.

use std::net::IpAddr;

use chrono::TimeDelta;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};

use super::pair::common_name;
use super::{Files, Notes, Pair};
use crate::domain::certificate::covers;
use crate::domain::reading::Moment;
use crate::error::Error;

/// How long a self-made certificate is good: what browsers accept at most.
const DAYS: u32 = 397;

/// So long before its end the next one is made.
const MARGIN: TimeDelta = TimeDelta::days(31);

/// Makes a key and a certificate for a name when neither file is there; returns its fingerprint then.
///
/// # Errors
/// When only one of the two files is there, or they cannot be written.
pub fn ensure(files: &Files, name: &str) -> Result<Option<String>, Error> {
    let (certificate, key) = (&files.certificate, &files.key);
    match (certificate.exists(), key.exists()) {
        (true, true) => return Ok(None),
        (false, false) => {}
        (there, _) => {
            let (lone, missing) = if there {
                (certificate, key)
            } else {
                (key, certificate)
            };
            let message = format!(
                "{} is there, but {} is not",
                lone.display(),
                missing.display()
            );
            return Err(Error::Conflict(message));
        }
    }
    put(files, name).map(Some)
}

/// Makes another one in place of one that was made here, when it is not for the name or ends within a month; returns its
/// fingerprint then. What an operator put in place is not touched.
///
/// # Errors
/// When the files cannot be read or written.
pub fn make_anew(files: &Files, name: &str, now: Moment) -> Result<Option<String>, Error> {
    let Ok(facts) = files.read().and_then(|pair| pair.facts()) else {
        return Ok(None);
    };
    let is_ours = Notes::read(files).made.as_ref() == Some(&facts.fingerprint);
    let is_for_name = facts.names.iter().any(|own| covers(own, name));
    let is_fresh = now + MARGIN < facts.not_after;
    if !is_ours || (is_for_name && is_fresh) {
        return Ok(None);
    }
    put(files, name).map(Some)
}

/// Makes one, puts it in place, and remembers that it is ours.
fn put(files: &Files, name: &str) -> Result<String, Error> {
    let pair = make(name)?;
    let fingerprint = pair.facts()?.fingerprint;
    files.install(&pair)?;
    Notes::change(files, |notes| notes.made = Some(fingerprint.clone()))?;
    Ok(fingerprint)
}

/// Makes a key and a certificate for a name.
///
/// # Errors
/// When the system has no random numbers.
pub fn make(name: &str) -> Result<Pair, Error> {
    signed(name).map_err(Error::internal)
}

/// An elliptic key on P-256: a signature costs a tenth of RSA's.
pub(in crate::appliance) fn new_key() -> Result<PKey<Private>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

/// The names of a service, as an extension says them.
pub(super) fn alternative_names(name: &str) -> SubjectAlternativeName {
    let mut names = SubjectAlternativeName::new();
    match name.parse::<IpAddr>() {
        Ok(_) => names.ip(name),
        Err(_) => names.dns(name),
    };
    names
}

fn signed(name: &str) -> Result<Pair, ErrorStack> {
    let key = new_key()?;
    let subject = common_name(name)?;
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::MAYBE_ZERO, false)?;
    let serial = serial.to_asn1_integer()?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_pubkey(&key)?;
    let (start, end) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(DAYS)?);
    builder.set_not_before(&start)?;
    builder.set_not_after(&end)?;
    let mut names = alternative_names(name);
    if name == "localhost" {
        names.ip("127.0.0.1").ip("::1");
    }
    let names = names.build(&builder.x509v3_context(None, None))?;
    builder.append_extension(names)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok(Pair {
        leaf: builder.build(),
        issuers: Vec::new(),
        key,
    })
}
