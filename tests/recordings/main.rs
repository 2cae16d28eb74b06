//! What real sensors sent and real gates recorded, as it lies in `../shared/data`: run by `.ci/run`, which has it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

#[path = "../harness/mod.rs"]
mod harness;
