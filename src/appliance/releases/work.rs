//! The work itself, done by `parvis-update.service` as root without a network: one request at a time, each step told, each
//! result kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fetch::{self, Extent, Server};
use super::sysupdate::{DEFINITIONS, Source};
use super::{boot, bundle, copies, image, record, remove, request_at, status, status_at, write};
use crate::domain::reading::Moment;
use crate::domain::release::{
    Action, Became, Failure, Origin, Outcome, Phase, Places, Record, Request, Status, Version, Why,
    Work, judge,
};

/// The unit that copies the database, as the owner of its schema.
const COPY_UNIT: &str = "parvis-database-copy.service";

struct Worker<'w> {
    places: &'w Places,
    server: Option<&'w Server>,
    now: &'w dyn Fn() -> Moment,
    image: String,
    status: Status,
    record: Record,
}

/// Does what is asked for; without a request it looks at what there is. What it refuses is a result as well.
///
/// # Errors
/// When this is no image, or what was done cannot be written down.
pub fn run(
    places: &Places,
    server: Option<&Server>,
    now: &dyn Fn() -> Moment,
) -> Result<(), Failure> {
    let (image, running) = image()?;
    for directory in [&places.kept, &places.told] {
        fs::create_dir_all(directory).map_err(|error| super::unwritten(directory, &error))?;
    }
    let held = File::open(&places.kept).and_then(|file| file.lock().map(|()| file));
    let _held = held.map_err(|error| super::unwritten(&places.kept, &error))?;
    let told = status(places).ok().flatten();
    let mut record = record(places)?;
    // What is told does not outlive a restart: without it, whatever was installed has been tried.
    let waits = told.as_ref().and_then(|told| told.waits.clone());
    if waits.is_none() {
        record.settle(&running);
    }
    let status = Status {
        running,
        other: None,
        available: told.as_ref().and_then(|told| told.available.clone()),
        checked_at: told.as_ref().and_then(|told| told.checked_at),
        unavailable: told.and_then(|told| told.unavailable),
        waits,
        work: None,
    };
    let mut worker = Worker {
        places,
        server,
        now,
        image,
        status,
        record,
    };
    let request = super::read::<Request>(&request_at(places));
    worker.tell(
        request
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map_or(Action::Check, |request| request.action),
        Phase::Checking,
    )?;
    remove(&request_at(places))?;
    let done = match request {
        Ok(request) => worker.act(&request.unwrap_or_else(Request::check)),
        Err(failure) => Err(failure),
    };
    worker.finish()?;
    done
}

