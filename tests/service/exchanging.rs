//! Exchange accounts: files of counts that were dropped come in, once, and what is no such file is refused with a reason.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::harness::{LIBRARY, Server, TestParvis};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8Ht8Z3j6yDWPBHQtOp/R9rjWvfMYo3MSA/K6q8D86r gates\n";

const MAPPING: &str = r#"
gateway = "doors"
device = "AA:01"
channel = "logic-1"
time = { columns = ["Start"], format = "%d/%m/%Y %H:%M", zone = "Europe/Paris", minutes = 60 }
counts = { semantics = "delta", forward = "In", backward = "Out" }
"#;

const FILE: &str = "Start;In;Out\n03/11/2025 08:00;120;10\n03/11/2025 09:00;closed;30\n";

/// An account with its directories, as systemd-tmpfiles would make them.
struct Gates {
    parvis: TestParvis,
    home: PathBuf,
}

impl Gates {
    fn new() -> Self {
        let server = Server::shared();
        let database = server.database();
        let files = std::env::temp_dir().join(format!(
            "parvis-gates-{}-{}",
            std::process::id(),
            database.len() + database.bytes().map(usize::from).sum::<usize>()
        ));
        let _ = std::fs::remove_dir_all(&files);
        let place = files.display();
        let settings =
            format!("[exchange]\naccounts = \"{place}/accounts\"\nfiles = \"{place}\"\n");
        let parvis = TestParvis::prepare(server, database, &settings);
        parvis.apply(LIBRARY);
        let home = files.join("gates");
        for directory in ["in", "done", "refused"] {
            std::fs::create_dir_all(home.join(directory)).unwrap();
        }
        let key = parvis.write("gates.pub", KEY);
        let mapping = parvis.write("north.toml", MAPPING);
        let added = parvis.run(&[
            "exchange",
            "add",
            "gates",
            "--key",
            &key,
            "--mapping",
            &mapping,
        ]);
        assert!(added.contains("gates: user 30001"), "{added}");
        Self { parvis, home }
    }

    fn drop_file(&self, name: &str, text: &str, age: Duration) {
        let path = self.home.join("in").join(name);
        std::fs::write(&path, text).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    fn import(&self) -> (bool, String) {
        let output = self.parvis.command(&["exchange", "import"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    }

    /// What lies in a directory: names without the time they begin with, and texts.
    fn files(&self, directory: &str) -> Vec<(String, String)> {
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let entries = std::fs::read_dir(self.home.join(directory)).unwrap();
        let mut files: Vec<(String, String)> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let plain = name.split_once('-').map_or(name.as_str(), |(_, rest)| rest);
                (plain.to_owned(), read(&path))
            })
            .collect();
        files.sort();
        files
    }
}

impl Drop for Gates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.home.parent().unwrap());
    }
}

const LONG_AGO: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_file_that_was_dropped_comes_in_and_is_answered() {
    let gates = Gates::new();
    gates.drop_file("north-november.csv", FILE, LONG_AGO);
    gates.drop_file("north-still-arriving.csv", FILE, Duration::ZERO);
    let (is_well, said) = gates.import();
    assert!(is_well, "{said}");
    let done = gates.files("done");
    let names: Vec<&str> = done.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["north-november.csv", "north-november.csv.txt"]);
    assert_eq!(done[0].1, FILE);
    let report = &done[1].1;
    assert!(report.contains("1 reading: 1 stored"), "{report}");
    assert!(report.contains("\"closed\" is not a count"), "{report}");
    assert_eq!(gates.parvis.number("SELECT count(*) FROM readings"), 1);
    assert_eq!(gates.files("in").len(), 1, "what still arrives is left");
    assert_eq!(gates.files("refused"), []);
}

