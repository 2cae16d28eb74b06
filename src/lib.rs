//! Parvis.
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod gateways;
pub mod persistence;
