//! `parvis exchange`: accounts that hand in files over SFTP, and the import of counts they dropped.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use nix::unistd::{Group, User};

use super::{counted, counts_mapping, import, open};
use crate::appliance::exchange::{self, Account};
use crate::clock::Clock;
use crate::config::Settings;

/// How long a file must have been left alone before it counts as handed in.
const SETTLED: Duration = Duration::from_secs(20);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add an account, or change the keys and mappings of one.
    Add {
        /// Its name.
        name: String,
        /// A file with its public keys, a line each.
        #[arg(long)]
        key: PathBuf,
        /// How to read its files of counts; see docs/counters.md. A file is read by the mapping whose name, without
        /// extension, it begins with.
        #[arg(long = "mapping")]
        mappings: Vec<PathBuf>,
    },
    /// List the accounts.
    List,
    /// Take an account away; its files stay.
    Remove {
        /// Its name.
        name: String,
    },
    /// Import the files of counts that were handed in: each is moved to `done` or `refused`, with a report beside it.
    Import,
    /// Make the accounts of this boot: records of users, and what systemd-tmpfiles is to make.
    #[command(hide = true)]
    Prepare {
        /// Where systemd reads records of users.
        #[arg(long, default_value = "/run/userdb")]
        database: PathBuf,
        /// The file for systemd-tmpfiles.
        #[arg(long, default_value = "/run/tmpfiles.d/parvis-exchange.conf")]
        tmpfiles: PathBuf,
    },
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let settings = Settings::read(config)?;
    let accounts = &settings.exchange.accounts;
    match command {
        Command::Add {
            name,
            key,
            mappings,
        } => {
            let keys = std::fs::read_to_string(key)
                .with_context(|| format!("{} cannot be read", key.display()))?;
            let mappings = mappings
                .iter()
                .map(|path| named(path))
                .collect::<anyhow::Result<Vec<_>>>()?;
            let is_taken = |name: &str| User::from_name(name).is_ok_and(|user| user.is_some());
            let user = exchange::add(accounts, name, &keys, &mappings, is_taken)?;
            println!(
                "{name}: user {user}. Hand in: sftp {name}@{}, put FILE in/",
                settings.web.public_name
            );
        }
        Command::List => {
            let accounts = exchange::accounts(accounts)?;
            if accounts.is_empty() {
                println!("No account hands in files: parvis exchange add makes one.");
            }
            for account in accounts {
                let mappings = account.mappings.iter().map(|(stem, _)| stem.as_str());
                let mappings = mappings.collect::<Vec<_>>().join(", ");
                let keys = account.keys.lines().count();
                println!(
                    "{}: user {}, {}, reads {mappings}",
                    account.name,
                    account.user,
                    counted(keys, "key")
                );
            }
        }
        Command::Remove { name } => exchange::remove(accounts, name)?,
        Command::Import => import_all(config, &settings)?,
        Command::Prepare { database, tmpfiles } => {
            let group = Group::from_name("exchange")?
                .context("there is no group exchange: systemd-sysusers makes it")?;
            let accounts = exchange::accounts(accounts)?;
            exchange::prepare(&accounts, group.gid.as_raw(), database, tmpfiles)?;
        }
    }
    Ok(())
}

/// A mapping with its name, which must be one.
fn named(path: &Path) -> anyhow::Result<(String, String)> {
    counts_mapping::read(path)?;
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let stem = stem.with_context(|| format!("{} has no name", path.display()))?;
    Ok((stem.to_owned(), std::fs::read_to_string(path)?))
}

fn import_all(config: &Path, settings: &Settings) -> anyhow::Result<()> {
    let mut refused = 0;
    for account in exchange::accounts(&settings.exchange.accounts)? {
        let home = settings.exchange.files.join(&account.name);
        for file in settled(&home.join("in"))? {
            let is_taken = import_one(config, &account, &home, &file)?;
            println!(
                "{}: {} {}",
                account.name,
                if is_taken { "imported" } else { "refused" },
                file.display()
            );
            refused += usize::from(!is_taken);
        }
    }
    if refused > 0 {
        bail!(
            "{} refused; the report beside each says why",
            counted(refused, "file")
        );
    }
    Ok(())
}

/// What was handed in and is not written to any more.
fn settled(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", directory.display()));
        }
    };
    let mut settled = Vec::new();
    for entry in entries.flatten() {
        // Of the entry itself: what a link leads to is none of its business.
        let metadata = entry.metadata()?;
        let age = metadata.modified()?.elapsed().unwrap_or_default();
        if age >= SETTLED {
            settled.push(entry.path());
        }
    }
    settled.sort();
    Ok(settled)
}

/// Imports a file and moves it; whether it was taken.
fn import_one(config: &Path, account: &Account, home: &Path, file: &Path) -> anyhow::Result<bool> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stamp = Clock::System.now().format("%Y%m%dT%H%M%S%3fZ");
    let name = format!("{stamp}-{name}");
    // First out of reach of whoever handed it in, then looked at.
    let done = home.join("done").join(&name);
    std::fs::rename(file, &done).with_context(|| format!("{} cannot be moved", file.display()))?;
    let result = counts(config, account, file, &done);
    let place = if result.is_ok() { "done" } else { "refused" };
    if result.is_err() {
        std::fs::rename(&done, home.join("refused").join(&name))?;
    }
    let is_taken = result.is_ok();
    let report = result.unwrap_or_else(|error| format!("Refused: {error:#}\n"));
    let path = home.join(place).join(format!("{name}.txt"));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(report.as_bytes())?;
    Ok(is_taken)
}

fn counts(
    config: &Path,
    account: &Account,
    as_named: &Path,
    file: &Path,
) -> anyhow::Result<String> {
    if !std::fs::symlink_metadata(file)?.is_file() {
        bail!("it is no file");
    }
    let name = as_named.file_name().unwrap_or_default().to_string_lossy();
    let mapping = account.mapping(&name).with_context(|| {
        let known = account.mappings.iter().map(|(stem, _)| stem.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        format!("its name begins with that of no mapping of this account; there are: {known}")
    })?;
    import::counts(&open(config)?, file, mapping)
}
