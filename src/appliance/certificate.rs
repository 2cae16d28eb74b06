//! The certificate of the HTTPS door: the one the operator gave, or a self-made one on first start.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509NameBuilder};

use crate::error::Error;

/// How long a self-made certificate is good: what browsers accept at most.
const DAYS: u32 = 397;

/// Makes a key and a certificate for a name when neither file is there; returns its fingerprint then.
///
/// # Errors
/// When only one of the two files is there, or they cannot be written.
pub fn ensure(certificate: &Path, key: &Path, name: &str) -> Result<Option<String>, Error> {
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
    let (made, private) = make(name).map_err(Error::internal)?;
    let write = |path: &Path, pem: Vec<u8>, mode| -> std::io::Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        // Written aside and moved into place: a half-written key would never be replaced.
        let aside = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&aside)?;
        file.write_all(&pem)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    write(
        key,
        private
            .private_key_to_pem_pkcs8()
            .map_err(Error::internal)?,
        0o600,
    )
    .map_err(Error::internal)?;
    write(certificate, made.to_pem().map_err(Error::internal)?, 0o644).map_err(Error::internal)?;
    let digest = made
        .digest(MessageDigest::sha256())
        .map_err(Error::internal)?;
    Ok(Some(
        digest
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<Vec<_>>()
            .join(":"),
    ))
}

/// An elliptic key on P-256: a signature costs a tenth of RSA's.
fn make(name: &str) -> Result<(X509, PKey<Private>), ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    let subject = subject.build();
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
    let mut names = SubjectAlternativeName::new();
    match name.parse::<IpAddr>() {
        Ok(_) => names.ip(name),
        Err(_) => names.dns(name),
    };
    if name == "localhost" {
        names.ip("127.0.0.1").ip("::1");
    }
    let names = names.build(&builder.x509v3_context(None, None))?;
    builder.append_extension(names)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok((builder.build(), key))
}
