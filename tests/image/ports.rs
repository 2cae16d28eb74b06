//! What answers from another machine.

use std::process::Command;

use crate::lab::{GUEST, GUEST_IPV6, Lab, run};

pub(crate) fn keys_open_ssh_and_nothing_else_does(lab: &mut Lab) {
    lab.machine();
    let key = lab.key().display().to_string();
    let with_key = ssh(&["-i", &key, "-o", "IdentitiesOnly=yes"], "operator");
    assert!(
        !with_key.contains("Permission denied"),
        "the key of the credential is refused: {with_key}"
    );
    let without = ssh(&["-o", "IdentityFile=none"], "operator");
    assert!(
        without.contains("Permission denied (publickey)"),
        "something else than keys is offered: {without}"
    );
    let root = ssh(&["-i", &key, "-o", "IdentitiesOnly=yes"], "root");
    assert!(root.contains("Permission denied"), "root comes in: {root}");
}

fn ssh(options: &[&str], user: &str) -> String {
    let output = Command::new("ssh")
        .args([
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=60",
        ])
        .args(options)
        .args([&format!("{user}@{GUEST}"), "true"])
        .output()
        .expect("ssh runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn ports_that_answer_are_22_80_443(lab: &mut Lab) {
    lab.machine();
    for (family, address) in [("-4", GUEST), ("-6", GUEST_IPV6)] {
        let report = run(
            "nmap",
            [
                family, "-Pn", "-n", "-p-", "-T4", "--open", "-oG", "-", address,
            ],
        );
        let mut open: Vec<&str> = report
            .split([' ', ',', '\t'])
            .filter_map(|word| word.split_once("/open/").map(|(port, _)| port))
            .collect();
        open.sort_unstable();
        assert_eq!(open, ["22", "443", "80"], "{address}: {report}");
    }
}
