//! A real ACME directory for a test: Debian's pebble, at the address of a Parvis.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use openssl::x509::X509;
use parvis::appliance::certificate::make;
use serde_json::json;

use crate::harness::{PATIENCE, TestParvis};

/// How it behaves.
pub(crate) struct Habits {
    /// Seconds that its certificates are valid.
    pub(crate) life: u64,
    /// The port it asks for answers.
    pub(crate) asks_on: u16,
    /// Seconds it may take before it asks.
    pub(crate) sleeps: Option<u32>,
    /// An account that it must be told, and its key.
    pub(crate) binding: Option<(&'static str, &'static str)>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            life: 86_400,
            asks_on: 21080,
            sleeps: None,
            binding: None,
        }
    }
}

/// A directory that runs until the test ends.
pub(crate) struct Pebble {
    host: String,
    directory: PathBuf,
    child: Child,
}

impl Pebble {
    /// One at the address of a service.
    pub(crate) async fn start(parvis: &TestParvis, habits: &Habits) -> Self {
        let (host, directory) = (parvis.host().to_owned(), parvis.directory.join("pebble"));
        std::fs::create_dir_all(&directory).unwrap();
        let pair = make(&host).unwrap();
        let path = |name: &str| directory.join(name);
        std::fs::write(path("certificate.pem"), pair.chain_pem().unwrap()).unwrap();
        std::fs::write(path("key.pem"), pair.key_pem().unwrap()).unwrap();
        let mut configuration = json!({
            "listenAddress": format!("{host}:21014"),
            "managementListenAddress": format!("{host}:21015"),
            "certificate": path("certificate.pem"),
            "privateKey": path("key.pem"),
            "httpPort": habits.asks_on,
            "tlsPort": 21016,
            "externalAccountBindingRequired": habits.binding.is_some(),
            "certificateValidityPeriod": habits.life,
        });
        if let Some((id, key)) = habits.binding {
            configuration["externalAccountMACKeys"] = json!({ id: key });
        }
        let configuration = json!({ "pebble": configuration }).to_string();
        std::fs::write(path("pebble.json"), configuration).unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let mut command = Command::new("/usr/bin/pebble");
        match habits.sleeps {
            None => command.env("PEBBLE_VA_NOSLEEP", "1"),
            Some(seconds) => command.env("PEBBLE_VA_SLEEPTIME", seconds.to_string()),
        };
        let child = command
            .env("PEBBLE_AUTHZREUSE", "0")
            // It refuses one good nonce in twenty, so three in a row in one run of a hundred: who tries three times fails then.
            .env("PEBBLE_WFE_NONCEREJECT", "1")
            .arg("-config")
            .arg(path("pebble.json"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("pebble is missing: run make packages-test");
        let pebble = Self {
            host,
            directory,
            child,
        };
        let since = Instant::now();
        while parvis.client.get(pebble.address()).send().await.is_err() {
            assert!(since.elapsed() < PATIENCE, "pebble: {}", pebble.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        pebble
    }

    /// The address of the directory at a service.
    pub(crate) fn address_at(host: &str) -> String {
        format!("https://{host}:21014/dir")
    }

    fn address(&self) -> String {
        Self::address_at(&self.host)
    }

    /// The file of the authority that vouches for its HTTPS.
    pub(crate) fn ca_file(parvis_directory: &Path) -> PathBuf {
        parvis_directory.join("pebble/certificate.pem")
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// How often an address of it was asked.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.log().matches(&format!("POST {path} ->")).count()
    }

    /// The root that vouches for the certificates it issues.
    pub(crate) async fn root(&self, parvis: &TestParvis) -> X509 {
        let address = format!("https://{}:21015/roots/0", self.host);
        let answer = parvis.send(parvis.client.get(address)).await;
        X509::from_pem(&answer.bytes).unwrap()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
