//! The way of readings to the disk: what waits, what is on its way, and in which order it is answered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::committer::{Stored, Work};
use super::delivery::{Delivery, Receipt, Room};
use super::facts::{Facts, Verdict, Whereabouts};
use crate::domain::ids::{ChannelId, SensorId};
use crate::domain::reading::{Identity, Reading};
use crate::error::Error;
use crate::persistence::sensors::Heard;

/// The most readings of one batch.
const MOST_IN_BATCH: usize = 5_000;

/// A delivery whose readings are in a batch.
#[derive(Debug)]
struct Pending {
    heard: Vec<(SensorId, Heard)>,
    reply: tokio::sync::oneshot::Sender<Result<Receipt, Error>>,
    duplicates: usize,
    /// Its readings in the batch.
    fresh: Vec<(ChannelId, Identity)>,
    /// Given back when it is answered.
    _room: Room,
    /// The last batch in flight that holds a reading this delivery repeats: its failure is ours too.
    depends_on: Option<i64>,
}

/// A batch on its way to the disk, or on it and waiting for an earlier one.
#[derive(Debug)]
struct InFlight {
    deliveries: Vec<Pending>,
    outcome: Option<Result<Stored, Error>>,
    committer: Option<usize>,
    /// It reads the records around its readings, which no other batch may change meanwhile.
    is_alone: bool,
}

/// The way of readings to the disk.
#[derive(Debug)]
pub(super) struct Batches {
    waiting: VecDeque<Delivery>,
    /// Deliveries with readings older than the books remember.
    older: VecDeque<Delivery>,
    in_flight: BTreeMap<i64, InFlight>,
    failed: BTreeSet<i64>,
    /// When the log last heard that readings cannot be stored.
    told_at: Option<Instant>,
    next: i64,
    /// All batches up to this one are applied or have failed.
    pub(super) finished: i64,
    committers: Vec<Sender<Work>>,
    idle: Vec<usize>,
}

impl Batches {
    pub(super) fn new(last: i64) -> Self {
        Self {
            waiting: VecDeque::new(),
            older: VecDeque::new(),
            in_flight: BTreeMap::new(),
            failed: BTreeSet::new(),
            told_at: None,
            next: last + 1,
            finished: last,
            idle: Vec::new(),
            committers: Vec::new(),
        }
    }

    /// Takes one more committer on.
    pub(super) fn hire(&mut self, committer: Sender<Work>) {
        self.idle.push(self.committers.len());
        self.committers.push(committer);
    }

    pub(super) fn wait(&mut self, delivery: Delivery) {
        self.waiting.push_back(delivery);
    }

    /// Drops what nobody waits for any more: its senders were told so, or have gone, and will repeat it.
    pub(super) fn forget_gone(&mut self) {
        let is_waited_for = |delivery: &Delivery| !delivery.reply.is_closed();
        self.waiting.retain(is_waited_for);
        self.older.retain(is_waited_for);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.older.is_empty() && self.in_flight.is_empty()
    }

    /// A committer is done.
    pub(super) fn stored(&mut self, batch: i64, outcome: Result<Stored, Error>) {
        if let Some(in_flight) = self.in_flight.get_mut(&batch) {
            self.idle.extend(in_flight.committer.take());
            in_flight.outcome = Some(outcome);
        }
    }

    /// Forms batches of everything that waits, one for each committer that has nothing to do. Returns whether older
    /// readings wait only for the ledger to be written.
    pub(super) fn send(&mut self, facts: &mut Facts, ledger_is_written: bool) -> bool {
        if self.in_flight.values().any(|batch| batch.is_alone) {
            return false;
        }
        while self.older.is_empty() && !self.waiting.is_empty() {
            let Some(committer) = self.idle.pop() else {
                return false;
            };
            self.send_batch(committer, facts);
        }
        // Older readings rewrite what came after them, so they go alone: after all others, and with the ledger written.
        let is_next = !self.older.is_empty() && self.in_flight.is_empty();
        if is_next && ledger_is_written {
            self.send_older();
        }
        is_next && !ledger_is_written
    }

    fn send_batch(&mut self, committer: usize, facts: &mut Facts) {
        let batch = self.next;
        self.next += 1;
        let mut readings = Vec::new();
        let mut deliveries = Vec::new();
        while let Some(delivery) = self.waiting.pop_front() {
            if readings.len() + delivery.readings.len() > MOST_IN_BATCH && !readings.is_empty() {
                self.waiting.push_front(delivery);
                break;
            }
            if delivery
                .readings
                .iter()
                .any(|reading| facts.whereabouts(reading) == Whereabouts::Older)
            {
                self.older.push_back(delivery);
            } else {
                deliveries.push(sort_out(batch, delivery, facts, &mut readings));
            }
        }
        // A batch without new readings has nothing to store, but must be answered in its turn.
        let outcome = readings.is_empty().then(|| {
            Ok(Stored::New {
                readings: Vec::new(),
                closed: BTreeSet::new(),
            })
        });
        let work = outcome.is_none().then_some(Work::Store { batch, readings });
        self.dispatch(
            batch,
            committer,
            work,
            InFlight {
                deliveries,
                outcome,
                committer: None,
                is_alone: false,
            },
        );
    }

