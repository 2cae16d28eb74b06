//! The thread that writes the ledger: one transaction a booking, repeated until the database takes it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::draft::{Booking, Quarantine, Turn};
use super::recorder::Event;
use crate::domain::correction::{Correction, Kind, NewCorrection};
use crate::error::Error;
use crate::persistence::{Recording, Transaction, corrections, ledger, publications, sensors};

/// Works until the recorder hangs up.
pub(super) fn run(url: &str, bookings: &Receiver<Booking>, events: &Sender<Event>) {
    let mut recording = Recording::new(url, "parvis booking");
    while let Ok(booking) = bookings.recv() {
        let mut is_repeated = false;
        let already_open = loop {
            match recording.write(|tx| book(tx, &booking, is_repeated)) {
                Ok(already_open) => break already_open,
                Err(error) => log::warn!("ledger: not written yet: {}", error.chain()),
            }
            is_repeated = true;
            // Readings wait in their log meanwhile; only the hang-up ends the waiting.
            match bookings.recv_timeout(Duration::from_secs(1)) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(_) | Err(RecvTimeoutError::Disconnected) => return,
            }
        };
        if events.send(Event::Booked(already_open)).is_err() {
            return;
        }
    }
}

/// Writes a booking. Returns the corrections of days that somebody had opened before; new ones are announced.
fn book(
    tx: &mut Transaction<'_>,
    booking: &Booking,
    is_repeated: bool,
) -> Result<Vec<Correction>, Error> {
    // The answer to the first try may have been lost after its commit; entries are not written twice.
    if is_repeated && !booking.entries.is_empty() && ledger::checkpoint(tx)? == booking.checkpoint {
        return turned(tx, booking);
    }
    ledger::append(tx, &booking.entries, booking.at)?;
    ledger::write_openings(tx, &booking.openings)?;
    for change in &booking.doubts {
        match change {
            Quarantine::In(reading, doubt) => ledger::doubt(tx, &[(*reading, *doubt)])?,
            Quarantine::Out(channel, identity) => ledger::release(tx, *channel, &[*identity])?,
        }
    }
    sensors::note_heard(tx, &booking.heard, &booking.channels_heard)?;
    publications::append(tx, &booking.publications)?;
    ledger::set_checkpoint(tx, booking.checkpoint)?;
    turned(tx, booking)
}

/// Opens the days of a booking.
fn turned(tx: &mut Transaction<'_>, booking: &Booking) -> Result<Vec<Correction>, Error> {
    let mut already_open = Vec::new();
    for turn in &booking.turns {
        already_open.extend(begin_day(tx, turn, booking)?);
    }
    Ok(already_open)
}

/// Opens an accounting day: with how many people, and with what an exit weighs. A day is opened once.
fn begin_day(
    tx: &mut Transaction<'_>,
    turn: &Turn,
    booking: &Booking,
) -> Result<Vec<Correction>, Error> {
    let there = corrections::of_space(tx, turn.space, turn.start, booking.at, i64::MAX)?;
    if there
        .iter()
        .any(|correction| matches!(correction.kind, Kind::DayStart { .. }))
    {
        return Ok(there);
    }
    let opening = NewCorrection {
        space: turn.space,
        at: turn.start,
        kind: Kind::DayStart {
            present: turn.opening,
        },
        reason: turn.reason.clone(),
        actor: "parvis".to_owned(),
    };
    corrections::append(tx, &opening, booking.at)?;
    if let Some(drift) = corrections::learned_drift(tx, turn.space, &turn.learn_from)? {
        corrections::append(tx, &drift, booking.at)?;
    }
    Ok(Vec::new())
}
