//! Ordering what the machine does with its releases: written down, put on record, and begun by the unit that has the rights.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::appliance::releases::{self, bundle};
use crate::appliance::systemd;
use crate::domain::actor::{Actor, Place};
use crate::domain::audit::Event;
use crate::domain::release::{Failure, Places, Request, Status, Unasked};
use crate::domain::role::Act;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::{Transaction, audit};

/// How long what the server was seen to offer is new, in hours.
const LOOKED_AT_FOR: i64 = 6;

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// To do it now.
    Now(Request),
    /// To do it in the window.
    InTheWindow(Request),
    /// To take back what was to be done in the window.
    NotInTheWindow,
    /// To forget the bundle that was handed in.
    ForgetBundle,
}

impl Order {
    /// The word in the audit.
    fn act(&self) -> String {
        match self {
            Self::Now(request) => format!("update-{}", request.action.name()),
            Self::InTheWindow(request) => format!("update-{}-in-the-window", request.action.name()),
            Self::NotInTheWindow => "update-not-in-the-window".to_owned(),
            Self::ForgetBundle => "update-forget-bundle".to_owned(),
        }
    }

    fn event(&self, event: Event) -> Event {
        let told = match self {
            Self::Now(request) | Self::InTheWindow(request) => Some(json!({
                "origin": request.origin,
                "version": request.version,
                "restart": request.restart,
            })),
            Self::NotInTheWindow | Self::ForgetBundle => None,
        };
        event.changing(None, told)
    }
}

/// What cannot be done, as an answer.
#[must_use]
pub fn refused(failure: Failure) -> Error {
    Error::Conflict(failure.detail)
}

/// Orders something.
///
/// # Errors
/// When the actor may not, the machine is no appliance, the unit cannot be started, or the database is not available.
pub async fn order(parvis: &Arc<Parvis>, actor: &Actor, order: Order) -> Result<(), Error> {
    actor.permit(Act::ManageMachine, Place::Institution)?;
    let event = Event::done(actor, &order.act(), "machine");
    carry_out(parvis, event, order).await
}

/// What was handed in is there.
///
/// # Errors
/// When the actor may not, or the database is not available.
pub async fn note_bundle(
    parvis: &Arc<Parvis>,
    actor: &Actor,
    became: Result<String, String>,
) -> Result<(), Error> {
    actor.permit(Act::ManageMachine, Place::Institution)?;
    let event = Event::done(actor, "update-hand-in", "machine");
    let event = match became {
        Ok(version) => event.changing(None, Some(json!({ "version": version }))),
        Err(why) => event.refused(&why),
    };
    let now = parvis.clock.now();
    parvis
        .database
        .write(move |tx| audit::note(tx, event, now))
        .await
}

/// Decides how releases come in; what is decided is written by `write`.
///
/// # Errors
/// When the actor may not, it cannot be written, or the database is not available.
pub async fn decide(
    parvis: &Arc<Parvis>,
    actor: &Actor,
    told: Value,
    write: impl FnOnce() -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    actor.permit(Act::ManageMachine, Place::Institution)?;
    let event = Event::done(actor, "decide-updates", "machine").changing(None, Some(told));
    let now = parvis.clock.now();
    let work = move |tx: &mut Transaction<'_>| {
        audit::note(tx, event, now)?;
        write()
    };
    parvis.database.write(work).await
}

async fn carry_out(parvis: &Arc<Parvis>, event: Event, order: Order) -> Result<(), Error> {
    let places = parvis.settings.appliance.releases.clone();
    if !releases::is_appliance(&places) {
        let rule =
            "this is no appliance: releases are installed as whoever runs the machine does it";
        return Err(Error::Conflict(rule.to_owned()));
    }
    let (event, now) = (order.event(event), parvis.clock.now());
    parvis
        .database
        .write(move |tx| {
            audit::note(tx, event, now)?;
            // Last: files and units are not part of the transaction.
            let written = match order {
                Order::Now(request) => {
                    releases::ask(&places, &request).map_err(refused)?;
                    return begin(&places);
                }
                Order::InTheWindow(request) => releases::wish(&places, &request),
                Order::NotInTheWindow => releases::forget_wish(&places),
                Order::ForgetBundle => bundle::clear(&releases::bundle_at(&places)),
            };
            written.map_err(refused)
        })
        .await
}

/// Starts the unit; what was asked for is taken back when that fails: nobody would take it up.
fn begin(places: &Places) -> Result<(), Error> {
    systemd::start_unit(releases::UNIT).inspect_err(|_| {
        releases::withdraw(places).ok();
    })
}

/// Does what is due unasked: looks at what is offered from time to time, and installs in the window what was wished for.
///
/// # Errors
/// When the unit cannot be started, or the database is not available.
pub async fn see_to_releases(parvis: &Arc<Parvis>) -> Result<(), Error> {
    let places = &parvis.settings.appliance.releases;
    if !releases::is_appliance(places) {
        return Ok(());
    }
    let status = releases::status(places).map_err(refused)?;
    let now = parvis.clock.now();
    let is_old = |status: &Status| {
        let looked = status.checked_at.unwrap_or_default();
        status.work.is_none() && (now - looked).num_hours() >= LOOKED_AT_FOR
    };
    let Some(status) = status.filter(|status| !is_old(status)) else {
        releases::ask_to_look(places).map_err(refused)?;
        return begin(places);
    };
    let wish = releases::wished(places).map_err(refused)?;
    let settings = parvis.settings.update_now();
    let settings = settings.map_err(|error| Error::Conflict(error.to_string()))?;
    let unasked = Unasked {
        automatic: settings.automatic,
        window: settings.window,
        wish: wish.as_ref(),
    };
    let time = now.with_timezone(&parvis.campus().zone()).time();
    let Some(due) = unasked.due(&status, time) else {
        return Ok(());
    };
    let ordered = Order::Now(due);
    let event = Event::by_nobody("the window for updates", None, &ordered.act(), "machine");
    carry_out(parvis, event, ordered).await
}
