//! What is true of a campus and its people: pure rules, without input, output or clock.
//!
//! Nothing here may import another module of this crate, ask the time, or fail for a reason that lies outside its
//! arguments. That makes every rule testable with plain values and replayable bit for bit.

pub mod actor;
pub mod audit;
pub mod campus;
pub mod capacity;
pub mod certificate;
pub mod channel_book;
pub mod claims;
pub mod correction;
pub mod counter;
pub mod day;
pub mod description;
pub mod drift;
pub mod edit;
pub mod figure;
pub mod freshness;
pub mod gateway;
pub mod hours;
pub mod ids;
pub mod issuer;
pub mod item;
pub mod level;
pub mod mapping;
pub mod network;
pub mod notice;
pub mod person;
pub mod picture;
pub mod plan;
pub mod ports;
pub mod reading;
pub mod release;
pub mod role;
pub mod session;
pub mod set_up;
pub mod space_day;
pub mod ssh_keys;
pub mod throttle;
pub mod token;
pub mod trend;
pub mod values;
pub mod words;
pub mod zones;
