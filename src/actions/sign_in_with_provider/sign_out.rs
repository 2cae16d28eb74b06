//! Signing out at the provider too, and signing out here when the provider says so.

use super::{Ready, SignOn};
use crate::auth::oidc::logout::{self, Ended};
use crate::domain::audit::Event;
use crate::domain::issuer::SignOut;
use crate::domain::session::Vouched;
use crate::error::Error;
use crate::persistence::sessions::Ending;
use crate::persistence::{audit, issuers, sessions};

impl SignOn {
    /// Where to send the browser to sign out at the provider too, after it signed out here; nowhere when the provider has
    /// no such place, is not to be asked, or does not answer.
    pub async fn farewell(&self, vouched: &Vouched, state: &str) -> Option<String> {
        let ready = self.ready_for(&vouched.issuer).await.ok().flatten()?;
        let client = ready.client();
        if client.configuration.sign_out == SignOut::OnlyHere {
            return None;
        }
        let metadata = self.providers.metadata(&vouched.issuer).await.ok()?;
        let id_token = vouched.sealed_id_token.as_deref();
        let id_token = id_token.and_then(|sealed| self.open(sealed).ok());
        let client_id = &client.configuration.client_id;
        let back = self.after_sign_out();
        logout::address(&metadata, client_id, id_token.as_deref(), &back, state).map(String::from)
    }

    pub(super) async fn ready_for(&self, issuer: &str) -> Result<Option<Ready>, Error> {
        let kept = self.parvis.database.read(issuers::all).await?;
        let mut kept = kept.into_iter();
        let kept = kept.find(|kept| kept.issuer.configuration.issuer == issuer);
        kept.map(|kept| self.prepared(kept)).transpose()
    }

    /// Ends the sessions that a logout token names. Whether the token was one.
    ///
    /// # Errors
    /// When there is no such provider, or the database is not available.
    pub async fn end_by_token(
        &self,
        key: &str,
        token: &str,
        address: &str,
    ) -> Result<Result<usize, String>, Error> {
        let ready = self.ready(key).await?;
        let ended = match logout::read(&self.providers, &ready.client(), token).await {
            Ok(ended) => ended,
            Err(why) => {
                log::warn!("logout token of {key} refused: it {why}");
                return Ok(Err(why));
            }
        };
        let issuer = ready.kept.issuer.configuration.issuer.clone();
        let object = format!("issuer {key}");
        let event = Event::by_nobody(key, Some(address.to_owned()), "end-sessions", &object);
        let now = self.parvis.clock.now();
        let count = self.parvis.database.write(move |tx| {
            let count = match &ended {
                Ended {
                    sid: Some(sid),
                    subject,
                } => {
                    let named = sessions::end(tx, Ending::Sid(&issuer, sid), now)?;
                    // A session whose name was never told may be the one that is meant.
                    let unnamed = match subject {
                        Some(subject) => sessions::end(tx, Ending::Unnamed(&issuer, subject), now)?,
                        None => 0,
                    };
                    named + unnamed
                }
                Ended {
                    sid: None,
                    subject: Some(subject),
                } => sessions::end(tx, Ending::Subject(&issuer, subject), now)?,
                Ended {
                    sid: None,
                    subject: None,
                } => 0,
            };
            if count > 0 {
                let after = serde_json::json!({ "sessions": count });
                audit::note(tx, event.changing(None, Some(after)), now)?;
            }
            Ok(count)
        });
        count.await.map(Ok)
    }
}
