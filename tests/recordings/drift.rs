//! Live drift correction on a year of a real library: better than the clamp, which is better than the raw sum.
//!
//! The reference is the end-of-day proportional correction: a proxy, not the truth, but the same for all three.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use parvis::domain::drift;
use parvis::domain::reading::Second;
use parvis::domain::space_day::{MILLION, SpaceDay};

use crate::recording;

type Hours = Vec<(i64, i64)>;

/// The hours of each day that starts at five.
fn days() -> BTreeMap<NaiveDate, Hours> {
    let text = std::fs::read_to_string(recording("sussex_library_gates_2018/hourly.csv")).unwrap();
    let mut days: BTreeMap<NaiveDate, Hours> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let hour = NaiveDateTime::parse_from_str(cells[0], "%Y-%m-%d %H:%M:%S").unwrap();
        let count = |cell: &str| cell.parse::<f64>().unwrap() as i64;
        let date = (hour - TimeDelta::hours(5)).date();
        days.entry(date)
            .or_default()
            .push((count(cells[3]), count(cells[4])));
    }
    days
}

/// The people present after each hour, in millionths, with weights for entries and exits.
fn present(hours: &Hours, entry: i64, exit: i64) -> Vec<i64> {
    let mut day = SpaceDay::new(0);
    day.set_ratios(entry, exit);
    (1..)
        .zip(hours)
        .map(|(hour, (entries, exits))| {
            day.flow(Second(hour * 3600), *entries, *exits);
            day.sum().present
        })
        .collect()
}

#[test]
fn the_learned_ratio_beats_the_clamp_which_beats_the_raw_sum() {
    let days = days();
    let mut errors = [Vec::new(), Vec::new(), Vec::new()];
    let mut past: Vec<(i64, i64)> = Vec::new();
    for hours in days.values() {
        let (entries, exits) = hours
            .iter()
            .fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
        let learned = drift::learn(&past);
        if let Some((entry, exit)) = drift::share_out(entries, exits, 0, 0)
            && let Some(learned) = learned
            && entries > 100
        {
            let reference = present(hours, entry, exit);
            let raw = hours.iter().scan(0, |sum, (entered, left)| {
                *sum += (entered - left) * MILLION;
                Some(*sum)
            });
            let methods = [
                raw.collect(),
                present(hours, MILLION, MILLION),
                present(hours, MILLION, learned.exit_weight),
            ];
            for (errors, method) in errors.iter_mut().zip(methods) {
                errors.extend(
                    method
                        .iter()
                        .zip(&reference)
                        .map(|(one, other): (&i64, &i64)| (one - other).abs()),
                );
            }
        }
        past.insert(0, (entries, exits));
    }
    let mean = |errors: &Vec<i64>| {
        errors.iter().sum::<i64>() as f64 / errors.len() as f64 / MILLION as f64
    };
    let [raw, clamp, ratio] = errors.each_ref().map(mean);
    println!("mean error in people: raw {raw:.1}, clamp {clamp:.1}, learned ratio {ratio:.1}");
    assert!(errors[0].len() > 5_000);
    assert!(clamp < 0.85 * raw, "raw {raw:.1}, clamp {clamp:.1}");
    assert!(
        ratio < 0.8 * clamp,
        "clamp {clamp:.1}, learned ratio {ratio:.1}"
    );
}
