//! What PostgreSQL can do with the same rows, without anybody in between.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use parvis::clock::Clock;
use parvis::domain::ids::ChannelId;
use parvis::domain::reading::{ClockVerdict, Crossings, Identity, Reading};
use parvis::persistence::{Recording, readings};

use crate::service::Place;

/// Rows of one batched insert.
const BATCH: usize = 1_000;

/// Clients of `pgbench`.
pub(crate) const CLIENTS: u32 = 64;

/// A database whose table of readings is like that of Parvis, but one plain table.
pub(crate) struct Limits {
    url: String,
    directory: PathBuf,
}

impl Limits {
    pub(crate) fn prepare(place: &Place) -> anyhow::Result<Self> {
        let url = place.database("limits")?;
        PgConnection::establish(&url)?.batch_execute(
            "CREATE TABLE plain (LIKE readings INCLUDING INDEXES); DROP TABLE readings CASCADE; \
             ALTER TABLE plain RENAME TO readings",
        )?;
        Ok(Self {
            url,
            directory: place.directory.clone(),
        })
    }

    /// The address of the database.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Rows a second in batches of a thousand, each with a commit, on some connections side by side.
    pub(crate) fn batched(&self, connections: usize, measured: Duration) -> anyhow::Result<f64> {
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..connections)
                .map(|_| scope.spawn(|| self.insert(measured)))
                .collect();
            let mut sum = 0.0;
            for writer in writers {
                let rate = writer.join();
                sum += rate.ok().context("a writer gave up")??;
            }
            Ok(sum)
        })
    }

    fn insert(&self, measured: Duration) -> anyhow::Result<f64> {
        let now = Clock::System.now();
        let reading = |number: usize| Reading {
            channel: ChannelId(i32::try_from(number).unwrap_or_default()),
            identity: Identity {
                at: now,
                since: Some(now),
                total: Crossings::default(),
                period: Crossings::both(1, 0),
                level: None,
                mark: None,
            },
            received_at: now,
            clock: ClockVerdict::InStep,
        };
        let batch: Vec<Reading> = (0..BATCH).map(reading).collect();
        let mut recording = Recording::new(&self.url, "parvis bench");
        // The first use of a connection costs more than any other.
        recording.each(|tx| readings::append(tx, 1, &batch))?;
        let begin = Instant::now();
        let mut rows = 0.0;
        while begin.elapsed() < measured {
            recording.each(|tx| readings::append(tx, 1, &batch))?;
            rows += batch.iter().map(|_| 1.0).sum::<f64>();
        }
        Ok(rows / begin.elapsed().as_secs_f64())
    }

    /// Rows a second when each is an insert and a commit of its own, from [`CLIENTS`] clients.
    pub(crate) fn single(&self, measured: Duration) -> anyhow::Result<f64> {
        let script = self.directory.join("insert.sql");
        std::fs::write(
            &script,
            "INSERT INTO readings VALUES (1, now(), now(), NULL, NULL, 1, 0, NULL, NULL, now(), 0::smallint, 1);\n",
        )?;
        let output = Command::new(pgbench().context("pgbench is not installed")?)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=1"])
            .arg(format!("--client={CLIENTS}"))
            .arg(format!("--time={}", measured.as_secs().max(1)))
            .arg(format!("--file={}", script.display()))
            .arg(&self.url)
            .output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split(' ').next());
        let rate = rate.with_context(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            format!("pgbench does not tell a rate: {complaint}")
        })?;
        Ok(rate.parse()?)
    }
}

/// The newest `pgbench` that Debian installed.
fn pgbench() -> Option<PathBuf> {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("bin/pgbench"))
        .filter(|program| program.exists())
        .max()
}
