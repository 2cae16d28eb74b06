//! What the envelopes of LoRaWAN network servers have in common: base64 payloads, device EUIs, hints at the model.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::milesight;
use super::observation::{Message, Payload, Unreadable};
use crate::domain::gateway::Family;
use crate::domain::reading::Moment;

/// One uplink, unwrapped.
pub(super) struct Uplink<'a> {
    /// Where the payload stands, for messages.
    pub(super) place: &'static str,
    /// The device EUI, as written.
    pub(super) device_eui: &'a str,
    /// The payload in base64.
    pub(super) payload: &'a str,
    /// The network server's time.
    pub(super) at: Option<Moment>,
    /// The network server's mark of the uplink, used where it gave no time.
    pub(super) mark: Option<&'a str>,
    /// Words in which a model may be named.
    pub(super) hints: Vec<&'a str>,
}

/// A device EUI: sixteen hexadecimal digits, in upper case.
pub(super) fn device_eui(place: &str, text: &str) -> Result<String, Unreadable> {
    let digits: String = text
        .chars()
        .filter(|letter| !"-: ".contains(*letter))
        .collect();
    if digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digits.to_uppercase());
    }
    Err(Unreadable::invalid(
        place,
        "is not a device EUI: 16 hexadecimal digits",
    ))
}

/// The message of an uplink, decoded by the model of its device.
pub(super) fn unwrap(
    uplink: &Uplink<'_>,
    model_of: &dyn Fn(&str) -> Option<Family>,
) -> Result<Payload, Unreadable> {
    let bytes = STANDARD
        .decode(uplink.payload.trim())
        .map_err(|_| Unreadable::invalid(uplink.place, "is not base64"))?;
    let device = device_eui("device EUI", uplink.device_eui)?;
    let model = model_of(&device).or_else(|| model_in(&uplink.hints));
    let (mut message, notes) = milesight::decode(model, &bytes);
    message.at = message.at.or(uplink.at);
    if message.at.is_none() {
        for reading in &mut message.readings {
            reading.mark = uplink.mark.map(str::to_owned);
        }
    }
    Ok(Payload {
        messages: vec![Message {
            model,
            device: Some(device),
            ..message
        }],
        is_test: false,
        notes,
    })
}

/// The model that a profile or device name gives away.
fn model_in(hints: &[&str]) -> Option<Family> {
    let text = hints.join(" ").to_lowercase();
    Family::ALL
        .into_iter()
        .filter(|family| family.is_device())
        .find(|family| {
            family
                .name()
                .rsplit('-')
                .next()
                .is_some_and(|model| text.contains(model))
        })
}
