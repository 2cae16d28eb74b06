//! `parvis seal`: the disk of the appliance, when it opens only on the machine it belongs to (LUKS2, its key sealed to the TPM).

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use anyhow::{Context as _, bail};
use clap::Subcommand;

/// What looks after the keys of a partition.
const ENROL: &str = "/usr/bin/systemd-cryptenroll";

/// What asks for a key without showing it.
const ASK: &str = "/usr/bin/systemd-ask-password";

/// The partition of everything that changes; its recovery key is that of the others too.
const VAR: &str = "/dev/disk/by-partlabel/parvis-var";

/// The partitions of logs and of the audit.
const OTHERS: [&str; 2] = [
    "/dev/disk/by-partlabel/parvis-log",
    "/dev/disk/by-partlabel/parvis-audit",
];

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
    Again {
        /// Read the recovery key from this file instead.
        #[arg(long)]
        file: Option<PathBuf>,
    },
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    if !Path::new(OPENED).exists() {
        bail!(
            "the disk is not sealed ({OPENED} is not there): that is decided at its first start (image/README.md)"
        );
    }
    match command {
        Command::Status => partitions().try_for_each(|partition| {
            println!("{partition}");
            told(enrol(partition, &[]).stdout(Stdio::inherit())).map(drop)
        }),
        Command::RecoveryKey { file } => {
            let key = new_recovery_key()?;
            let Some(file) = file else {
                println!("{key}");
                return Ok(());
            };
            std::fs::write(file, key).with_context(|| file.display().to_string())
        }
        Command::Again { file: None } => {
            again(&told(Process::new(ASK).arg("Recovery key of the disk:"))?)
        }
        Command::Again { file: Some(file) } => {
            let key = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            again(key.trim_end())
        }
    }
}

fn partitions() -> impl Iterator<Item = &'static str> {
    std::iter::once(VAR).chain(OTHERS)
}

fn new_recovery_key() -> anyhow::Result<String> {
    let by_tpm = "--unlock-tpm2-device=auto";
    let arguments = [by_tpm, "--wipe-slot=recovery", "--recovery-key"];
    let key = told(&mut enrol(VAR, &arguments))?;
    for partition in OTHERS {
        let arguments = [by_tpm, "--wipe-slot=password", "--password"];
        told(enrol(partition, &arguments).env("NEWPASSWORD", &key))
            .context("no recovery key opens all of the disk: make one again")?;
    }
    Ok(key)
}

fn again(typed: &str) -> anyhow::Result<()> {
    // As it may be typed when the disk is opened.
    let key = &typed.replace(' ', "").to_lowercase();
    partitions()
        .try_for_each(|partition| {
            // In one step it would take the slot of another TPM with the same registers for its own, and do nothing.
            told(enrol(partition, &["--wipe-slot=tpm2"]).env("PASSWORD", key))?;
            let arguments = ["--tpm2-device=auto", "--tpm2-pcrs=7"];
            told(enrol(partition, &arguments).env("PASSWORD", key)).map(drop)
        })
        .context("until this succeeds, only the recovery key opens the disk")?;
    println!("The disk opens by the TPM of this machine again.");
    Ok(())
}

fn enrol(partition: &str, arguments: &[&str]) -> Process {
    let mut process = Process::new(ENROL);
    process.args(arguments).arg(partition);
    process
}

/// Runs it, and returns what it answers where that is caught.
fn told(process: &mut Process) -> anyhow::Result<String> {
    let program = process.get_program().to_owned();
    // The recovery key is asked for where the operator types: without a terminal it would wait for an agent.
    let output = process
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} cannot be run", program.display()))?;
    if !output.status.success() {
        bail!("{} ended with {}", program.display(), output.status);
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
