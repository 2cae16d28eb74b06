//! Hearing what other processes changed: the description of the campus and corrections, as PostgreSQL announces them.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::recorder::Event;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::{Announcement, Announcements, corrections};

/// How often announcements are asked for.
const PAUSE: Duration = Duration::from_millis(100);

/// How long to wait before listening again when the connection was lost.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The listener's state.
pub(super) struct Listener {
    parvis: Arc<Parvis>,
    events: Sender<Event>,
    last_correction: i64,
}

impl Listener {
    pub(super) fn new(parvis: Arc<Parvis>, events: Sender<Event>, last_correction: i64) -> Self {
        Self {
            parvis,
            events,
            last_correction,
        }
    }

    /// Listens until the recorder is gone.
    pub(super) fn run(mut self) {
        loop {
            match self.listen() {
                Ok(()) => return,
                Err(error) => log::warn!("listener: listens again soon: {}", error.chain()),
            }
            std::thread::sleep(PAUSE_AFTER_FAILURE);
        }
    }

    /// `Ok` when the recorder is gone.
    fn listen(&mut self) -> Result<(), Error> {
        let mut announcements = Announcements::listen(&self.parvis.settings.database.url)?;
        // Anything may have happened before listening began.
        let mut heard = vec![Announcement::Campus, Announcement::Corrections];
        loop {
            if heard.contains(&Announcement::Campus) {
                let campus = self.parvis.reload_campus()?;
                if self.events.send(Event::Campus(campus)).is_err() {
                    return Ok(());
                }
            }
            if heard.contains(&Announcement::Corrections) {
                let last = self.last_correction;
                let made = self
                    .parvis
                    .database
                    .read_blocking(|view| corrections::after(view, last))?;
                self.last_correction = made.last().map_or(last, |correction| correction.id);
                if !made.is_empty() && self.events.send(Event::Corrected(made)).is_err() {
                    return Ok(());
                }
            }
            std::thread::sleep(PAUSE);
            heard = announcements.heard()?;
        }
    }
}
