//! TLS as testssl grades it: A+, and no finding of weight.

#[path = "../service/authority.rs"]
#[expect(
    dead_code,
    reason = "one of its keys and one of its certificates are enough here"
)]
mod authority;
#[path = "../harness/mod.rs"]
#[expect(dead_code, reason = "one service that runs is enough here")]
mod harness;

use std::process::Command;

use authority::{Authority, Wish, key, pem_of};
use harness::{LIBRARY, Server, TestParvis};
use serde_json::Value;

/// What the plan of assurance asks for.
const LEAST_SCORE: u32 = 93;

#[tokio::test]
async fn the_grade_is_a_plus() {
    let server = Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    let (ours, key) = (Authority::new(), key());
    let leaf = ours.issue(&key, &Wish::of(&[parvis.host()]));
    let chain = Authority::pem(&[&leaf, &ours.intermediate]);
    parvis.write("certificate.pem", chain);
    parvis.write("key.pem", pem_of(&key));
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let root = parvis.write("root.pem", ours.root.to_pem().unwrap());
    let testssl = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/testssl");
    let output = Command::new(testssl)
        .arg(format!("{}:21443", parvis.host()))
        .stdin(std::fs::File::open(root).unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let found: Vec<Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let finding = |id: &str| {
        let found = found.iter().find(|one| one["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id}: {told}"));
        found["finding"].as_str().unwrap().to_owned()
    };
    let (grade, score) = (finding("overall_grade"), finding("final_score"));
    println!("testssl: grade {grade}, score {score}");
    assert_eq!(grade, "A+", "{told}");
    assert!(
        score.parse::<u32>().unwrap() >= LEAST_SCORE,
        "{score}: {told}"
    );
    // An authority of one's own has neither list nor responder, and testssl remarks that its OpenSSL has no GOST.
    let not_ours = [
        "cert_revocation",
        "cert_crlDistributionPoints",
        "cert_ocspURL",
        "engine_problem",
    ];
    let weighty = found.iter().filter(|one| {
        let id = one["id"].as_str().unwrap_or_default();
        matches!(
            one["severity"].as_str(),
            Some("MEDIUM" | "HIGH" | "CRITICAL" | "WARN")
        ) && !not_ours.iter().any(|known| id.starts_with(known))
    });
    let weighty: Vec<String> = weighty.map(ToString::to_string).collect();
    assert!(weighty.is_empty(), "{}", weighty.join("\n"));
}
