//! `parvis serve`: opens the doors, records, keeps watch, and stops when told to.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::logging;
use super::watching::{Strangers, keep_telling};
use crate::actions::begin_session::Letterhead;
use crate::actions::order_update;
use crate::actions::set_up;
use crate::actions::sign_in_with_provider::SignOn;
use crate::actions::warn_of_certificate;
use crate::appliance::certificate::{self, Certificates, Files};
use crate::appliance::{limits, systemd};
use crate::auth::local::Local;
use crate::auth::sealing::Seal;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::certificate::Source;
use crate::error::Error;
use crate::ingest::{Recorder, Recording};
use crate::live::Board;
use crate::mail::Post;
use crate::parvis::Parvis;
use crate::persistence::Transaction;
use crate::tasks::renew_certificate::keep_renewing;
use crate::tasks::send_mail::keep_sending;
use crate::tasks::{Schedule, close_days, forget_old};
use crate::web::{self, Doors, Parts, Services, Texts};

/// How long to wait before looking for the database again.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until a signal says to stop.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    let settings = Settings::read(config)?;
    logging::for_service(settings.log.level);
    let open_files = limits::raise_open_files();
    let name = &settings.web.public_name;
    let files = Files::of(&settings.web.certificate, &settings.web.key);
    let mut made = certificate::ensure(&files, name)?;
    if made.is_none() && settings.certificate.source == Source::SelfMade {
        made = certificate::make_anew(&files, name, Clock::System.now())?;
    }
    if let Some(fingerprint) = made {
        log::info!("certificate: self-made for {name}, SHA-256 {fingerprint}");
    }
    let certificates = Arc::new(Certificates::open(files)?);
    let texts = match &settings.pages.texts {
        Some(directory) => Texts::with_directory(directory)?,
        None => Texts::built_in(),
    };
    let local = Local::new(Arc::new(Seal::ensure(&settings.auth.key_file)?));
    let post = Post::new(
        &settings.mail,
        &settings.web.public_name,
        settings.auth.ca_file.as_deref(),
    )?;
    web::block_on(serve(
        settings,
        texts,
        local,
        post,
        certificates,
        open_files,
    ))?;
    Ok(())
}

async fn serve(
    settings: Settings,
    texts: Texts,
    local: Local,
    post: Option<Post>,
    certificates: Arc<Certificates>,
    open_files: u64,
) -> Result<(), Error> {
    let mut told_to_stop = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let doors = Doors::take(&settings.web, Arc::clone(&certificates))?;
    let address = settings.web.public_address();
    let parvis = Arc::new(Parvis::new(settings, Clock::System));
    let sign_on = Arc::new(SignOn::new(&parvis, Arc::clone(&local.seal))?);
    let waiting = doors.ask_to_wait()?;
    let board = Arc::new(Board::new(Arc::clone(&parvis)));
    let recording = tokio::select! {
        recording = begin_recording(&parvis, &board) => recording?,
        _ = told_to_stop.recv() => return Ok(()),
        _ = interrupted.recv() => return Ok(()),
    };
    let services = Services::new(Parts {
        parvis: Arc::clone(&parvis),
        door: recording.door(),
        board: Arc::clone(&board),
        texts,
        sign_on,
        local,
        certificates: Arc::clone(&certificates),
        open_files,
    });
    let is_being_set_up = set_up::is_open(&parvis).await?;
    let services = Arc::new(if is_being_set_up {
        set_up::renew_code(&parvis).await?;
        services.for_set_up()
    } else {
        services
    });
    let running = doors.open(&services)?;
    waiting.end().await;
    if is_being_set_up {
        log::info!("waiting for the set-up, at /set-up; the console shows its code");
    } else {
        log::info!("serving {address}");
    }
    systemd::ready();
    let recording = Arc::new(Mutex::new(Some(recording)));
    let mut tasks = schedule(&parvis, &board, &services, &recording)
        .start()
        .await?;
    let mailing = post.map(|post| {
        let seal = Arc::clone(&services.local.seal);
        let (database, clock) = (parvis.database.clone(), parvis.clock.clone());
        tokio::task::spawn_local(keep_sending(database, clock, post, seal))
    });
    let told = parvis.settings.firewall.told.clone();
    let telling =
        tokio::task::spawn_local(keep_telling(services.sign_on.providers().hosts(), told));
    let renewing = tokio::task::spawn_local(keep_renewing(Arc::clone(&parvis), certificates));
    let watchdog = tokio::task::spawn_local(tell_systemd(Arc::clone(&services)));
    tokio::select! {
        _ = told_to_stop.recv() => {}
        _ = interrupted.recv() => {}
        () = end_of_set_up(&parvis), if is_being_set_up => log::info!("set up: {RESTART}"),
        () = services.restarting() => log::info!("something was decided: {RESTART}"),
    }
    log::info!("stopping");
    systemd::stopping();
    watchdog.abort();
    telling.abort();
    renewing.abort();
    if let Some(mailing) = mailing {
        mailing.abort();
    }
    let _ = tasks.shutdown().await;
    services.close_streams();
    running.stop().await;
    if let Some(recording) = recording
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        recording.stop();
    }
    Ok(())
}

