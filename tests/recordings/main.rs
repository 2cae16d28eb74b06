//! What real sensors sent and real gates recorded, as it lies in `../shared/data`: run by `.ci/run`, which has it.

#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../harness/mod.rs"]
mod harness;

mod drift;
mod files;
mod payloads;

use std::path::PathBuf;

/// A file of real recordings.
fn recording(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(name);
    assert!(
        path.exists(),
        "{} is not there: these tests need the recordings",
        path.display()
    );
    path
}
