//! How sensors speak: bytes in, observations out, without storing, logging or asking the time.
//!
//! Each family has one file whose `decode` is a pure function of the payload. What a decoder does not know it leaves out;
//! what could tell one person from another (age, gender, tags, pictures, addresses of phones) it never returns.

mod chirpstack;
mod decode;
mod envelope;
mod json;
mod mapped;
mod milesight;
mod observation;
mod things_stack;
mod xovis4;
mod xovis5;

pub use decode::{Decoder, decode_device};
pub use observation::{Message, Observation, Payload, Status, Unreadable};
