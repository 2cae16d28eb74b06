//! What answers from another machine.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::lab::{GUEST, GUEST_IPV6, Lab, run};

pub(crate) fn keys_open_ssh_and_nothing_else_does(lab: &mut Lab) {
    let key = lab.key();
    lab.machine();
    let status = ssh(&key, "parvis update status", "");
    assert!(
        status.success && status.text.contains("runs "),
        "the key of the set-up does not let in: {}",
        status.text
    );
    let refused = ssh(&key, "cat /etc/passwd", "");
    assert!(
        !refused.success && refused.text.contains("operators may run"),
        "{}",
        refused.text
    );
    let shell = ssh(&key, "shell", "echo user-$(id --user)-$((40 + 2)); exit\n");
    assert!(
        shell.text.contains("recorded in /var/log/parvis-shell/"),
        "{}",
        shell.text
    );
    let recorded = lab.machine().root("cat /var/log/parvis-shell/*.out");
    assert!(recorded.contains("user-0-42"), "{recorded}");
    let without = come_in(&["-o", "IdentityFile=none"], "operator", "true", "");
    assert!(
        without.text.contains("Permission denied (publickey)"),
        "something else than keys is offered: {}",
        without.text
    );
    let key = key.display().to_string();
    let root = come_in(&["-i", &key], "root", "true", "");
    assert!(
        root.text.contains("Permission denied"),
        "root comes in: {}",
        root.text
    );
    // Who was refused is not heard for a while; the stories that follow come in again.
    lab.machine().root("systemctl restart ssh.service");
}

/// What came of coming in.
pub(crate) struct Said {
    pub(crate) success: bool,
    /// What was said, on both streams.
    pub(crate) text: String,
}

/// Comes in as operator and asks for something.
pub(crate) fn ssh(key: &Path, asked: &str, input: impl AsRef<[u8]>) -> Said {
    let key = key.display().to_string();
    come_in(&["-i", &key], "operator", asked, input)
}

fn come_in(options: &[&str], user: &str, asked: &str, input: impl AsRef<[u8]>) -> Said {
    let mut child = client(options, user, asked);
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who is refused reads nothing.
    let _ = stdin.write_all(input.as_ref());
    drop(stdin);
    let output = child.wait_with_output().expect("ssh ends");
    Said {
        success: output.status.success(),
        text: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// Works in the full shell: types each line once the words before it are shown.
pub(crate) fn in_the_shell(key: &Path, lines: &[(&str, &str)]) {
    let key = key.display().to_string();
    let mut child = client(&["-i", &key], "operator", "shell");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut shown = String::new();
    for (words, line) in lines {
        while !shown.contains(words) {
            let mut some = [0; 1024];
            let count = stdout.read(&mut some).expect("ssh says something");
            assert!(count > 0, "ended before it showed {words:?}: {shown}");
            shown.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        shown.clear();
        writeln!(stdin, "{line}").expect("ssh takes what is typed");
    }
    drop(stdin);
    child.wait().expect("ssh ends");
}

fn client(options: &[&str], user: &str, asked: &str) -> Child {
    Command::new("timeout")
        .args(["900", "ssh"])
        .args(["-o", "StrictHostKeyChecking=no"])
        .args(["-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "IdentitiesOnly=yes"])
        .args(["-o", "BatchMode=yes"])
        .args(["-o", "ConnectTimeout=60"])
        .args(["-o", "LogLevel=ERROR"])
        .args(if asked == "shell" { &["-tt"][..] } else { &[] })
        .args(options)
        .args([&format!("{user}@{GUEST}"), asked])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ssh runs")
}

pub(crate) fn ports_that_answer_are_22_80_443(lab: &mut Lab) {
    lab.machine();
    let look_at = |family, address| {
        let by_tcp = answering(&[family, "-sS", "--max-retries", "1", address]);
        assert_eq!(by_tcp, ["22", "443", "80"], "TCP of {address}");
        let by_udp = answering(&[family, "-sU", "--max-retries", "0", address]);
        assert!(by_udp.is_empty(), "UDP of {address}: {by_udp:?}");
    };
    thread::scope(|looking| {
        looking.spawn(|| look_at("-4", GUEST));
        looking.spawn(|| look_at("-6", GUEST_IPV6));
    });
}

/// The ports of all 65535 that something answers on, in the order of their digits.
fn answering(of: &[&str]) -> Vec<String> {
    let quickly = ["-Pn", "-n", "-p-", "-T4", "--min-rate", "3000"];
    let answers_only = ["--open", "-oG", "-"];
    let report = run("nmap", [&quickly[..], &answers_only, of].concat());
    assert!(report.contains("Nmap done"), "{report}");
    let words = report.split([' ', ',', '\t']);
    let open = words.filter_map(|word| word.split_once("/open/"));
    let mut ports: Vec<String> = open.map(|(port, _)| port.to_owned()).collect();
    ports.sort_unstable();
    ports
}
