//! How people, programs and sensors ask: the only actix of the crate.
//!
//! All routes stand in `routes`. A handler extracts, acts and shows; `failure` turns an error into an answer once.

mod account;
mod admin;
mod api;
mod assets;
mod cache;
mod cookies;
mod failure;
mod form;
mod handoff;
mod headers;
mod health;
mod ingest;
mod language;
mod local;
mod metrics;
mod multipart;
mod pages;
mod query;
mod rates;
mod redirect;
mod routes;
mod security;
mod security_contact;
mod server;
mod services;
mod set_up;
mod signed_in;
mod stream;
mod texts;
mod upload;

pub use server::{Doors, Running, block_on};
pub use services::{Parts, Services};
pub use texts::Texts;
