//! Measurements of a whole Parvis on this machine, each beside references taken in the same rounds.
//!
//! Only the ratios carry from one machine or minute to another. `PARVIS_BENCH` names the measurements to take (`ingest`,
//! `pages`, `streams`; all without it) and `PARVIS_BENCH_SECONDS` how long each part of a round lasts.

mod broadcaster;
mod campus;
mod commits;
mod driver;
mod fleet;
mod ingest;
mod limits;
mod nginx;
mod other;
mod pages;
mod process;
mod report;
mod service;
mod streams;
mod subscribers;

use std::process::ExitCode;
use std::time::Duration;

use service::Place;

/// A measurement: takes the place it runs in and how long each part of a round lasts.
type Measurement = fn(&Place, Duration) -> anyhow::Result<()>;

const MEASUREMENTS: [(&str, Measurement); 3] = [
    ("ingest", ingest::measure),
    ("pages", pages::measure),
    ("streams", streams::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Measurements start this program again, as a load and as bare servers to compare with.
    let outcome = match words.as_slice() {
        ["subscribe", address, count] => subscribers::run(address, count),
        ["broadcast", address, size, certificate, key] => {
            broadcaster::run(address, size, certificate, key)
        }
        ["commit", address, database, certificate, key] => {
            commits::run(address, database, certificate, key)
        }
        _ => measure(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> anyhow::Result<()> {
    let wanted = setting("PARVIS_BENCH");
    let seconds = setting("PARVIS_BENCH_SECONDS").map_or(Ok(3), |seconds| seconds.parse())?;
    let place = Place::prepare()?;
    for (name, measurement) in MEASUREMENTS {
        if wanted.as_ref().is_none_or(|wanted| wanted.contains(name)) {
            measurement(&place, Duration::from_secs(seconds))?;
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no settings but these two"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
