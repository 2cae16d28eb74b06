//! Recorded counts come in without a running service too, and never twice.

use std::sync::Arc;

use crate::harness::{LIBRARY, Server, TestParvis};

const MAPPING: &str = r#"
gateway = "doors"
device = "AA:01"
channel = "logic-1"
time = { columns = ["Start"], format = "%d/%m/%Y %H:%M", zone = "Europe/Paris", minutes = 60 }
counts = { semantics = "delta", forward = "In", backward = "Out" }
"#;

const FILE: &str = "Start;In;Out\n\
    03/11/2025 08:00;120;10\n03/11/2025 09:00;80;30\n03/11/2025 09:00;80;30\n03/11/2025 11:00;closed;0\n\
    03/11/2025 12:00;1 200;20\n03/11/2025 20:00;10;1350\n31/02/2025 08:00;1;1\n";

const ENTRIES: &str = "SELECT coalesce(sum(entries), 0) FROM ledger_entries JOIN spaces ON spaces.id = space_id WHERE slug = 'library'";

#[tokio::test]
async fn a_file_with_gaps_text_and_repetitions_comes_in_once_with_the_service_running_or_not() {
    let server = Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(Arc::clone(&server), database, "");
    parvis.apply(LIBRARY);
    let (file, mapping) = (
        parvis.write("counts.csv", FILE),
        parvis.write("mapping.toml", MAPPING),
    );
    let arguments = ["import", "counts", &file, "--mapping", &mapping];
    let told = parvis.run(&arguments);
    assert!(
        told.contains("counts.csv:5: \"closed\" is not a count"),
        "{told}"
    );
    assert!(
        told.contains("counts.csv:8: \"31/02/2025 08:00\" is not a time"),
        "{told}"
    );
    assert!(
        told.contains("5 readings: 4 stored (0 of them in quarantine), 1 known already"),
        "{told}"
    );
    assert_eq!(parvis.number(ENTRIES), 1_410);
    parvis.serve();
    parvis.wait_until_ready().await;
    let again = parvis.run(&arguments);
    assert!(again.contains("5 readings: 0 stored"), "{again}");
    assert_eq!(parvis.number(ENTRIES), 1_410);
    // A sensor that a file speaks of has not been heard.
    assert_eq!(parvis.space("library").await["quality"], "unknown");
    let history = parvis
        .get("/api/v1/spaces/library/history?from=2025-11-03&to=2025-11-04&step=3600")
        .await
        .json();
    let present: Vec<i64> = history["points"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|p| p["present"].as_i64())
        .collect();
    assert!(present.iter().max().unwrap() > &1_200, "{present:?}");
}

#[tokio::test]
async fn counts_of_a_channel_that_counts_nothing_are_refused() {
    let parvis = TestParvis::start(LIBRARY).await;
    let file = parvis.write("counts.csv", FILE);
    let mapping = parvis.write("mapping.toml", MAPPING.replace("logic-1", "logic-9"));
    let output = parvis.command(&["import", "counts", &file, "--mapping", &mapping]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("counts no passage"),
        "{told}"
    );
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 0);
}

#[tokio::test]
async fn what_cannot_be_imported_is_told_once_and_nothing_is_stored() {
    let parvis = TestParvis::start(LIBRARY).await;
    let told = |file: &str, mapping: &str| {
        let file = parvis.write("counts.csv", file);
        let mapping = parvis.write("mapping.toml", mapping);
        let output = parvis.command(&["import", "counts", &file, "--mapping", &mapping]);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let future = "Start;In;Out\n03/11/2099 08:00;120;10\n03/11/2099 09:00;1;1\n";
    let every = told(future, MAPPING);
    assert!(
        every.contains("no line of")
            && every.contains("counts.csv:3: 2099-11-03T09:00:00Z is in the future"),
        "{every}"
    );
    let without = MAPPING.replace(", minutes = 60", "");
    assert_eq!(told(FILE, &without).matches("a delta needs").count(), 1);
    let gateway = told(FILE, &MAPPING.replace("\"doors\"", "\"dors\""));
    assert!(
        gateway.contains("no gateway is called \"dors\""),
        "{gateway}"
    );
    assert!(told("", MAPPING).contains("counts.csv: is empty"));
    let binary = told("PK\u{3}\u{4}\u{1b}[2J;1;2\n", MAPPING);
    assert!(
        binary.contains("counts.csv: is not text") && !binary.contains('\u{1b}'),
        "{binary}"
    );
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 0);
    let one = parvis.write(
        "counts.csv",
        "Start;In;Out\n03/11/2025 08:00;120;10\nwhen;1;1\n",
    );
    let mapping = parvis.write("mapping.toml", MAPPING);
    let said = parvis.run(&["import", "counts", &one, "--mapping", &mapping]);
    assert!(
        said.contains("1 reading: 1 stored") && said.contains("; 1 line refused."),
        "{said}"
    );
}
