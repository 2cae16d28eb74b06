//! The certificate of the HTTPS door: where it comes from, what it says, when it is renewed, and when to warn.

mod choice;
mod facts;
mod names;
mod renewal;
mod warning;

pub use choice::{Choice, ManagedCertificate, Source};
pub use facts::Facts;
pub use names::covers;
pub use renewal::{next_try, renewal_due};
pub use warning::{Warning, warning};
