//! Bringing the schema to the version of this binary.

use diesel::{Connection as _, PgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::database::View;
use crate::error::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("diesel-migrations");

/// Runs the migrations that the database lacks and returns their names. Needs the role that owns the schema.
///
/// # Errors
/// When the database is not available or a migration fails; it then leaves nothing of itself behind.
pub fn migrate(url: &str) -> Result<Vec<String>, Error> {
    let mut connection = PgConnection::establish(url)?;
    let done = connection
        .run_pending_migrations(MIGRATIONS)
        .map_err(Error::Internal)?;
    Ok(done
        .into_iter()
        .map(|version| version.to_string())
        .collect())
}

/// How many migrations the database lacks.
///
/// # Errors
/// When the database is not available.
pub fn pending_migrations(view: &mut View<'_>) -> Result<usize, Error> {
    use diesel::migration::{Migration, MigrationSource as _};
    use diesel::pg::Pg;
    use diesel::prelude::*;
    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> VarChar,
        }
    }
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(Error::Internal)?;
    let applied: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(view.connection())
        .or_else(|error| {
            let is_lacking = matches!(&error, diesel::result::Error::DatabaseError(_, information)
                if information.message().contains("does not exist"));
            if is_lacking {
                Ok(Vec::new())
            } else {
                Err(error)
            }
        })?;
    let lacking = known
        .iter()
        .filter(|migration| !applied.contains(&migration.name().version().to_string()));
    Ok(lacking.count())
}
