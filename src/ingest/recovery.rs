//! Finding one's place again after a start: figures from the ledger, counters from their last opening.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use super::draft::Turn;
use super::spaces::{SpaceState, Spaces, begin};
use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::channel_book::{Changes, ChannelBook};
use crate::domain::correction::{Kind, corrected_day};
use crate::domain::counter::{Counter, CounterState};
use crate::domain::ids::ChannelId;
use crate::domain::reading::{Moment, Reading};
use crate::domain::trend;
use crate::error::Error;
use crate::persistence::ledger::{self, Checkpoint, Span};
use crate::persistence::{View, corrections, publications, readings, sensors};

/// Everything the recorder begins with.
pub(super) struct Place {
    pub(super) books: HashMap<ChannelId, ChannelBook>,
    /// Readings that are stored but not in the ledger yet, and what they changed.
    pub(super) unbooked: Vec<(ChannelId, Vec<Reading>, Changes)>,
    pub(super) spaces: Spaces,
    pub(super) turns: Vec<Turn>,
    pub(super) checkpoint: Checkpoint,
    pub(super) last_batch: i64,
    pub(super) last_correction: i64,
}

/// The place where the ledger stands.
pub(super) fn find(view: &mut View<'_>, campus: Arc<Campus>, now: Moment) -> Result<Place, Error> {
    let checkpoint = ledger::checkpoint(view)?;
    let last_correction = corrections::last_id(view)?;
    let last_batch = readings::last_batch(view)?;
    let mut books = books(view, &campus, checkpoint.batch)?;
    let unbooked = unbooked(view, &campus, checkpoint.batch, &mut books)?;
    let mut states = BTreeMap::new();
    let mut turns = Vec::new();
    for space in &campus.spaces {
        let (state, turn) = space_state(view, &campus, space, now)?;
        turns.extend(turn);
        states.insert(space.id, state);
    }
    let heard = sensors::last_heard(view)?.into_iter().collect();
    let mut spaces = Spaces::new(campus, states, heard);
    for (channel, at) in sensors::channels_last_heard(view)? {
        spaces.channel_heard(channel, at);
    }
    Ok(Place {
        books,
        unbooked,
        spaces,
        turns,
        checkpoint,
        last_batch,
        last_correction,
    })
}

/// The book of each channel, from its last opening on and as far as the ledger has come.
fn books(
    view: &mut View<'_>,
    campus: &Campus,
    batch: i64,
) -> Result<HashMap<ChannelId, ChannelBook>, Error> {
    let mut by_day: BTreeMap<NaiveDate, Vec<(ChannelId, CounterState)>> = BTreeMap::new();
    for (channel, day, state) in readings::newest_openings(view)? {
        by_day.entry(day).or_default().push((channel, state));
    }
    let closed: BTreeSet<NaiveDate> = readings::closed_days(view)?.into_iter().collect();
    let mut books = HashMap::new();
    for (day, openings) in by_day.into_iter().filter(|(day, _)| !closed.contains(day)) {
        let channels: Vec<ChannelId> = openings.iter().map(|(channel, _)| *channel).collect();
        let from = day.and_time(chrono::NaiveTime::MIN).and_utc();
        let mut told: BTreeMap<ChannelId, Vec<Reading>> = BTreeMap::new();
        for reading in readings::since(view, &channels, from, batch)? {
            told.entry(reading.channel).or_default().push(reading);
        }
        for (channel, opening) in openings {
            let counter = campus
                .channels
                .get(&channel)
                .map_or_else(Counter::default, |known| known.channel.counter);
            let mut book =
                ChannelBook::reopened(counter, opening, told.remove(&channel).unwrap_or_default());
            book.trim(None);
            books.insert(channel, book);
        }
    }
    Ok(books)
}

/// Adds what was stored after the ledger was last written. The order of arrival does not matter, so neither do batches.
fn unbooked(
    view: &mut View<'_>,
    campus: &Campus,
    batch: i64,
    books: &mut HashMap<ChannelId, ChannelBook>,
) -> Result<Vec<(ChannelId, Vec<Reading>, Changes)>, Error> {
    let mut by_channel: BTreeMap<ChannelId, Vec<Reading>> = BTreeMap::new();
    for reading in readings::after_batch(view, batch)? {
        by_channel.entry(reading.channel).or_default().push(reading);
    }
    let mut all = Vec::new();
    for (channel, fresh) in by_channel {
        let oldest = fresh
            .iter()
            .map(|reading| reading.identity.at.date_naive())
            .min()
            .unwrap_or_default();
        let (day, opening) = readings::opening_before(view, channel, oldest)?
            .unwrap_or((oldest, CounterState::default()));
        let known = readings::since(
            view,
            &[channel],
            day.and_time(chrono::NaiveTime::MIN).and_utc(),
            batch,
        )?;
        let counter = campus
            .channels
            .get(&channel)
            .map_or_else(Counter::default, |known| known.channel.counter);
        let mut book = ChannelBook::reopened(counter, opening, known);
        let changes = book.add(fresh.clone());
        all.push((channel, fresh, changes));
        book.trim(None);
        books.insert(channel, book);
    }
    Ok(all)
}

/// A space as its ledger and corrections of the day say; and the turn that opens the day, if nobody opened it yet.
fn space_state(
    view: &mut View<'_>,
    campus: &Campus,
    space: &KnownSpace,
    now: Moment,
) -> Result<(SpaceState, Option<Turn>), Error> {
    let shown = publications::at(view, space.id, now)?;
    let (mut state, _) = begin(campus, space, now, 0);
    let standing = corrections::of_space(view, space.id, state.day_start, state.day_end, i64::MAX)?;
    let is_open = standing
        .iter()
        .any(|correction| matches!(correction.kind, Kind::DayStart { .. }));
    let stayed = publications::at(view, space.id, state.day_start)?
        .and_then(|before| before.exact)
        .unwrap_or(0);
    let (opened, turn) = begin(campus, space, now, stayed);
    if is_open {
        state.day = corrected_day(&standing, false);
        state.is_turning = false;
    } else {
        state = opened;
    }
    for correction in &standing {
        if let Kind::Recount { .. } = correction.kind {
            state.recounts.insert(correction.id, correction.at);
        }
    }
    // Levels may stand since yesterday; flows count from the start of the day.
    let span = Span {
        after: state.day_start - chrono::TimeDelta::days(1),
        until: state.day_end,
        up_to: i64::MAX,
    };
    for entry in ledger::of_space(view, space.id, span)? {
        if let Some(level) = entry.level {
            let at = entry.second.moment();
            if state
                .levels
                .get(&entry.channel)
                .is_none_or(|(known, _)| *known <= at)
            {
                state.levels.insert(entry.channel, (at, level));
            }
        } else if entry.second.moment() > state.day_start {
            state.day.flow(entry.second, entry.entries, entry.exits);
        }
    }
    let recent = now - trend::LOOKS_BACK;
    let first = publications::at(view, space.id, recent)?;
    let since = publications::between(view, space.id, recent, now)?;
    state.history = first
        .iter()
        .chain(&since)
        .filter_map(|publication| Some((publication.at, publication.present?)))
        .collect();
    if let Some(shown) = shown {
        state.figure = crate::domain::figure::Figure {
            present: shown.present,
            quality: shown.quality,
            as_of: shown.as_of,
            before: None,
        };
        state.as_of = shown.as_of;
    }
    Ok((state, (!is_open).then_some(turn)))
}
