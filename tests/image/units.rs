//! How far units are confined, as systemd itself judges, and who may switch the machine off.

use crate::lab::Lab;

/// What a unit may be exposed at the most, in tenths.
const LIMIT: u32 = 15;

/// Units that need more: PostgreSQL, which is not ours.
const MORE: [(&str, u32); 1] = [("postgresql", 30)];

pub(crate) fn units_are_confined(lab: &mut Lab) {
    let machine = lab.machine();
    let listed = machine.root(
        "cd /usr/lib/systemd/system && ls parvis*.service postgresql*.service ssh-host-keys.service",
    );
    let mut exposed = Vec::new();
    for unit in listed.lines().filter(|unit| !unit.contains('@')) {
        let more = MORE.iter().find(|(name, _)| unit.starts_with(name));
        let limit = more.map_or(LIMIT, |(_, limit)| *limit);
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

pub(crate) fn the_service_may_not_switch_the_machine_off(lab: &mut Lab) {
    let machine = lab.machine();
    let may = |what: &str| {
        format!(
            "systemd-run --quiet --wait --pipe --uid=parvis busctl call org.freedesktop.login1 /org/freedesktop/login1 \
             org.freedesktop.login1.Manager Can{what}"
        )
    };
    for what in ["PowerOff", "Reboot"] {
        let answer = machine.root(&may(what));
        assert_eq!(answer, "s \"no\"", "{what}");
    }
}

/// What waits for a file that stays would start its unit without end.
pub(crate) fn no_unit_is_started_over_and_over(lab: &mut Lab) {
    let machine = lab.machine();
    let mut jobs = || -> u64 {
        let count = machine.root("systemctl show --property NInstalledJobs --value");
        count.parse().expect("systemd counts its jobs")
    };
    let before = jobs();
    std::thread::sleep(std::time::Duration::from_secs(10));
    let jobs_since = jobs() - before;
    assert!(jobs_since < 100, "{jobs_since} jobs within ten seconds");
}
