//! A whole Parvis to measure: the real binary, on a database of its own in a PostgreSQL that only the measurements use.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use parvis::appliance::certificate::{self, Files};
use parvis::appliance::cluster::Cluster;

use crate::campus;
use crate::driver::Connection;

/// How long Parvis may take to get ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where measurements run: a PostgreSQL, a certificate, and addresses of their own.
pub(crate) struct Place {
    pub(crate) cluster: Cluster,
    pub(crate) directory: PathBuf,
}

impl Place {
    pub(crate) fn prepare() -> anyhow::Result<Self> {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
        let cluster = Cluster::at(&directory.join("postgres"))?;
        cluster.start()?;
        let place = Self { cluster, directory };
        let files = Files::of(&place.certificate(), &place.key());
        certificate::ensure(&files, "localhost")?;
        Ok(place)
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("certificate.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.directory.join("key.pem")
    }

    /// An address that nobody else on this machine listens on.
    pub(crate) fn address(number: u8) -> anyhow::Result<SocketAddr> {
        let process = std::process::id();
        let part = |value: u32| u8::try_from(1 + value % 250);
        let host = Ipv4Addr::new(127, part(process / 250)?, part(process)?, number);
        Ok(SocketAddr::from((host, 21443)))
    }

    /// A new database with the schema; one that an earlier run left is replaced.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        PgConnection::establish(&self.cluster.url("postgres"))?
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        self.cluster.ensure_database(name)?;
        let url = self.cluster.url(name);
        parvis::persistence::migrate(&url, None, None)?;
        Ok(url)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A Parvis that runs until it is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) database: String,
    /// The secret of the sensors' gateway.
    pub(crate) secret: String,
    settings: PathBuf,
    socket: PathBuf,
    child: Child,
}

impl Service {
    /// Starts with the measured campus and waits until it answers.
    pub(crate) fn start(place: &Place, name: &str) -> anyhow::Result<Self> {
        let directory = place.directory.join(name);
        std::fs::create_dir_all(&directory)?;
        let address = Place::address(1)?;
        let redirect = SocketAddr::new(address.ip(), 21080);
        let database = place.database(name)?;
        // The socket's address must be short.
        let socket = std::env::temp_dir().join(format!("parvis-bench-{}.sock", std::process::id()));
        let settings = directory.join("parvis.toml");
        let text = format!(
            "[web]\npublic_name = \"localhost\"\nhttps = \"{address}\"\nhttp = \"{redirect}\"\ncertificate = \"{}\"\n\
             key = \"{}\"\nlocal_socket = \"{}\"\n[database]\nurl = \"{database}\"\n",
            place.certificate().display(),
            place.key().display(),
            socket.display(),
        );
        std::fs::write(&settings, text)?;
        let campus = directory.join("campus.toml");
        std::fs::write(&campus, campus::description())?;
        command(&settings, &["apply", &campus.display().to_string()])?;
        let secret = command(&settings, &["gateway", "secret", campus::GATEWAY])?;
        let child = Command::new(env!("CARGO_BIN_EXE_parvis"))
            .arg("--config")
            .arg(&settings)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(directory.join("log"))?)
            .spawn()?;
        let mut service = Self {
            address,
            database,
            secret: secret.trim().to_owned(),
            settings,
            socket,
            child,
        };
        service.wait_until_ready()?;
        Ok(service)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let request = get("/health/ready");
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let answered = Connection::open(self.address, None)
                .and_then(|mut connection| Ok(connection.ask(&request)?.is_success()));
            if matches!(answered, Ok(true)) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("Parvis ended with {status}: {}", self.log());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("Parvis is not ready: {}", self.log())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.settings.with_file_name("log")).unwrap_or_default()
    }

    pub(crate) fn process(&self) -> anyhow::Result<i32> {
        Ok(i32::try_from(self.child.id())?)
    }

    /// One of the numbers that Parvis shows to Prometheus.
    pub(crate) fn metric(&self, name: &str) -> anyhow::Result<u64> {
        let mut socket = UnixStream::connect(&self.socket)?;
        socket
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        socket.read_to_string(&mut text)?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.context("no such metric")?.trim().parse()?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// Runs a command of the binary and returns what it printed.
fn command(settings: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_parvis"))
        .arg("--config")
        .arg(settings)
        .args(arguments)
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(
        output.status.success(),
        "parvis {}: {told}",
        arguments.join(" ")
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// A request for a page, as a browser without compression makes it.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-language: fr\r\n\r\n").into_bytes()
}
