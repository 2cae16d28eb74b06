//! Certificates from an ACME directory (RFC 8555): an account, an order, the answer to http-01, and the chain.
//!
//! The crate `instant-acme` speaks the protocol; requests go through an HTTP client of the caller's, so TLS is OpenSSL with
//! the authorities and the proxy of the settings. Account and order are files beside the pair: an order that a restart
//! interrupts goes on where it was.

mod challenges;
mod http;
mod kept;
mod order;
mod renewal_information;

pub use challenges::{Challenges, PATH, Posted};
pub use order::{Acme, Failure};
