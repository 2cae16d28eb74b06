//! `parvis update`: releases, for operators. What is asked for is done by the unit that has the rights; this waits for it.

use std::fs::File;
use std::io::{Write as _, stdin, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::appliance::releases::fetch::Server;
use crate::appliance::releases::{self, bundle, copies, work};
use crate::appliance::systemd;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::release::{
    Action, Became, Origin, Outcome, Phase, Places, Request, Status, Version, Work, server_address,
};

/// How often it is looked how far the work is.
const PAUSE: Duration = Duration::from_millis(250);

/// How many looks the unit has to take up what is asked for: half a minute.
const LOOKS: u32 = 120;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// See whether there is a newer release.
    Check,
    /// Install a release beside the one that runs.
    Install(Install),
    /// Show what runs, what is installed beside it, and what became of earlier updates.
    Status,
    /// Go back to the version that is installed beside the one that runs.
    Rollback(Restart),
    /// Do what was asked for: for parvis-update.service.
    #[command(hide = true)]
    Run,
    /// Copy the database: for parvis-database-copy.service.
    #[command(hide = true)]
    CopyDatabase,
}

#[derive(Debug, Args)]
pub(super) struct Install {
    /// Only this version.
    #[arg(long)]
    version: Option<Version>,
    /// Take it from a bundle: a tar, a directory such as a USB stick, or - for a tar that is piped in.
    #[arg(long)]
    from: Option<PathBuf>,
    #[command(flatten)]
    restart: Restart,
}

#[derive(Debug, Args)]
pub(super) struct Restart {
    /// Restart the machine when it is done.
    #[arg(long)]
    restart: bool,
}

pub(super) fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let settings = Settings::read(config)?;
    let places = &settings.appliance.releases;
    match command {
        Command::Run => {
            let server = server(&settings)?;
            Ok(work::run(places, server.as_ref(), &|| Clock::System.now())?)
        }
        Command::CopyDatabase => {
            let now = Clock::System.now();
            let copy = copies::copy_database(&settings.database.url, &places.copies, now)?;
            println!("{}", copy.display());
            Ok(())
        }
        Command::Status => {
            is_appliance(places)?;
            show(places)
        }
        Command::Check => {
            order(places, &Request::check())?;
            show(places)
        }
        Command::Install(install) => {
            is_appliance(places)?;
            let origin = match &install.from {
                None => Origin::Server,
                Some(from) => {
                    let version = take(from, &releases::bundle_at(places))?;
                    println!("The bundle holds {version}.");
                    Origin::Bundle
                }
            };
            let request = Request {
                origin,
                version: install.version,
                restart: install.restart.restart,
                ..Request::to(Action::Install)
            };
            order(places, &request)?;
            result(places)
        }
        Command::Rollback(restart) => {
            let request = Request {
                restart: restart.restart,
                ..Request::to(Action::RollBack)
            };
            order(places, &request)?;
            result(places)
        }
    }
}

fn is_appliance(places: &Places) -> anyhow::Result<()> {
    if !releases::is_appliance(places) {
        bail!(
            "this is no appliance ({} is not there): releases are installed as whoever runs the machine does it",
            places.told.display()
        );
    }
    Ok(())
}

fn server(settings: &Settings) -> anyhow::Result<Option<Server>> {
    if settings.update.url.is_empty() {
        return Ok(None);
    }
    Ok(Some(Server {
        address: server_address(&settings.update.url).context("update.url")?,
        proxy: settings.auth.proxy.clone(),
        direct: settings.auth.no_proxy.clone(),
    }))
}

/// Takes a bundle from where it lies.
fn take(from: &Path, place: &Path) -> anyhow::Result<Version> {
    if from == Path::new("-") {
        return Ok(bundle::unpack(stdin().lock(), place)?);
    }
    if from.is_dir() {
        return Ok(bundle::take(from, place)?);
    }
    let file = File::open(from).with_context(|| from.display().to_string())?;
    Ok(bundle::unpack(file, place)?)
}

/// Asks for something and waits until it is done, saying how far it is.
fn order(places: &Places, request: &Request) -> anyhow::Result<()> {
    is_appliance(places)?;
    releases::ask(places, request)?;
    systemd::start_unit(releases::UNIT)?;
    let (mut told, mut looks) = (String::new(), 0);
    loop {
        std::thread::sleep(PAUSE);
        if releases::is_asked(places) {
            looks += 1;
            if looks > LOOKS {
                bail!(
                    "{} does not take up what is asked for: see journalctl --unit {0}",
                    releases::UNIT
                );
            }
            continue;
        }
        let Some(Status {
            work: Some(work), ..
        }) = releases::status(places)?
        else {
            return Ok(());
        };
        let words = in_words(&work);
        if words != told {
            println!("{words}");
            stdout().flush()?;
            told = words;
        }
    }
}

fn in_words(work: &Work) -> String {
    match &work.phase {
        Phase::Checking => "Looking at what is offered".to_owned(),
        Phase::Copying => "Copying the database".to_owned(),
        Phase::Fetching { file, percent } => format!("{file}: {percent} %"),
        Phase::Installing => "Putting it into place".to_owned(),
    }
}

/// What became of what was asked last.
fn result(places: &Places) -> anyhow::Result<()> {
    let record = releases::record(places)?;
    let Some(outcome) = record.outcomes.first() else {
        bail!(
            "nothing was recorded: see journalctl --unit {}",
            releases::UNIT
        );
    };
    if let Became::Failed(failure) = &outcome.became {
        bail!("{failure}");
    }
    println!("{}", said(outcome));
    Ok(())
}

fn said(outcome: &Outcome) -> String {
    let at = outcome.at.format("%Y-%m-%d %H:%M UTC");
    let version = outcome
        .version
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let became = match &outcome.became {
        Became::Installed => "waits for a restart".to_owned(),
        Became::Done => "done".to_owned(),
        Became::Failed(failure) => format!("not done ({}): {failure}", failure.why.name()),
    };
    format!(
        "{at}  {} {version} from {}: {became}",
        outcome.action.name(),
        outcome.from
    )
}

fn show(places: &Places) -> anyhow::Result<()> {
    let Some(status) = releases::status(places)? else {
        bail!("nothing is known yet: run parvis update check");
    };
    println!("runs        {}", status.running);
    if let Some(other) = &status.other {
        let tries = other.tries_left.map(|left| match left {
            0 => ", did not come up healthy".to_owned(),
            left => format!(", to be tried {left} times at the most"),
        });
        println!("beside it   {}{}", other.version, tries.unwrap_or_default());
    }
    if let Some(version) = &status.waits {
        println!("restart     boots {version}");
    }
    match (&status.available, &status.unavailable) {
        (Some(version), _) => println!("available   {version}"),
        (None, Some(failure)) => println!("available   nothing: {failure}"),
        (None, None) => println!("available   not looked yet"),
    }
    if let Some(work) = &status.work {
        println!("now         {}", in_words(work));
    }
    for outcome in &releases::record(places)?.outcomes {
        println!("{}", said(outcome));
    }
    Ok(())
}
