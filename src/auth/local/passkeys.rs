//! Passkeys (WebAuthn): registered and used in ceremonies that begin and end here. The person is always verified by the
//! device, so that a passkey alone is two factors.
//!
//! Browsers tie passkeys to a name, so there are none where people reach the service by a bare address.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::domain::ids::PersonId;
use crate::error::Error;

/// What registers and checks passkeys.
#[derive(Debug)]
pub struct Passkeys(Webauthn);

/// A ceremony that has begun: what the browser is told, and what is to be remembered until it answers.
#[derive(Debug)]
pub struct Begun {
    /// For the browser: the argument of `navigator.credentials`, with bytes as base64url.
    pub challenge: Value,
    /// To be sealed and kept.
    pub state: Vec<u8>,
}

/// A passkey that was registered.
#[derive(Debug)]
pub struct Registered {
    /// Identifier of the credential.
    pub credential: Vec<u8>,
    /// Public key, counter and flags.
    pub state: Value,
}

/// A sign-in with a passkey: any of anybody, or one of somebody.
#[derive(Serialize, Deserialize)]
enum State {
    Registration(PasskeyRegistration),
    Anybody(DiscoverableAuthentication),
    Somebody(PasskeyAuthentication),
}

/// Why an answer is refused.
#[derive(Debug, thiserror::Error)]
#[error("the passkey was not accepted: {0}")]
pub struct NotAccepted(String);

