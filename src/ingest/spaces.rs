//! The figures of all spaces as they now are: flows and levels come in, figures and their quality come out.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{Days, TimeDelta};

use super::draft::Turn;
use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::correction::{Correction, Kind};
use crate::domain::day;
use crate::domain::drift::DAYS_LOOKED_AT;
use crate::domain::figure::Figure;
use crate::domain::freshness::{self, Quality, Source as FreshSource};
use crate::domain::ids::{ChannelId, SensorId, SpaceId};
use crate::domain::reading::{Moment, Second};
use crate::domain::space_day::{MILLION, SpaceDay, Sum};
use crate::domain::trend;
use crate::domain::zones::{Crossing, Source};
use crate::persistence::publications::Publication;

/// What is known of one space.
#[derive(Debug)]
pub(super) struct SpaceState {
    pub(super) day_start: Moment,
    pub(super) day_end: Moment,
    pub(super) day: SpaceDay,
    /// What channels that see the space last saw.
    pub(super) levels: HashMap<ChannelId, (Moment, i64)>,
    /// The newest reading of any channel at its edge or in it.
    pub(super) as_of: Option<Moment>,
    /// Recounts of the day, by correction.
    pub(super) recounts: BTreeMap<i64, Moment>,
    /// Its day is being opened in the ledger: the figure waits for the corrections it opens with.
    pub(super) is_turning: bool,
    /// All its sources spoke when it was last looked at in full; hearing more cannot make it worse.
    pub(super) is_surely_good: bool,
    pub(super) figure: Figure,
    /// Whether the figure differs from what the ledger last published, and since when.
    pub(super) changed_at: Option<Moment>,
    /// What was published in the last half hour and a little more.
    pub(super) history: VecDeque<(Moment, i64)>,
}

/// All spaces.
#[derive(Debug)]
pub(super) struct Spaces {
    campus: Arc<Campus>,
    pub(super) states: BTreeMap<SpaceId, SpaceState>,
    /// When each sensor was last heard.
    pub(super) heard: HashMap<SensorId, Moment>,
    /// Spaces whose figure may have changed since it was last looked at.
    touched: BTreeSet<SpaceId>,
}

impl Spaces {
    pub(super) fn new(
        campus: Arc<Campus>,
        states: BTreeMap<SpaceId, SpaceState>,
        heard: HashMap<SensorId, Moment>,
    ) -> Self {
        Self {
            campus,
            states,
            heard,
            touched: BTreeSet::new(),
        }
    }

    /// Takes another campus; spaces that are new begin with nothing.
    pub(super) fn set_campus(&mut self, campus: Arc<Campus>, now: Moment) -> Vec<Turn> {
        self.campus = campus;
        let known: Vec<SpaceId> = self.campus.spaces.iter().map(|space| space.id).collect();
        self.states.retain(|id, _| known.contains(id));
        let campus = Arc::clone(&self.campus);
        let mut turns = Vec::new();
        for space in &campus.spaces {
            if let std::collections::btree_map::Entry::Vacant(e) = self.states.entry(space.id) {
                let (state, turn) = begin(&campus, space, now, 0);
                e.insert(state);
                turns.push(turn);
            }
        }
        turns
    }

    /// People went through a channel.
    pub(super) fn flow(&mut self, crossing: Crossing, second: Second, forward: i64, backward: i64) {
        if let Some(state) = self.states.get_mut(&crossing.space)
            && second.moment() > state.day_start
        {
            let (entries, exits) = crossing.flow(forward, backward);
            state.day.flow(second, entries, exits);
            self.touched.insert(crossing.space);
        }
    }

    /// A channel saw how many people a space holds. An older view than the last changes nothing.
    pub(super) fn level(
        &mut self,
        space: SpaceId,
        channel: ChannelId,
        at: Moment,
        level: i64,
    ) -> bool {
        let Some(state) = self.states.get_mut(&space) else {
            return false;
        };
        let newer = state
            .levels
            .get(&channel)
            .is_none_or(|(known, before)| *known < at && *before != level);
        if state
            .levels
            .get(&channel)
            .is_none_or(|(known, _)| *known < at)
        {
            state.levels.insert(channel, (at, level));
            self.touched.insert(space);
        }
        newer
    }

    /// A channel spoke.
    pub(super) fn channel_heard(&mut self, channel: ChannelId, at: Moment) {
        let crossings = self
            .campus
            .zones
            .crossings(channel)
            .iter()
            .map(|crossing| crossing.space);
        for space in crossings.chain(self.campus.zones.seen_by(channel)) {
            if !self.campus.zones.feeds(channel, space) {
                continue;
            }
            if let Some(state) = self.states.get_mut(&space) {
                state.as_of = state.as_of.max(Some(at));
                self.touched.insert(space);
            }
        }
    }

    /// A sensor spoke.
    pub(super) fn sensor_heard(&mut self, sensor: SensorId, at: Moment) {
        let known = self.heard.entry(sensor).or_insert(at);
        *known = at.max(*known);
    }

