//! A space as the public sees it: its figure in the light of its capacity and its hours.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::day::date_of;
use crate::domain::figure::Figure;
use crate::domain::freshness::Quality;
use crate::domain::level::Level;
use crate::domain::reading::Moment;
use crate::domain::trend::Trend;

/// A space now.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SpaceView {
    /// Name in addresses.
    #[schema(example = "central-library")]
    pub slug: String,
    /// Name in the language asked for.
    pub name: String,
    /// Names by language.
    pub names: BTreeMap<String, String>,
    /// Slug of its site.
    pub site: String,
    /// What kind of place the site is: library, canteen, gym, desk or other.
    pub kind: &'static str,
    /// Slug of the space it is part of.
    pub parent: Option<String>,
    /// People present; null when nothing is known. When `stale` is true it is the last known figure.
    pub present: Option<i64>,
    /// Seats or places: the denominator of `percentage`; null when nobody said.
    pub capacity: Option<i32>,
    /// Legal maximum of people.
    pub safety_capacity: Option<i32>,
    /// Present of capacity, whole percent; more than 100 when crowded.
    pub percentage: Option<i64>,
    /// The word for the percentage: empty, quiet, moderate, busy, full; unknown without fresh data.
    #[schema(value_type = String, example = "moderate")]
    pub level: Level,
    /// Whether it is open now; null when nobody said when it is.
    pub is_open: Option<bool>,
    /// When it next opens or closes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_change: Option<Moment>,
    /// Where it is heading, over the last half hour: `rising_fast`, rising, steady, falling, `falling_fast`.
    #[schema(value_type = Option<String>, example = "rising")]
    pub trend: Option<Trend>,
    /// Whether all its sources have been silent for too long.
    pub stale: bool,
    /// The newest reading in the figure.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Moment>,
    /// good; degraded (a source is silent); stale (all are); unknown (none ever spoke).
    #[schema(value_type = String, example = "good")]
    pub quality: Quality,
}

impl SpaceView {
    /// A space as it is now.
    #[must_use]
    pub fn of(
        campus: &Campus,
        known: &KnownSpace,
        figure: Figure,
        now: Moment,
        language: &str,
    ) -> Self {
        let space = &known.space;
        let today = date_of(campus.zone(), space.day_starts, now);
        let capacity = known.capacity_on(today);
        let percentage = |people: Option<i64>| Some(capacity?.percentage(people?));
        let now_percentage = percentage(figure.present);
        let is_fresh = !matches!(figure.quality, Quality::Stale);
        let site = campus.site_of(known);
        Self {
            slug: space.slug.clone(),
            name: space.name.in_language(language).to_owned(),
            names: space.name.by_language(),
            site: space.site.clone(),
            kind: site.map_or("other", |site| site.kind.name()),
            parent: space.parent.clone(),
            present: figure.present,
            capacity: capacity.map(|capacity| capacity.comfort),
            safety_capacity: capacity.and_then(|capacity| capacity.safety),
            percentage: now_percentage,
            level: now_percentage
                .filter(|_| is_fresh)
                .map_or(Level::Unknown, Level::of),
            is_open: known.hours.as_ref().map(|hours| hours.is_open(now)),
            next_change: known
                .hours
                .as_ref()
                .and_then(|hours| hours.next_change(now)),
            trend: percentage(figure.before)
                .zip(now_percentage)
                .filter(|_| is_fresh)
                .map(|(before, now)| Trend::between(before, now)),
            stale: figure.quality.is_stale(),
            updated_at: figure.as_of,
            quality: figure.quality,
        }
    }

    /// Whether two views differ in what moves on a page: everything but the time of the newest reading.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        let same_but_time = Self {
            updated_at: other.updated_at,
            ..self.clone()
        };
        same_but_time == *other
    }
}
