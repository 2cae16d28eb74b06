//! The certificate in use: new connections get the newest, old ones go on with what they began with.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use openssl::ssl::SslContext;
use tokio::sync::{Notify, watch};

use super::files::Look;
use super::{Files, Pair};
use crate::appliance::acme::Challenges;
use crate::appliance::tls;
use crate::domain::certificate::Facts;
use crate::error::Error;

/// What is served.
struct Serving {
    context: SslContext,
    facts: Facts,
}

/// What was seen of the files when they were last read, and why they were not taken.
#[derive(Default)]
struct Seen {
    look: [Look; 2],
    refused: Option<String>,
}

/// The certificate in use, and what its renewal needs.
pub struct Certificates {
    /// Where the pair is.
    pub files: Files,
    /// Answers to questions of an ACME directory.
    pub challenges: Challenges,
    serving: ArcSwap<Serving>,
    seen: Mutex<Seen>,
    asked: Notify,
    is_renewing: AtomicBool,
    rounds: watch::Sender<u64>,
}

impl Serving {
    fn of(pair: &Pair) -> Result<Self, Error> {
        Ok(Self {
            context: tls::context(pair).map_err(|error| Error::Invalid {
                field: "certificate".to_owned(),
                rule: format!("OpenSSL does not take it: {error}"),
            })?,
            facts: pair.facts()?,
        })
    }
}

impl Certificates {
    /// Begins with the pair in place, or, when it is spoilt, with the last that was good.
    ///
    /// # Errors
    /// When neither can be used; the first reason is told.
    pub fn open(files: Files) -> Result<Self, Error> {
        let look = files.look();
        let read = files
            .read()
            .and_then(|pair| Ok((Serving::of(&pair)?, pair)));
        let (serving, refused) = match read {
            Ok((serving, pair)) => {
                keep(&files, &pair);
                (serving, None)
            }
            Err(error) => {
                let last = files.last_good().and_then(|pair| Serving::of(&pair));
                let Ok(last) = last else { return Err(error) };
                log::error!(
                    "certificate: {}; the last good one is served instead",
                    error.chain()
                );
                (last, Some(error.chain()))
            }
        };
        Ok(Self {
            challenges: Challenges::of_order(&files),
            files,
            serving: ArcSwap::from_pointee(serving),
            seen: Mutex::new(Seen { look, refused }),
            asked: Notify::new(),
            is_renewing: AtomicBool::new(false),
            rounds: watch::Sender::new(0),
        })
    }

    /// What a new connection is accepted with.
    #[must_use]
    pub fn context(&self) -> SslContext {
        self.serving.load().context.clone()
    }

    /// What the certificate in use says of itself.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.serving.load().facts.clone()
    }

    /// Why the files in place are not served, if they are not.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.seen().refused.clone()
    }

    /// Puts a pair in place and serves it from now on.
    ///
    /// # Errors
    /// When OpenSSL does not take it or a file cannot be written.
    pub fn install(&self, pair: &Pair) -> Result<(), Error> {
        let serving = Serving::of(pair)?;
        let mut seen = self.seen();
        self.files.install(pair)?;
        *seen = Seen {
            look: self.files.look(),
            refused: None,
        };
        self.serving.store(Arc::new(serving));
        Ok(())
    }

    /// Serves what somebody else put in place, if they did. What does not belong together is refused: what is served stays,
    /// and the log tells why, once.
    pub fn take_newest(&self) {
        let mut seen = self.seen();
        let look = self.files.look();
        if seen.look == look {
            return;
        }
        seen.look = look;
        let read = self.files.read();
        match read.and_then(|pair| Ok((Serving::of(&pair)?, pair))) {
            Ok((serving, pair)) => {
                seen.refused = None;
                log::info!(
                    "certificate: {} is served from now on, until {}",
                    serving.facts.fingerprint,
                    serving.facts.not_after
                );
                self.serving.store(Arc::new(serving));
                keep(&self.files, &pair);
            }
            Err(error) => {
                log::error!(
                    "certificate: the new files are refused, what was served stays: {}",
                    error.chain()
                );
                seen.refused = Some(error.chain());
            }
        }
    }

    /// Asks for a new certificate now; tells when an attempt has ended.
    pub fn ask(&self) -> watch::Receiver<u64> {
        let rounds = self.rounds.subscribe();
        self.asked.notify_one();
        rounds
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Tells those who asked that an attempt has ended, well or not.
    pub fn tell_ended(&self) {
        self.rounds.send_modify(|rounds| *rounds += 1);
    }

    /// Tells that a renewal begins or has ended.
    pub fn set_renewing(&self, is_renewing: bool) {
        self.is_renewing.store(is_renewing, Ordering::Relaxed);
    }

    /// Whether one is on its way.
    #[must_use]
    pub fn is_renewing(&self) -> bool {
        self.is_renewing.load(Ordering::Relaxed)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a good pair for the day its files are spoilt; an operator's directory need not be one that the service may write to.
fn keep(files: &Files, pair: &Pair) {
    if let Err(error) = files.keep_whole(pair) {
        log::warn!(
            "certificate: not kept for the day its files are spoilt: {}",
            error.chain()
        );
    }
}