/// Waits for the database, its schema, and the place of the recorder in it.
async fn begin_recording(parvis: &Arc<Parvis>, board: &Arc<Board>) -> Result<Recording, Error> {
    let mut told = String::new();
    loop {
        let posted = Arc::clone(board);
        let mut newer = Vec::new();
        let begun = match parvis.schema_difference().await {
            Ok(difference) if difference.lacking.is_empty() => {
                newer = difference.newer;
                Recorder::start(parvis, Box::new(move |figures| posted.post(figures)))
            }
            Ok(difference) => Err(Error::Conflict(format!(
                "the database lacks {} migrations: run parvis migrate",
                difference.lacking.len()
            ))),
            Err(error) => Err(error),
        };
        match begun {
            Ok(recording) => {
                if !newer.is_empty() {
                    log::warn!(
                        "the schema is newer than this version, by {}: what those added is left alone",
                        newer.join(", ")
                    );
                }
                return Ok(recording);
            }
            Err(error @ (Error::Unavailable { .. } | Error::Conflict(_))) => {
                if told != error.chain() {
                    told = error.chain();
                    log::warn!("waiting: {told}");
                }
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn schedule(
    parvis: &Arc<Parvis>,
    board: &Arc<Board>,
    services: &Arc<Services>,
    recording: &Arc<Mutex<Option<Recording>>>,
) -> Schedule {
    let every = Duration::from_secs;
    let (looking, tidying, watching) = (
        Arc::clone(board),
        Arc::clone(services),
        Arc::clone(services),
    );
    let (taking, warning) = (Arc::clone(services), Arc::clone(services));
    let recorder = Arc::clone(recording);
    let checking = Arc::clone(&services.sign_on);
    let (closing, forgetting, cleaning) =
        (Arc::clone(parvis), Arc::clone(parvis), Arc::clone(parvis));
    let (sweeping, updating) = (Arc::clone(parvis), Arc::clone(parvis));
    let (announcing, guarded) = (Arc::clone(&services.sign_on), Arc::clone(parvis));
    let strangers = Arc::new(Strangers::default());
    Schedule::default()
        .every(every(5), "look again at what is open", move || {
            looking.look_again();
            std::future::ready(Ok(()))
        })
        .every(every(15), "see whether the recorder works", move || {
            let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
            watching.set_well(recorder.as_mut().is_none_or(Recording::is_well));
            std::future::ready(Ok(()))
        })
        .every(
            every(15),
            "look again at the accounts behind long sessions",
            move || {
                let sign_on = Arc::clone(&checking);
                async move { sign_on.recheck().await }
            },
        )
        .every(every(60), "say which identity providers there are", move || {
            let sign_on = Arc::clone(&announcing);
            async move { sign_on.announce().await }
        })
        .every(every(60), "look who listens", move || {
            let (strangers, parvis) = (Arc::clone(&strangers), Arc::clone(&guarded));
            async move {
                if parvis.settings.firewall.watches_ports {
                    strangers.look(&parvis).await?;
                }
                Ok(())
            }
        })
        .every(every(10), "take a certificate that was replaced", move || {
            taking.certificates.take_newest();
            std::future::ready(Ok(()))
        })
        .every(every(600), "warn of a certificate that ends", move || {
            let services = Arc::clone(&warning);
            async move {
                let parvis = &services.parvis;
                let letterhead = Letterhead::of(parvis, &services.local.seal);
                warn_of_certificate::warn(parvis, &services.certificates, &letterhead).await
            }
        })
        .every(every(300), "tidy up", move || {
            tidying.tidy();
            std::future::ready(Ok(()))
        })
        .every(
            every(300),
            "close finished days and learn from them",
            move || {
                let parvis = Arc::clone(&closing);
                async move {
                    let (campus, now) = (parvis.campus(), parvis.clock.now());
                    let work = move |tx: &mut Transaction<'_>| {
                        close_days::close_recent(tx, &campus, now)?;
                        close_days::learn_drift(tx, &campus, now)
                    };
                    parvis.database.write(work).await
                }
            },
        )
        .every(every(21_600), "forget old readings", move || {
            let parvis = Arc::clone(&forgetting);
            async move {
                let (days, now) = (parvis.settings.readings.keep_days, parvis.clock.now());
                forget_old::readings(&parvis.database, days, now)
                    .await
                    .map(drop)
            }
        })
        .every(every(3_600), "forget traces of sign-ins", move || {
            let parvis = Arc::clone(&sweeping);
            async move {
                forget_old::traces_of_sign_ins(&parvis.database, parvis.clock.now()).await
            }
        })
        .every(every(600), "see to releases", move || {
            let parvis = Arc::clone(&updating);
            async move { order_update::see_to_releases(&parvis).await }
        })
        .every(every(86_400), "forget old errors", move || {
            let parvis = Arc::clone(&cleaning);
            async move { forget_old::notes_of_errors(&parvis.database, parvis.clock.now()).await }
        })
}

/// What happens when the service ends itself.
const RESTART: &str =
    "ending, to begin again with what was decided; without systemd, start it again yourself";

/// Waits until the machine is set up, here or by a command.
async fn end_of_set_up(parvis: &Parvis) {
    loop {
        tokio::time::sleep(PAUSE).await;
        match set_up::is_open(parvis).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => log::debug!("set-up: {}", error.chain()),
        }
    }
}

/// Tells systemd that the service is alive, as long as it is.
async fn tell_systemd(services: Arc<Services>) {
    let Some(period) = systemd::watchdog_period() else {
        return;
    };
    loop {
        if services.is_well() {
            systemd::alive();
        }
        tokio::time::sleep(period).await;
    }
}
