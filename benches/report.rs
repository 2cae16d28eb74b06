//! What was measured, as a table: medians and ranges, and how ours compares with each reference round by round.

use std::time::Duration;

use crate::driver::Outcome;

/// What was measured of one candidate, a value for each round.
pub(crate) struct Series {
    name: String,
    values: Vec<f64>,
    /// For each watched process, microseconds of work for each unit.
    work: Vec<Vec<f64>>,
    /// In milliseconds, what 99 of 100 answers stayed below.
    p99: Vec<f64>,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            values: Vec::new(),
            work: Vec::new(),
            p99: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// Adds what became of requests that each told of so many units.
    pub(crate) fn add_outcome<S>(&mut self, outcome: &Outcome<S>, units: f64) {
        self.add(outcome.per_second() * units);
        self.p99.push(outcome.p99());
        self.work.resize(outcome.worked.len(), Vec::new());
        for (work, worked) in self.work.iter_mut().zip(&outcome.worked) {
            work.push(microseconds(*worked) / (outcome.answers() * units));
        }
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Prints ours and its references. One without values was not measured, for the reason that its name tells.
pub(crate) fn table(title: &str, ours: &Series, references: &[&Series]) {
    println!("\n{title}, {} rounds", ours.values.len());
    println!(
        "  {:<46}{:>10}  {:<18}{:>7}  {:<14}{:>8}  CPU us each",
        "", "median", "range", "ratio", "range", "p99 ms"
    );
    print(ours, &[]);
    for reference in references {
        if reference.values.is_empty() {
            println!("  {}", reference.name);
            continue;
        }
        let pairs = ours.values.iter().zip(&reference.values);
        let ratios: Vec<f64> = pairs.map(|(ours, other)| ours / other).collect();
        print(reference, &ratios);
    }
}

fn print(series: &Series, ratios: &[f64]) {
    let (low, middle, high) = spread(&series.values);
    let (ratio, ratios) = if ratios.is_empty() {
        (String::new(), String::new())
    } else {
        let (low, middle, high) = spread(ratios);
        (format!("{middle:.3}"), format!("{low:.3}..{high:.3}"))
    };
    let p99 = if series.p99.is_empty() {
        String::new()
    } else {
        format!("{:.1}", spread(&series.p99).1)
    };
    let work = series.work.iter();
    let work: Vec<String> = work.map(|work| format!("{:.1}", spread(work).1)).collect();
    let line = format!(
        "  {:<46}{:>10}  {:<18}{ratio:>7}  {ratios:<14}{p99:>8}  {}",
        series.name,
        grouped(middle),
        format!("{}..{}", grouped(low), grouped(high)),
        work.join(" + ")
    );
    println!("{}", line.trim_end());
}

/// The least, the median and the greatest.
pub(crate) fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    (
        at(0),
        at(sorted.len() / 2),
        at(sorted.len().saturating_sub(1)),
    )
}

/// A number as people read it: thousands apart, decimals only where they matter.
fn grouped(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
