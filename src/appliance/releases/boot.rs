//! The boot loader: which versions it can boot, and choosing one.

use std::process::Command;

use serde::Deserialize;

use crate::domain::release::{Failure, Slot, Version};

const PROGRAM: &str = "/usr/bin/bootctl";

/// What the boot loader knows of an entry; systemd-boot counts tries in the names of its files.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: Option<String>,
    tries_left: Option<u32>,
}

/// The versions of an image that can be booted.
pub(super) fn slots(image: &str) -> Result<Vec<Slot>, Failure> {
    slots_in(&run(&["--json=short", "list"])?, image)
}

fn slots_in(told: &str, image: &str) -> Result<Vec<Slot>, Failure> {
    let entries: Vec<Entry> = serde_json::from_str(told)
        .map_err(|error| Failure::broken(format!("bootctl said {told:?}: {error}")))?;
    let slot = |entry: Entry| {
        let id = entry.id?;
        let name = id
            .strip_prefix(image)?
            .strip_prefix('_')?
            .strip_suffix(".efi")?;
        // The counter is part of the name where a loader does not take it off.
        let version: Version = name.split('+').next()?.parse().ok()?;
        Some(Slot {
            version,
            entry: id,
            tries_left: entry.tries_left,
        })
    };
    Ok(entries.into_iter().filter_map(slot).collect())
}

/// Boots an entry from now on; none lets the boot loader take the newest that came up healthy or may be tried.
pub(super) fn prefer(entry: Option<&str>) -> Result<(), Failure> {
    run(&["set-default", entry.unwrap_or("")]).map(drop)
}

fn run(arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new(PROGRAM)
        .args(arguments)
        .output()
        .map_err(|error| Failure::broken(format!("{PROGRAM} cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(Failure::broken(format!(
        "bootctl {}: {}",
        arguments.join(" "),
        told.trim()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_read_from_what_bootctl_lists() {
        let told = r#"[
            {"type":"type2","id":"parvis-cloud_0.2.0.efi","path":"/boot//EFI/Linux/parvis-cloud_0.2.0+0-3.efi","triesLeft":0,"triesDone":3,"isReported":true},
            {"type":"type2","id":"parvis-cloud_0.1.0.efi","path":"/boot//EFI/Linux/parvis-cloud_0.1.0.efi","isDefault":true,"isSelected":true},
            {"type":"auto","id":"auto-reboot-to-firmware-setup","title":"Reboot Into Firmware Interface"},
            {"type":"type2","id":"parvis-metal_0.3.0.efi"},{"type":"type2"}
        ]"#;
        let slots = slots_in(told, "parvis-cloud").unwrap();
        let short: Vec<_> = slots
            .iter()
            .map(|slot| (slot.version.to_string(), slot.tries_left))
            .collect();
        assert_eq!(
            short,
            [("0.2.0".to_owned(), Some(0)), ("0.1.0".to_owned(), None)]
        );
        assert!(slots_in("", "parvis-cloud").is_err());
    }
}
