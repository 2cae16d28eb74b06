//! Readings that are on disk when they are acknowledged: one a request, and a hundred.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};

use crate::campus::SENSORS;
use crate::driver::{Same, drive};
use crate::fleet::Fleet;
use crate::limits::{CLIENTS, Limits};
use crate::nginx::Nginx;
use crate::other::Other;
use crate::report::{Series, table};
use crate::service::{Place, Service, get};

const ROUNDS: usize = 5;

/// Connections of the batched inserts: as many as Parvis has writers.
const WRITERS: usize = 4;

/// How long the ledger may take to come after the readings before the next is measured.
const PAUSE: Duration = Duration::from_millis(1_500);

/// Sensors that send readings, so many a request.
struct Load {
    readings: u32,
    fleets: Vec<Fleet>,
    series: Series,
}

impl Load {
    /// Shares sensors out among connections.
    fn new(
        name: &str,
        service: &Service,
        readings: u32,
        connections: usize,
        sensors: std::ops::Range<usize>,
    ) -> anyhow::Result<Self> {
        let records = usize::try_from(readings)?;
        let fleet = |first| {
            let own = sensors.clone().skip(first).step_by(connections);
            Fleet::new(&service.secret, own, records)
        };
        Ok(Self {
            readings,
            fleets: (0..connections).map(fleet).collect(),
            series: Series::new(format!("{name}, readings/s")),
        })
    }

    /// Sends for some time while processes are watched; returns how many readings were acknowledged.
    fn send(
        &mut self,
        address: SocketAddr,
        watched: &[i32],
        time: Duration,
    ) -> anyhow::Result<u64> {
        let fleets = std::mem::take(&mut self.fleets);
        let outcome = drive(address, fleets, time, watched)?;
        let refused = outcome.refusals;
        ensure!(refused == 0, "{refused} deliveries were refused");
        self.series.add_outcome(&outcome, f64::from(self.readings));
        self.fleets = outcome.senders;
        std::thread::sleep(PAUSE);
        Ok(outcome.successes * u64::from(self.readings))
    }
}

pub(crate) fn measure(place: &Place, time: Duration) -> anyhow::Result<()> {
    let service = Service::start(place, "ingest")?;
    let limits = Limits::prepare(place)?;
    let nginx = Nginx::start(place, b"", b"{\"stored\":1,\"duplicates\":0}\n")?;
    let address = Place::address(3)?;
    let commits = Other::start(&[
        "commit",
        &address.to_string(),
        limits.url(),
        &place.certificate().display().to_string(),
        &place.key().display().to_string(),
    ])?;
    let mut single = Load::new("Parvis", &service, 1, 64, 0..SENSORS / 2)?;
    let mut hundred = Load::new("Parvis", &service, 100, 64, SENSORS / 2..SENSORS)?;
    let mut each = Load::new("A commit a request", &service, 1, 64, 0..SENSORS / 2)?;
    let database = place.cluster.process().unwrap_or_default();
    let ours = [service.process()?, database];
    let bare = [commits.process()?, database];
    let mut batched = Series::new(format!(
        "PostgreSQL, inserts of 1,000 rows by {WRITERS}, rows/s"
    ));
    let mut inserts = Series::new(format!("PostgreSQL, inserts of 1 row by {CLIENTS}, rows/s"));
    let mut answers = Series::new(match nginx {
        Some(_) => "nginx, a small file, requests/s",
        None => "nginx: not measured: it is not installed",
    });
    let mut acknowledged = 0;
    for _ in 0..ROUNDS {
        acknowledged += single.send(service.address, &ours, time)?;
        each.send(address, &bare, time)?;
        batched.add(limits.batched(WRITERS, time)?);
        inserts.add(limits.single(time)?);
        if let Some(nginx) = &nginx {
            let request = get("/");
            let senders = single.fleets.iter().map(|_| Same(&request));
            let watched = [nginx.process()?];
            let outcome = drive(nginx.address, senders.collect(), time, &watched)?;
            answers.add_outcome(&outcome, 1.0);
        }
        acknowledged += hundred.send(service.address, &ours, time)?;
        let rows = rows(&service.database)?;
        ensure!(
            rows == acknowledged,
            "{acknowledged} readings were acknowledged, but {rows} are in the table"
        );
    }
    let references = [&each.series, &batched, &inserts, &answers];
    for load in [&single, &hundred] {
        let title = format!(
            "Durable readings, {} a request, {} connections (CPU: Parvis + PostgreSQL + load)",
            load.readings,
            load.fleets.len()
        );
        table(&title, &load.series, &references);
    }
    println!(
        "  After each round the table held exactly the readings that were acknowledged: {acknowledged} at last."
    );
    Ok(())
}

fn rows(database: &str) -> anyhow::Result<u64> {
    let mut connection = PgConnection::establish(database)?;
    let count = diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM readings)");
    let count: i64 = diesel::select(count).get_result(&mut connection)?;
    Ok(u64::try_from(count)?)
}
