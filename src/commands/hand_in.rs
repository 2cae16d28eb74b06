//! Handing readings to the recorder: to the running service over its unix socket, or to one of our own when none runs.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::error::Error;
use crate::gateways::Payload;
use crate::ingest::{Receipt, Recorder, Recording};
use crate::parvis::Parvis;

/// The way to the recorder.
pub(super) enum HandIn {
    /// A service runs.
    Service {
        /// Its client.
        client: reqwest::Client,
    },
    /// None runs; this process records.
    Own {
        /// The parts in use.
        parvis: Arc<Parvis>,
        /// The recorder.
        recording: Box<Recording>,
    },
}

impl HandIn {
    /// Finds the way.
    pub(super) fn open(parvis: &Arc<Parvis>) -> anyhow::Result<Self> {
        match Recorder::start(parvis, Box::new(|_| {})) {
            Ok(recording) => Ok(Self::Own {
                parvis: Arc::clone(parvis),
                recording: Box::new(recording),
            }),
            Err(Error::Conflict(_)) => {
                let socket = parvis.settings.web.local_socket.clone();
                let client = reqwest::Client::builder()
                    .unix_socket(socket.clone())
                    .build()
                    .with_context(|| socket.display().to_string())?;
                Ok(Self::Service { client })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Hands in; everything is on disk when it returns.
    pub(super) async fn deliver(&self, gateway: &str, payload: Payload) -> anyhow::Result<Receipt> {
        match self {
            Self::Own { parvis, recording } => {
                let campus = parvis.campus();
                let known = campus
                    .gateways
                    .get(gateway)
                    .with_context(|| format!("no gateway is called \"{gateway}\""))?;
                Ok(recording.door().deliver_recorded(known, payload).await?)
            }
            Self::Service { client } => {
                let answer = client
                    .post(format!("http://localhost/hand-in/{gateway}"))
                    .header("content-type", "application/json")
                    .body(serde_json::to_vec(&payload)?)
                    .send()
                    .await
                    .context("the running service does not take readings on its unix socket")?;
                let status = answer.status();
                let text = answer.text().await?;
                if !status.is_success() {
                    bail!("the running service refused: {text}");
                }
                Ok(serde_json::from_str(&text)?)
            }
        }
    }

    /// Lets the recorder write its ledger.
    pub(super) async fn close(self) {
        if let Self::Own { recording, .. } = self {
            recording.door().flush().await;
            recording.stop();
        }
    }
}
