//! One recorder for a database: a lock that goes with its connection.

use diesel::sql_types::{BigInt, Bool};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};

use crate::error::Error;

/// The advisory lock of whoever records readings.
const RECORDER: i64 = 0x7061_7276_6973;

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Bool)]
    got: bool,
}

/// Holding it means that no other process records into this database.
pub struct RecorderLock(PgConnection);

impl RecorderLock {
    /// Takes the lock; `None` when another process holds it.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn try_take(url: &str) -> Result<Option<Self>, Error> {
        let mut connection = PgConnection::establish(url)?;
        let got: Got = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS got")
            .bind::<BigInt, _>(RECORDER)
            .get_result(&mut connection)?;
        Ok(got.got.then_some(Self(connection)))
    }

    /// Whether it is still held: the connection it goes with is alive.
    pub fn is_held(&mut self) -> bool {
        diesel::sql_query("SELECT 1").execute(&mut self.0).is_ok()
    }
}
