//! Bringing the schema to the version of this binary.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::database::View;
use crate::error::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("diesel-migrations");

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> VarChar,
    }
}

/// What whoever only reads may read: places and figures, nothing of people, of keys or of what was sent.
const READABLE: &str = "institutions, sites, spaces, capacities, passages, channels, closed_days, channel_days, \
    ledger_entries, publications, __diesel_schema_migrations";

/// What was done to a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were run.
    pub done: Vec<String>,
    /// Migrations of a newer version of this program, which were there already.
    pub newer: Vec<String>,
}

/// How a schema differs from the one of this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Migrations that the database lacks.
    pub lacking: Vec<String>,
    /// Migrations of a newer version of this program. What they made is only added to, so this version runs on it as well.
    pub newer: Vec<String>,
}

/// Runs the migrations that the database lacks. Needs the role that owns the schema. The role of the
/// service, where it is another, may then read and write everything, alter nothing of the schema, and only add to the audit.
/// The role of a reader, where there is one, may read places and figures.
/// A schema of a newer version is left as it is, with the rights that version gave.
///
/// # Errors
/// When the database is not available, a migration fails, which then leaves nothing of itself behind, or the schema is
/// neither older nor newer but of another line.
pub fn migrate(
    url: &str,
    service_role: Option<&str>,
    reader_role: Option<&str>,
) -> Result<Migrated, Error> {
    let mut connection = PgConnection::establish(url)?;
    let Difference { lacking, newer } = difference_of(&mut connection)?;
    if !newer.is_empty() {
        if lacking.is_empty() {
            let done = Vec::new();
            return Ok(Migrated { done, newer });
        }
        return Err(Error::Conflict(format!(
            "the schema is of another line of versions: it has {} and lacks {}; restore the copy that was made before the update",
            newer.join(", "),
            lacking.join(", ")
        )));
    }
    let has_nothing_to_do = lacking.is_empty() && service_role.is_none() && reader_role.is_none();
    if has_nothing_to_do {
        return Ok(Migrated::default());
    }
    only_owner(&mut connection)?;
    let done: Vec<String> = connection
        .run_pending_migrations(MIGRATIONS)
        .map_err(Error::Internal)?
        .into_iter()
        .map(|version| version.to_string())
        .collect();
    if let Some(role) = service_role.map(quoted) {
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
    if let Some(role) = reader_role.map(quoted) {
        connection.batch_execute(&format!(
            "BEGIN; \
             GRANT USAGE ON SCHEMA public TO {role}; \
             REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}; \
             GRANT SELECT ON {READABLE} TO {role}; \
             COMMIT"
        ))?;
    }
    Ok(Migrated { done, newer })
}

/// Refuses a role that does not own the schema: it may not change it.
fn only_owner(connection: &mut PgConnection) -> Result<(), Error> {
    use diesel::prelude::*;
    use diesel::sql_types::{Bool, Text};
    #[derive(QueryableByName)]
    struct Rights {
        #[diesel(sql_type = Text)]
        role: String,
        #[diesel(sql_type = Text)]
        owner: String,
        #[diesel(sql_type = Bool)]
        may: bool,
    }
    let rights: Rights = diesel::sql_query(
        "SELECT current_user::text AS role, pg_get_userbyid(datdba)::text AS owner, \
         has_schema_privilege('public', 'CREATE') AS may FROM pg_database WHERE datname = current_database()",
    )
    .get_result(connection)?;
    if rights.may {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "role \"{}\" may not change the schema: run parvis migrate as \"{}\", who owns the database \
         (parvis-migrate.service does)",
        rights.role, rights.owner
    )))
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// How the schema differs from the one of this program.
///
/// # Errors
/// When the database is not available.
pub fn difference(view: &mut View<'_>) -> Result<Difference, Error> {
    difference_of(view.connection())
}

fn difference_of(connection: &mut PgConnection) -> Result<Difference, Error> {
    use diesel::migration::{Migration, MigrationSource as _};
    use diesel::pg::Pg;
    use diesel::prelude::*;
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(Error::Internal)?;
    let known: Vec<String> = known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .order(__diesel_schema_migrations::version)
        .load(connection)
        .or_else(|error| {
            let is_lacking = matches!(&error, diesel::result::Error::DatabaseError(_, information)
                if information.message().contains("does not exist"));
            if is_lacking {
                Ok(Vec::new())
            } else {
                Err(error)
            }
        })?;
    let without = |one: &[String], other: &[String]| {
        let lacking = one.iter().filter(|version| !other.contains(version));
        lacking.cloned().collect()
    };
    Ok(Difference {
        lacking: without(&known, &applied),
        newer: without(&applied, &known),
    })
}
