//! `parvis ssh`: who may come in over SSH with which key, and what an operator who came in may do.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use crate::appliance::{exchange, ssh_keys};
use crate::config::{Decisions, Settings};

/// The account of operators.
const OPERATOR: &str = "operator";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Let in whoever holds these keys, as operator.
    Admit {
        /// A file with public keys, a line each.
        key: PathBuf,
    },
    /// List the keys of operators.
    List,
    /// Let the holder of a key in no more.
    Revoke {
        /// The fingerprint of the key, as the list shows it.
        fingerprint: String,
    },
    /// Print the keys of an account: the SSH server asks this.
    #[command(hide = true)]
    Keys {
        /// The account.
        user: String,
    },
    /// Do what an operator asks who came in over SSH: the SSH server runs this.
    #[command(hide = true)]
    Session {
        /// What is asked for; the menu when nothing is.
        #[arg(long, env = "SSH_ORIGINAL_COMMAND")]
        asked: Option<String>,
    },
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    if let Command::Session { asked } = command {
        return session(asked.as_deref());
    }
    let settings = Settings::read(config)?;
    let known = &settings.ssh.operator_keys;
    match command {
        Command::Keys { user } if user == OPERATOR => {
            for key in known {
                println!("{key}");
            }
        }
        Command::Keys { user } => {
            let accounts = exchange::accounts(&settings.exchange.accounts)?;
            let account = accounts.iter().find(|account| account.name == *user);
            for key in account.into_iter().flat_map(|account| account.keys.lines()) {
                println!("restrict {key}");
            }
        }
        Command::List => {
            for key in ssh_keys::read(&known.join("\n"))? {
                println!("{} {}", key.fingerprint, key.comment);
            }
        }
        Command::Admit { key } => {
            let text = std::fs::read_to_string(key)
                .with_context(|| format!("{} cannot be read", key.display()))?;
            let mut lines = known.clone();
            for key in ssh_keys::read(&text)? {
                if !lines.contains(&key.line) {
                    lines.push(key.line);
                }
            }
            decide(&settings, lines)?;
        }
        Command::Revoke { fingerprint } => {
            let keys = ssh_keys::read(&known.join("\n"))?;
            let (gone, kept): (Vec<_>, Vec<_>) = keys
                .into_iter()
                .partition(|key| key.fingerprint == *fingerprint);
            if gone.is_empty() {
                bail!("no operator has a key with this fingerprint: parvis ssh list shows them");
            }
            decide(&settings, kept.into_iter().map(|key| key.line).collect())?;
        }
        Command::Session { .. } => {}
    }
    Ok(())
}

fn decide(settings: &Settings, keys: Vec<String>) -> anyhow::Result<()> {
    let file = settings.decisions.as_deref();
    let file = file.context("the settings name no file for decisions")?;
    Decisions::change(file, |decisions| {
        decisions.decide("ssh.operator_keys", Some(keys));
    })?;
    Ok(())
}

/// The menu, a command of Parvis, or a full shell that is recorded: polkit lets operators do these as others, and nothing
/// else.
fn session(asked: Option<&str>) -> anyhow::Result<()> {
    let words = match asked {
        None => vec!["parvis".to_owned(), "console".to_owned()],
        Some(asked) => shlex::split(asked).context("the command has a quote without an end")?,
    };
    let mut command = std::process::Command::new("/usr/bin/pkexec");
    match words.split_first() {
        Some((first, rest)) if first == "parvis" => command
            .args(["--user", "parvis", "/usr/bin/parvis"])
            .args(rest),
        Some((first, [])) if first == "shell" => command.arg("/usr/lib/parvis/recorded-shell"),
        _ => bail!(
            "operators may run: parvis COMMAND, shell (a full shell, which is recorded), or nothing for the menu"
        ),
    };
    Err(command.exec()).context("pkexec cannot be run")
}
