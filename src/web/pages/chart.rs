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
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 30.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 16.0;

impl Day<'_> {
    /// The chart; `None` when nobody was counted.
    pub(super) fn chart(&self, t: Speech<'_>) -> Option<Chart> {
        let known: Vec<(Moment, i64)> = self
            .points
            .iter()
            .filter_map(|point| Some((point.at, point.present?)))
            .collect();
        let (_, now) = *known.last()?;
        let most = known.iter().map(|(_, people)| *people).max().unwrap_or(0);
        let table = known
            .iter()
            .filter(|(at, _)| at.with_timezone(&self.zone).minute() == 0)
            .map(|(at, people)| (times::clock(*at, self.zone), people.to_string()))
            .collect();
        let caption = t.say_with(
            "today-caption",
            &[
                ("most", FluentValue::from(most)),
                ("now", FluentValue::from(now)),
            ],
        );
        Some(Chart {
            svg: self.svg(&known, most, &caption, t),
            caption,
            table,
        })
    }

    fn svg(&self, known: &[(Moment, i64)], most: i64, caption: &str, t: Speech<'_>) -> String {
        let top = self.top(most);
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escaped(caption)
        );
        self.opening(&mut svg);
        for share in [0, 1, 2] {
            let people = top * share / 2;
            let y = y(people, top);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{people}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        for hours in (0..24).step_by(3) {
            let at = self.start + TimeDelta::hours(hours);
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                self.x(at),
                HEIGHT - 6.0,
                times::clock(at, self.zone)
            );
        }
        let mut curve = String::new();
        for (index, (at, people)) in known.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(curve, "{letter}{:.1} {:.1}", self.x(*at), y(*people, top));
        }
        if let (Some((first, _)), Some((last, people))) = (known.first(), known.last()) {
            let (x, base) = (self.x(*last), y(0, top));
            let _ = write!(
                svg,
                "<path class=\"area\" d=\"{curve}L{x:.1} {base:.1}L{:.1} {base:.1}Z\"/><path class=\"curve\" d=\"{curve}\"/>",
                self.x(*first)
            );
            let label = format!("{} {people}", t.say("chart-now"));
            let (anchor, shift) = if x > WIDTH * 0.8 {
                ("end", -9.0)
            } else {
                ("start", 9.0)
            };
            let height = y(*people, top);
            let _ = write!(
                svg,
                "<line class=\"now-line\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{base:.1}\"/>\
                 <circle class=\"dot\" cx=\"{x:.1}\" cy=\"{height:.1}\" r=\"4\"/>\
                 <text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                x + shift,
                (height - 8.0).max(TOP),
                escaped(&label)
            );
        }
        svg.push_str("</svg>");
        svg
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

    /// Shades the hours in which the place is open.
    fn opening(&self, svg: &mut String) {
        let Some(hours) = self.hours else { return };
        let mut at = self.start;
        while at < self.end {
            let next = hours.next_change(at).unwrap_or(self.end).min(self.end);
            if hours.is_open(at) {
                let (from, to) = (self.x(at), self.x(next));
                let height = HEIGHT - BOTTOM - TOP;
                let _ = write!(
                    svg,
                    "<rect class=\"open\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{height}\"/>",
                    to - from
                );
            }
            at = next.max(at + TimeDelta::minutes(1));
        }
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "seconds of a day are exact in a double"
    )]
    fn x(&self, at: Moment) -> f64 {
        let whole = (self.end - self.start).num_seconds().max(1) as f64;
        LEFT + (at - self.start).num_seconds() as f64 / whole * (WIDTH - LEFT)
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
