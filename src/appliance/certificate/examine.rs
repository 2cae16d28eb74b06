//! The checks that a pair passes before it is put in place; each that fails names its rule.

use chrono::TimeDelta;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::Id;
use openssl::stack::Stack;
use openssl::x509::store::{X509StoreBuilder, X509StoreBuilderRef};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509Ref, X509StoreContext, X509VerifyResult};

use super::Pair;
use super::pair::{in_words, kind_of_key};
use crate::domain::certificate::covers;
use crate::domain::reading::Moment;
use crate::error::Error;

/// Below this, RSA is within reach of those with means.
const LEAST_RSA_BITS: u32 = 2048;

/// Clocks of authorities and machines differ by so much.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// Who is believed to vouch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchors {
    /// The authorities of the system, and roots that came with the chain: an institution's own.
    SystemAndSent,
    /// Whatever came with the chain: the directory it was requested from is believed already.
    Sent,
}

/// Checks a pair for a name, and puts its chain in order: each vouches for the one before, what does not belong is left
/// out, and so is the root, which browsers have or do not believe.
///
/// # Errors
/// The first rule that is broken.
pub fn examine(pair: Pair, name: &str, anchors: Anchors, now: Moment) -> Result<Pair, Error> {
    strong_enough(&pair)?;
    for_name(&pair, name)?;
    valid_now(&pair, now)?;
    let issuers = chain(&pair, anchors, now)?;
    for certificate in std::iter::once(&pair.leaf).chain(&issuers) {
        well_signed(certificate)?;
    }
    Ok(Pair { issuers, ..pair })
}

fn broken(rule: &str, why: impl std::fmt::Display) -> Error {
    Error::Invalid {
        field: "certificate".to_owned(),
        rule: format!("{rule}: {why}"),
    }
}

fn strong_enough(pair: &Pair) -> Result<(), Error> {
    let key = pair.leaf.public_key().map_err(Error::internal)?;
    let curves = [Nid::X9_62_PRIME256V1, Nid::SECP384R1];
    let is_strong = match key.id() {
        Id::RSA => key.bits() >= LEAST_RSA_BITS,
        Id::EC => key.ec_key().is_ok_and(|curve| {
            let name = curve.group().curve_name();
            name.is_some_and(|name| curves.contains(&name))
        }),
        _ => false,
    };
    if is_strong {
        return Ok(());
    }
    let kind = kind_of_key(&key);
    Err(broken(
        "key-strength",
        format!(
            "the key is {kind}; RSA with {LEAST_RSA_BITS} bits or more, or EC on P-256 or P-384, is needed"
        ),
    ))
}

fn for_name(pair: &Pair, name: &str) -> Result<(), Error> {
    let names = pair.facts()?.names;
    if names.iter().any(|presented| covers(presented, name)) {
        return Ok(());
    }
    let told = if names.is_empty() {
        "no name (subjectAltName)".to_owned()
    } else {
        names.join(", ")
    };
    Err(broken(
        "names",
        format!("it is for {told}, but people use {name}"),
    ))
}

fn valid_now(pair: &Pair, now: Moment) -> Result<(), Error> {
    let facts = pair.facts()?;
    let day = |moment: Moment| moment.format("%Y-%m-%d %H:%M UTC");
    if facts.not_after <= now {
        return Err(broken(
            "dates",
            format!("it ended on {}", day(facts.not_after)),
        ));
    }
    if facts.not_before > now + SKEW {
        let begins = day(facts.not_before);
        return Err(broken("dates", format!("it is valid from {begins} only")));
    }
    Ok(())
}

