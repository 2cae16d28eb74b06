//! Numbers that operators ask for: printed, and held to what was promised.

use std::fs;

use crate::lab::Lab;

/// The proportional memory of a unit's processes, in KiB.
const MEMORY: &str = "for pid in $(cat /sys/fs/cgroup/system.slice/UNIT/cgroup.procs); do awk '/^Pss:/ { print $2 }' /proc/$pid/smaps_rollup; done | awk '{ sum += $1 } END { print sum }'";

pub(crate) fn figures(lab: &mut Lab) {
    let name = lab
        .image()
        .file_stem()
        .expect("an image has a name")
        .to_string_lossy()
        .into_owned();
    let directory = lab
        .image()
        .parent()
        .expect("an image lies in a directory")
        .to_owned();
    for entry in fs::read_dir(directory)
        .expect("image/out is there")
        .flatten()
    {
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.starts_with(&name) {
            println!(
                "  {file}: {} MB",
                entry.metadata().map_or(0, |data| data.len()) / 1_000_000
            );
        }
    }
    let machine = lab.machine();
    println!("  {}", machine.root("systemd-analyze time | head -1"));
    let mut idle = 0;
    for unit in ["parvis.service", "postgresql.service"] {
        let kib: u64 = machine
            .root(&MEMORY.replace("UNIT", unit))
            .parse()
            .expect("awk says a number");
        println!("  {unit}: {} MiB (PSS)", kib / 1024);
        idle += kib / 1024;
    }
    assert!(
        idle <= 128,
        "Parvis and PostgreSQL use {idle} MiB when idle"
    );
}
