//! The curve of a day as SVG, with a table that says the same.

use std::fmt::Write as _;

use chrono::{TimeDelta, Timelike as _};
use chrono_tz::Tz;
use fluent_bundle::FluentValue;

use super::times;
use crate::actions::show_history::Point;
use crate::domain::hours::Hours;
use crate::domain::reading::Moment;
use crate::web::texts::Speech;

/// The chart of a day.
pub(super) struct Chart {
    pub(super) svg: String,
    pub(super) caption: String,
    /// Time and people, hour by hour.
    pub(super) table: Vec<(String, String)>,
}

/// What a chart is drawn from.
pub(super) struct Day<'a> {
    pub(super) points: &'a [Point],
    pub(super) start: Moment,
    pub(super) end: Moment,
    pub(super) capacity: Option<i32>,
    pub(super) hours: Option<&'a Hours>,
    pub(super) zone: Tz,
    /// Whether the last point is the present; it is not where the sensors fell silent.
    pub(super) ends_now: bool,
}

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 42.0;
const RIGHT: f64 = 6.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 28.0;

/// The most times below the chart.
const LABELS: i64 = 6;

impl Day<'_> {
    /// The chart; `None` when nobody was counted.
    pub(super) fn chart(&self, t: Speech<'_>) -> Option<Chart> {
        let known: Vec<(Moment, i64)> = self
            .points
            .iter()
            .filter_map(|point| Some((point.at, point.present?)))
            .collect();
        let (_, last) = *known.last()?;
        let day = self.shortened(&known);
        let known: Vec<(Moment, i64)> = known
            .into_iter()
            .filter(|(at, _)| (day.start..=day.end).contains(at))
            .collect();
        let (ended, _) = *known.last()?;
        let most = known.iter().map(|(_, people)| *people).max().unwrap_or(0);
        let table = known
            .iter()
            .filter(|(at, _)| at.with_timezone(&self.zone).minute() == 0)
            .map(|(at, people)| (times::clock(*at, self.zone), people.to_string()))
            .collect();
        let figures = [
            ("most", FluentValue::from(most)),
            ("now", FluentValue::from(last)),
            ("people", FluentValue::from(last)),
            ("time", times::clock(ended, self.zone).into()),
        ];
        let (caption, label) = if self.ends_now {
            ("today-caption", "chart-now")
        } else {
            ("today-caption-until", "chart-until")
        };
        let caption = t.say_with(caption, &figures);
        let label = t.say_with(label, &figures);
        Some(Chart {
            svg: day.svg(&known, most, &caption, &label, t),
            caption,
            table,
        })
    }

    /// The part of the day worth showing: an hour around the opening hours, and every moment with people.
    fn shortened(&self, known: &[(Moment, i64)]) -> Self {
        let openings = self.openings();
        let (Some((opens, _)), Some((_, closes))) = (openings.first(), openings.last()) else {
            return Self { ..*self };
        };
        let mut busy = known
            .iter()
            .filter(|(_, people)| *people > 0)
            .map(|(at, _)| *at);
        let first = busy.next().unwrap_or(*opens);
        let last = busy.next_back().unwrap_or(first);
        let hour = TimeDelta::hours(1);
        Self {
            start: (first.min(*opens) - hour).max(self.start),
            end: (last.max(*closes) + hour).min(self.end),
            ..*self
        }
    }

    fn svg(
        &self,
        known: &[(Moment, i64)],
        most: i64,
        caption: &str,
        label: &str,
        t: Speech<'_>,
    ) -> String {
        let top = self.top(most);
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escaped(caption)
        );
        for (from, to) in self.openings() {
            let (from, to) = (self.x(from), self.x(to));
            let height = HEIGHT - BOTTOM - TOP;
            let _ = write!(
                svg,
                "<rect class=\"open\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{height}\"/>",
                to - from
            );
        }
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"12\">{}</text>",
            escaped(&t.say("chart-people"))
        );
        for share in [0, 1, 2] {
            let people = top * share / 2;
            let y = y(people, top);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{people}</text>",
                LEFT - 6.0,
                y + 5.0
            );
        }
        for at in self.labelled_times() {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                self.x(at),
                HEIGHT - 5.0,
                times::clock(at, self.zone)
            );
        }
        self.curve(&mut svg, known, top, label);
        svg.push_str("</svg>");
        svg
    }

    /// The people, and the last of them in words.
    fn curve(&self, svg: &mut String, known: &[(Moment, i64)], top: i64, label: &str) {
        let (Some((first, _)), Some((last, people))) = (known.first(), known.last()) else {
            return;
        };
        let mut curve = String::new();
        for (index, (at, people)) in known.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(curve, "{letter}{:.1} {:.1}", self.x(*at), y(*people, top));
        }
        let (x, base) = (self.x(*last), y(0, top));
        let _ = write!(
            svg,
            "<path class=\"area\" d=\"{curve}L{x:.1} {base:.1}L{:.1} {base:.1}Z\"/><path class=\"curve\" d=\"{curve}\"/>",
            self.x(*first)
        );
        // Above the chart, where no curve crosses it, and beside the name of the scale.
        let beside = x.clamp(LEFT + 110.0, WIDTH - 66.0);
        let height = y(*people, top);
        let _ = write!(
            svg,
            "<line class=\"now-line\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{base:.1}\"/>\
             <circle class=\"dot\" cx=\"{x:.1}\" cy=\"{height:.1}\" r=\"4\"/>\
             <text class=\"label\" x=\"{beside:.1}\" y=\"12\" text-anchor=\"middle\">{}</text>",
            TOP - 10.0,
            escaped(label)
        );
    }

    /// Full hours, evenly apart, at most so many that their words do not touch.
    fn labelled_times(&self) -> Vec<Moment> {
        let hours = (self.end - self.start).num_hours();
        let step = [1, 2, 3, 4, 6]
            .into_iter()
            .find(|step| hours / i64::from(*step) < LABELS)
            .unwrap_or(6);
        let local = |at: &Moment| at.with_timezone(&self.zone);
        let first = self.start
            + TimeDelta::minutes(59 - i64::from((local(&self.start).minute() + 59) % 60));
        std::iter::successors(Some(first), |at| Some(*at + TimeDelta::hours(1)))
            .take_while(|at| *at <= self.end)
            .filter(|at| local(at).hour() % step == 0)
            // A word at the very edge would stand out of the chart.
            .filter(|at| (LEFT + 8.0..WIDTH - 16.0).contains(&self.x(*at)))
            .collect()
    }

    /// The upper end of the scale: the capacity, or a round number above what was counted.
    fn top(&self, most: i64) -> i64 {
        let capacity = self.capacity.map_or(0, i64::from);
        let at_least = most.max(capacity).max(4);
        let round = [
            4, 10, 20, 40, 50, 100, 200, 400, 500, 1_000, 2_000, 4_000, 5_000, 10_000,
        ];
        if most <= capacity {
            capacity
        } else {
            round
                .into_iter()
                .find(|round| *round >= at_least)
                .unwrap_or(at_least)
        }
    }

    /// The hours in which the place is open.
    fn openings(&self) -> Vec<(Moment, Moment)> {
        let mut openings = Vec::new();
        let Some(hours) = self.hours else {
            return openings;
        };
        let mut at = self.start;
        while at < self.end {
            let next = hours.next_change(at).unwrap_or(self.end).min(self.end);
            if hours.is_open(at) {
                openings.push((at, next));
            }
            at = next.max(at + TimeDelta::minutes(1));
        }
        openings
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "seconds of a day are exact in a double"
    )]
    fn x(&self, at: Moment) -> f64 {
        let whole = (self.end - self.start).num_seconds().max(1) as f64;
        LEFT + (at - self.start).num_seconds() as f64 / whole * (WIDTH - LEFT - RIGHT)
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "people of a place are exact in a double"
)]
fn y(people: i64, top: i64) -> f64 {
    HEIGHT - BOTTOM - people as f64 / top.max(1) as f64 * (HEIGHT - BOTTOM - TOP)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
