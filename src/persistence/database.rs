//! Connections to PostgreSQL: a pool for units of work, and dedicated ones for recording.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::ConnectionManager;
use diesel::{Connection as _, PgConnection};
use r2d2::{CustomizeConnection, Pool};
use tokio::sync::Semaphore;

use crate::error::Error;

/// How long a unit of work waits for a connection before the answer is "not available".
const PATIENCE: Duration = Duration::from_secs(3);

/// What every connection is told: bounds on how long anything may take, and English messages for `failure` where the
/// role may choose them (a superuser, or after `GRANT SET ON PARAMETER lc_messages`).
const EACH_CONNECTION: &str = "DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false); \
    EXCEPTION WHEN insufficient_privilege THEN NULL; END $$; SET timezone = 'UTC'; SET lock_timeout = '5s'; \
    SET idle_in_transaction_session_timeout = '30s'";

/// What can be read within one transaction.
pub struct View<'c>(&'c mut PgConnection);

impl View<'_> {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.0
    }
}

/// What can be read and written within one transaction.
pub struct Transaction<'c>(View<'c>);

impl<'c> Deref for Transaction<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.0
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// The one place where transactions begin and end.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the door that the lint points to"
)]
fn transact<T>(
    connection: &mut PgConnection,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.transaction(|connection| work(&mut Transaction(View(connection))))
}

fn observe<T>(
    connection: &mut PgConnection,
    work: impl FnOnce(&mut View<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    connection
        .build_transaction()
        .read_only()
        .run(|connection| work(&mut View(connection)))
}

/// Where the database is and how many connections to keep.
#[derive(Debug, Clone)]
pub struct Connections {
    /// A libpq connection string or address.
    pub url: String,
    /// Connections in the pool.
    pub at_most: u32,
}

#[derive(Debug)]
struct Customizer;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Customizer {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(&format!(
                "{EACH_CONNECTION}; SET statement_timeout = '10s'; SET application_name = 'parvis'"
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// The pool for units of work. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool<ConnectionManager<PgConnection>>,
    /// Tasks wait here, without a thread, when all connections are at work.
    permits: Arc<Semaphore>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Database")
            .field("pool", &self.pool.state())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// A pool that connects when it is first needed: Parvis starts before its database does.
    #[must_use]
    pub fn new(connections: &Connections) -> Self {
        let pool = Pool::builder()
            .max_size(connections.at_most.max(1))
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .test_on_check_out(true)
            .connection_customizer(Box::new(Customizer))
            .build_unchecked(ConnectionManager::new(&connections.url));
        let permits = usize::try_from(connections.at_most.max(1)).unwrap_or(1);
        Self {
            pool,
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    /// Reads, in a read-only transaction.
    ///
    /// # Errors
    /// What `work` returns, or that the database is not available.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.hop(move |database| database.read_blocking(work)).await
    }

    /// Reads and writes, in a transaction that commits when `work` returns `Ok`.
    ///
    /// # Errors
    /// What `work` returns, or that the database is not available.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.hop(move |database| database.write_blocking(work))
            .await
    }

    /// [`Database::read`] for a thread that may block.
    ///
    /// # Errors
    /// What `work` returns, or that the database is not available.
    pub fn read_blocking<T>(
        &self,
        work: impl FnOnce(&mut View<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        observe(&mut *self.pool.get()?, work)
    }

    /// [`Database::write`] for a thread that may block.
    ///
    /// # Errors
    /// What `work` returns, or that the database is not available.
    pub fn write_blocking<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        transact(&mut *self.pool.get()?, work)
    }

    /// Connections at work and connections open.
    #[must_use]
    pub fn load(&self) -> (u32, u32) {
        let state = self.pool.state();
        (
            state.connections.saturating_sub(state.idle_connections),
            state.connections,
        )
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door that the lint points to"
    )]
    async fn hop<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|late| Error::unavailable("the database", late))?
            .map_err(Error::internal)?;
        let database = self.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&database)
        })
        .await
        .map_err(Error::internal)?
    }
}

/// A connection of a thread that records: no pool, no wait for others, opened again when it was lost.
pub struct Recording {
    url: String,
    name: &'static str,
    connection: Option<PgConnection>,
}

impl Recording {
    /// A connection that is opened when it is first needed.
    #[must_use]
    pub fn new(url: &str, name: &'static str) -> Self {
        Self {
            url: url.to_owned(),
            name,
            connection: None,
        }
    }

    /// Reads and writes in a transaction.
    ///
    /// # Errors
    /// What `work` returns, or that the database is not available.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with(|connection| transact(connection, work))
    }

    /// Runs statements that each commit by themselves.
    ///
    /// # Errors
    /// What `work` returns, or that the database is not available.
    pub fn each<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with(|connection| work(&mut Transaction(View(connection))))
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = work(&mut connection);
        // After a failure the connection may be lost or in an unknown state; a fresh one is cheap and certain.
        if result.is_ok() {
            self.connection = Some(connection);
        }
        result
    }

    fn open(&self) -> Result<PgConnection, Error> {
        let mut connection = PgConnection::establish(&self.url)?;
        let name = self.name;
        connection.batch_execute(&format!(
            "{EACH_CONNECTION}; SET statement_timeout = '60s'; SET application_name = '{name}'"
        ))?;
        Ok(connection)
    }
}