    /// A correction was made.
    pub(super) fn correct(&mut self, correction: &Correction) {
        let Some(state) = self.states.get_mut(&correction.space) else {
            return;
        };
        self.touched.insert(correction.space);
        match correction.kind {
            Kind::DayStart { .. } if correction.at == state.day_start => state.is_turning = false,
            Kind::Drift { exit_weight } if correction.at == state.day_start => {
                state.day.set_ratios(MILLION, exit_weight);
            }
            Kind::Recount { people } if correction.at > state.day_start => {
                state.day.recount(correction.at, people);
                state.recounts.insert(correction.id, correction.at);
                state.as_of = state.as_of.max(Some(correction.at));
            }
            Kind::Revocation { of } => {
                if let Some(at) = state.recounts.remove(&of) {
                    state.day.revoke_recount(at);
                }
            }
            Kind::DayStart { .. }
            | Kind::Drift { .. }
            | Kind::Recount { .. }
            | Kind::DayClose { .. } => {}
        }
    }

    /// Begins the days that have come.
    pub(super) fn turn(&mut self, now: Moment) -> Vec<Turn> {
        let mut turns = Vec::new();
        let campus = Arc::clone(&self.campus);
        for space in &campus.spaces {
            // News of the old day is published first, as of the old day.
            let is_due =
                |state: &&mut SpaceState| now >= state.day_end && state.changed_at.is_none();
            let Some(state) = self.states.get_mut(&space.id).filter(is_due) else {
                continue;
            };
            let stayed = state.day.sum().present;
            let (next, turn) = begin(&campus, space, now, stayed);
            let before = std::mem::replace(state, next);
            state.levels = before.levels;
            state.as_of = before.as_of;
            state.figure = before.figure;
            state.history = before.history;
            turns.push(turn);
        }
        turns
    }

    /// Brings the figures of touched spaces up to date and returns those that changed in any way.
    pub(super) fn refresh(&mut self, now: Moment) -> Vec<(SpaceId, Figure)> {
        let campus = Arc::clone(&self.campus);
        let touched = std::mem::take(&mut self.touched);
        let mut changed = Vec::new();
        // A whole is the sum of its parts, so it comes after them: parents after children.
        let mut wholes = BTreeSet::new();
        for space in &touched {
            let mut next = campus.space_by_id(*space).and_then(|known| known.parent);
            while let Some(whole) =
                next.filter(|whole| matches!(campus.zones.source(*whole), Source::Parts(_)))
            {
                wholes.insert(whole);
                next = campus.space_by_id(whole).and_then(|known| known.parent);
            }
        }
        let is_whole = |space: &SpaceId| matches!(campus.zones.source(*space), Source::Parts(_));
        let leaves = touched.iter().copied().filter(|space| !is_whole(space));
        wholes.extend(touched.iter().copied().filter(is_whole));
        let mut wholes: Vec<SpaceId> = wholes.into_iter().collect();
        wholes.sort_by_key(|whole| std::cmp::Reverse(depth(&campus, *whole)));
        for space in leaves.chain(wholes) {
            changed.extend(
                self.refresh_one(&campus, space, now)
                    .map(|figure| (space, figure)),
            );
        }
        changed
    }

    /// Time alone changes figures too: sources fall silent, half an hour passes. All are looked at again next.
    pub(super) fn touch_all(&mut self) {
        self.touched.extend(self.states.keys());
        // A good figure is looked at again only when time passes.
        for state in self.states.values_mut() {
            state.is_surely_good = false;
        }
    }

    /// Whether a figure may have changed since it was last brought up to date.
    pub(super) fn are_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    fn refresh_one(&mut self, campus: &Campus, space: SpaceId, now: Moment) -> Option<Figure> {
        let present = self.present(campus, space);
        let quality = if self
            .states
            .get(&space)
            .is_some_and(|state| state.is_surely_good)
        {
            Quality::Good
        } else {
            freshness::quality(&self.sources(campus, space), now)
        };
        let parts_as_of = self.parts_as_of(campus, space);
        let state = self
            .states
            .get_mut(&space)
            .filter(|state| !state.is_turning)?;
        state.is_surely_good = quality == Quality::Good;
        let is_known = quality != Quality::Unknown || !state.recounts.is_empty();
        let present = present.filter(|_| is_known);
        while state
            .history
            .get(1)
            .is_some_and(|(at, _)| *at <= now - trend::LOOKS_BACK)
        {
            state.history.pop_front();
        }
        let then = now - trend::LOOKS_BACK;
        let shown_then = state
            .history
            .front()
            .filter(|(at, _)| *at <= then)
            .map(|(_, people)| *people);
        // What is known now of half an hour ago is better than what was shown then.
        let before = match campus.zones.source(space) {
            Source::Flows(_) => state.day.moved_by(then).map(Sum::people).or(shown_then),
            Source::Levels(_) | Source::Parts(_) | Source::Nothing => shown_then,
        };
        let figure = Figure {
            present,
            quality,
            as_of: state.as_of.max(parts_as_of),
            before,
        };
        if figure == state.figure {
            return None;
        }
        if (figure.present, figure.quality) != (state.figure.present, state.figure.quality) {
            state.changed_at = Some(now);
            state.history.extend(present.map(|people| (now, people)));
        }
        state.figure = figure;
        Some(figure)
    }

