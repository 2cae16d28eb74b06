//! A certificate chain and its key: read from what people have, written as PEM, and what it says of itself.

use std::fmt;
use std::net::IpAddr;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{Id, PKey, PKeyRef, Private, Public};
use openssl::x509::{X509, X509Name, X509NameRef, X509Ref, X509VerifyResult};

use crate::domain::certificate::Facts;
use crate::domain::reading::Moment;
use crate::error::Error;

/// A chain, the certificate of the service first, and its key.
#[derive(Clone)]
pub struct Pair {
    /// The certificate of the service.
    pub leaf: X509,
    /// Those that vouch for it, each for the one before.
    pub issuers: Vec<X509>,
    /// The key.
    pub key: PKey<Private>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pair")
    }
}

fn invalid(field: &str, rule: impl Into<String>) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule: rule.into(),
    }
}

impl Pair {
    /// Reads a chain in PEM and a key in PEM. Of several certificates the one that the key belongs to is the service's.
    ///
    /// # Errors
    /// When either is not PEM, or no certificate belongs to the key.
    pub fn from_pem(chain: &[u8], key: &[u8], password: &str) -> Result<Self, Error> {
        Self::of(certificates(chain)?, private_key(key, password)?)
    }

    /// Reads a PKCS#12 file, which holds both.
    ///
    /// # Errors
    /// When it is none, the password is not its, or it lacks either.
    pub fn from_pkcs12(bytes: &[u8], password: &str) -> Result<Self, Error> {
        let wrong = |_| {
            invalid(
                "certificate",
                "readable: this is neither PEM nor a PKCS#12 file that the password opens (older PKCS#12 files with RC2 \
                 or 3DES must be converted: openssl pkcs12 -legacy)",
            )
        };
        let parsed = Pkcs12::from_der(bytes)
            .and_then(|file| file.parse2(password))
            .map_err(wrong)?;
        let (Some(leaf), Some(key)) = (parsed.cert, parsed.pkey) else {
            let rule = "readable: the PKCS#12 file must hold the certificate and its key";
            return Err(invalid("certificate", rule));
        };
        let mut all = vec![leaf];
        all.extend(parsed.ca.into_iter().flatten());
        Self::of(all, key)
    }

    /// A chain and a key that is known already.
    ///
    /// # Errors
    /// When the chain is not PEM, or no certificate of it belongs to the key.
    pub fn with_key(chain: &[u8], key: PKey<Private>) -> Result<Self, Error> {
        Self::of(certificates(chain)?, key)
    }

    fn of(mut all: Vec<X509>, key: PKey<Private>) -> Result<Self, Error> {
        let belongs = |certificate: &X509| {
            certificate
                .public_key()
                .is_ok_and(|public| public.public_eq(&key))
        };
        let Some(position) = all.iter().position(belongs) else {
            let rule = "key-match: the key does not belong to any certificate that was given";
            return Err(invalid("key", rule));
        };
        let leaf = all.remove(position);
        Ok(Self {
            leaf,
            issuers: all,
            key,
        })
    }

    /// The chain as PEM.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn chain_pem(&self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        for certificate in std::iter::once(&self.leaf).chain(&self.issuers) {
            text.extend(certificate.to_pem().map_err(Error::internal)?);
        }
        Ok(text)
    }

    /// The key as PEM.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn key_pem(&self) -> Result<Vec<u8>, Error> {
        self.key.private_key_to_pem_pkcs8().map_err(Error::internal)
    }

    /// What the certificate says of itself.
    ///
    /// # Errors
    /// When its dates are none.
    pub fn facts(&self) -> Result<Facts, Error> {
        let leaf = &self.leaf;
        let public = leaf.public_key().map_err(Error::internal)?;
        Ok(Facts {
            names: names(leaf),
            issuer: in_words(leaf.issuer_name()),
            not_before: moment(leaf.not_before())?,
            not_after: moment(leaf.not_after())?,
            fingerprint: fingerprint(leaf)?,
            key: kind_of_key(&public),
            is_self_signed: leaf.issued(leaf) == X509VerifyResult::OK,
        })
    }
}

