//! Changes that other parts and processes must hear of: sent with the commit, heard on a connection of its own.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};

use super::database::Transaction;
use crate::error::Error;

/// Where to look; what is there must be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// The description of the campus or a gateway's secrets.
    Campus,
    /// The corrections.
    Corrections,
    /// Days whose readings were dropped.
    ClosedDays,
}

impl Announcement {
    const ALL: [Self; 3] = [Self::Campus, Self::Corrections, Self::ClosedDays];

    const fn name(self) -> &'static str {
        match self {
            Self::Campus => "campus",
            Self::Corrections => "corrections",
            Self::ClosedDays => "closed_days",
        }
    }
}

impl Transaction<'_> {
    /// Announces a change; it is heard when the transaction has committed, and not at all when it has not.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn announce(&mut self, announcement: Announcement) -> Result<(), Error> {
        diesel::sql_query("SELECT pg_notify('parvis', $1)")
            .bind::<Text, _>(announcement.name())
            .execute(self.connection())?;
        Ok(())
    }
}

/// A connection that hears announcements.
pub struct Announcements(PgConnection);

impl Announcements {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn listen(url: &str) -> Result<Self, Error> {
        let mut connection = PgConnection::establish(url)?;
        connection.batch_execute("SET application_name = 'parvis listening'; LISTEN parvis")?;
        Ok(Self(connection))
    }

    /// What was announced since it was last asked. Does not block.
    ///
    /// # Errors
    /// When the connection was lost: then anything may have changed.
    pub fn heard(&mut self) -> Result<Vec<Announcement>, Error> {
        let mut heard = Vec::new();
        for notification in self.0.notifications_iter() {
            let payload = notification?.payload;
            heard.extend(
                Announcement::ALL
                    .into_iter()
                    .filter(|known| known.name() == payload),
            );
        }
        // libpq notices a lost connection only when it is used.
        self.0.batch_execute("SELECT 1")?;
        Ok(heard)
    }
}