impl Worker<'_> {
    fn act(&mut self, request: &Request) -> Result<(), Failure> {
        if request.action == Action::Check {
            self.look_at_slots()?;
            self.check();
            return Ok(());
        }
        self.begin(request)?;
        let done = self.look_at_slots().and_then(|()| match request.action {
            Action::Install => self.install(request).map(|()| Became::Installed),
            Action::RollBack => self.roll_back().map(|()| Became::Installed),
            Action::Restart | Action::Check => Ok(Became::Done),
        });
        // Installed or refused: nobody needs the files of a release any more.
        bundle::clear(&self.bundle())?;
        if request.origin == Origin::Bundle {
            bundle::clear(&super::bundle_at(self.places))?;
        }
        let restart = done.is_ok() && (request.restart || request.action == Action::Restart);
        self.end(done.unwrap_or_else(|failure| {
            eprintln!("{}: {failure}", failure.why.name());
            Became::Failed(failure)
        }))?;
        if restart {
            start(&["--no-block", "reboot"])?;
        }
        Ok(())
    }

    /// Where a bundle lies while it is installed: nobody else can change it there.
    fn bundle(&self) -> PathBuf {
        self.places.kept.join("bundle")
    }

    fn look_at_slots(&mut self) -> Result<(), Failure> {
        let slots = boot::slots(&self.image)?.into_iter();
        let others = slots.filter(|slot| slot.version != self.status.running);
        self.status.other = others.max_by(|one, other| one.version.cmp(&other.version));
        Ok(())
    }

    /// What is offered; that nothing is, is no fault.
    fn check(&mut self) {
        let judged = self
            .source(Origin::Server, Extent::List)
            .and_then(|source| self.offered(&source))
            .and_then(|offered| {
                judge(&offered, &self.status.running, self.record.highest.as_ref())
                    .map(|()| offered)
            });
        self.status.checked_at = Some((self.now)());
        (self.status.available, self.status.unavailable) = match judged {
            Ok(version) => (Some(version), None),
            Err(failure) if failure.why == Why::Known => {
                (None, Some(Failure::new(Why::NothingNewer, failure.detail)))
            }
            Err(failure) => (None, Some(failure)),
        };
    }

    /// What an origin has, where nobody else can change it.
    fn source(&mut self, origin: Origin, extent: Extent) -> Result<Source, Failure> {
        let directory = match origin {
            Origin::Server => self.fetch(extent)?,
            Origin::Bundle => super::bundle_at(self.places),
        };
        match extent {
            Extent::List => bundle::take_list(&directory, &self.bundle())?,
            Extent::Release => drop(bundle::take(&directory, &self.bundle())?),
        }
        let own = self.places.told.join("definitions");
        Source::at(&self.bundle(), Path::new(DEFINITIONS), &own)
    }

    /// Has something fetched from the server; says where it lies then.
    fn fetch(&mut self, extent: Extent) -> Result<PathBuf, Failure> {
        let server = self.server.ok_or_else(|| {
            Failure::new(
                Why::NoAddress,
                "the settings name no address of releases (update.url)",
            )
        })?;
        let places = self.places;
        super::write_for_root(&super::server_at(places), server)?;
        fetch::order(extent, &places.fetched, |phase| {
            self.tell(Action::Install, phase)
        })?;
        Ok(fetch::bundle_at(&places.fetched))
    }

    fn offered(&self, source: &Source) -> Result<Version, Failure> {
        source.newest()?.ok_or_else(|| {
            let detail = format!("it holds no release of {}", self.image);
            Failure::new(Why::NotForThisMachine, detail)
        })
    }

    fn install(&mut self, request: &Request) -> Result<(), Failure> {
        let source = self.source(request.origin, Extent::List)?;
        let offered = self.offered(&source)?;
        self.about(&offered);
        judge(&offered, &self.status.running, self.record.highest.as_ref())?;
        if let Some(wanted) = request
            .version
            .as_ref()
            .filter(|wanted| **wanted != offered)
        {
            let detail = format!("{wanted} is not offered any more, {offered} is: look again");
            return Err(Failure::new(Why::NothingNewer, detail));
        }
        let source = self.source(request.origin, Extent::Release)?;
        self.tell(Action::Install, Phase::Copying)?;
        self.copy_database()?;
        self.tell(Action::Install, Phase::Installing)?;
        source.install(&offered)?;
        // Somebody may have gone back before: from now on the newest that works is booted again.
        boot::prefer(None)?;
        self.record.raise(&offered);
        self.status.available = None;
        self.status.waits = Some(offered);
        self.look_at_slots()
    }

    fn copy_database(&self) -> Result<(), Failure> {
        match start(&["start", COPY_UNIT]) {
            Ok(()) => Ok(()),
            Err(failure) => Err(copies::failure(&self.places.copies).unwrap_or(Failure {
                why: Why::DatabaseCopy,
                ..failure
            })),
        }
    }

    fn roll_back(&mut self) -> Result<(), Failure> {
        let none = |detail: String| Failure::new(Why::NoOther, detail);
        let running = &self.status.running;
        let other = self.status.other.clone().ok_or_else(|| {
            none(format!(
                "only {running} is installed: there is nothing to go back to"
            ))
        })?;
        self.about(&other.version);
        if other.tries_left == Some(0) {
            return Err(none(format!(
                "{} did not come up healthy when it was tried",
                other.version
            )));
        }
        boot::prefer(Some(&other.entry))?;
        self.status.waits = Some(other.version);
        Ok(())
    }

    /// Until it is done, the result is that it was interrupted: that stays true when the power fails.
    fn begin(&mut self, request: &Request) -> Result<(), Failure> {
        self.record.add(Outcome {
            at: (self.now)(),
            action: request.action,
            from: self.status.running.clone(),
            version: request.version.clone(),
            became: Became::Failed(Failure::new(
                Why::Interrupted,
                "it ended before it was done, and nothing was changed; try again",
            )),
        });
        self.keep()
    }

    fn about(&mut self, version: &Version) {
        if let Some(outcome) = self.record.outcomes.first_mut() {
            outcome.version = Some(version.clone());
        }
        if let Some(work) = &mut self.status.work {
            work.version = Some(version.clone());
        }
    }

    fn end(&mut self, became: Became) -> Result<(), Failure> {
        if let Some(outcome) = self.record.outcomes.first_mut() {
            outcome.became = became;
        }
        self.keep()
    }

    fn keep(&self) -> Result<(), Failure> {
        write(&super::record_at(self.places), &self.record)
    }

    fn tell(&mut self, action: Action, phase: Phase) -> Result<(), Failure> {
        let now = (self.now)();
        match &mut self.status.work {
            Some(work) => work.phase = phase,
            None => {
                self.status.work = Some(Work {
                    action,
                    version: None,
                    phase,
                    since: now,
                });
            }
        }
        write(&status_at(self.places), &self.status)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.status.work = None;
        self.keep()?;
        write(&status_at(self.places), &self.status)
    }
}

fn start(arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new(super::SYSTEMCTL)
        .args(arguments)
        .output()
        .map_err(|error| Failure::broken(format!("systemctl cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(Failure::broken(format!(
        "systemctl {}: {}",
        arguments.join(" "),
        told.trim()
    )))
}
