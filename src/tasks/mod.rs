//! What happens unasked: a tick every five seconds, and what is due then.

pub mod close_days;
pub mod forget_old;
pub mod renew_certificate;
mod schedule;
pub mod send_mail;

pub use schedule::Schedule;
