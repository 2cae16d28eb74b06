//! Parvis: reads the command and runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    parvis::commands::run()
}
