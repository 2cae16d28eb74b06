//! What handlers work with, shared by all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};

use super::assets::Assets;
use super::cache::Cache;
use super::metrics::Metrics;
use super::rates::Rates;
use super::texts::Texts;
use crate::actions::sign_in_with_provider::SignOn;
use crate::appliance::certificate::Certificates;
use crate::auth::local::Local;
use crate::domain::certificate::{Warning, warning};
use crate::ingest::Door;
use crate::live::Board;
use crate::parvis::Parvis;

/// What handlers work with.
pub struct Services {
    /// The parts in use.
    pub parvis: Arc<Parvis>,
    /// The way in for readings.
    pub door: Door,
    /// The figures.
    pub board: Arc<Board>,
    /// The texts of pages.
    pub texts: Texts,
    /// Sign-on with identity providers.
    pub sign_on: Arc<SignOn>,
    /// What accounts of this service need.
    pub local: Local,
    /// The certificate in use.
    pub certificates: Arc<Certificates>,
    pub(super) assets: Assets,
    pub(super) cache: Cache,
    pub(super) metrics: Metrics,
    pub(super) rates: Rates,
    /// The most streams at once: open files, less some for everything else.
    pub(super) most_streams: usize,
    /// Whether the machine is being set up, and nothing else is answered.
    pub(super) is_being_set_up: bool,
    restarting: Notify,
    closing: watch::Sender<bool>,
    is_well: AtomicBool,
}

/// What [`Services`] are made of.
pub struct Parts {
    /// The parts in use.
    pub parvis: Arc<Parvis>,
    /// The way in for readings.
    pub door: Door,
    /// The figures.
    pub board: Arc<Board>,
    /// The texts of pages.
    pub texts: Texts,
    /// Sign-on with identity providers.
    pub sign_on: Arc<SignOn>,
    /// What accounts of this service need.
    pub local: Local,
    /// The certificate in use.
    pub certificates: Arc<Certificates>,
    /// Files that may be open at once.
    pub open_files: u64,
}

impl Services {
    /// Everything handlers need.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            parvis,
            door,
            board,
            texts,
            sign_on,
            local,
            certificates,
            open_files,
        } = parts;
        let rates = Rates::new(parvis.settings.web.api_requests_per_minute);
        let most_streams = usize::try_from(open_files).unwrap_or(usize::MAX) / 10 * 9;
        Self {
            parvis,
            door,
            board,
            texts,
            sign_on,
            local,
            certificates,
            assets: Assets::new(),
            cache: Cache::default(),
            metrics: Metrics::default(),
            rates,
            most_streams,
            is_being_set_up: false,
            restarting: Notify::new(),
            closing: watch::Sender::new(false),
            is_well: AtomicBool::new(true),
        }
    }

    /// The same, for a machine that is being set up.
    #[must_use]
    pub fn for_set_up(mut self) -> Self {
        self.is_being_set_up = true;
        self
    }

    /// Asks for the end of the service, so that it begins again with what was decided.
    pub fn ask_to_restart(&self) {
        self.restarting.notify_one();
    }

    /// Waits until somebody asked for that.
    pub async fn restarting(&self) {
        self.restarting.notified().await;
    }

    /// Tells whether the recorder works; a task finds out.
    pub fn set_well(&self, is_well: bool) {
        self.is_well.store(is_well, Ordering::Relaxed);
    }

    /// Forgets what need not be remembered.
    pub fn tidy(&self) {
        self.rates.tidy();
    }

    /// Whether the recorder worked when it was last looked at.
    pub fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Relaxed)
    }

    /// What to warn of about the certificate in use, if anything.
    pub(super) fn certificate_warning(&self) -> Option<Warning> {
        let source = self.parvis.certificate().source;
        warning(source, &self.certificates.facts(), self.parvis.clock.now())
    }

    /// A sign that streams must end.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Ends all streams: the service stops.
    pub fn close_streams(&self) {
        self.closing.send_replace(true);
    }
}
