//! `parvis ssh`: who may come in over SSH with which key, and what an operator who came in may do.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use crate::appliance::{exchange, files};
use crate::config::{Settings, read_text};
use crate::domain::ssh_keys::{self, Key};

/// The keys of operators. Root's alone: whoever took the service over could let themselves in otherwise.
const OPERATORS: &str = "/var/lib/ssh/authorized_keys/operator";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Let in whoever holds these keys, as operator (in the full shell).
    Admit {
        /// A file with public keys, a line each; - reads what comes in.
        keys: PathBuf,
        #[command(flatten)]
        operators: Operators,
    },
    /// List the keys of operators.
    List {
        #[command(flatten)]
        operators: Operators,
    },
    /// Let the holder of a key in no more (in the full shell).
    Revoke {
        /// The fingerprint of the key, as the list shows it.
        fingerprint: String,
        #[command(flatten)]
        operators: Operators,
    },
    /// Let in whom the set-up named, unless somebody operates the machine already: a unit runs this, once.
    #[command(hide = true)]
    First {
        #[command(flatten)]
        operators: Operators,
    },
    /// Print the keys of an exchange account: the SSH server asks this.
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

/// The file that the SSH server reads.
#[derive(Debug, clap::Args)]
pub(super) struct Operators {
    #[arg(long = "operators", hide = true, default_value = OPERATORS)]
    file: PathBuf,
}

impl Operators {
    /// The keys of operators; there may be none.
    fn keys(&self) -> anyhow::Result<Vec<Key>> {
        let text = match std::fs::read_to_string(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.with_context(|| format!("{} cannot be read", self.file.display()))?,
        };
        some_keys(&text)
    }

    fn write(&self, keys: &[Key]) -> anyhow::Result<()> {
        let mut text = String::new();
        for key in keys {
            text.push_str(&key.line);
            text.push('\n');
        }
        files::replace(&self.file, text.as_bytes(), 0o644).with_context(|| {
            let file = self.file.display();
            format!("{file} cannot be written: only root says who operates; open the full shell (ssh -t operator@HOST shell)")
        })
    }
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Keys { user } => {
            let settings = Settings::read(config)?;
            let accounts = exchange::accounts(&settings.exchange.accounts)?;
            let account = accounts.iter().find(|account| account.name == *user);
            for key in account.into_iter().flat_map(|account| account.keys.lines()) {
                println!("restrict {key}");
            }
            Ok(())
        }
        Command::List { operators } => {
            let keys = operators.keys()?;
            if keys.is_empty() {
                println!("No operator comes in over SSH: parvis ssh admit lets one in.");
            }
            for key in keys {
                println!("{} {}", key.fingerprint, key.comment);
            }
            Ok(())
        }
        Command::Admit { keys, operators } => {
            let mut known = operators.keys()?;
            for key in ssh_keys::read(&text(keys)?)? {
                if known
                    .iter()
                    .all(|known| known.fingerprint != key.fingerprint)
                {
                    known.push(key);
                }
            }
            operators.write(&known)
        }
        Command::Revoke {
            fingerprint,
            operators,
        } => {
            let (gone, kept): (Vec<_>, Vec<_>) = operators
                .keys()?
                .into_iter()
                .partition(|key| key.fingerprint == *fingerprint);
            if gone.is_empty() {
                bail!("no operator has a key with this fingerprint: parvis ssh list shows them");
            }
            operators.write(&kept)
        }
        Command::First { operators } => {
            if operators.file.exists() {
                return Ok(());
            }
            let named = text(&Settings::read(config)?.appliance.operator_file)?;
            operators.write(&some_keys(&named)?)
        }
        Command::Session { asked } => session(asked.as_deref()),
    }
}

fn text(file: &Path) -> anyhow::Result<String> {
    read_text(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// The keys in a text, which may be empty.
fn some_keys(text: &str) -> anyhow::Result<Vec<Key>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    Ok(ssh_keys::read(text)?)
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
