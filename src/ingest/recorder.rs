//! The recorder: one thread that hears of deliveries, commits, corrections and changes of the campus, and keeps order.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::batches::Batches;
use super::committer::{Committer, Stored, Work};
use super::delivery::Delivery;
use super::door::Door;
use super::draft::Booking;
use super::facts::Facts;
use super::listener::Listener;
use super::spaces::SpaceState;
use super::{bookkeeper, recovery};
use crate::clock::Clock;
use crate::domain::campus::Campus;
use crate::domain::correction::Correction;
use crate::domain::figure::Figure;
use crate::domain::ids::SpaceId;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::RecorderLock;
use crate::persistence::ledger::Checkpoint;

/// Called with the figures that changed, on the recorder's thread; must not block.
pub type Announce = Box<dyn FnMut(&[(SpaceId, Figure)]) + Send>;

/// Rounds begin this long after one another at the soonest, or when a batch is on disk: what comes close together shares a
/// round, a commit and its costs. A reading that comes alone waits for none of it, and no answer waits for a round.
const ROUND: Duration = Duration::from_millis(1);

/// How often figures are looked at when nobody sends anything: sources fall silent, days begin.
const TICK: Duration = Duration::from_millis(250);

/// How often figures are brought up to date at the most: readings that come close together move them once.
const REFRESH_PAUSE: Duration = Duration::from_millis(20);

/// The ledger is written this long after it was last written, at the soonest; and it takes at most a fifth of the time.
const BOOKING_PAUSE: Duration = Duration::from_millis(200);
const BOOKING_SHARE: u32 = 4;

/// A booking that took long because the database was away is no reason to wait long for the next.
const BOOKING_PAUSE_AT_MOST: Duration = Duration::from_secs(2);

/// How long stopping waits for the ledger; readings are safe without it.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// What the recorder hears.
#[derive(Debug)]
pub(super) enum Event {
    /// Readings to record.
    Delivery(Delivery),
    /// A committer is done.
    Stored {
        /// The batch.
        batch: i64,
        /// How it ended.
        outcome: Result<Stored, Error>,
    },
    /// The ledger was written; these corrections of days begun were there before.
    Booked(Vec<Correction>),
    /// The campus is described differently.
    Campus(Arc<Campus>),
    /// Corrections were made; all of them, in order.
    Corrected(Vec<Correction>),
    /// Write the ledger now and say when it is written.
    Flush(oneshot::Sender<()>),
    /// Stop when everything is written.
    Stop,
}

/// The recorder's state.
pub struct Recorder {
    clock: Clock,
    facts: Facts,
    batches: Batches,
    ledger: Ledger,
    announce: Announce,
    looked_at: Instant,
    /// The campus changed since figures were last announced: all look different.
    is_described_anew: bool,
    refreshed_at: Instant,
    is_stopping: bool,
}

/// How the ledger is written: one booking at a time.
struct Ledger {
    bookkeeper: Sender<Booking>,
    checkpoint: Checkpoint,
    last_correction: i64,
    writing_since: Option<Instant>,
    again_at: Instant,
    asked: Vec<oneshot::Sender<()>>,
    told_when_written: Vec<oneshot::Sender<()>>,
}

/// A running recorder.
pub struct Recording {
    door: Door,
    events: Sender<Event>,
    thread: JoinHandle<()>,
    lock: RecorderLock,
}