#[tokio::test]
async fn what_is_no_file_of_counts_is_refused_with_a_reason_and_tells_no_secret() {
    let gates = Gates::new();
    let secret = gates
        .parvis
        .write("secret.pem", "Start;In;Out\nPRIVATE;1;1\n");
    let link = gates.home.join("in/north.csv");
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    let aged = std::process::Command::new("touch")
        .args(["--no-dereference", "--date", "2020-01-01"])
        .arg(&link)
        .status();
    assert!(aged.unwrap().success());
    gates.drop_file("elsewhere.csv", FILE, LONG_AGO);
    std::fs::create_dir(gates.home.join("in/north-directory.csv")).unwrap();
    let touched = std::process::Command::new("touch")
        .args(["--date", "2020-01-01"])
        .arg(gates.home.join("in/north-directory.csv"))
        .status();
    assert!(touched.unwrap().success());
    let (is_well, said) = gates.import();
    assert!(!is_well && said.contains("3 files refused"), "{said}");
    assert_eq!(gates.files("in"), []);
    assert_eq!(gates.files("done"), []);
    let reports: Vec<(String, String)> = gates
        .files("refused")
        .into_iter()
        .filter(|(name, _)| name.ends_with(".txt"))
        .collect();
    assert_eq!(reports.len(), 3);
    for (name, report) in &reports {
        assert!(!report.contains("PRIVATE"), "{name}: {report}");
        let reason = if name.starts_with("elsewhere") {
            "begins with that of no mapping"
        } else {
            "it is no file"
        };
        assert!(report.contains(reason), "{name}: {report}");
    }
    assert!(Path::new(&secret).exists());
    assert_eq!(gates.parvis.number("SELECT count(*) FROM readings"), 0);
}

#[tokio::test]
async fn the_ssh_server_is_told_the_keys_of_exchange_accounts_only() {
    let gates = Gates::new();
    let told = |user: &str| gates.parvis.run(&["ssh", "keys", user]);
    assert_eq!(told("gates"), format!("restrict {KEY}"));
    assert_eq!(
        (told("operator"), told("root")),
        (String::new(), String::new())
    );
    gates.parvis.run(&["exchange", "remove", "gates"]);
    assert_eq!(told("gates"), "");
}

#[tokio::test]
async fn operators_are_admitted_and_revoked_by_their_keys() {
    let server = Server::shared();
    let database = server.database();
    let parvis = TestParvis::prepare(server, database, "");
    let file = parvis.directory.join("operator");
    let operators = format!("--operators={}", file.display());
    let ada = KEY.replace(" gates", " Ada");
    let key = parvis.write("ada.pub", &ada);
    parvis.run(&["ssh", "admit", &operators, &key]);
    parvis.run(&["ssh", "admit", &operators, &key]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), ada);
    let listed = parvis.run(&["ssh", "list", &operators]);
    let fingerprint = listed.split(' ').next().unwrap();
    assert!(
        fingerprint.starts_with("SHA256:") && listed.ends_with(" Ada\n"),
        "{listed}"
    );
    parvis.run(&["ssh", "revoke", &operators, fingerprint]);
    let nobody = parvis.run(&["ssh", "list", &operators]);
    assert!(nobody.starts_with("No operator comes in"), "{nobody}");
}

#[tokio::test]
async fn the_set_up_names_the_first_operator_and_nobody_after_it_does() {
    let server = Server::shared();
    let database = server.database();
    let parvis = TestParvis::prepare(server, database, "");
    parvis.as_machine(true);
    let file = parvis.directory.join("operator");
    let operators = format!("--operators={}", file.display());
    let first = || parvis.run(&["ssh", "first", &operators]);
    let named = parvis.directory.join("first-operator.pub");
    std::fs::write(&named, "").unwrap();
    first();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    // What the service could write later changes nothing: the file is there.
    std::fs::write(&named, KEY).unwrap();
    first();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    std::fs::remove_file(&file).unwrap();
    first();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), KEY);
}

#[tokio::test]
async fn an_operator_who_came_in_runs_parvis_and_a_recorded_shell_and_nothing_else() {
    let gates = Gates::new();
    for asked in [
        "rm -rf /",
        "/usr/bin/parvis errors",
        "shell -c id",
        "parvis 'errors",
    ] {
        let output = gates.parvis.command(&["ssh", "session", "--asked", asked]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{asked}");
        let is_refused = said.contains("operators may run") || said.contains("quote");
        assert!(is_refused, "{asked}: {said}");
    }
}
