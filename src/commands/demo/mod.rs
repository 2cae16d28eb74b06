//! `parvis demo`: a campus to look at, on a database of its own, with sensors that speak like real ones.

mod campus;
pub(super) mod payloads;
mod random;
mod simulator;
mod world;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use super::person;
use crate::actions::apply_description::{Others, apply};
use crate::actions::choose_password::invite_within;
use crate::actions::replace_secret::replace_blocking;
use crate::appliance::cluster::{Cluster, SERVICE_ROLE};
use crate::clock::Clock;
use crate::config::{Settings, read_campus};
use crate::domain::actor::{Actor, Grant};
use crate::domain::person::NewPerson;
use crate::domain::role::Role;
use crate::parvis::Parvis;
use crate::persistence::{self, people};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the demo keeps its database and certificate.
    #[arg(long, default_value = ".demo")]
    directory: PathBuf,
    /// The port of HTTPS.
    #[arg(long, env = "HTTPS_PORT", default_value_t = 8443)]
    https_port: u16,
    /// The port of HTTP.
    #[arg(long, env = "HTTP_PORT", default_value_t = 8080)]
    http_port: u16,
    /// Days of history that the sensors send first.
    #[arg(long, default_value_t = 10)]
    days: u32,
}

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments {
        directory,
        https_port,
        http_port,
        days,
    } = arguments;
    std::fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    let directory = std::path::absolute(&directory)?;
    println!(
        "Database: a PostgreSQL of its own in {}",
        directory.join("postgres").display()
    );
    let cluster = Cluster::at(&directory.join("postgres"))?;
    cluster.start()?;
    let outcome = with_database(&cluster, &directory, https_port, http_port, days);
    println!("Stopping the database");
    cluster.stop()?;
    outcome
}

fn with_database(
    cluster: &Cluster,
    directory: &Path,
    https: u16,
    http: u16,
    days: u32,
) -> anyhow::Result<()> {
    cluster.ensure_database("parvis")?;
    cluster.ensure_service_role()?;
    for name in persistence::migrate(&cluster.url("parvis"), Some(SERVICE_ROLE), None)?.done {
        println!("Database: migrated {name}");
    }
    let config = directory.join("parvis.toml");
    write(
        &config,
        &settings(directory, &cluster.service_url("parvis"), https, http),
    )?;
    let described = directory.join("campus.toml");
    write(&described, campus::DESCRIPTION)?;
    let parvis = Parvis::new(Settings::read(&config)?, Clock::System);
    let now = parvis.clock.now();
    apply(
        &parvis.database,
        &Actor::console("demo"),
        &read_campus(&described)?,
        Others::Keep,
        now,
    )?;
    println!("Campus: described by {}", described.display());
    let campus = parvis.reload_campus()?;
    let mut secrets = campus::Secrets::read(&directory.join("secrets.toml"));
    for known in campus
        .gateways
        .values()
        .filter(|known| known.gateway.name != "simulator")
    {
        let name = &known.gateway.name;
        if !secrets.opens(known, now) {
            secrets.set(
                name,
                replace_blocking(
                    &parvis.database,
                    &Actor::console("demo"),
                    name,
                    TimeDelta::hours(24),
                    now,
                )?,
            );
        }
    }
    secrets.write(&directory.join("secrets.toml"))?;
    let link = administrator(&parvis)?;
    let log = directory.join("parvis.log");
    let mut service = Service::start(&config, &log)?;
    println!("Service: its log is in {}", log.display());
    let address = format!("https://localhost:{https}");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let stopped = told_to_stop()?;
        tokio::pin!(stopped);
        let simulator = simulator::Simulator::new(
            &directory.join("certificate.pem"),
            https,
            secrets,
            days,
            &directory.join("simulated.json"),
        )?;
        tokio::select! {
            () = &mut stopped => return Ok(()),
            result = service.wait_until_ready(&simulator) => result?,
        }
        let play = simulator.play(|| {
            println!("\nParvis is ready: {address}");
            println!("Sign in as administrator: {link}");
            println!("The link is good once, for 48 hours.\n\nCtrl-C stops it.\n");
        });
        tokio::select! {
            () = &mut stopped => Ok(()),
            result = play => result,
            result = service.ended() => result,
        }
    });
    println!("\nStopping the service");
    service.stop();
    outcome
}

/// The link with which the administrator of the demo chooses a password: a new one at each start.
fn administrator(parvis: &Parvis) -> anyhow::Result<String> {
    const LOGIN: &str = "admin";
    let actor = Actor::console("demo");
    let now = parvis.clock.now();
    let known = parvis
        .database
        .read_blocking(|view| people::by_login(view, LOGIN))?;
    let secret = if let Some(person) = known {
        parvis
            .database
            .write_blocking(|tx| invite_within(tx, &actor, person.id, now))?
    } else {
        let new = NewPerson {
            name: "Demo administrator".to_owned(),
            email: None,
            login: Some(LOGIN.to_owned()),
        };
        let role = Grant {
            role: Role::InstitutionAdministrator,
            site: None,
        };
        person::add(parvis, &actor, new, Some(role))?
    };
    Ok(person::link(parvis, &secret))
}

fn settings(directory: &Path, url: &str, https: u16, http: u16) -> String {
    let directory = directory.display();
    format!(
        "# Written by parvis demo at each start.\n\
         [web]\npublic_name = \"localhost\"\nhttps = \"[::]:{https}\"\nhttp = \"[::]:{http}\"\n\
         certificate = \"{directory}/certificate.pem\"\nkey = \"{directory}/key.pem\"\n\
         local_socket = \"{directory}/parvis.sock\"\n\n\
         [database]\nurl = \"{url}\"\n\n\
         [auth]\nkey_file = \"{directory}/seal.key\"\n"
    )
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = File::create(path).with_context(|| path.display().to_string())?;
    file.write_all(text.as_bytes())
        .with_context(|| path.display().to_string())
}

/// Waits for Ctrl-C or the signal to end.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The service as a process of its own, as on an appliance.
struct Service(Child);

impl Service {
    fn start(config: &Path, log: &Path) -> anyhow::Result<Self> {
        let log = File::create(log).with_context(|| log.display().to_string())?;
        let child = Command::new(std::env::current_exe()?)
            .arg("--config")
            .arg(config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("the service does not start")?;
        Ok(Self(child))
    }

    async fn wait_until_ready(&mut self, simulator: &simulator::Simulator) -> anyhow::Result<()> {
        let since = Instant::now();
        while !simulator.is_ready().await {
            if let Some(status) = self.0.try_wait()? {
                bail!("the service ended with {status}; is the port taken? See its log");
            }
            if since.elapsed() > PATIENCE {
                bail!("the service does not answer; see its log");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    async fn ended(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                bail!("the service ended with {status}; see its log");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Ends it, politely first.
    fn stop(&mut self) {
        if let Ok(process) = i32::try_from(self.0.id()) {
            let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
        }
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(8) {
            if matches!(self.0.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
