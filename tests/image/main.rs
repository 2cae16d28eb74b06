//! The image, booted in virtual machines and examined from outside, each in a network of its own: stories, told in order.
//!
//! `make image-test` tells all of them, `make image-test STORIES="life watchdog"` those of the machine that is called so and
//! those whose names hold one of the words.
//! `PARVIS_IMAGE` names another disk than the newest of `image/out`. Consoles stay in `target/image-test`.

mod assessment;
#[path = "../service/authority.rs"]
#[expect(dead_code, reason = "its answer to one request is enough here")]
mod authority;
mod browser;
mod counts;
mod figures;
mod first_boot;
mod lab;
mod machine;
mod ports;
mod recovery;
mod seal;
mod set_up;
#[path = "../tls/testssl.rs"]
mod testssl;
mod units;
mod updates;

use std::io::{BufRead as _, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use lab::Lab;

type Story = (&'static str, fn(&mut Lab));

/// The machine that is set up through its page and lived with.
pub(crate) const LIFE: &str = "life";

/// The machine whose disk is sealed to its TPM.
pub(crate) const SEALED: &str = "sealed";

/// The machine that scanners look into.
pub(crate) const ASSESSED: &str = "assessed";

/// The machine that the hypervisor sets up, and that releases are installed on.
pub(crate) const RELEASES: &str = "releases";

macro_rules! stories {
    ($($module:ident::$story:ident),* $(,)?) => {
        &[$((stringify!($story), $module::$story)),*]
    };
}

/// What happens on each machine, in this order; those that take longest come first.
const LANES: &[(&str, &[Story])] = &[
    (
        RELEASES,
        stories![
            updates::what_is_tampered_with_is_refused,
            updates::an_interrupted_update_leaves_what_runs,
            updates::a_release_without_a_working_service_is_left,
            updates::a_release_with_a_damaged_root_is_left,
            updates::a_release_that_secure_boot_refuses_is_left,
            updates::a_release_whose_initrd_stops_is_left,
            updates::an_update_from_the_server_stays,
            updates::an_update_from_a_bundle_stays_and_the_old_is_refused,
            updates::an_operator_goes_back,
            updates::a_hang_ends_by_the_watchdog,
        ],
    ),
    (
        ASSESSED,
        stories![
            assessment::tls_is_graded_a_plus,
            assessment::ssh_is_without_a_finding,
            assessment::scanners_look_inside,
            assessment::bp_028,
            assessment::lynis,
        ],
    ),
    (
        LIFE,
        stories![
            first_boot::the_machine_comes_up_by_itself,
            first_boot::the_boot_is_verified,
            first_boot::nothing_has_failed,
            first_boot::the_disk_is_laid_out,
            first_boot::the_database_knows_the_memory,
            set_up::set_up_through_the_page,
            ports::keys_open_ssh_and_nothing_else_does,
            ports::ports_that_answer_are_22_80_443,
            units::units_are_confined,
            units::no_unit_is_started_over_and_over,
            units::the_service_may_not_switch_the_machine_off,
            counts::readings_come_in_and_are_shown,
            figures::figures,
            recovery::a_killed_service_is_back,
            recovery::a_power_cut_loses_nothing_acknowledged,
            recovery::a_larger_disk_is_used,
            recovery::a_reboot_brings_everything_back,
        ],
    ),
    (
        SEALED,
        stories![
            seal::a_sealed_disk_opens_by_itself,
            recovery::a_larger_disk_is_used,
            seal::a_disk_in_another_machine_asks_for_its_key,
        ],
    ),
];

/// Names the lane in the second run of this program, which is alone with its network.
const ALONE: &str = "PARVIS_IMAGE_LANE";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_chosen = |lane: &str, name: &str| {
        words.is_empty()
            || words
                .iter()
                .any(|word| word == lane || name.contains(word.as_str()))
    };
    let alone = std::env::var(ALONE).ok();
    if let Some((lane, stories)) = LANES
        .iter()
        .find(|(lane, _)| alone.as_deref() == Some(lane))
    {
        return tell(
            lane,
            stories.iter().filter(|(name, _)| is_chosen(lane, name)),
        );
    }
    let chosen = LANES
        .iter()
        .filter(|(lane, stories)| stories.iter().any(|(name, _)| is_chosen(lane, name)))
        .map(|(lane, _)| *lane);
    // A machine keeps one processor busy.
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let waiting = Mutex::new(chosen);
    let next = || waiting.lock().expect("nobody panics here").next();
    let works = || {
        let mut is_well = true;
        while let Some(lane) = next() {
            is_well &= run_alone(lane, &words);
        }
        is_well
    };
    let is_well = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(works)).collect();
        let mut ended = workers.into_iter().map(|worker| worker.join());
        ended.all(|is_well| is_well.expect("nobody panics here"))
    });
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Tells a lane in a run of its own and in namespaces of its own: what is started there ends with them, and no address of this
/// machine is touched. What it says is shown with its name before it.
fn run_alone(lane: &str, words: &[String]) -> bool {
    let (said, says) = std::io::pipe().expect("there are pipes");
    let says_too = says.try_clone().expect("a pipe can be shared");
    // The command holds the other end of the pipe, and must not outlive its start.
    let mut run = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
        .args(["--mount-proc", "--"])
        .arg(std::env::current_exe().expect("this program has a path"))
        .args(words)
        .env(ALONE, lane)
        .stdout(says)
        .stderr(says_too)
        .spawn()
        .expect("unshare of util-linux runs, as root");
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        println!("{lane:8}  {line}");
    }
    run.wait().expect("it ends").success()
}

fn tell<'s>(lane: &'static str, stories: impl Iterator<Item = &'s Story>) -> ExitCode {
    let mut lab = Lab::open(lane);
    let mut failed = Vec::new();
    for (name, story) in stories {
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
