//! What the service does for the firewall of its machine: says whom it speaks to, and finds who listens unasked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::actions::note_error;
use crate::appliance::{firewall, listeners};
use crate::auth::oidc::Hosts;
use crate::domain::ports::Listener;
use crate::error::Error;
use crate::parvis::Parvis;

/// Tells the firewall the hosts of identity providers whenever they change.
pub(super) async fn keep_telling(mut hosts: watch::Receiver<Hosts>, told: PathBuf) {
    loop {
        let destinations = hosts.borrow_and_update().all();
        if let Err(error) = firewall::tell(&told, &destinations) {
            log::warn!("firewall: not told: {}", error.chain());
        }
        if hosts.changed().await.is_err() {
            return;
        }
    }
}

/// Who listens at a port that is not on the list; each is told once, and again when it comes back.
#[derive(Debug, Default)]
pub(super) struct Strangers(Mutex<Vec<Listener>>);

impl Strangers {
    /// Looks who listens, and notes who should not.
    pub(super) async fn look(&self, parvis: &Arc<Parvis>) -> Result<(), Error> {
        let now = firewall::list()?.strangers(&listeners::all()?);
        let before = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, now.clone())
        };
        for stranger in now.iter().filter(|stranger| !before.contains(stranger)) {
            let story = format!(
                "{stranger} listens on the network and is not on the list of ports; the firewall lets nobody reach it. Find out \
                 what it is with ss -lnptu, and stop it"
            );
            let reference = note_error::reference();
            log::error!(reference = reference.as_str(); "ports: {story}");
            let place = "watch of the ports".to_owned();
            let database = parvis.database.clone();
            note_error::note(database, reference, place, story, parvis.clock.now()).await;
        }
        Ok(())
    }
}
