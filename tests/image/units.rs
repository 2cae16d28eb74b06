//! How far units are confined, as systemd itself judges.

use crate::lab::Lab;

/// What each unit of ours may be exposed at the most, in tenths; PostgreSQL has its own limit.
const OURS: u32 = 15;
const POSTGRESQL: u32 = 30;

pub(crate) fn units_are_confined(lab: &mut Lab) {
    let machine = lab.machine();
    let listed = machine.root(
        "cd /usr/lib/systemd/system && ls parvis*.service postgresql*.service ssh-host-keys.service",
    );
    let mut exposed = Vec::new();
    for unit in listed.lines().filter(|unit| !unit.contains('@')) {
        let limit = if unit.starts_with("postgresql") {
            POSTGRESQL
        } else {
            OURS
        };
        let report = machine.root(&format!("systemd-analyze security --no-pager --threshold={limit} {unit} | tail -1; echo ${{PIPESTATUS[0]}}"));
        println!("  {}", report.lines().next().unwrap_or_default());
        if !report.ends_with("\n0") {
            exposed.push(unit.to_owned());
        }
    }
    assert!(
        exposed.is_empty(),
        "exposed more than allowed: {}",
        exposed.join(", ")
    );
}
