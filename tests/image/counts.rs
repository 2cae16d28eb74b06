//! Counting: a place is described over SSH, a counter sends what it counted over 443, and the page shows it.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use crate::lab::{GUEST, Lab};
use crate::machine::within;
use crate::ports::ssh;

const CAMPUS: &str = r#"
[institution]
name = { fr = "Université d’Exemple", en = "Example University" }
time_zone = "Europe/Paris"
security_officer = "Ada Moreau"
security_contact = "mailto:security@uni.example"

[[site]]
slug = "library"
name = { fr = "Bibliothèque", en = "Library" }
kind = "library"
opening_hours = "24/7"

[[space]]
slug = "hall"
site = "library"
name = { fr = "Salle", en = "Hall" }
capacity = [{ since = 2020-01-01, comfort = 1000000 }]
drift_correction = false

[[passage]]
name = "Door"
from = "outside"
to = "hall"

[[gateway]]
name = "gate"
family = "json"

[gateway.mapping]
device = "/gate"
time = { pointer = "/at", format = "rfc3339" }

[[gateway.mapping.channel]]
key = { value = "total" }
semantics = "cumulative"
wrap = 1000000
forward = "/in"
backward = "/out"

[[sensor]]
gateway = "gate"
device = "door"

[[sensor.channel]]
key = "total"
passage = "Door"
"#;

pub(crate) fn readings_come_in_and_are_shown(lab: &mut Lab) {
    let key = lab.key();
    lab.machine();
    let applied = ssh(&key, "parvis apply -", CAMPUS);
    assert!(applied.success, "{}", applied.text);
    let secret = ssh(&key, "parvis gateway secret gate", "");
    assert!(secret.success, "{}", secret.text);
    let secret = secret
        .text
        .trim()
        .lines()
        .next_back()
        .expect("a secret")
        .to_owned();
    assert_eq!(send("wrong", 0), "401");
    for count in [0, 7] {
        assert_eq!(send(&secret, count), "200", "the counter stands at {count}");
    }
    within(Duration::from_secs(60), "the hall to hold 7", || {
        people().filter(|people| *people == 7)
    });
    lab.remember_secret(secret);
}

/// How many people the hall holds, as its page tells programs.
pub(crate) fn people() -> Option<u64> {
    let output = Command::new("curl")
        .args(["--silent", "--insecure", "--max-time", "30"])
        .arg(format!("https://{GUEST}/api/v1/spaces/hall"))
        .output()
        .expect("curl runs");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    answer.get("present")?.as_u64()
}

/// Sends where the counter stands; the status of the answer.
fn send(secret: &str, count: u64) -> String {
    let body = format!(
        "{{\"gate\": \"door\", \"at\": \"{}\", \"in\": {count}, \"out\": 0}}",
        chrono::Utc::now().to_rfc3339()
    );
    let output = Command::new("curl")
        .args([
            "--silent",
            "--insecure",
            "--max-time",
            "30",
            "--output",
            "/dev/null",
        ])
        .args(["--write-out", "%{http_code}", "--header"])
        .arg(format!("Authorization: Bearer {secret}"))
        .args([
            "--header",
            "Content-Type: application/json",
            "--data",
            &body,
        ])
        .arg(format!("https://{GUEST}/ingest/gate"))
        .output()
        .expect("curl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A counter that somebody walks through all the time.
pub(crate) struct Walking {
    acknowledged: Arc<AtomicU64>,
    ends: Arc<AtomicBool>,
    walker: Option<JoinHandle<()>>,
}

impl Walking {
    pub(crate) fn begin(secret: String, from: u64) -> Self {
        let acknowledged = Arc::new(AtomicU64::new(from));
        let ends = Arc::new(AtomicBool::new(false));
        let (told, end) = (Arc::clone(&acknowledged), Arc::clone(&ends));
        let walker = spawn(move || {
            for count in from + 1.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                if send(&secret, count) == "200" {
                    told.store(count, Ordering::Relaxed);
                }
            }
        });
        Self {
            acknowledged,
            ends,
            walker: Some(walker),
        }
    }

    /// The last reading that was acknowledged.
    pub(crate) fn end(mut self) -> u64 {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(walker) = self.walker.take() {
            walker.join().expect("the walker does not fall");
        }
        self.acknowledged.load(Ordering::Relaxed)
    }
}