    /// Whether a figure changed since it was last published.
    pub(super) fn has_news(&self) -> bool {
        self.states.values().any(|state| state.changed_at.is_some())
    }

    /// The figures that changed since they were last published, as rows for the ledger.
    pub(super) fn publish(&mut self, position: i64, correction: i64) -> Vec<Publication> {
        let mut rows = Vec::new();
        for (space, state) in &mut self.states {
            if let Some(at) = state.changed_at.take() {
                let Figure {
                    present,
                    quality,
                    as_of,
                    ..
                } = state.figure;
                let is_flow = matches!(
                    self.campus.zones.source(*space),
                    Source::Flows(_) | Source::Nothing
                );
                let exact = if is_flow {
                    state.day.sum().present
                } else {
                    present.unwrap_or(0) * MILLION
                };
                rows.push(Publication {
                    space: *space,
                    at,
                    present,
                    exact: present.map(|_| exact),
                    quality,
                    as_of,
                    day_started_at: state.day_start,
                    position,
                    correction,
                });
            }
        }
        rows
    }

    fn present(&mut self, campus: &Campus, space: SpaceId) -> Option<i64> {
        match campus.zones.source(space) {
            Source::Flows(_) | Source::Nothing => self
                .states
                .get_mut(&space)
                .map(|state| state.day.sum().people()),
            Source::Levels(channels) => {
                let levels = &self.states.get(&space)?.levels;
                let seen: Vec<i64> = channels
                    .iter()
                    .filter_map(|channel| levels.get(channel))
                    .map(|(_, level)| *level)
                    .collect();
                (!seen.is_empty()).then(|| seen.iter().sum())
            }
            Source::Parts(parts) => {
                let known: Vec<i64> = parts
                    .iter()
                    .filter_map(|part| self.states.get(part))
                    .filter_map(|state| state.figure.present)
                    .collect();
                (!known.is_empty()).then(|| known.iter().sum())
            }
        }
    }

    fn parts_as_of(&self, campus: &Campus, space: SpaceId) -> Option<Moment> {
        match campus.zones.source(space) {
            Source::Parts(parts) => parts
                .iter()
                .filter_map(|part| self.states.get(part)?.figure.as_of)
                .max(),
            Source::Flows(_) | Source::Levels(_) | Source::Nothing => None,
        }
    }

    /// The sensors a figure needs, each once.
    fn sources(&self, campus: &Campus, space: SpaceId) -> Vec<FreshSource> {
        let mut channels = Vec::new();
        let mut spaces = vec![space];
        while let Some(space) = spaces.pop() {
            match campus.zones.source(space) {
                Source::Flows(own) | Source::Levels(own) => channels.extend(own),
                Source::Parts(parts) => spaces.extend(parts),
                Source::Nothing => {}
            }
        }
        let mut sensors: Vec<SensorId> = channels
            .iter()
            .filter_map(|channel| Some(campus.channels.get(channel)?.sensor))
            .collect();
        sensors.sort_unstable();
        sensors.dedup();
        let source = |sensor: SensorId| FreshSource {
            heard_at: self.heard.get(&sensor).copied(),
            stale_after: TimeDelta::minutes(
                campus
                    .sensors
                    .get(&sensor)
                    .map_or(15, |known| i64::from(known.stale_after_minutes)),
            ),
        };
        sensors.into_iter().map(source).collect()
    }
}

fn depth(campus: &Campus, space: SpaceId) -> usize {
    let parent = |space: SpaceId| campus.space_by_id(space).and_then(|known| known.parent);
    std::iter::successors(parent(space), |above| parent(*above))
        .take(campus.spaces.len())
        .count()
}

/// A space at the beginning of the day that holds a moment, and the turn that opens it.
pub(super) fn begin(
    campus: &Campus,
    space: &KnownSpace,
    now: Moment,
    stayed: i64,
) -> (SpaceState, Turn) {
    let (zone, starts) = (campus.zone(), space.space.day_starts);
    let (start, end) = day::around(zone, starts, now);
    let (opening, reason) = if space.space.empty_at_day_start {
        (0, "empty at the start of the day")
    } else {
        (stayed, "people who stayed over the start of the day")
    };
    let state = SpaceState {
        day_start: start,
        day_end: end,
        day: SpaceDay::new(opening),
        levels: HashMap::new(),
        as_of: None,
        recounts: BTreeMap::new(),
        is_turning: true,
        is_surely_good: false,
        figure: Figure::UNKNOWN,
        changed_at: None,
        history: VecDeque::new(),
    };
    let learn_from = if space.space.drift_correction {
        let today = day::date_of(zone, starts, now);
        let days = u64::try_from(DAYS_LOOKED_AT).unwrap_or(0);
        (0..=days)
            .rev()
            .map(|back| day::start_of(zone, starts, today - Days::new(back)))
            .collect()
    } else {
        Vec::new()
    };
    (
        state,
        Turn {
            space: space.id,
            start,
            opening,
            reason: reason.to_owned(),
            learn_from,
        },
    )
}
