//! What the kernel says of a process: how long it has worked, and how much memory is its own.

use std::time::Duration;

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};

/// The kernel counts the time of processes in hundredths of a second.
const TICKS_A_SECOND: u64 = 100;

/// How long a process and its children have worked so far.
pub(crate) fn worked(process: i32) -> Duration {
    let processes = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Standing::of);
    let ticks: u64 = processes
        .filter(|standing| standing.process == process || standing.parent == process)
        .map(|standing| standing.ticks)
        .sum();
    Duration::from_millis(ticks * 1000 / TICKS_A_SECOND)
}

/// How long this process has worked so far, without its children.
pub(crate) fn worked_here() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    usage.map_or(Duration::ZERO, |usage| {
        let micros = |time: nix::sys::time::TimeVal| {
            let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
            Duration::from_micros(u64::try_from(micros).unwrap_or(0))
        };
        micros(usage.user_time()) + micros(usage.system_time())
    })
}

/// The memory of a process in bytes: its own, and its share of what it shares.
pub(crate) fn memory(process: i32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line
        .and_then(|rest| rest.split_whitespace().next())
        .context("the kernel does not tell Pss")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

struct Standing {
    process: i32,
    parent: i32,
    ticks: u64,
}

impl Standing {
    fn of(process: i32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name before it may hold anything.
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            process,
            parent: fields.get(1)?.parse().ok()?,
            ticks: ticks(11)? + ticks(12)?,
        })
    }
}
