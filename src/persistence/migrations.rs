//! Bringing the schema to the version of this binary.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::database::View;
use crate::error::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("diesel-migrations");

/// Runs the migrations that the database lacks and returns their names. Needs the role that owns the schema. The role of the
/// service, where it is another, may then read and write everything, alter nothing of the schema, and only add to the audit.
///
/// # Errors
/// When the database is not available or a migration fails; it then leaves nothing of itself behind.
pub fn migrate(url: &str, service_role: Option<&str>) -> Result<Vec<String>, Error> {
    let mut connection = PgConnection::establish(url)?;
    let done: Vec<String> = connection
        .run_pending_migrations(MIGRATIONS)
        .map_err(Error::Internal)?
        .into_iter()
        .map(|version| version.to_string())
        .collect();
    if let Some(role) = service_role {
        let role = format!("\"{}\"", role.replace('"', "\"\""));
        connection.batch_execute(&format!(
            "BEGIN; \
             GRANT USAGE ON SCHEMA public TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}; \
             REVOKE INSERT, UPDATE, DELETE ON __diesel_schema_migrations FROM {role}; \
             REVOKE UPDATE, DELETE ON audit_records FROM {role}; \
             REVOKE INSERT, DELETE ON audit_heads FROM {role}; \
             COMMIT"
        ))?;
    }
    Ok(done)
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
