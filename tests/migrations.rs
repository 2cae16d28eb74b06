//! The schema: migrations go up, down and up again to the same database, `schema.rs` is what they make, all of it explained.

use std::path::Path;
use std::process::Command;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_types::Text};
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use parvis::appliance::cluster::{Cluster, SERVICE_ROLE};

const SCHEMA: &str = include_str!("../src/persistence/schema.rs");

/// A cluster that is gone when the test is over.
struct Temporary(Cluster, std::path::PathBuf);

impl Temporary {
    fn start(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("migrations-{name}-{}", std::process::id()));
        let cluster = Cluster::at(&directory).unwrap();
        cluster.start().unwrap();
        Self(cluster, directory)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = self.0.stop();
        let _ = std::fs::remove_dir_all(&self.1);
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(query).load(connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// The schema as `pg_dump` writes it.
fn dump(url: &str) -> String {
    let output = Command::new("pg_dump")
        .args(["--schema-only", "--no-owner", "-d", url])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    // Each dump carries a word of its own against injection.
    text.lines()
        .filter(|line| !line.starts_with('\\'))
        .collect::<Vec<_>>()
        .join("\n")
}

/// `table.column -> Type` of each column in `schema.rs`.
fn described() -> Vec<String> {
    let mut table = String::new();
    let mut columns = Vec::new();
    for line in SCHEMA
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
    {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            name.clone_into(&mut table);
        } else if let Some((column, kind)) = line
            .strip_suffix(',')
            .and_then(|line| line.split_once(" -> "))
        {
            columns.push(format!("{table}.{column} -> {kind}"));
        }
    }
    columns
}

#[test]
fn migrations_go_up_down_and_up_again_and_make_what_the_code_describes() {
    let temporary = Temporary::start("schema");
    temporary.0.ensure_database("schema").unwrap();
    let url = temporary.0.url("schema");
    let migrations = || FileBasedMigrations::from_path("diesel-migrations").unwrap();
    let mut connection = PgConnection::establish(&url).unwrap();

    connection.run_pending_migrations(migrations()).unwrap();
    let first = dump(&url);
    assert!(first.contains("CREATE TABLE public.readings"));
    connection.revert_all_migrations(migrations()).unwrap();
    let left = lines(
        &mut connection,
        "SELECT relname::text AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '^__diesel'",
    );
    assert!(left.is_empty(), "left behind: {left:?}");
    connection.run_pending_migrations(migrations()).unwrap();
    assert_eq!(dump(&url), first);

    let mut made = lines(
        &mut connection,
        "SELECT table_name || '.' || column_name || ' -> ' || CASE is_nullable WHEN 'YES' THEN 'Nullable<' ELSE '' END || \
            CASE udt_name WHEN 'bool' THEN 'Bool' WHEN 'int2' THEN 'Int2' WHEN 'int4' THEN 'Int4' WHEN 'int8' THEN 'Int8' \
                WHEN 'float8' THEN 'Float8' WHEN 'text' THEN 'Text' WHEN 'jsonb' THEN 'Jsonb' WHEN 'bytea' THEN 'Bytea' \
                WHEN 'date' THEN 'Date' WHEN 'time' THEN 'Time' WHEN 'timestamptz' THEN 'Timestamptz' ELSE udt_name END || \
            CASE is_nullable WHEN 'YES' THEN '>' ELSE '' END AS line \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name !~ '^(readings|__diesel)' \
         ORDER BY table_name, ordinal_position",
    );
    let mut described = described();
    made.sort();
    described.sort();
    assert_eq!(
        described, made,
        "src/persistence/schema.rs is not what the migrations make"
    );

    let unexplained = lines(
        &mut connection,
        "SELECT c.relname || coalesce('.' || a.attname, '') AS line FROM pg_class c \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname !~ '^__diesel' \
            AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
    );
    assert!(unexplained.is_empty(), "without a comment: {unexplained:?}");
}

#[test]
fn a_schema_of_a_newer_version_is_left_as_it_is_and_one_of_another_line_refused() {
    let temporary = Temporary::start("newer");
    temporary.0.ensure_database("newer").unwrap();
    temporary.0.ensure_service_role().unwrap();
    let url = temporary.0.url("newer");
    let migrate = || parvis::persistence::migrate(&url, Some(SERVICE_ROLE), None);
    assert!(!migrate().unwrap().done.is_empty());
    let mut connection = PgConnection::establish(&url).unwrap();
    // What a later version does: it adds, and decides who may what about it.
    connection
        .batch_execute(
            "CREATE TABLE later (id integer); ALTER TABLE sites ADD COLUMN later text; \
             INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
        )
        .unwrap();
    let before = dump(&url);
    let migrated = migrate().unwrap();
    assert_eq!(
        (migrated.done.len(), migrated.newer),
        (0, vec!["29990101000000".to_owned()])
    );
    assert_eq!(dump(&url), before, "not even the rights change");
    connection
        .batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = (SELECT min(version) FROM __diesel_schema_migrations)")
        .unwrap();
    let refused = migrate().unwrap_err().to_string();
    assert!(
        refused.contains("another line of versions: it has 29990101000000"),
        "{refused}"
    );
}

#[test]
fn a_reader_reads_places_and_figures_and_nothing_of_people() {
    let temporary = Temporary::start("reader");
    temporary.0.ensure_database("reader").unwrap();
    temporary.0.ensure_service_role().unwrap();
    let url = temporary.0.url("reader");
    let mut owner = PgConnection::establish(&url).unwrap();
    owner
        .batch_execute("CREATE ROLE \"the-reader\" LOGIN")
        .unwrap();
    // Once more is no harm: what is granted is what stands in the program.
    for _ in 0..2 {
        parvis::persistence::migrate(&url, Some(SERVICE_ROLE), Some("the-reader")).unwrap();
    }
    let url = url.replace("user=parvis ", "user=the-reader ");
    let mut reader = PgConnection::establish(&url).unwrap();
    let readable = lines(
        &mut reader,
        "SELECT relname::text AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace \
            AND relkind IN ('r', 'p') AND has_table_privilege(oid, 'SELECT') ORDER BY 1",
    );
    assert_eq!(
        readable,
        [
            "__diesel_schema_migrations",
            "capacities",
            "channel_days",
            "channels",
            "closed_days",
            "institutions",
            "ledger_entries",
            "passages",
            "publications",
            "sites",
            "spaces"
        ]
    );
    reader.batch_execute("SELECT * FROM spaces").unwrap();
    for refused in [
        "SELECT * FROM passwords",
        "SELECT * FROM audit_records",
        "DELETE FROM spaces",
        "CREATE TABLE mine (id integer)",
    ] {
        let error = reader.batch_execute(refused).unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{refused}: {error}");
    }
}
