//! One recorder for a database: a lock that goes with its connection.

use std::time::{Duration, Instant};

use diesel::sql_types::{BigInt, Bool};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};

use crate::error::Error;

/// The advisory lock of whoever records readings.
const RECORDER: i64 = 0x7061_7276_6973;

/// How long sessions may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = BigInt)]
    left: i64,
}

/// Ends what a killed process left behind: its sessions may still carry out the last statement they were sent, and nothing
/// may be written any more once the new recorder has looked where the ledger stands.
fn end_sessions_left_behind(connection: &mut PgConnection) -> Result<(), Error> {
    let since = Instant::now();
    loop {
        let left: Left = diesel::sql_query(
            "SELECT count(pg_terminate_backend(pid)) AS left FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid() \
                AND application_name IN ('parvis recording', 'parvis booking')",
        )
        .get_result(connection)?;
        if left.left == 0 {
            return Ok(());
        }
        if since.elapsed() > PATIENCE {
            return Err(Error::Unavailable {
                part: "the database",
                source: None,
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Bool)]
    got: bool,
}

/// Holding it means that no other process records into this database.
pub struct RecorderLock {
    url: String,
    connection: PgConnection,
}

impl RecorderLock {
    /// Takes the lock and ends what a killed holder left behind; `None` when another process holds it.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn try_take(url: &str) -> Result<Option<Self>, Error> {
        let Some(mut connection) = lock(url)? else {
            return Ok(None);
        };
        end_sessions_left_behind(&mut connection)?;
        Ok(Some(Self {
            url: url.to_owned(),
            connection,
        }))
    }

    /// Whether it is held: the connection it goes with is alive, or it could be taken again on another one.
    ///
    /// # Errors
    /// When the database is not available: then nobody can hold it.
    pub fn is_held(&mut self) -> Result<bool, Error> {
        let alive = diesel::sql_query("SELECT 1").execute(&mut self.connection);
        if alive.is_err() {
            let Some(connection) = lock(&self.url)? else {
                return Ok(false);
            };
            self.connection = connection;
        }
        Ok(true)
    }
}

/// A connection that holds the lock; `None` when another one does.
fn lock(url: &str) -> Result<Option<PgConnection>, Error> {
    let mut connection = PgConnection::establish(url)?;
    let got: Got = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS got")
        .bind::<BigInt, _>(RECORDER)
        .get_result(&mut connection)?;
    Ok(got.got.then_some(connection))
}
