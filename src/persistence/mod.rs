//! What PostgreSQL remembers: the only Diesel of the crate.
//!
//! Nothing outside can hold a connection. A unit of work is a closure over a [`View`] (reads) or a [`Transaction`]
//! (reads and writes); it commits when it returns `Ok` and leaves nothing behind otherwise.

mod announcements;
pub mod audit;
pub mod campus;
pub mod ceremonies;
pub mod corrections;
pub mod credentials;
mod database;
pub mod describe;
pub mod devices;
pub mod errors;
mod failure;
pub mod failures;
pub mod invitations;
pub mod issuers;
pub mod ledger;
mod lock;
mod migrations;
pub mod notices;
pub mod outbox;
pub mod people;
pub mod pictures;
pub mod publications;
pub mod readings;
pub mod requests;
mod schema;
pub mod secrets;
pub mod sensors;
pub mod sessions;
pub mod set_up;
pub mod tokens;

pub use announcements::{Announcement, Announcements};
pub use database::{Connections, Database, Recording, Transaction, View};
pub use lock::RecorderLock;
pub use migrations::{Difference, Migrated, difference, migrate};
