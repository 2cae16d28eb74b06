//! Campus sign-on against real providers, over HTTPS: one that is right, and wrong on request (`provider.mjs`). Tests that
//! have the name of a certification test of the OpenID Foundation do what that asks of a client.
//!
//! Keycloak is tried by `make providers`, with `keycloak.rs`.

mod back_channel;
mod basic;
mod browser;
mod configuration;
#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../harness/mod.rs"]
mod harness;
mod ours;
mod proxy;
mod roles;
mod second_factor;
mod sign_out;
mod world;
