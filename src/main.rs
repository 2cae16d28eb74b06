//! Parvis: reads the command and runs it.

use std::process::ExitCode;

/// Requests and readings are many small things, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    parvis::commands::run()
}
