//! The first boot: from a written disk to the page, with nobody at the keyboard.

use crate::lab::Lab;
use crate::machine::{Machine, status};

pub(crate) fn the_machine_comes_up_by_itself(lab: &mut Lab) {
    let seconds = lab.machine().until_ready();
    println!("  first boot to the page: {seconds} s");
    assert_eq!(status("/health/ready"), "200");
}

pub(crate) fn the_boot_is_verified(lab: &mut Lab) {
    let machine = lab.machine();
    let boot = machine.root("bootctl status --no-pager");
    assert!(
        boot.contains("Secure Boot: enabled (user)"),
        "Secure Boot is not on: {boot}"
    );
    let root = machine.root("findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /");
    assert!(
        root.starts_with("/dev/mapper/root") && root.contains("erofs") && root.contains("ro"),
        "the root is not verified: {root}"
    );
    assert!(
        machine
            .root("touch /etc/written")
            .contains("Read-only file system")
    );
}

pub(crate) fn nothing_has_failed(lab: &mut Lab) {
    let machine = lab.machine();
    let state = machine.root("systemctl is-system-running --wait");
    assert_eq!(
        state,
        "running",
        "{}",
        machine.root("systemctl --failed --no-legend --plain")
    );
    for unit in [
        "parvis.service",
        "postgresql.service",
        "ssh.service",
        "parvis-health.service",
    ] {
        assert_eq!(
            machine.root(&format!("systemctl is-active {unit}")),
            "active",
            "{unit}"
        );
    }
    assert_eq!(
        machine.root("ls -d /usr/bin/gcc /usr/bin/cc /usr/bin/make 2>/dev/null"),
        "",
        "there is a compiler"
    );
    let checksums = machine.root(
        "runuser -u postgres -- psql -AtXh /run/postgresql postgres -c 'SHOW data_checksums'",
    );
    assert_eq!(checksums, "on");
}

pub(crate) fn the_disk_is_laid_out(lab: &mut Lab) {
    let machine = lab.machine();
    let labels = machine.root("lsblk --noheadings --list --output PARTLABEL /dev/vda");
    for label in ["_empty", "parvis-var", "parvis-log", "parvis-audit"] {
        assert!(labels.contains(label), "no partition {label}: {labels}");
    }
    for (place, flags) in [
        ("/var", &["nodev", "nosuid", "noexec"][..]),
        ("/var/log", &["nodev", "nosuid", "noexec"]),
        ("/var/log/audit", &["nodev", "nosuid", "noexec"]),
        ("/home", &["nodev", "nosuid"]),
        ("/tmp", &["nodev", "nosuid", "noexec"]),
    ] {
        let options = machine.root(&format!("findmnt --noheadings --output OPTIONS {place}"));
        for flag in flags {
            assert!(options.contains(flag), "{place} is not {flag}: {options}");
        }
    }
    let megabytes = megabytes_of_var(machine);
    assert!(megabytes > 3000, "/var was not grown: {megabytes} MB");
}

pub(crate) fn the_database_knows_the_memory(lab: &mut Lab) {
    let share = lab.machine().root(
        "runuser -u postgres -- psql -AtXh /run/postgresql postgres -c \
         \"SELECT pg_size_bytes(current_setting('effective_cache_size')) >> 20\"",
    );
    let share: u64 = share.parse().expect("psql says a number");
    // Half of two gigabytes, less what the kernel keeps.
    assert!((900..=1024).contains(&share), "{share} MB");
}

pub(crate) fn megabytes_of_var(machine: &mut Machine) -> u64 {
    machine
        .root("df --output=size -BM /var | tail -1 | tr -dc 0-9")
        .parse()
        .expect("df says a number")
}