/// Signatures that were ever forged are none.
fn well_signed(certificate: &X509Ref) -> Result<(), Error> {
    let algorithm = certificate.signature_algorithm().object().nid();
    let digest = algorithm.signature_algorithms().map(|found| found.digest);
    if digest.is_some_and(|digest| [Nid::MD5, Nid::SHA1].contains(&digest)) {
        let of = in_words(certificate.subject_name());
        let name = algorithm.long_name().unwrap_or("an old algorithm");
        return Err(broken(
            "signature",
            format!("that of {of} is made with {name}; SHA-256 or better is needed"),
        ));
    }
    Ok(())
}

/// The certificates between the service's and the root, in order.
fn chain(pair: &Pair, anchors: Anchors, now: Moment) -> Result<Vec<X509>, Error> {
    let (result, found) = verified(pair, anchors, now).map_err(Error::internal)?;
    let (error, depth) = match result {
        Ok(()) => {
            let issuers = found.into_iter().skip(1);
            return Ok(issuers.filter(|issuer| !is_root(issuer)).collect());
        }
        Err(found) => found,
    };
    let of = |depth: usize| {
        let certificate = found.get(depth).unwrap_or(&pair.leaf);
        in_words(certificate.subject_name())
    };
    // Numbers of openssl/x509_vfy.h.
    Err(match error.as_raw() {
        2 | 20 | 21 => {
            let last = found.last().unwrap_or(&pair.leaf);
            let missing = in_words(last.issuer_name());
            broken(
                "chain-complete",
                format!(
                    "the certificate of \"{missing}\" is missing; add it to the file (the authority offers it as \
                     intermediate or chain), and for an authority of your own its root as well"
                ),
            )
        }
        9 => broken(
            "chain-dates",
            format!("that of \"{}\" is not valid yet", of(depth)),
        ),
        10 => broken(
            "chain-dates",
            format!("that of \"{}\" has ended", of(depth)),
        ),
        26 => broken(
            "purpose",
            format!("\"{}\" is not made for servers (serverAuth)", of(depth)),
        ),
        18 | 19 => broken(
            "chain-complete",
            format!("nobody but \"{}\" vouches for it", of(depth)),
        ),
        _ => broken(
            "chain",
            format!("\"{}\": {}", of(depth), error.error_string()),
        ),
    })
}

type Verdict = Result<(), (X509VerifyResult, usize)>;

/// What OpenSSL says of a chain, and the chain it found.
fn verified(
    pair: &Pair,
    anchors: Anchors,
    now: Moment,
) -> Result<(Verdict, Vec<X509>), ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    trust(&mut store, pair, anchors)?;
    let mut parameters = X509VerifyParam::new()?;
    parameters.set_time(now.timestamp());
    parameters.set_purpose(X509PurposeId::SSL_SERVER)?;
    if anchors == Anchors::Sent {
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    }
    store.set_param(&parameters)?;
    let store = store.build();
    let mut sent = Stack::new()?;
    for issuer in &pair.issuers {
        sent.push(issuer.clone())?;
    }
    X509StoreContext::new()?.init(&store, &pair.leaf, &sent, |context| {
        let is_good = context.verify_cert()?;
        let found = context.chain().into_iter().flatten();
        let found = found.map(X509Ref::to_owned).collect();
        let depth = usize::try_from(context.error_depth()).unwrap_or(0);
        let verdict = if is_good {
            Ok(())
        } else {
            Err((context.error(), depth))
        };
        Ok((verdict, found))
    })
}

fn trust(store: &mut X509StoreBuilderRef, pair: &Pair, anchors: Anchors) -> Result<(), ErrorStack> {
    let all = std::iter::once(&pair.leaf).chain(&pair.issuers);
    match anchors {
        Anchors::SystemAndSent => {
            store.set_default_paths()?;
            for root in all.filter(|one| is_root(one)) {
                store.add_cert(root.clone())?;
            }
        }
        Anchors::Sent => {
            for one in all {
                store.add_cert(one.clone())?;
            }
        }
    }
    Ok(())
}

fn is_root(certificate: &X509Ref) -> bool {
    certificate.issued(certificate) == X509VerifyResult::OK
}