impl NotAccepted {
    fn because(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl Passkeys {
    /// For the name and address people know; `None` where that is no name.
    #[must_use]
    pub fn new(public_name: &str, public_address: &str, institution: &str) -> Option<Self> {
        let origin = Url::parse(public_address).ok()?;
        let builder = WebauthnBuilder::new(public_name, &origin).ok()?;
        Some(Self(builder.rp_name(institution).build().ok()?))
    }

    /// Begins to register a passkey of a person who has some already.
    ///
    /// # Errors
    /// When the ceremony cannot be made.
    pub fn begin_registration(
        &self,
        person: PersonId,
        login: &str,
        name: &str,
        registered: &[Value],
    ) -> Result<Begun, Error> {
        let known = parsed(registered)?;
        let exclude: Vec<CredentialID> = known.iter().map(|key| key.cred_id().clone()).collect();
        let (challenge, state) = self
            .0
            .start_passkey_registration(handle(person), login, name, Some(exclude))
            .map_err(Error::internal)?;
        let mut challenge = serde_json::to_value(challenge).map_err(Error::internal)?;
        // So that it can be found without a name being typed, where the device has room for that.
        if let Some(selection) = challenge.pointer_mut("/publicKey/authenticatorSelection") {
            selection["residentKey"] = json!("preferred");
        }
        begun(challenge, &State::Registration(state))
    }

    /// Ends a registration.
    ///
    /// # Errors
    /// Why the answer is refused.
    pub fn end_registration(&self, answer: Value, state: &[u8]) -> Result<Registered, NotAccepted> {
        let State::Registration(state) = remembered(state)? else {
            return Err(NotAccepted::because("another ceremony"));
        };
        let answer: RegisterPublicKeyCredential =
            serde_json::from_value(answer).map_err(NotAccepted::because)?;
        let passkey = self
            .0
            .finish_passkey_registration(&answer, &state)
            .map_err(NotAccepted::because)?;
        Ok(Registered {
            credential: passkey.cred_id().as_slice().to_vec(),
            state: serde_json::to_value(&passkey).map_err(NotAccepted::because)?,
        })
    }

    /// Begins a sign-in of whoever has a passkey.
    ///
    /// # Errors
    /// When the ceremony cannot be made.
    pub fn begin_for_anybody(&self) -> Result<Begun, Error> {
        let (challenge, state) = self
            .0
            .start_discoverable_authentication()
            .map_err(Error::internal)?;
        let mut challenge = serde_json::to_value(challenge).map_err(Error::internal)?;
        // A button begins it, not a field that fills itself.
        if let Some(challenge) = challenge.as_object_mut() {
            challenge.remove("mediation");
        }
        begun(challenge, &State::Anybody(state))
    }

    /// Begins the second step of somebody's sign-in.
    ///
    /// # Errors
    /// When they have no passkey, or the ceremony cannot be made.
    pub fn begin_for(&self, registered: &[Value]) -> Result<Begun, Error> {
        let known = parsed(registered)?;
        let (challenge, state) = self
            .0
            .start_passkey_authentication(&known)
            .map_err(Error::internal)?;
        let challenge = serde_json::to_value(challenge).map_err(Error::internal)?;
        begun(challenge, &State::Somebody(state))
    }

    /// The credential that an answer claims to be of.
    ///
    /// # Errors
    /// When it is no answer.
    pub fn credential(answer: &Value) -> Result<Vec<u8>, NotAccepted> {
        let answer: PublicKeyCredential =
            serde_json::from_value(answer.clone()).map_err(NotAccepted::because)?;
        Ok(answer.get_credential_id().to_vec())
    }

    /// Ends a sign-in with the passkey that its answer claims to be of; returns what the passkey is now.
    ///
    /// # Errors
    /// Why the answer is refused: also when its counter went backwards, as that of a copy does.
    pub fn end(&self, answer: Value, state: &[u8], passkey: Value) -> Result<Value, NotAccepted> {
        let answer: PublicKeyCredential =
            serde_json::from_value(answer).map_err(NotAccepted::because)?;
        let mut passkey: Passkey = serde_json::from_value(passkey).map_err(NotAccepted::because)?;
        let result = match remembered(state)? {
            State::Anybody(state) => self.0.finish_discoverable_authentication_v2(
                &answer,
                state,
                DiscoverableKey::from(&passkey),
            ),
            State::Somebody(state) => self.0.finish_passkey_authentication(&answer, &state),
            State::Registration(_) => return Err(NotAccepted::because("another ceremony")),
        };
        let result = result.map_err(NotAccepted::because)?;
        if !result.user_verified() {
            return Err(NotAccepted::because("the device did not verify its user"));
        }
        passkey
            .update_credential(&result)
            .ok_or_else(|| NotAccepted::because("another passkey"))?;
        serde_json::to_value(&passkey).map_err(NotAccepted::because)
    }
}

/// What devices call a person: not a name, and the same for ever.
fn handle(person: PersonId) -> Uuid {
    Uuid::from_u128(u128::try_from(person.0).unwrap_or_default())
}

fn parsed(registered: &[Value]) -> Result<Vec<Passkey>, Error> {
    registered
        .iter()
        .map(|state| serde_json::from_value(state.clone()).map_err(Error::internal))
        .collect()
}

fn begun(challenge: Value, state: &State) -> Result<Begun, Error> {
    Ok(Begun {
        challenge,
        state: serde_json::to_vec(state).map_err(Error::internal)?,
    })
}

fn remembered(state: &[u8]) -> Result<State, NotAccepted> {
    serde_json::from_slice(state).map_err(NotAccepted::because)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_passkeys_where_people_use_a_name() {
        assert!(Passkeys::new("parvis.example", "https://parvis.example", "U").is_some());
        assert!(Passkeys::new("localhost", "https://localhost:8443", "U").is_some());
        assert!(Passkeys::new("127.0.0.1", "https://127.0.0.1:8443", "U").is_none());
        assert!(Passkeys::new("other.example", "https://parvis.example", "U").is_none());
    }

    #[test]
    fn the_device_must_verify_its_user() {
        let passkeys = Passkeys::new("parvis.example", "https://parvis.example", "U").unwrap();
        let registration = passkeys
            .begin_registration(PersonId(7), "ada", "Ada", &[])
            .unwrap();
        let selection = &registration.challenge["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(selection["residentKey"], "preferred");
        let anybody = passkeys.begin_for_anybody().unwrap().challenge;
        assert_eq!(anybody["publicKey"]["userVerification"], "required");
        assert_eq!(anybody["publicKey"]["rpId"], "parvis.example");
        assert!(anybody.get("mediation").is_none());
    }

    #[test]
    fn each_person_has_a_handle_that_stays() {
        let passkeys = Passkeys::new("parvis.example", "https://parvis.example", "U").unwrap();
        let handle = |person| {
            let begun = passkeys.begin_registration(PersonId(person), "ada", "Ada", &[]);
            begun.unwrap().challenge["publicKey"]["user"]["id"].clone()
        };
        assert_eq!(handle(7), handle(7));
        assert_ne!(handle(7), handle(8));
    }

    #[test]
    fn an_answer_that_is_none_is_refused() {
        let passkeys = Passkeys::new("parvis.example", "https://parvis.example", "U").unwrap();
        let begun = passkeys.begin_for_anybody().unwrap();
        assert!(passkeys.end_registration(json!({}), &begun.state).is_err());
        assert!(Passkeys::credential(&json!({ "id": "x" })).is_err());
        assert!(passkeys.end(json!({}), &begun.state, json!({})).is_err());
    }
}
