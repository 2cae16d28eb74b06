//! A disk that is sealed to the TPM of its machine: it opens there by itself, and elsewhere with its recovery key only.

use std::time::Duration;

use crate::lab::Lab;
use crate::machine::within;

pub(crate) fn a_sealed_disk_opens_by_itself(lab: &mut Lab) {
    let machine = lab.machine();
    let source = machine.root("findmnt --noheadings --output SOURCE /var");
    assert_eq!(source, "/dev/mapper/parvis-var");
    let kinds = machine.root("lsblk --noheadings --list --output PARTLABEL,FSTYPE /dev/vda");
    assert!(
        kinds.contains("parvis-var") && kinds.contains("crypto_LUKS"),
        "{kinds}"
    );
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
    let asks = |console: &str| console.contains("Please enter") && console.contains("parvis-var");
    within(
        Duration::from_secs(600),
        "the console to ask for the key",
        || asks(&machine.console()).then_some(()),
    );
    machine.types("no-key-at-all\n");
    within(
        Duration::from_secs(120),
        "the console to ask once more",
        || (machine.console().matches("Please enter").count() > 1).then_some(()),
    );
    machine.types(&format!("{key}\n"));
    machine.until_ready();
    let sealed = machine.root(&format!("PASSWORD={key} parvis seal again"));
    println!("  {}", sealed.lines().next_back().unwrap_or_default());
    let seconds = machine.reboots("systemctl reboot");
    println!("  back {seconds} s after a restart, by the other TPM");
}

/// The key as the console shows it, below the line that says what it is.
fn shown_key(console: &str) -> Option<String> {
    let (_, below) = console.rsplit_once("Recovery key of the disk")?;
    let key = below.lines().nth(1)?.trim();
    // Eight groups of eight, as systemd-cryptenroll writes them.
    (key.split('-').count() == 8 && key.len() == 71).then(|| key.to_owned())
}
