//! An authority of a university for a test: a root, an intermediate, and certificates with whatever is asked for.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::rsa::Rsa;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509Req};

const DAY: i64 = 86_400;

/// A key on P-256.
pub(crate) fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// A key of RSA.
pub(crate) fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

/// A key as PEM.
pub(crate) fn pem_of(key: &PKey<Private>) -> Vec<u8> {
    key.private_key_to_pem_pkcs8().unwrap()
}

/// A key as PEM that a password opens.
pub(crate) fn sealed_pem_of(key: &PKey<Private>, password: &str) -> Vec<u8> {
    let cipher = Cipher::aes_256_cbc();
    key.private_key_to_pem_pkcs8_passphrase(cipher, password.as_bytes())
        .unwrap()
}

/// An authority.
pub(crate) struct Authority {
    pub(crate) root: X509,
    pub(crate) intermediate: X509,
    key: PKey<Private>,
}

/// What a certificate is to say.
pub(crate) struct Wish<'a> {
    pub(crate) names: &'a [&'a str],
    /// Days from now: from when and until when.
    pub(crate) days: (i64, i64),
    pub(crate) digest: MessageDigest,
    pub(crate) is_for_servers: bool,
}

impl<'a> Wish<'a> {
    /// A good certificate for a name.
    pub(crate) fn of(names: &'a [&'a str]) -> Self {
        Self {
            names,
            days: (-1, 90),
            digest: MessageDigest::sha256(),
            is_for_servers: true,
        }
    }
}

fn name(text: &str) -> X509Name {
    let mut builder = X509Name::builder().unwrap();
    builder.append_entry_by_nid(Nid::COMMONNAME, text).unwrap();
    builder.build()
}

fn blank(subject: &X509Name, issuer: &X509Name, days: (i64, i64)) -> X509Builder {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial
        .rand(120, openssl::bn::MsbOption::MAYBE_ZERO, false)
        .unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    let now = parvis::clock::Clock::System.now().timestamp();
    let at = |days: i64| Asn1Time::from_unix(now + days * DAY).unwrap();
    builder.set_not_before(&at(days.0)).unwrap();
    builder.set_not_after(&at(days.1)).unwrap();
    builder
}

fn authority(subject: &str, issuer: &str, key: &PKey<Private>, by: &PKey<Private>) -> X509 {
    let mut builder = blank(&name(subject), &name(issuer), (-10, 1_000));
    builder.set_pubkey(key).unwrap();
    let constraints = BasicConstraints::new().critical().ca().build().unwrap();
    builder.append_extension(constraints).unwrap();
    builder.sign(by, MessageDigest::sha256()).unwrap();
    builder.build()
}

impl Authority {
    pub(crate) fn new() -> Self {
        let (root_key, between) = (key(), key());
        Self {
            root: authority("Test Root", "Test Root", &root_key, &root_key),
            intermediate: authority("Test Intermediate", "Test Root", &between, &root_key),
            key: between,
        }
    }

    /// A certificate for a key.
    pub(crate) fn issue(
        &self,
        key: &PKeyRef<impl openssl::pkey::HasPublic>,
        wish: &Wish<'_>,
    ) -> X509 {
        let mut builder = blank(&name("service"), &name("Test Intermediate"), wish.days);
        builder.set_pubkey(key).unwrap();
        let mut names = SubjectAlternativeName::new();
        for name in wish.names {
            match name.parse::<std::net::IpAddr>() {
                Ok(_) => names.ip(name),
                Err(_) => names.dns(name),
            };
        }
        let names = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
        let mut usage = ExtendedKeyUsage::new();
        let usage = if wish.is_for_servers {
            usage.server_auth()
        } else {
            usage.client_auth()
        };
        builder.append_extension(usage.build().unwrap()).unwrap();
        builder.sign(&self.key, wish.digest).unwrap();
        builder.build()
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, request: &X509Req, names: &[&str]) -> X509 {
        let key: PKey<Public> = request.public_key().unwrap();
        assert!(request.verify(&key).unwrap());
        self.issue(&key, &Wish::of(names))
    }

    /// A chain as PEM, in the order given.
    pub(crate) fn pem(certificates: &[&X509]) -> Vec<u8> {
        let pems = certificates.iter().map(|one| one.to_pem().unwrap());
        pems.collect::<Vec<_>>().concat()
    }

    /// Certificate, chain and key in one file.
    pub(crate) fn pkcs12(&self, leaf: &X509, key: &PKey<Private>, password: &str) -> Vec<u8> {
        let mut between = Stack::new().unwrap();
        between.push(self.intermediate.clone()).unwrap();
        between.push(self.root.clone()).unwrap();
        let mut builder = Pkcs12::builder();
        builder.pkey(key).cert(leaf).ca(between);
        builder.build2(password).unwrap().to_der().unwrap()
    }
}