impl Recorder {
    /// Takes the recorder's place in the database, finds out where the ledger stands, tells again what was stored but not
    /// booked, and starts. `announce` hears of all figures first.
    ///
    /// # Errors
    /// When another process records into the same database, or the database is not available.
    pub fn start(parvis: &Arc<Parvis>, announce: Announce) -> Result<Recording, Error> {
        let url = parvis.settings.database.url.clone();
        let lock = RecorderLock::try_take(&url)?.ok_or_else(|| {
            Error::Conflict("another Parvis records into this database; stop it first".to_owned())
        })?;
        let campus = parvis.reload_campus()?;
        let now = parvis.clock.now();
        let place = {
            let campus = Arc::clone(&campus);
            parvis
                .database
                .read_blocking(move |view| recovery::find(view, campus, now))?
        };
        let (events, inbox) = channel();
        let (bookkeeper, bookings) = channel();
        let booked = events.clone();
        let booking_url = url.clone();
        std::thread::spawn(move || bookkeeper::run(&booking_url, &bookings, &booked));
        let mut facts = Facts::new(campus, place.books, place.spaces);
        facts.draft.turns = place.turns;
        for (channel, fresh, changes) in place.unbooked {
            facts.tell_again(channel, &fresh, changes);
        }
        let mut recorder = Self {
            clock: parvis.clock.clone(),
            facts,
            batches: Batches::new(place.last_batch),
            ledger: Ledger {
                bookkeeper,
                checkpoint: place.checkpoint,
                last_correction: place.last_correction,
                writing_since: None,
                again_at: Instant::now(),
                asked: Vec::new(),
                told_when_written: Vec::new(),
            },
            announce,
            looked_at: Instant::now(),
            is_described_anew: true,
            refreshed_at: Instant::now(),
            is_stopping: false,
        };
        let listener = Listener::new(Arc::clone(parvis), events.clone(), place.last_correction);
        std::thread::spawn(move || listener.run());
        let writers = parvis.settings.readings.writers.max(1);
        let stored = events.clone();
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                for _ in 0..writers {
                    recorder.batches.hire(spawn_committer(&url, &stored));
                }
                recorder.run(&inbox);
            })
            .map_err(Error::internal)?;
        Ok(Recording {
            door: Door::new(Arc::clone(parvis), events.clone()),
            events,
            thread,
            lock,
        })
    }

    fn run(mut self, inbox: &Receiver<Event>) {
        self.look_around(self.clock.now());
        loop {
            let patience = if self.facts.spaces.are_touched() {
                REFRESH_PAUSE
            } else {
                TICK
            };
            let event = inbox.recv_timeout(patience);
            let begun = Instant::now();
            match event {
                Ok(event) => {
                    self.hear(event);
                    while let Ok(event) = inbox.try_recv() {
                        self.hear(event);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.clock.now();
            self.batches.finish(&mut self.facts);
            let ledger_is_written =
                self.facts.draft.is_empty() && self.ledger.writing_since.is_none();
            if self.batches.send(&mut self.facts, ledger_is_written) {
                self.ledger.again_at = Instant::now();
            }
            self.look_around(now);
            self.write_ledger(now);
            if self.is_stopping && self.batches.is_empty() && self.ledger.writing_since.is_none() {
                return;
            }
            // Not in `recv`: of those who send meanwhile only a committer need wake this thread.
            std::thread::park_timeout(ROUND.saturating_sub(begun.elapsed()));
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Delivery(delivery) => self.batches.wait(delivery),
            Event::Stored { batch, outcome } => self.batches.stored(batch, outcome),
            Event::Booked(already_open) => {
                for correction in &already_open {
                    self.facts.spaces.correct(correction);
                }
                if let Some(since) = self.ledger.writing_since.take() {
                    let share = since.elapsed().saturating_mul(BOOKING_SHARE);
                    let pause = share.clamp(BOOKING_PAUSE, BOOKING_PAUSE_AT_MOST);
                    self.ledger.again_at = Instant::now() + pause;
                }
                for told in self.ledger.told_when_written.drain(..) {
                    let _ = told.send(());
                }
            }
            Event::Campus(campus) => {
                self.facts.set_campus(campus, self.clock.now());
                self.is_described_anew = true;
            }
            Event::Corrected(made) => {
                for correction in &made {
                    self.facts.spaces.correct(correction);
                    self.ledger.last_correction = correction.id;
                }
            }
            Event::Flush(told) => self.ledger.asked.push(told),
            Event::Stop => self.is_stopping = true,
        }
    }

    /// Brings figures up to date, when it is time to.
    fn look_around(&mut self, now: Moment) {
        if self.is_described_anew || self.looked_at.elapsed() >= TICK {
            self.looked_at = Instant::now();
            self.batches.forget_gone();
            let turns = self.facts.spaces.turn(now);
            self.facts.draft.turns.extend(turns);
            self.facts.spaces.touch_all();
            self.refresh(now);
        } else if self.refreshed_at.elapsed() >= REFRESH_PAUSE {
            self.refresh(now);
        }
    }

    /// Brings figures up to date and announces those that changed.
    fn refresh(&mut self, now: Moment) {
        if !self.facts.spaces.are_touched() && !self.is_described_anew {
            return;
        }
        self.refreshed_at = Instant::now();
        let mut changed = self.facts.spaces.refresh(now);
        if std::mem::take(&mut self.is_described_anew) {
            let figure = |(space, state): (&SpaceId, &SpaceState)| (*space, state.figure);
            changed = self.facts.spaces.states.iter().map(figure).collect();
        }
        if !changed.is_empty() {
            (self.announce)(&changed);
        }
    }

    fn write_ledger(&mut self, now: Moment) {
        if self.ledger.writing_since.is_some() {
            return;
        }
        let is_urgent =
            self.is_stopping || !self.ledger.asked.is_empty() || !self.facts.draft.turns.is_empty();
        if !is_urgent && Instant::now() < self.ledger.again_at {
            return;
        }
        // What is published must be as new as what is booked.
        self.refresh(now);
        let ledger = &mut self.ledger;
        if self.facts.draft.is_empty() && !self.facts.spaces.has_news() {
            for told in ledger.asked.drain(..) {
                let _ = told.send(());
            }
            return;
        }
        let draft = std::mem::take(&mut self.facts.draft);
        let mut booking = draft.complete(&mut ledger.checkpoint, self.batches.finished, now);
        booking.publications = self
            .facts
            .spaces
            .publish(ledger.checkpoint.position, ledger.last_correction);
        ledger.told_when_written.append(&mut ledger.asked);
        ledger.writing_since = Some(Instant::now());
        let _ = ledger.bookkeeper.send(booking);
    }
}

/// Starts a committer for the recorder whose thread this is.
fn spawn_committer(url: &str, events: &Sender<Event>) -> Sender<Work> {
    let (work, orders) = channel();
    let (url, events, recorder) = (url.to_owned(), events.clone(), std::thread::current());
    std::thread::spawn(move || {
        Committer::run(&url, &orders, |stored| {
            let is_heard = events.send(stored).is_ok();
            recorder.unpark();
            is_heard
        });
    });
    work
}

impl Recording {
    /// The way in.
    #[must_use]
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// Whether the recorder works and no other process records into the database. While the database is gone nobody does.
    pub fn is_well(&mut self) -> bool {
        !self.thread.is_finished() && self.lock.is_held().unwrap_or(true)
    }

    /// Answers what waits, writes the ledger and stops. Gives up waiting for a database that is gone.
    pub fn stop(self) {
        let _ = self.events.send(Event::Stop);
        let since = Instant::now();
        while !self.thread.is_finished() && since.elapsed() < STOP_PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
