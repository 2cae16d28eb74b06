//! The parts in use: settings, clock, database and the campus as it now is.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::NaiveDate;

use crate::clock::Clock;
use crate::config::{Decisions, Settings, Undecided};
use crate::domain::campus::Campus;
use crate::domain::certificate::{Choice, Source};
use crate::error::Error;
use crate::persistence::{self, Connections, Database, Difference};

/// The parts in use, shared by everything that runs.
#[derive(Debug)]
pub struct Parvis {
    /// What the operator decided.
    pub settings: Settings,
    /// What time it is.
    pub clock: Clock,
    /// What PostgreSQL remembers.
    pub database: Database,
    campus: ArcSwap<Campus>,
    certificate: ArcSwap<Choice>,
}

impl Parvis {
    /// The parts, with a campus of which nothing is known yet.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock) -> Self {
        let connections = Connections {
            url: settings.database.url.clone(),
            at_most: settings.database.connections,
        };
        let database = Database::new(&connections);
        let certificate = ArcSwap::from_pointee(settings.certificate.clone());
        Self {
            settings,
            clock,
            database,
            campus: ArcSwap::from_pointee(Campus::undescribed()),
            certificate,
        }
    }

    /// The campus as it now is.
    #[must_use]
    pub fn campus(&self) -> Arc<Campus> {
        self.campus.load_full()
    }

    /// The day it is on the campus.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        let now = self.clock.now();
        now.with_timezone(&self.campus().zone()).date_naive()
    }

    /// Reads the campus again.
    ///
    /// # Errors
    /// When the database is not available.
    pub fn reload_campus(&self) -> Result<Arc<Campus>, Error> {
        let campus = self.database.read_blocking(persistence::campus::campus)?;
        self.campus
            .store(Arc::new(campus.unwrap_or_else(Campus::undescribed)));
        Ok(self.campus())
    }

    /// Decides something for this machine; it holds from the next start on.
    ///
    /// # Errors
    /// When the settings name no file for decisions, it cannot be written, or what is decided cannot be used.
    pub fn decide(&self, change: impl FnOnce(&mut Decisions)) -> Result<(), Error> {
        Ok(Decisions::change(self.decisions()?, change)?)
    }

    /// What was decided so far, whether it holds already or from the next start on.
    ///
    /// # Errors
    /// When the settings name no file for decisions, or it cannot be read.
    pub fn decided(&self) -> Result<serde_json::Value, Error> {
        let decisions = Decisions::read(self.decisions()?).map_err(Undecided::from)?;
        decisions.shown().map_err(Error::internal)
    }

    /// Keeps a secret beside the decisions, and returns its path.
    ///
    /// # Errors
    /// When the settings name no file for decisions, or it cannot be written.
    pub fn keep_secret(&self, name: &str, secret: &[u8]) -> Result<PathBuf, Error> {
        Ok(Decisions::keep_secret(self.decisions()?, name, secret)?)
    }

    fn decisions(&self) -> Result<&PathBuf, Error> {
        let decisions = self.settings.decisions.as_ref();
        Ok(decisions.ok_or(Undecided::Nowhere)?)
    }

    /// Where the certificate comes from, as was last decided.
    #[must_use]
    pub fn certificate(&self) -> Arc<Choice> {
        self.certificate.load_full()
    }

    /// Decides where the certificate comes from, from now on and after a restart.
    ///
    /// # Errors
    /// When the decision cannot be kept.
    pub fn choose_certificate(&self, choice: Choice) -> Result<(), Error> {
        match self.keep(&choice) {
            // Nothing is requested for either, so nothing is lost with a restart.
            Err(Undecided::Nowhere)
                if [self.settings.certificate.source, choice.source]
                    .iter()
                    .all(|source| *source != Source::Acme) => {}
            Err(error) => return Err(Error::Conflict(error.to_string())),
            Ok(()) => {}
        }
        self.certificate.store(Arc::new(choice));
        Ok(())
    }

    /// Looks again where the certificate comes from: another process may have decided.
    pub fn reload_certificate(&self) {
        let decided = self.settings.decisions.as_deref().map(Decisions::read);
        if let Some(Ok(decided)) = decided
            && let Some(choice) = decided.table("certificate")
        {
            self.certificate.store(Arc::new(choice));
        }
    }

    fn keep(&self, choice: &Choice) -> Result<(), Undecided> {
        let Some(path) = &self.settings.decisions else {
            return Err(Undecided::Nowhere);
        };
        Decisions::change(path, |decisions| {
            let choice = toml::Value::try_from(choice).ok();
            decisions.decide("certificate", choice);
        })
    }

    /// How the schema differs from the one of this program.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn schema_difference(&self) -> Result<Difference, Error> {
        self.database.read(persistence::difference).await
    }
}

impl From<Undecided> for Error {
    fn from(undecided: Undecided) -> Self {
        Self::Conflict(undecided.to_string())
    }
}
