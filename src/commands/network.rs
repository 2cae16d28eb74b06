//! `parvis network`: the place of the machine in its network. What is changed is tried for a minute and holds only when
//! somebody who still reaches the machine says so.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use crate::appliance::files;
use crate::appliance::systemd::start_unit;
use crate::config::Network;

/// How many seconds a change is tried.
const TRIAL: u64 = 60;

/// Files of the system are read by its own users.
const MODE: u32 = 0o644;

/// What the kernel calls the machine.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The unit that tries a change, with the rights it needs.
const TRYING: &str = "parvis-network-try.service";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what was decided.
    Show,
    /// Ask for a change, try it, and keep it when it is confirmed.
    Change,
    /// Keep the change that is being tried.
    Keep,
    /// Tell systemd what was decided; for the unit of that name.
    Apply {
        /// Below which directory; what runs is told only for /.
        #[arg(long, default_value = "/")]
        root: PathBuf,
    },
    /// Tell systemd what is proposed, and take it back after a minute unless it is kept; for the unit of that name.
    Try {
        /// Below which directory; what runs is told only for /.
        #[arg(long, default_value = "/")]
        root: PathBuf,
        /// How many seconds it is tried.
        #[arg(long, default_value_t = TRIAL)]
        seconds: u64,
    },
}

/// What is asked: the key, and the question.
const QUESTIONS: [(&str, &str); 6] = [
    ("host_name", "Host name"),
    (
        "addresses",
        "Addresses, such as 192.0.2.10/24 2001:db8::10/64 (none: DHCP)",
    ),
    ("gateways", "Gateways, such as 192.0.2.1"),
    ("dns", "Name servers (none: those of the network)"),
    ("domains", "Search domains"),
    ("ntp", "Time servers (none: those of the network)"),
];

pub(super) fn run(file: &Path, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Show => print!("{}", toml::to_string(&Network::read(file)?)?),
        Command::Change => change(file)?,
        Command::Keep => {
            if !Network::keep_proposed(file)? {
                bail!("no change is being tried; it was taken back after {TRIAL} seconds");
            }
            println!("Kept.");
        }
        Command::Apply { root } => apply(&Network::read(file)?, root)?,
        Command::Try { root, seconds } => attempt(file, root, Duration::from_secs(*seconds))?,
    }
    Ok(())
}

fn change(file: &Path) -> anyhow::Result<()> {
    println!(
        "An empty line keeps what stands in brackets; - empties it. Several are separated by spaces."
    );
    let mut network = Network::read(file)?;
    for (key, question) in QUESTIONS {
        let present = list(&mut network, key).join(" ");
        loop {
            let answer = ask(&format!("{question} [{present}]: "))?;
            let entered = match answer.as_str() {
                "" => break,
                "-" => Vec::new(),
                text => text.split_whitespace().map(str::to_owned).collect(),
            };
            set(&mut network, key, entered);
            let faults = network.faults();
            match faults
                .iter()
                .find(|fault| fault.field == key && fault.rule != "gateway-near")
            {
                Some(fault) => println!("  {}.", fault.message),
                None => break,
            }
        }
    }
    if let Some(fault) = network.faults().first() {
        bail!("{}: {}; nothing was changed", fault.field, fault.message);
    }
    let proposed = network.propose(file)?;
    if let Err(error) = start_unit(TRYING) {
        files::remove(&proposed)?;
        return Err(error.into());
    }
    println!("The change is tried for {TRIAL} seconds and then taken back, unless you keep it.");
    println!(
        "Where this connection breaks, come back at the new address and choose to keep it there: parvis network keep."
    );
    if ask("Keep it? [yes/no]: ")? == "yes" {
        return run(file, &Command::Keep);
    }
    println!("It is taken back.");
    files::remove(&Network::proposed(file)).map_err(Into::into)
}

fn list(network: &mut Network, key: &str) -> Vec<String> {
    match key {
        "host_name" => network.host_name.iter().cloned().collect(),
        "addresses" => network.addresses.clone(),
        "gateways" => network.gateways.clone(),
        "dns" => network.dns.clone(),
        "domains" => network.domains.clone(),
        _ => network.ntp.clone(),
    }
}

fn set(network: &mut Network, key: &str, entered: Vec<String>) {
    match key {
        "host_name" => network.host_name = entered.into_iter().next(),
        "addresses" => network.addresses = entered,
        "gateways" => network.gateways = entered,
        "dns" => network.dns = entered,
        "domains" => network.domains = entered,
        _ => network.ntp = entered,
    }
}

fn ask(question: &str) -> anyhow::Result<String> {
    print!("{question}");
    stdout().flush()?;
    let mut text = String::new();
    if stdin().lock().read_line(&mut text)? == 0 {
        bail!("the answers ended; what is tried is taken back");
    }
    Ok(text.trim().to_owned())
}

/// Writes what systemd reads, and tells what runs.
fn apply(network: &Network, root: &Path) -> anyhow::Result<()> {
    let Ok(rendered) = network.files() else {
        bail!("the network breaks a rule");
    };
    for (name, text) in rendered {
        let path = root.join("run").join(name);
        match text {
            Some(text) => files::replace(&path, text.as_bytes(), MODE),
            None => files::remove(&path),
        }
        .with_context(|| path.display().to_string())?;
    }
    if root != Path::new("/") {
        return Ok(());
    }
    if let Some(name) = &network.host_name {
        std::fs::write(HOST_NAME, name).context(HOST_NAME)?;
    }
    // At boot none of them runs yet, and each reads its files when it starts.
    for arguments in [
        &["try-reload-or-restart", "systemd-networkd.service"][..],
        &[
            "try-restart",
            "systemd-resolved.service",
            "systemd-timesyncd.service",
        ],
    ] {
        let status = Process::new("/usr/bin/systemctl")
            .arg("--no-block")
            .args(arguments)
            .status()
            .context("systemctl")?;
        if !status.success() {
            bail!("systemctl {} failed", arguments.join(" "));
        }
    }
    Ok(())
}

/// Tries what is proposed. Whoever keeps it moves it into place; then the file that is proposed is gone.
fn attempt(file: &Path, root: &Path, trial: Duration) -> anyhow::Result<()> {
    let proposed = Network::proposed(file);
    let tried = Network::read(&proposed).map_err(anyhow::Error::from);
    let outcome = tried.and_then(|network| apply(&network, root));
    let since = Instant::now();
    while outcome.is_ok() && proposed.exists() && since.elapsed() < trial {
        std::thread::sleep(Duration::from_millis(200));
    }
    files::remove(&proposed)?;
    apply(&Network::read(file)?, root)?;
    outcome
}
