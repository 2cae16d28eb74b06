//! `parvis setup`: sets the machine up from its console, by questions or from a file, as the pages do.

mod questions;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;

use super::{actor, open, person::link_at};
use crate::actions::set_up::{self, Seat};
use crate::appliance::files;
use crate::auth::sealing::Seal;
use crate::domain::set_up::Answers;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::web::block_on;

/// The link opens an account, so only the service and the console read it.
const LINK_MODE: u32 = 0o640;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Take the answers from a file, TOML, and ask nothing; see docs/set-up.md.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Do nothing, and succeed, when the machine is set up already.
    #[arg(long)]
    once: bool,
    /// Write the link of the administrator to this file instead of printing it.
    #[arg(long, value_name = "FILE")]
    link_file: Option<PathBuf>,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let parvis = open(config)?;
    if !parvis.settings.appliance.set_up {
        bail!("this installation is not set up here: appliance.set_up is not true in its settings");
    }
    let seal = Arc::new(Seal::ensure(&parvis.settings.auth.key_file)?);
    if !block_on(set_up::is_open(&parvis))? {
        if arguments.once {
            println!("This machine is set up already; nothing was changed.");
            return Ok(());
        }
        bail!("this machine is set up already; change it at /admin/machine, or with parvis person");
    }
    let answers = match &arguments.from {
        Some(file) => read(file)?,
        None => questions::ask(&parvis, &seal)?,
    };
    finish(&parvis, &seal, answers, arguments.link_file.as_deref())
}

/// Answers from a file; all that is wrong with them is told at once.
fn read(file: &Path) -> anyhow::Result<Answers> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let answers: Answers = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let wrongs = answers.wrongs();
    if wrongs.is_empty() {
        return Ok(answers);
    }
    let lines = wrongs.into_iter().map(|wrong| {
        let field = wrong.field.replace('/', ".");
        format!("{field}: {} ({})", wrong.message, wrong.rule)
    });
    let lines: Vec<String> = lines.collect();
    bail!(
        "{}: nothing was changed\n{}",
        file.display(),
        lines.join("\n")
    )
}

fn finish(
    parvis: &Arc<Parvis>,
    seal: &Arc<Seal>,
    answers: Answers,
    link_file: Option<&Path>,
) -> anyhow::Result<()> {
    let name = answers.web.public_name.clone();
    let secret = block_on(set_up::finish(
        parvis,
        seal,
        Seat::Console,
        actor()?,
        answers,
    ))?;
    let Some(secret) = secret else {
        bail!("the set-up is carried on elsewhere");
    };
    let link = link_at(&parvis.settings.web.address_of(&name), &secret);
    println!("The machine is set up and starts again as {name}.");
    match link_file {
        Some(file) => {
            files::replace(file, format!("{link}\n").as_bytes(), LINK_MODE)
                .with_context(|| format!("{} cannot be written", file.display()))?;
            println!("The link of the administrator is in {}.", file.display());
        }
        None => println!(
            "Whoever opens this link within 48 hours chooses the password of the administrator. It is good once.\n{link}"
        ),
    }
    Ok(())
}

/// The answers that were kept so far, here or in a browser.
fn kept(parvis: &Parvis, seal: &Arc<Seal>) -> Result<Value, Error> {
    let kept = block_on(set_up::answers(parvis, seal, Seat::Console))?;
    Ok(kept.unwrap_or_default())
}
