//! A disk that is sealed to the TPM of its machine: it opens there by itself, and elsewhere with its recovery key only.

use std::time::Duration;

use crate::lab::Lab;
use crate::machine::{Machine, within};
use crate::ports::in_the_shell;

pub(crate) fn a_sealed_disk_opens_by_itself(lab: &mut Lab) {
    let machine = lab.machine();
    for (place, name) in [
        ("/var", "parvis-var"),
        ("/var/log", "parvis-log"),
        ("/var/log/audit", "parvis-audit"),
    ] {
        let source = machine.root(&format!("findmnt --noheadings --output SOURCE {place}"));
        assert_eq!(source, format!("/dev/mapper/{name}"));
        let kind = machine.root(&format!(
            "blkid -s TYPE -o value /dev/disk/by-partlabel/{name}"
        ));
        assert_eq!(kind, "crypto_LUKS", "{name}");
    }
    let key = within(
        Duration::from_secs(120),
        "the console to show the recovery key",
        || shown_key(&machine.console()),
    );
    println!("  recovery key of {} signs", key.len());
    lab.remember_secret(key);
    let machine = lab.machine();
    let seconds = machine.reboots("systemctl reboot");
    println!("  back {seconds} s after a restart, by the TPM");
    assert_eq!(machine.root("systemctl --failed --no-legend --plain"), "");
    assert_eq!(
        machine.root("ls /run/parvis-seal 2>/dev/null"),
        "",
        "the key outlives a restart"
    );
}

pub(crate) fn a_disk_in_another_machine_asks_for_its_key(lab: &mut Lab) {
    let key = lab.secret();
    let machine = lab.machine();
    machine.loses_its_tpm();
    asks(machine, "Please enter the recovery key");
    machine.types("no-key-at-all\n");
    asks(machine, "That key does not open the disk");
    machine.types(&format!("{key}\n"));
    machine.until_ready();
    in_the_shell(
        &lab.key(),
        &[
            ("recorded in", "parvis seal again"),
            ("Recovery key of the disk", &key.to_uppercase()),
            ("opens by the TPM of this machine again", "exit"),
        ],
    );
    let machine = lab.machine();
    let seconds = machine.reboots("systemctl reboot");
    println!("  back {seconds} s after a restart, by the other TPM");
}

/// Waits until the console asks, in these words.
fn asks(machine: &Machine, words: &str) {
    within(Duration::from_secs(600), words, || {
        machine.console().contains(words).then_some(())
    });
}

/// The key as the console shows it, below the line that says what it is.
fn shown_key(console: &str) -> Option<String> {
    let (_, below) = console.rsplit_once("Recovery key of the disk")?;
    let key = below.lines().nth(1)?.trim();
    // Eight groups of eight, as systemd-cryptenroll writes them.
    (key.split('-').count() == 8 && key.len() == 71).then(|| key.to_owned())
}
