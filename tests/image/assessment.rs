//! The machine as scanners see it: testssl and ssh-audit from outside, OpenSCAP by ANSSI BP-028 and lynis from inside. What
//! fails stands in docs/hardening.md.

use std::fs;
use std::path::Path;

use openssl::x509::X509Req;

use crate::authority::Authority;
use crate::lab::{DEBIAN_13, GUEST, Lab, run};
use crate::ports::ssh;
use crate::testssl;

/// What BP-028, profile *enhanced*, has to reach, in percent of the rules that apply.
const BP_028_AT_LEAST: usize = 90;

/// What lynis has to reach.
const LYNIS_AT_LEAST: u32 = 85;

/// With a certificate of the university's authority, brought by an operator: what is self-made has no grade.
pub(crate) fn tls_is_graded_a_plus(lab: &mut Lab) {
    let key = lab.key();
    lab.machine();
    let request = ssh(&key, "parvis certificate csr --new", "");
    let request = X509Req::from_pem(request.text.as_bytes())
        .unwrap_or_else(|error| panic!("no request, {error}: {}", request.text));
    let authority = Authority::new();
    let leaf = authority.answer(&request, &[GUEST]);
    let chain = Authority::pem(&[&leaf, &authority.intermediate, &authority.root]);
    let installed = ssh(&key, "parvis certificate install -", chain);
    assert!(installed.success, "{}", installed.text);
    let root = authority.root.to_pem().expect("a certificate is written");
    testssl::assert_a_plus(&format!("{GUEST}:443"), &root);
}

pub(crate) fn ssh_is_without_a_finding(lab: &mut Lab) {
    lab.machine();
    let told = run(DEBIAN_13, ["ssh-audit", GUEST]);
    assert!(told.contains("(kex) "), "it heard nothing: {told}");
    println!("  {}", told.trim().replace('\n', "\n  "));
    // Who only looks at keys is not heard for a while.
    lab.machine().root("systemctl restart ssh.service");
}

/// At the same time: each of them keeps one processor busy.
pub(crate) fn scanners_look_inside(lab: &mut Lab) {
    let machine = lab.machine();
    machine.root("systemctl is-system-running --wait");
    machine.root(
        "mkdir /run/scanners && mount -o ro,nodev,nosuid /dev/disk/by-id/virtio-scanners /run/scanners",
    );
    machine.root(
        "for scanner in bp-028 lynis; do /run/scanners/$scanner >/run/$scanner.told 2>&1 & done; wait",
    );
}

pub(crate) fn bp_028(lab: &mut Lab) {
    let told = told_by(lab, "bp-028");
    let results = told.lines().filter_map(|line| line.split_once(':'));
    let of = |wanted: &[&str]| -> Vec<&str> {
        let chosen = results.clone();
        let chosen = chosen.filter(|(_, result)| wanted.contains(&result.trim()));
        chosen.map(|(rule, _)| rule).collect()
    };
    let (passed, failed) = (of(&["pass"]), of(&["fail", "error", "unknown"]));
    assert!(passed.len() > 50, "it did not look at much: {told}");
    let share = passed.len() * 100 / (passed.len() + failed.len());
    println!(
        "  BP-028 enhanced: {} of {} rules that apply, {share} %",
        passed.len(),
        passed.len() + failed.len()
    );
    let excepted = exceptions();
    let unexplained: Vec<&str> = failed
        .iter()
        .copied()
        .filter(|rule| !excepted.iter().any(|pattern| fits(pattern, rule)))
        .collect();
    println!("  failed: {}", failed.join(" "));
    assert!(
        unexplained.is_empty(),
        "fail without a reason in docs/hardening.md: {}",
        unexplained.join(" ")
    );
    assert!(share >= BP_028_AT_LEAST, "{share} %");
}

pub(crate) fn lynis(lab: &mut Lab) {
    let told = told_by(lab, "lynis");
    println!("  {}", told.replace('\n', "\n  "));
    let index = told
        .lines()
        .find_map(|line| line.strip_prefix("hardening_index="));
    let index: u32 = index
        .and_then(|index| index.trim().parse().ok())
        .unwrap_or_else(|| panic!("no index: {told}"));
    assert!(index >= LYNIS_AT_LEAST, "index {index}");
}

/// What a scanner said that looked inside.
fn told_by(lab: &mut Lab, scanner: &str) -> String {
    lab.machine().root(&format!("cat /run/{scanner}.told"))
}

/// The rules, as patterns, that are expected to fail: the first column of the table in docs/hardening.md.
fn exceptions() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hardening.md");
    let text = fs::read_to_string(file).expect("docs/hardening.md is there");
    let (_, table) = text
        .split_once("## Exceptions of BP-028")
        .expect("it has the table");
    let (table, _) = table.split_once("\n## ").unwrap_or((table, ""));
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split_once(" |"));
    cells
        .flat_map(|(rules, _)| {
            rules
                .split(',')
                .map(|rule| rule.trim().trim_matches('`').to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn fits(pattern: &str, rule: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(front) => rule.starts_with(front),
        None => rule == pattern,
    }
}
