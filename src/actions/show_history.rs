//! The past of a space: what was shown, and what is known today of the same moments.

use chrono::{Days, TimeDelta};
use serde::Serialize;

use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::correction::{Correction, Kind, corrected_day};
use crate::domain::day;
use crate::domain::ids::SpaceId;
use crate::domain::reading::Moment;
use crate::domain::zones::Source;
use crate::error::Error;
use crate::persistence::ledger::{self, Span};
use crate::persistence::{Database, View, corrections, publications};

/// The most points of one answer.
pub const MOST_POINTS: i64 = 5_000;

/// The longest span of one answer.
pub const LONGEST: TimeDelta = TimeDelta::days(93);

/// A span and its step.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// From when.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// The distance of the points.
    pub step: TimeDelta,
}

/// A space at one moment of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Point {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// People present, from all that is known today: late readings and the close of the day included.
    pub present: Option<i64>,
    /// People present, as it was shown then.
    pub published: Option<i64>,
    /// People counted in since the point before.
    pub entries: i64,
    /// People counted out since the point before.
    pub exits: i64,
}

impl Period {
    /// Checks that the answer will be of a reasonable size.
    ///
    /// # Errors
    /// When it would not, naming the parameter and the rule.
    pub fn checked(self) -> Result<Self, Error> {
        let refuse = |field: &str, rule: String| {
            Err(Error::Invalid {
                field: field.to_owned(),
                rule,
            })
        };
        if self.step < TimeDelta::minutes(1) {
            return refuse("step", "must be at least 60 seconds".to_owned());
        }
        if self.from >= self.to {
            return refuse(
                "to",
                "must be after from; a date is its midnight, so one day ends at the next"
                    .to_owned(),
            );
        }
        if self.to - self.from > LONGEST {
            return refuse(
                "from",
                format!("must be at most {} days before to", LONGEST.num_days()),
            );
        }
        if (self.to - self.from).num_seconds() / self.step.num_seconds() > MOST_POINTS {
            return refuse(
                "step",
                format!("gives more than {MOST_POINTS} points; choose a longer one"),
            );
        }
        Ok(self)
    }

    /// The moments asked for, oldest first.
    fn moments(self) -> Vec<Moment> {
        std::iter::successors(Some(self.from), |at| Some(*at + self.step))
            .take_while(|at| *at <= self.to)
            .collect()
    }
}

/// The past of a space.
///
/// # Errors
/// When there is no such space, the period is too large, or the database is not available.
pub async fn history(
    database: &Database,
    campus: &std::sync::Arc<Campus>,
    slug: &str,
    period: Period,
    now: Moment,
) -> Result<Vec<Point>, Error> {
    let period = period.checked()?;
    let known = campus
        .space(slug)
        .cloned()
        .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))?;
    let campus = std::sync::Arc::clone(campus);
    database
        .read(move |view| points(view, &campus, &known, period, now))
        .await
}

fn points(
    view: &mut View<'_>,
    campus: &Campus,
    known: &KnownSpace,
    period: Period,
    now: Moment,
) -> Result<Vec<Point>, Error> {
    let moments: Vec<Moment> = period
        .moments()
        .into_iter()
        .filter(|at| *at <= now)
        .collect();
    let shown_before = publications::at(view, known.id, period.from)?;
    let shown = publications::between(view, known.id, period.from, period.to)?;
    let mut shown_at = shown_before.iter().chain(&shown).peekable();
    let counted = ledger::sums(view, known.id, &with_start(&moments, period.step))?;
    let is_flow = matches!(
        campus.zones.source(known.id),
        Source::Flows(_) | Source::Nothing
    );
    let recomputed = if is_flow {
        recompute(view, campus, known, &moments)?
    } else {
        Vec::new()
    };
    let mut current = None;
    let mut points = Vec::new();
    for (index, at) in moments.into_iter().enumerate() {
        while let Some(publication) = shown_at.next_if(|publication| publication.at <= at) {
            current = Some(publication);
        }
        let published = current.and_then(|publication| publication.present);
        let (entries, exits) = counted.get(index).copied().unwrap_or_default();
        let present = recomputed
            .get(index)
            .copied()
            .flatten()
            .or(published.filter(|_| !is_flow));
        points.push(Point {
            at,
            present,
            published,
            entries,
            exits,
        });
    }
    Ok(points)
}

/// The bounds between which each point's flows are summed: the first point sums one step too.
fn with_start(moments: &[Moment], step: TimeDelta) -> Vec<Moment> {
    let before = moments.first().map(|first| *first - step);
    before.into_iter().chain(moments.iter().copied()).collect()
}

/// The figures of moments in order, from the ledger and the corrections as they stand today. `None` before anything was
/// ever counted on that day.
fn recompute(
    view: &mut View<'_>,
    campus: &Campus,
    known: &KnownSpace,
    moments: &[Moment],
) -> Result<Vec<Option<i64>>, Error> {
    let (zone, starts) = (campus.zone(), known.space.day_starts);
    let mut figures = Vec::with_capacity(moments.len());
    let mut rest = moments;
    while let Some(first) = rest.first() {
        let date = day::date_of(zone, starts, *first);
        let start = day::start_of(zone, starts, date);
        let end = day::start_of(zone, starts, date + Days::new(1));
        let count = rest.partition_point(|at| *at < end).max(1);
        let (of_day, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = later;
        let standing = corrections::of_space(view, known.id, start, end, i64::MAX)?;
        let entries = ledger::of_space(
            view,
            known.id,
            Span {
                after: start,
                until: end,
                up_to: i64::MAX,
            },
        )?;
        let since = known_since(&standing, &entries, campus.zones.source(known.id));
        let mut day = corrected_day(&standing, true);
        for entry in entries {
            day.flow(entry.second, entry.entries, entry.exits);
        }
        figures.extend(
            of_day
                .iter()
                .map(|at| (since? <= *at).then(|| day.sum_at(*at).people())),
        );
    }
    Ok(figures)
}

/// From when on something is known of a day. That a day began with nobody says nothing where nothing counts.
fn known_since(
    standing: &[Correction],
    entries: &[ledger::Entry],
    source: &Source,
) -> Option<Moment> {
    let tells = |correction: &&Correction| {
        !(matches!(source, Source::Nothing) && matches!(correction.kind, Kind::DayStart { .. }))
    };
    let corrected = standing
        .iter()
        .filter(tells)
        .map(|correction| correction.at);
    let counted = entries.iter().map(|entry| entry.second.moment());
    corrected.chain(counted).min()
}

/// The people counted in and out of a space in a span.
///
/// # Errors
/// When the database is not available.
pub async fn flows(
    database: &Database,
    space: SpaceId,
    from: Moment,
    until: Moment,
) -> Result<(i64, i64), Error> {
    let sums = database
        .read(move |view| ledger::sums(view, space, &[from, until]))
        .await?;
    Ok(sums.first().copied().unwrap_or_default())
}

/// The corrections of a space that hold now and began within a span.
///
/// # Errors
/// When the database is not available.
pub async fn corrections(
    database: &Database,
    space: SpaceId,
    from: Moment,
    until: Moment,
) -> Result<Vec<Correction>, Error> {
    database
        .read(move |view| corrections::of_space(view, space, from, until, i64::MAX))
        .await
}
