//! Parvis.
pub mod actions;
pub mod appliance;
pub mod clock;
pub mod commands;
pub mod config;
pub mod domain;
pub mod error;
pub mod gateways;
pub mod ingest;
pub mod live;
pub mod parvis;
pub mod persistence;
pub mod tasks;
pub mod web;
