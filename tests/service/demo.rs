//! The demo campus: ready when it says so, alive, gone after Ctrl-C, and back in seconds.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Client;
use serde_json::Value;

/// Ports that no other test uses.
const HTTPS: &str = "18443";
const HTTP: &str = "18080";

struct Demo {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Demo {
    /// Starts it and waits until it says that it is ready.
    fn start(directory: &PathBuf) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
        command
            .arg("demo")
            .arg("--directory")
            .arg(directory)
            .args(["--days", "2"]);
        command
            .env("HTTPS_PORT", HTTPS)
            .env("HTTP_PORT", HTTP)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut told = String::new();
        while !told.contains(&format!("Parvis is ready: https://localhost:{HTTPS}\n")) {
            let read = output.read_line(&mut told).unwrap();
            assert!(read > 0, "it ended: {told}");
        }
        Self { process, output }
    }

    /// Presses Ctrl-C and waits until it is gone.
    fn interrupt(&mut self) -> Duration {
        let since = Instant::now();
        kill(
            Pid::from_raw(i32::try_from(self.process.id()).unwrap()),
            Signal::SIGINT,
        )
        .unwrap();
        let mut rest = String::new();
        while self.output.read_line(&mut rest).unwrap() > 0 {}
        assert!(self.process.wait().unwrap().success(), "{rest}");
        since.elapsed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_ready_alive_gone_and_back_in_seconds() {
    let directory =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("demo-{}", std::process::id()));
    let mut demo = Demo::start(&directory);
    let client = Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let spaces = || async {
        let answer = client
            .get(format!("https://localhost:{HTTPS}/api/v1/spaces"))
            .send()
            .await
            .unwrap();
        serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
    };
    let first = spaces().await;
    let all = first["spaces"]
        .as_array()
        .or_else(|| first.as_array())
        .unwrap()
        .clone();
    assert!(all.len() >= 8, "{first}");
    assert!(
        all.iter()
            .all(|space| space["present"].is_i64() && space["stale"] == false),
        "{first}"
    );
    let plain = client
        .get(format!("http://localhost:{HTTP}/spaces/gym"))
        .send()
        .await
        .unwrap();
    assert_eq!(plain.status(), 308);
    assert_eq!(
        plain.headers()["location"],
        format!("https://localhost:{HTTPS}/spaces/gym")
    );
    assert!(demo.interrupt() < Duration::from_secs(15));

    let since = Instant::now();
    let mut again = Demo::start(&directory);
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "a second run takes {:?}",
        since.elapsed()
    );
    assert_eq!(
        spaces().await["spaces"].as_array().map(Vec::len),
        first["spaces"].as_array().map(Vec::len)
    );
    again.interrupt();
    std::fs::remove_dir_all(&directory).unwrap();
}
