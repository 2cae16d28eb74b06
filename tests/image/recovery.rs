//! What comes back by itself: a service that was killed, a machine that boots again, whose power was cut, whose disk has grown.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::counts::{Walking, people};
use crate::first_boot::megabytes_of_var;
use crate::lab::Lab;
use crate::machine::{is_emulated, status, within};

pub(crate) fn a_killed_service_is_back(lab: &mut Lab) {
    let machine = lab.machine();
    let killed = Instant::now();
    machine.root("systemctl kill --signal=KILL parvis.service");
    // A processor that is emulated is many times slower than any that the image is made for.
    let patience = Duration::from_secs(if is_emulated() { 100 } else { 10 });
    within(patience, "the service to be back", || {
        (status("/health/live") == "200").then_some(())
    });
    println!("  back after {} s", killed.elapsed().as_secs());
    machine.until_ready();
}

pub(crate) fn a_larger_disk_is_used(lab: &mut Lab) {
    let machine = lab.machine();
    let before = megabytes_of_var(machine);
    machine.gets_a_larger_disk(12 << 30);
    machine.until_ready();
    let after = megabytes_of_var(machine);
    println!("  /var had {before} MB and has {after}");
    assert!(after > before + 3500, "/var did not grow with the disk");
}

pub(crate) fn a_reboot_brings_everything_back(lab: &mut Lab) {
    let machine = lab.machine();
    let seconds = machine.reboots_by_menu();
    println!("  reboot to the page: {seconds} s");
    assert_eq!(machine.root("systemctl --failed --no-legend --plain"), "");
    assert!(
        machine
            .root("journalctl --list-boots --no-pager | wc -l")
            .parse::<u32>()
            .is_ok_and(|boots| boots >= 2),
        "the journal forgot"
    );
}

pub(crate) fn a_power_cut_loses_nothing_acknowledged(lab: &mut Lab) {
    let secret = lab.secret();
    let before = people().expect("the hall is counted");
    let machine = lab.machine();
    let walking = Walking::begin(secret, before);
    sleep(Duration::from_secs(40));
    machine.cut_power();
    let acknowledged = walking.end();
    assert!(acknowledged > before, "nobody walked");
    machine.until_ready();
    let kept = within(Duration::from_secs(60), "the hall to be counted", people);
    println!("  acknowledged before the cut: {acknowledged}, counted after it: {kept}");
    assert!(
        kept >= acknowledged,
        "{acknowledged} were acknowledged, {kept} are counted"
    );
}
