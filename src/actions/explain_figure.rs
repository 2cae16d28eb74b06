//! Explaining a published figure: the sum that makes it, computed again from the ledger as it was known then.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::correction::{Correction, Kind, corrected_day};
use crate::domain::day;
use crate::domain::ids::{ChannelId, SpaceId};
use crate::domain::reading::Moment;
use crate::domain::space_day::{MILLION, Sum};
use crate::domain::zones::Source;
use crate::error::Error;
use crate::persistence::ledger::{self, Span};
use crate::persistence::publications::{self, Publication};
use crate::persistence::{View, corrections};

/// How a figure came about.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The space, by slug.
    pub space: String,
    /// What was published; `None` when nothing was yet.
    pub published: Option<i64>,
    /// From when on it was shown.
    pub shown_since: Moment,
    /// How good it was.
    pub quality: &'static str,
    /// The newest reading in it.
    pub as_of: Option<Moment>,
    /// When the accounting day started.
    pub day_started_at: Moment,
    /// What was counted, channel by channel.
    pub counted: Vec<Counted>,
    /// What was corrected, in order.
    pub corrections: Vec<Corrected>,
    /// The sum, in millionths of people; `None` where sensors see people directly or parts are summed.
    pub sum: Option<Sum>,
    /// The spaces it is the sum of.
    pub parts: Vec<Explanation>,
    /// The figure computed again.
    pub recomputed: Option<i64>,
    /// What late readings have changed since, in people: recomputed from all that is known now, less published.
    pub late_readings_changed: i64,
}

/// What a channel counted.
#[derive(Debug, Clone, Serialize)]
pub struct Counted {
    /// The passage it counts, or the device where it sees a space.
    pub at: String,
    /// The device and channel.
    pub channel: String,
    /// People who entered.
    pub entries: i64,
    /// People who left.
    pub exits: i64,
    /// People it last saw.
    pub seen: Option<i64>,
}

/// A correction in words.
#[derive(Debug, Clone, Serialize)]
pub struct Corrected {
    /// When it holds from.
    pub at: Moment,
    /// What it does.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
}

/// Explains what was shown of a space at a moment.
///
/// # Errors
/// When there is no such space, nothing was published yet, or the database is not available.
pub fn explain(
    view: &mut View<'_>,
    campus: &Campus,
    slug: &str,
    at: Moment,
) -> Result<Explanation, Error> {
    let known = find(campus, slug)?;
    let shown = publications::at(view, known.id, at)?.ok_or_else(|| {
        let at = at
            .with_timezone(&campus.zone())
            .format("%Y-%m-%d %H:%M:%S %Z");
        Error::NotFound(format!("figure of {slug} was published by {at}"))
    })?;
    let source = campus.zones.source(known.id);
    let standing = corrections::of_space(
        view,
        known.id,
        shown.day_started_at,
        shown.at,
        shown.correction,
    )?;
    let mut explanation = Explanation {
        space: slug.to_owned(),
        published: shown.present,
        shown_since: shown.at,
        quality: shown.quality.name(),
        as_of: shown.as_of,
        day_started_at: shown.day_started_at,
        counted: Vec::new(),
        corrections: standing
            .iter()
            .filter(|correction| !correction.kind.is_neutral())
            .map(in_words)
            .collect(),
        sum: None,
        parts: Vec::new(),
        recomputed: None,
        late_readings_changed: 0,
    };
    match source {
        Source::Flows(_) | Source::Nothing => {
            let day = (known.id, shown.day_started_at);
            let sum = sum_of(view, day, &standing, shown.position)?;
            let now = sum_of(view, day, &standing, i64::MAX)?;
            explanation.counted = counted(view, campus, &shown)?;
            explanation.recomputed = shown.present.map(|_| sum.people());
            explanation.late_readings_changed = now.people() - sum.people();
            explanation.sum = Some(sum);
        }
        Source::Levels(channels) => {
            explanation.counted = seen(view, campus, &shown, channels)?;
            let levels: Vec<i64> = explanation
                .counted
                .iter()
                .filter_map(|counted| counted.seen)
                .collect();
            explanation.recomputed = (!levels.is_empty()).then(|| levels.iter().sum());
        }
        Source::Parts(parts) => {
            for part in parts {
                if let Some(part) = campus.space_by_id(*part)
                    && let Ok(part) = explain(view, campus, &part.space.slug, shown.at)
                {
                    explanation.parts.push(part);
                }
            }
            let known: Vec<i64> = explanation
                .parts
                .iter()
                .filter_map(|part| part.recomputed)
                .collect();
            explanation.recomputed = (!known.is_empty()).then(|| known.iter().sum());
        }
    }
    Ok(explanation)
}

/// The figure of a space that was shown last; `None` while nothing is known.
///
/// # Errors
/// When there is no such space, or the database is not available.
pub fn shown(
    view: &mut View<'_>,
    campus: &Campus,
    slug: &str,
    now: Moment,
) -> Result<Option<i64>, Error> {
    let known = find(campus, slug)?;
    let shown = publications::at(view, known.id, now)?;
    Ok(shown.and_then(|shown| shown.present))
}

