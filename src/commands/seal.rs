//! `parvis seal`: the disk of the appliance, when it opens only on the machine it belongs to (LUKS2, its key sealed to the TPM).

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use anyhow::{Context as _, bail};
use clap::Subcommand;

/// What looks after the keys of a disk.
const PROGRAM: &str = "/usr/bin/systemd-cryptenroll";

/// The partition of everything that changes.
const PARTITION: &str = "/dev/disk/by-partlabel/parvis-var";

/// The disk as it is called while it is open.
const OPENED: &str = "/dev/mapper/parvis-var";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what opens the disk.
    Status,
    /// Make a new recovery key in the place of the one before, and print it.
    RecoveryKey {
        /// Write it to this file instead, for whoever may read its directory.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Seal it to the TPM again, after the firmware or its keys changed; asks for the recovery key.
    Again,
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    if !Path::new(OPENED).exists() {
        bail!(
            "the disk is not sealed ({OPENED} is not there): that is decided at its first start (image/README.md)"
        );
    }
    match command {
        Command::Status => ask(&[], Stdio::inherit()).map(drop),
        Command::RecoveryKey { file } => {
            let arguments = [
                "--unlock-tpm2-device=auto",
                "--wipe-slot=recovery",
                "--recovery-key",
            ];
            let key = ask(&arguments, Stdio::piped())?;
            let Some(file) = file else {
                println!("{key}");
                return Ok(());
            };
            std::fs::write(file, key).with_context(|| file.display().to_string())
        }
        Command::Again => {
            // In one step it would take the slot of another TPM with the same registers for its own, and do nothing.
            ask(&["--wipe-slot=tpm2"], Stdio::inherit())?;
            let arguments = ["--tpm2-device=auto", "--tpm2-pcrs=7"];
            ask(&arguments, Stdio::inherit())
                .map(drop)
                .context("until this succeeds, only the recovery key opens the disk")
        }
    }
}

/// Runs it, and returns what it answers where that is caught.
fn ask(arguments: &[&str], answer: Stdio) -> anyhow::Result<String> {
    let output = Process::new(PROGRAM)
        .args(arguments)
        .arg(PARTITION)
        .stdout(answer)
        .stderr(Stdio::inherit())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .with_context(|| format!("{PROGRAM} cannot be run"))?;
    if !output.status.success() {
        bail!("{PROGRAM} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
