//! The command line itself: how it ends when nobody reads on, and what it says when it cannot begin.

use std::process::{Command, Output, Stdio};

use crate::harness::{LIBRARY, TestParvis};

fn parvis(config: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
    command.args(["--config", config]).args(arguments);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_command_whose_reader_left_ends_quietly() {
    let parvis = TestParvis::start(LIBRARY).await;
    let config = parvis.directory.join("parvis.toml");
    for arguments in [
        &["decode", "--gateway", "milesight-vs350", "04cc12001600"][..],
        &["sensors", "--json"],
        &["gateway", "list"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
        command.arg("--config").arg(&config).args(arguments);
        let output = command
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert_eq!(
            (output.status.code(), said(&output)),
            (Some(141), String::new())
        );
    }
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
    command.args(["decode", "--gateway", "milesight-vs350", "04cc12001600"]);
    command.stdout(full.unwrap()).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("nothing can be printed"));
}

#[tokio::test]
async fn only_the_owner_of_the_schema_migrates_and_only_when_there_is_something_to_do() {
    let service = TestParvis::start(LIBRARY).await;
    let current = service.command(&["migrate"]);
    assert_eq!(
        String::from_utf8_lossy(&current.stdout),
        "The schema is up to date.\n"
    );
    let settings = std::fs::read_to_string(service.directory.join("parvis.toml")).unwrap();
    let settings = settings.replace("[database]", "[database]\nservice_role = \"somebody\"");
    let output = parvis(&service.write("rights.toml", settings), &["migrate"]);
    let said = said(&output);
    assert!(
        !output.status.success()
            && said.contains("may not change the schema: run parvis migrate as"),
        "{said}"
    );
}

#[test]
fn settings_that_cannot_be_used_are_told_once() {
    let missing = said(&parvis("/nowhere/parvis.toml", &["sensors"]));
    assert_eq!(missing.matches("No such file").count(), 1, "{missing}");
    let directory = std::env::temp_dir().join(format!("parvis-settings-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("parvis.toml");
    let config = file.to_str().unwrap();
    std::fs::write(&file, "[auth]\nclock_skew_seconds = 999\n").unwrap();
    assert_eq!(
        said(&parvis(config, &["serve"])),
        format!(
            "parvis: {config}:2: auth.clock_skew_seconds is 999: a whole number from 0 to 300\n"
        )
    );
    let unreachable = "[database]\nurl = \"host=/nowhere dbname=parvis\"\n";
    std::fs::write(&file, unreachable).unwrap();
    let told = said(&parvis(config, &["sensors"]));
    assert_eq!(told.matches("connection to server").count(), 1, "{told}");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn numbers_out_of_range_are_told_with_their_range() {
    let parvis = TestParvis::start(LIBRARY).await;
    for (arguments, range) in [
        (&["recount", "library", "-5"][..], "-5 is not in 0..=100000"),
        (
            &["gateway", "secret", "doors", "--overlap-hours", "-1"],
            "-1 is not in 0..=8760",
        ),
        (
            &["gateway", "secret", "doors", "--overlap-hours", "999999999"],
            "999999999 is not in 0..=8760",
        ),
        (
            &[
                "replay",
                "x",
                "--mapping",
                "y",
                "--secret",
                "z",
                "--speed",
                "-1",
            ],
            "--speed is a number from 0.01 to 100000",
        ),
        (
            &["recount", "library", "5", "--at", "1990-01-01T00:00:00Z"],
            "one of the last 7 days",
        ),
        (
            &["recount", "library", "5", "--at", "2099-01-01"],
            "write a day and a time of Europe/Paris",
        ),
        (
            &["recount", "library", "5", "--at", "2099-01-01 10:00"],
            "nobody has counted in the future",
        ),
    ] {
        let output = parvis.command(arguments);
        let said = said(&output);
        assert!(
            !output.status.success() && said.contains(range),
            "{arguments:?}: {said}"
        );
    }
}
