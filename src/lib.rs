//! Parvis.
pub mod config;
pub mod domain;
pub mod gateways;