/// The people of a space whose doors are counted, by all that the ledger holds of today: what is shown next.
///
/// # Errors
/// When there is no such space, or the database is not available.
pub fn summed(view: &mut View<'_>, campus: &Campus, slug: &str, now: Moment) -> Result<i64, Error> {
    let known = find(campus, slug)?;
    let (start, _) = day::around(campus.zone(), known.space.day_starts, now);
    let standing = corrections::of_space(view, known.id, start, now, i64::MAX)?;
    Ok(sum_of(view, (known.id, start), &standing, i64::MAX)?.people())
}

fn find<'a>(campus: &'a Campus, slug: &str) -> Result<&'a KnownSpace, Error> {
    campus
        .space(slug)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))
}

/// The sum of a space's day, which began at a moment.
fn sum_of(
    view: &mut View<'_>,
    (space, start): (SpaceId, Moment),
    standing: &[Correction],
    position: i64,
) -> Result<Sum, Error> {
    let mut day = corrected_day(standing, false);
    let span = Span {
        after: start,
        until: start + LONGEST_DAY,
        up_to: position,
    };
    for entry in ledger::of_space(view, space, span)? {
        day.flow(entry.second, entry.entries, entry.exits);
    }
    Ok(day.sum())
}

/// A day of 25 hours and some room: the position, not the time, says what was known.
const LONGEST_DAY: chrono::TimeDelta = chrono::TimeDelta::hours(30);

fn counted(
    view: &mut View<'_>,
    campus: &Campus,
    shown: &Publication,
) -> Result<Vec<Counted>, Error> {
    let span = Span {
        after: shown.day_started_at,
        until: shown.day_started_at + LONGEST_DAY,
        up_to: shown.position,
    };
    let mut sums: BTreeMap<ChannelId, (i64, i64)> = BTreeMap::new();
    for entry in ledger::of_space(view, shown.space, span)? {
        let sum = sums.entry(entry.channel).or_default();
        sum.0 += entry.entries;
        sum.1 += entry.exits;
    }
    let line = |(channel, (entries, exits))| {
        let (at, channel) = names(campus, channel);
        Counted {
            at,
            channel,
            entries,
            exits,
            seen: None,
        }
    };
    Ok(sums.into_iter().map(line).collect())
}

fn seen(
    view: &mut View<'_>,
    campus: &Campus,
    shown: &Publication,
    channels: &[ChannelId],
) -> Result<Vec<Counted>, Error> {
    let yesterday = shown.day_started_at - chrono::TimeDelta::days(1);
    let span = Span {
        after: yesterday,
        until: shown.day_started_at + LONGEST_DAY,
        up_to: shown.position,
    };
    let mut levels: BTreeMap<ChannelId, (Moment, i64)> = BTreeMap::new();
    for entry in ledger::of_space(view, shown.space, span)? {
        if let Some(level) = entry.level {
            let at = entry.second.moment();
            let newest = levels.entry(entry.channel).or_insert((at, level));
            if newest.0 <= at {
                *newest = (at, level);
            }
        }
    }
    let line = |channel: &ChannelId| {
        let (at, name) = names(campus, *channel);
        let seen = levels.get(channel).map(|(_, level)| *level);
        Counted {
            at,
            channel: name,
            entries: 0,
            exits: 0,
            seen,
        }
    };
    Ok(channels.iter().map(line).collect())
}

/// Where a channel is and what it is called.
fn names(campus: &Campus, channel: ChannelId) -> (String, String) {
    use crate::domain::campus::Purpose;
    let Some(known) = campus.channels.get(&channel) else {
        return ("retired".to_owned(), format!("channel {channel}"));
    };
    let at = match &known.channel.purpose {
        Purpose::Passage { passage, .. } => passage.clone(),
        Purpose::Space { space } => space.clone(),
        Purpose::Unassigned => "unassigned".to_owned(),
    };
    (
        at,
        format!("{} {}", known.channel.device, known.channel.key),
    )
}

fn in_words(correction: &Correction) -> Corrected {
    let what = match correction.kind {
        Kind::DayStart { present } => format!("the day opened with {} people", decimal(present)),
        Kind::Drift { exit_weight } => format!("each exit counts {} people", decimal(exit_weight)),
        Kind::Recount { people } => format!("{people} people were seen"),
        Kind::DayClose {
            entry_weight,
            exit_weight,
            ..
        } => {
            format!(
                "each entry counts {}, each exit {} people",
                decimal(entry_weight),
                decimal(exit_weight)
            )
        }
        Kind::Revocation { of } => format!("correction {of} is taken back"),
    };
    Corrected {
        at: correction.at,
        what,
        reason: correction.reason.clone(),
        actor: correction.actor.clone(),
    }
}

/// Millionths in decimal, without trailing zeros.
#[must_use]
pub fn decimal(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, rest) = (millionths.abs() / MILLION, millionths.abs() % MILLION);
    let text = format!("{sign}{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
