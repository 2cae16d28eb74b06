//! What the service promises, tried on the real binary over HTTPS with a real PostgreSQL, a database for each test.

#[path = "../harness/mod.rs"]
mod harness;

mod administering;
mod authority;
mod certificates;
mod commands;
mod demo;
mod describing;
mod doors;
mod durability;
mod exchanging;
mod explaining;
mod fetching;
mod forms;
mod gateways;
mod importing;
mod local_accounts;
mod machine;
mod mail;
mod many_at_once;
mod pages;
mod pebble;
mod people;
mod permissions;
mod ports;
mod privacy;
mod recording;
mod refusals;
mod schema;
mod sessions;
mod set_up;
mod showing;
mod somebody;
mod streaming;
mod time;
mod updates;
