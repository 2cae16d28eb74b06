//! TLS as testssl 3.2 sees it from outside.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What the plan of assurance asks for.
const LEAST_SCORE: u32 = 93;

/// An authority of one's own has neither list nor responder; testssl remarks that its OpenSSL has no GOST; and what is compressed
/// (BREACH) is the same for everybody and holds no secret: `web/cache.rs`.
const EXPLAINED: [&str; 5] = [
    "cert_revocation",
    "cert_crlDistributionPoints",
    "cert_ocspURL",
    "engine_problem",
    "BREACH",
];

/// Asserts that an address, as host and port, is graded A+ by who trusts an authority, with no finding of weight.
pub(crate) fn assert_a_plus(address: &str, authority: &[u8]) {
    let mut scanner = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/debian13"))
        .args(["testssl", address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the scanner starts");
    let mut stdin = scanner.stdin.take().expect("a pipe");
    stdin.write_all(authority).expect("it takes the authority");
    drop(stdin);
    let output = scanner.wait_with_output().expect("the scanner ends");
    let told = String::from_utf8_lossy(&output.stderr);
    let found: Vec<Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let finding = |id: &str| {
        let found = found.iter().find(|one| one["id"] == id);
        let text = found.and_then(|found| found["finding"].as_str());
        text.unwrap_or_else(|| panic!("no {id}: {told}"))
    };
    let (grade, score) = (finding("overall_grade"), finding("final_score"));
    println!("  testssl: grade {grade}, score {score}");
    assert_eq!(grade, "A+", "{told}");
    let score: u32 = score.parse().expect("a score is a number");
    assert!(score >= LEAST_SCORE, "{score}: {told}");
    let has_weight = |one: &&Value| {
        let id = one["id"].as_str().unwrap_or_default();
        let severity = one["severity"].as_str();
        matches!(severity, Some("MEDIUM" | "HIGH" | "CRITICAL" | "WARN"))
            && !EXPLAINED.iter().any(|known| id.starts_with(known))
    };
    let weighty: Vec<String> = found
        .iter()
        .filter(has_weight)
        .map(Value::to_string)
        .collect();
    assert!(weighty.is_empty(), "{}", weighty.join("\n"));
}
