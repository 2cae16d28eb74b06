//! The image, booted in a virtual machine and examined from outside, over a network of its own: stories, told in order.
//!
//! `make image-test` tells all of them, `make image-test STORIES="ports reboot"` those whose names hold one of the words.
//! `PARVIS_IMAGE` names another disk than the newest of `image/out`. Serial logs stay in `target/image-test`.

mod figures;
mod first_boot;
mod lab;
mod machine;
mod ports;
mod recovery;
mod units;

use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};
use std::time::Instant;

use lab::Lab;

type Story = (&'static str, fn(&mut Lab));

/// In this order, on one machine; a story that needs another disk takes a copy.
const STORIES: &[Story] = &[
    (
        "the_page_comes_up_by_itself",
        first_boot::the_page_comes_up_by_itself,
    ),
    ("the_boot_is_verified", first_boot::the_boot_is_verified),
    ("nothing_has_failed", first_boot::nothing_has_failed),
    ("the_disk_is_laid_out", first_boot::the_disk_is_laid_out),
    (
        "keys_open_ssh_and_nothing_else_does",
        ports::keys_open_ssh_and_nothing_else_does,
    ),
    (
        "ports_that_answer_are_22_80_443",
        ports::ports_that_answer_are_22_80_443,
    ),
    ("units_are_confined", units::units_are_confined),
    ("figures", figures::figures),
    (
        "a_killed_service_is_back",
        recovery::a_killed_service_is_back,
    ),
    (
        "a_reboot_brings_everything_back",
        recovery::a_reboot_brings_everything_back,
    ),
    (
        "a_power_cut_loses_nothing_acknowledged",
        recovery::a_power_cut_loses_nothing_acknowledged,
    ),
];

/// Set in the second run of this program, the one that is alone with its network.
const ALONE: &str = "PARVIS_IMAGE_LAB";

fn main() -> ExitCode {
    if std::env::var_os(ALONE).is_none() {
        // In namespaces of its own: what is started here ends with it, and no address of this machine is touched.
        let failure = Command::new("unshare")
            .args([
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--",
            ])
            .arg(std::env::current_exe().expect("this program has a path"))
            .args(std::env::args_os().skip(1))
            .env(ALONE, "1")
            .exec();
        eprintln!("image: unshare of util-linux cannot be run, as root: {failure}");
        return ExitCode::FAILURE;
    }
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let chosen =
        |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut lab = Lab::open();
    let mut failed = Vec::new();
    for (name, story) in STORIES.iter().filter(|(name, _)| chosen(name)) {
        println!("story {name} ...");
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| story(&mut lab)));
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        println!(
            "story {name} ... {outcome} ({} s)",
            begun.elapsed().as_secs()
        );
        if result.is_err() {
            println!("{}", lab.last_words());
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(" "));
    ExitCode::FAILURE
}