    fn send_older(&mut self) {
        let Some(committer) = self.idle.pop() else {
            return;
        };
        let batch = self.next;
        self.next += 1;
        let mut readings = Vec::new();
        let mut deliveries = Vec::new();
        for Delivery {
            readings: told,
            heard,
            reply,
            room,
        } in self.older.drain(..)
        {
            let fresh = told
                .iter()
                .map(|reading| (reading.channel, reading.identity))
                .collect();
            deliveries.push(Pending {
                heard,
                reply,
                duplicates: 0,
                fresh,
                _room: room,
                depends_on: None,
            });
            readings.extend(told);
        }
        let work = Some(Work::StoreOlder { batch, readings });
        self.dispatch(
            batch,
            committer,
            work,
            InFlight {
                deliveries,
                outcome: None,
                committer: None,
                is_alone: true,
            },
        );
    }

    fn dispatch(
        &mut self,
        batch: i64,
        committer: usize,
        work: Option<Work>,
        mut in_flight: InFlight,
    ) {
        match (work, self.committers.get(committer)) {
            (Some(work), Some(sender)) => {
                in_flight.committer = Some(committer);
                if sender.send(work).is_err() {
                    in_flight.outcome = Some(Err(Error::Unavailable {
                        part: "the recorder",
                        source: None,
                    }));
                }
            }
            _ => self.idle.push(committer),
        }
        self.in_flight.insert(batch, in_flight);
    }

    /// Applies and answers the batches that are on disk, in their order.
    pub(super) fn finish(&mut self, facts: &mut Facts) {
        while let Some(first) = self.in_flight.first_entry() {
            if first.get().outcome.is_none() {
                return;
            }
            let (
                batch,
                InFlight {
                    deliveries,
                    outcome,
                    ..
                },
            ) = first.remove_entry();
            self.finished = batch;
            for (channel, identity) in deliveries.iter().flat_map(|delivery| &delivery.fresh) {
                facts.expect_no_more(*channel, identity);
            }
            match outcome {
                Some(Ok(stored)) => {
                    let verdict = facts.apply(stored);
                    for delivery in deliveries {
                        let depended = delivery
                            .depends_on
                            .is_some_and(|batch| self.failed.contains(&batch));
                        if depended {
                            refuse(delivery);
                        } else {
                            answer(delivery, &verdict, facts);
                        }
                    }
                }
                Some(Err(error)) => {
                    self.tell(&error);
                    self.failed.insert(batch);
                    deliveries.into_iter().for_each(refuse);
                }
                None => {}
            }
        }
        self.failed.clear();
    }
}

/// How often the log hears that readings cannot be stored: every sender tries again and again.
const TOLD_EVERY: Duration = Duration::from_secs(10);

impl Batches {
    fn tell(&mut self, error: &Error) {
        if self.told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            self.told_at = Some(Instant::now());
            log::warn!("recorder: readings are not stored: {}", error.chain());
        }
    }
}

/// Takes the new readings out of a delivery.
fn sort_out(
    batch: i64,
    delivery: Delivery,
    facts: &mut Facts,
    readings: &mut Vec<Reading>,
) -> Pending {
    let Delivery {
        readings: told,
        heard,
        reply,
        room,
    } = delivery;
    let mut pending = Pending {
        heard,
        reply,
        duplicates: 0,
        fresh: Vec::new(),
        _room: room,
        depends_on: None,
    };
    for reading in told {
        match facts.whereabouts(&reading) {
            Whereabouts::New => {
                facts.expect(&reading, batch);
                pending.fresh.push((reading.channel, reading.identity));
                readings.push(reading);
            }
            Whereabouts::Pending(before) => {
                pending.duplicates += 1;
                pending.depends_on = pending.depends_on.max(Some(before));
            }
            Whereabouts::Known | Whereabouts::Older => pending.duplicates += 1,
        }
    }
    pending
}

fn refuse(delivery: Pending) {
    // Nobody may be waiting any more; the sender repeats what was not acknowledged.
    let _ = delivery.reply.send(Err(Error::Unavailable {
        part: "the database",
        source: None,
    }));
}

fn answer(delivery: Pending, verdict: &Verdict, facts: &mut Facts) {
    for (sensor, heard) in delivery.heard {
        facts.spaces.sensor_heard(sensor, heard.at);
        facts.draft.heard(sensor, heard);
    }
    let mut receipt = Receipt {
        duplicates: delivery.duplicates,
        ..Receipt::default()
    };
    for told in &delivery.fresh {
        if verdict.closed.contains(&told.1.at.date_naive()) {
            receipt.closed += 1;
        } else if verdict
            .kept
            .as_ref()
            .is_some_and(|kept| !kept.contains(told))
        {
            receipt.duplicates += 1;
        } else {
            receipt.stored += 1;
            receipt.doubted += usize::from(verdict.doubted.contains(told));
        }
    }
    let _ = delivery.reply.send(Ok(receipt));
}