fn certificates(text: &[u8]) -> Result<Vec<X509>, Error> {
    let rule = "readable: no certificate in PEM is there (-----BEGIN CERTIFICATE-----)";
    match X509::stack_from_pem(text) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(invalid("certificate", rule)),
    }
}

fn private_key(text: &[u8], password: &str) -> Result<PKey<Private>, Error> {
    // Always with a password, empty or not: without one OpenSSL would ask for it on the console.
    PKey::private_key_from_pem_passphrase(text, password.as_bytes()).map_err(|_| {
        let rule = "readable: this is no private key in PEM, or the password does not open it";
        invalid("key", rule)
    })
}

/// The names a certificate is for. The common name is none of them (RFC 9525).
fn names(certificate: &X509Ref) -> Vec<String> {
    let names = certificate.subject_alt_names().into_iter().flatten();
    names
        .filter_map(|name| {
            let address = |bytes: &[u8]| -> Option<IpAddr> {
                let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
                let sixteen = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
                four.or(sixteen).ok()
            };
            match name.dnsname() {
                Some(name) => Some(name.to_owned()),
                None => address(name.ipaddress()?).map(|address| address.to_string()),
            }
        })
        .collect()
}

/// A name of X.500 as people read it: common name and organisation, or all of it.
pub(super) fn in_words(name: &X509NameRef) -> String {
    let entry = |nid| {
        let entry = name.entries_by_nid(nid).next()?;
        entry.data().to_string().ok()
    };
    let parts: Vec<String> = [Nid::COMMONNAME, Nid::ORGANIZATIONNAME]
        .into_iter()
        .filter_map(entry)
        .collect();
    if parts.is_empty() {
        let all = name
            .entries()
            .filter_map(|entry| entry.data().to_string().ok());
        return all.collect::<Vec<_>>().join(", ");
    }
    parts.join(", ")
}

fn moment(time: &Asn1TimeRef) -> Result<Moment, Error> {
    let epoch = Asn1Time::from_unix(0).map_err(Error::internal)?;
    let since = epoch.diff(time).map_err(Error::internal)?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    Moment::from_timestamp(seconds, 0).ok_or_else(|| invalid("certificate", "its dates are none"))
}

fn fingerprint(certificate: &X509Ref) -> Result<String, Error> {
    let digest = certificate
        .digest(MessageDigest::sha256())
        .map_err(Error::internal)?;
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(pairs.join(":"))
}

/// The kind and size of a key, as people name it.
pub(super) fn kind_of_key(key: &PKeyRef<Public>) -> String {
    if let Ok(curve) = key.ec_key() {
        return match curve.group().curve_name() {
            Some(Nid::X9_62_PRIME256V1) => "EC P-256".to_owned(),
            Some(Nid::SECP384R1) => "EC P-384".to_owned(),
            Some(Nid::SECP521R1) => "EC P-521".to_owned(),
            Some(nid) => format!("EC {}", nid.short_name().unwrap_or("unknown")),
            None => "EC".to_owned(),
        };
    }
    match key.id() {
        Id::RSA => format!("RSA {}", key.bits()),
        Id::ED25519 => "Ed25519".to_owned(),
        _ => format!("{} bits", key.bits()),
    }
}

/// A name of X.500 that holds a common name.
pub(super) fn common_name(name: &str) -> Result<X509Name, openssl::error::ErrorStack> {
    let mut subject = X509Name::builder()?;
    // RFC 5280 lets it have 64 letters; the names that count stand elsewhere.
    let short: String = name.chars().take(64).collect();
    subject.append_entry_by_nid(Nid::COMMONNAME, &short)?;
    Ok(subject.build())
}
