//! A PostgreSQL of one's own, for the demo and the tests: Debian's server, reached over a unix socket only.
//!
//! PostgreSQL refuses to run as root, so for root it runs as user `postgres`, which Debian's package makes.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::unistd::{User, chown, geteuid};

use crate::error::Error;

/// The role that the service runs as: it owns nothing.
pub const SERVICE_ROLE: &str = "parvis_service";

/// A cluster in a directory.
#[derive(Debug, Clone)]
pub struct Cluster {
    data: PathBuf,
    socket: PathBuf,
    programs: PathBuf,
}

impl Cluster {
    /// The cluster of a directory; it need not be there yet.
    ///
    /// # Errors
    /// When PostgreSQL is not installed.
    pub fn at(directory: &Path) -> Result<Self, Error> {
        let directory = std::path::absolute(directory).map_err(Error::internal)?;
        // A socket's address holds 107 bytes; a directory may be deeper than that.
        let digest = openssl::sha::sha256(directory.as_os_str().as_encoded_bytes());
        let name = hex::encode(digest);
        Ok(Self {
            data: directory.join("data"),
            socket: std::env::temp_dir().join(format!("parvis-{name:.12}")),
            programs: programs()?,
        })
    }

    /// Makes the cluster if need be and starts it; one that runs is left running.
    ///
    /// # Errors
    /// When the directory cannot be used or the server does not start.
    pub fn start(&self) -> Result<(), Error> {
        if self.is_running() {
            return Ok(());
        }
        for directory in [&self.data, &self.socket] {
            std::fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
            own(directory)?;
        }
        if !self.data.join("PG_VERSION").exists() {
            let data = self.data.display().to_string();
            self.run(
                "initdb",
                &[
                    "-D",
                    &data,
                    "-A",
                    "trust",
                    "-U",
                    "parvis",
                    "--locale=C.UTF-8",
                    "-k",
                    "--no-sync",
                ],
            )?;
        }
        let options = format!(
            "-k {} -c listen_addresses='' -c shared_buffers=256MB -c max_wal_size=2GB -c wal_compression=lz4 -c jit=off",
            self.socket.display()
        );
        let log = self.data.join("log");
        let (data, log) = (self.data.display().to_string(), log.display().to_string());
        self.run(
            "pg_ctl",
            &[
                "-D", &data, "-o", &options, "-l", &log, "-w", "-t", "60", "start",
            ],
        )?;
        Ok(())
    }

    /// Stops the server.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn stop(&self) -> Result<(), Error> {
        if self.is_running() {
            self.run(
                "pg_ctl",
                &[
                    "-D",
                    &self.data.display().to_string(),
                    "-m",
                    "fast",
                    "-w",
                    "stop",
                ],
            )?;
        }
        Ok(())
    }

    /// Makes the role that the service runs as, and that owns nothing, unless it is there.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn ensure_service_role(&self) -> Result<(), Error> {
        let socket = self.socket.display().to_string();
        let output = self
            .command("createuser", &["-h", &socket, "-U", "parvis", SERVICE_ROLE])
            .output()
            .map_err(Error::internal)?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() || told.contains("already exists") {
            return Ok(());
        }
        Err(Error::Conflict(format!(
            "createuser {SERVICE_ROLE}: {told}"
        )))
    }

    /// Makes a database that is not there yet.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn ensure_database(&self, name: &str) -> Result<(), Error> {
        let socket = self.socket.display().to_string();
        let output = self
            .command("createdb", &["-h", &socket, "-U", "parvis", name])
            .output()
            .map_err(Error::internal)?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() || told.contains("already exists") {
            return Ok(());
        }
        Err(Error::Conflict(format!("createdb {name}: {told}")))
    }

    /// The address of a database in it, for the role that owns the schema.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "host={} user=parvis dbname={database}",
            self.socket.display()
        )
    }

    /// The address of a database in it, for the role that the service runs as.
    #[must_use]
    pub fn service_url(&self, database: &str) -> String {
        format!(
            "host={} user={SERVICE_ROLE} dbname={database}",
            self.socket.display()
        )
    }

    /// The process of its server.
    #[must_use]
    pub fn process(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    fn is_running(&self) -> bool {
        let data = self.data.display().to_string();
        self.command("pg_ctl", &["-D", &data, "status"])
            .output()
            .is_ok_and(|output| output.status.success())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<Output, Error> {
        let output = self
            .command(program, arguments)
            .output()
            .map_err(Error::internal)?;
        if output.status.success() {
            return Ok(output);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(Error::Conflict(format!(
            "{program} failed: {}; its log is in {}",
            told.trim(),
            self.data.display()
        )))
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let path = self.programs.join(program);
        let mut command = if geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
            if !can_reach(&self.data) {
                // The directory lies below one that only root may enter, such as root's home.
                command.args([
                    "--inh-caps=+dac_read_search",
                    "--ambient-caps=+dac_read_search",
                ]);
            }
            command.arg("--").arg(path);
            command
        } else {
            Command::new(path)
        };
        command
            .args(arguments)
            .current_dir("/")
            .env("LC_ALL", "C.UTF-8");
        command
    }
}

/// The newest server that Debian installed, or the one on the path.
pub(super) fn programs() -> Result<PathBuf, Error> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max();
    newest.ok_or_else(|| {
        Error::Conflict(
            "PostgreSQL is not installed; Debian's package is called postgresql".to_owned(),
        )
    })
}

/// Gives a directory to the user the server runs as.
fn own(directory: &Path) -> Result<(), Error> {
    if geteuid().is_root() {
        let user = User::from_name("postgres").map_err(Error::internal)?;
        let user = user.ok_or_else(|| Error::Conflict("there is no user postgres".to_owned()))?;
        chown(directory, Some(user.uid), Some(user.gid)).map_err(Error::internal)?;
    }
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(directory, private).map_err(|error| unusable(directory, &error))
}

/// Whether every directory above one lets others through.
fn can_reach(directory: &Path) -> bool {
    directory
        .ancestors()
        .skip(1)
        .all(|above| std::fs::metadata(above).map_or(true, |metadata| metadata.mode() & 0o001 != 0))
}

fn unusable(directory: &Path, error: &std::io::Error) -> Error {
    Error::Conflict(format!("{}: {error}", directory.display()))
}
