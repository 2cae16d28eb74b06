//! From a family to its decoder: one door for the ingest route, the command line and the tests.

use crate::domain::gateway::Family;
use crate::domain::mapping::Mapping;

use super::observation::{Payload, Unreadable};
use super::{chirpstack, mapped, milesight, things_stack, xovis4, xovis5};

/// A decoder with what it needs to know beside the payload.
#[derive(Clone, Copy)]
pub struct Decoder<'a> {
    /// The family of the gateway.
    pub family: Family,
    /// How its JSON is read, for [`Family::Json`].
    pub mapping: Option<&'a Mapping>,
    /// Which device a device EUI is, for network servers; unknown ones are guessed from the envelope and the bytes.
    pub model_of: &'a dyn Fn(&str) -> Option<Family>,
    /// The kind of event, where the network server says it in the address (`?event=up`).
    pub event: Option<&'a str>,
}

impl std::fmt::Debug for Decoder<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Decoder")
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

impl Decoder<'_> {
    /// The messages in a body.
    ///
    /// # Errors
    /// When the body is not of the family's format, or a value in it breaks a rule.
    pub fn decode(&self, body: &[u8]) -> Result<Payload, Unreadable> {
        match self.family {
            Family::Xovis5 => xovis5::decode(body),
            Family::Xovis4 => xovis4::decode(body),
            Family::ChirpStack => chirpstack::decode(body, self.event, self.model_of),
            Family::TheThingsStack => things_stack::decode(body, self.model_of),
            Family::Json => match self.mapping {
                Some(mapping) => mapped::decode(body, mapping),
                None => Err(Unreadable::invalid(
                    "gateway",
                    "family json needs a mapping",
                )),
            },
            Family::MilesightVs121
            | Family::MilesightVs132
            | Family::MilesightVs133
            | Family::MilesightVs135
            | Family::MilesightVs350
            | Family::MilesightVs351
            | Family::MilesightVs360 => Ok(decode_device(Some(self.family), body)),
        }
    }
}

/// The message in the bytes of a LoRaWAN device. With no model, what all known devices agree on is used.
#[must_use]
pub fn decode_device(model: Option<Family>, bytes: &[u8]) -> Payload {
    let (message, notes) = milesight::decode(model, bytes);
    Payload {
        messages: vec![message],
        is_test: false,
        notes,
    }
}
