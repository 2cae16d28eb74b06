//! `parvis import counts FILE`: brings recorded counts into the ledger; doing it again changes nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use super::counts_file::{self, CountsFile};
use super::counts_mapping::{self, FileMapping};
use super::hand_in::HandIn;
use super::{counted, open};
use crate::domain::campus::{Campus, KnownChannel, Purpose};
use crate::domain::reading::Moment;
use crate::domain::{day, zones};
use crate::gateways::Payload;
use crate::ingest::Receipt;
use crate::parvis::Parvis;
use crate::tasks::close_days;

/// Readings handed in at once: few enough that live readings need not wait long behind them.
const AT_ONCE: usize = 1_000;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Recorded counts, as CSV.
    Counts {
        /// The file.
        file: PathBuf,
        /// How to read it; see docs/counters.md.
        #[arg(long)]
        mapping: PathBuf,
    },
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let Command::Counts { file, mapping } = command;
    print!("{}", counts(&open(config)?, file, mapping)?);
    Ok(())
}

/// Imports a file of counts; returns what came of it, in words.
pub(super) fn counts(parvis: &Arc<Parvis>, file: &Path, mapping: &Path) -> anyhow::Result<String> {
    let mapping = counts_mapping::read(mapping)?;
    channel(&parvis.campus(), &mapping)?;
    let now = parvis.clock.now();
    let CountsFile { messages, refused } = counts_file::read(file, &mapping, now)?;
    let mut report = String::new();
    for line in &refused {
        let _ = writeln!(report, "{}:{}: {}", file.display(), line.line, line.rule);
    }
    if messages.is_empty() && !refused.is_empty() {
        bail!(
            "no line of {} can be read:\n{}",
            file.display(),
            report.trim_end()
        );
    }
    let times: Vec<Moment> = messages
        .iter()
        .flat_map(|message| &message.readings)
        .filter_map(|reading| reading.at)
        .collect();
    let count = messages.len();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let receipt = runtime.block_on(deliver(parvis, &mapping, messages))?;
    if let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) {
        close(parvis, &mapping, *first, *last)?;
    }
    let _ = writeln!(
        report,
        "{}: {} stored ({} of them in quarantine), {} known already, {} of days that are closed; {} refused.",
        counted(count, "reading"),
        receipt.stored,
        receipt.doubted,
        receipt.duplicates,
        receipt.closed,
        counted(refused.len(), "line")
    );
    if receipt.doubted > 0 {
        report.push_str("See what is in quarantine and why: parvis sensors --doubted\n");
    }
    Ok(report)
}

async fn deliver(
    parvis: &Arc<Parvis>,
    mapping: &FileMapping,
    messages: Vec<crate::gateways::Message>,
) -> anyhow::Result<Receipt> {
    let hand_in = HandIn::open(parvis)?;
    let mut receipt = Receipt::default();
    let all = messages.len();
    let mut rest = messages.into_iter().peekable();
    let mut done = 0;
    while rest.peek().is_some() {
        let messages: Vec<_> = rest.by_ref().take(AT_ONCE).collect();
        done += messages.len();
        let payload = Payload {
            messages,
            ..Payload::default()
        };
        receipt = receipt.plus(hand_in.deliver(&mapping.gateway, payload).await?);
        eprintln!("{done} of {all} readings handed in");
    }
    hand_in.close().await;
    Ok(receipt)
}

/// The channel the file belongs to. It must be described: counts of a channel that counts nothing would be stored and
/// reach no figure.
fn channel<'a>(campus: &'a Campus, mapping: &FileMapping) -> anyhow::Result<&'a KnownChannel> {
    ensure!(
        campus.gateways.contains_key(&mapping.gateway),
        "no gateway is called \"{}\": parvis gateway list shows them",
        mapping.gateway
    );
    let device = mapping.device.to_uppercase();
    let found = campus.channels.values().find(|known| {
        let channel = &known.channel;
        (&channel.gateway, &channel.device, &channel.key)
            == (&mapping.gateway, &device, &mapping.channel)
    });
    found
        .filter(|known| known.channel.purpose != Purpose::Unassigned)
        .with_context(|| {
            format!(
                "channel \"{}\" of device \"{}\" at gateway \"{}\" counts no passage and sees no space; describe it and \
                 apply the description first",
                mapping.channel, mapping.device, mapping.gateway
            )
        })
}

/// Closes the finished days that the file reaches, so that history shows them as they must have been.
fn close(
    parvis: &Parvis,
    mapping: &FileMapping,
    first: Moment,
    last: Moment,
) -> anyhow::Result<()> {
    let campus = parvis.reload_campus()?;
    let now = parvis.clock.now();
    let channel = channel(&campus, mapping)?;
    let crossings: &[zones::Crossing] = campus.zones.crossings(channel.id);
    let spaces: BTreeSet<_> = crossings.iter().map(|crossing| crossing.space).collect();
    for space in spaces
        .into_iter()
        .filter_map(|space| campus.space_by_id(space))
    {
        let date = |moment| day::date_of(campus.zone(), space.space.day_starts, moment);
        let until = (date(last) + chrono::Days::new(1)).min(date(now));
        parvis
            .database
            .write_blocking(|tx| close_days::close(tx, &campus, space, date(first), until, now))?;
    }
    Ok(())
}
