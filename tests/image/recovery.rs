//! What comes back by itself: a service that was killed, a machine that boots again, a machine whose power was cut.

use std::thread::sleep;
use std::time::Duration;

use crate::lab::Lab;
use crate::machine::{status, within};

const SQL: &str = "runuser -u postgres -- psql -AtqXh /run/postgresql postgres";

pub(crate) fn a_killed_service_is_back(lab: &mut Lab) {
    let machine = lab.machine();
    machine.root("systemctl kill --signal=KILL parvis.service");
    within(Duration::from_secs(10), "the service to be back", || {
        (status("/health/live") == "200").then_some(())
    });
    machine.until_ready();
}

pub(crate) fn a_reboot_brings_everything_back(lab: &mut Lab) {
    let machine = lab.machine();
    let seconds = machine.reboot();
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
    let machine = lab.machine();
    machine.root(&format!(
        "{SQL} -c 'CREATE TABLE IF NOT EXISTS examination (number bigserial)'"
    ));
    // Each number is shown on the console once it is committed.
    machine.root(&format!(
        "(while number=$({SQL} -c 'INSERT INTO examination DEFAULT VALUES RETURNING number'); do echo committed $number >/dev/ttyS0; done) >/dev/null 2>&1 &"
    ));
    sleep(Duration::from_secs(30));
    let console = machine.console();
    let acknowledged: u64 = console
        .lines()
        .filter_map(|line| line.trim().strip_prefix("committed "))
        .filter_map(|number| number.trim().parse().ok())
        .next_back()
        .expect("something was committed");
    machine.cut_power();
    machine.until_ready();
    let kept: u64 = machine
        .root(&format!("{SQL} -c 'SELECT count(*) FROM examination'"))
        .parse()
        .expect("a count");
    assert!(
        kept >= acknowledged,
        "{acknowledged} were acknowledged, {kept} are there"
    );
    println!("  acknowledged before the cut: {acknowledged}, there after it: {kept}");
}
