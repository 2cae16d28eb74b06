//! TLS as testssl grades it: A+, no finding of weight, and AES-256 for whoever can do it.
//!
//! `PARVIS_TESTSSL` is the command, words between spaces: testssl 3.2 or later, which Debian 13 has.

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
    let root = ours.root.to_pem().unwrap();
    let words = std::env::var("PARVIS_TESTSSL").unwrap_or_else(|_| "testssl".to_owned());
    let mut words = words.split(' ');
    // It may run in a root of its own, where no file of ours is: it is fed by its standard input, and tells by its output.
    let script = "d=$(mktemp -d); cat > $d/root.pem; \"$@\" --quiet --color 0 --warnings off --add-ca $d/root.pem \
                  --jsonfile $d/found.json TARGET > $d/told 2>&1; cat $d/told >&2; cat $d/found.json; rm -r $d";
    let target = format!("{}:21443", parvis.host());
    let script = script.replace("TARGET", &target);
    let (program, arguments): (&str, Vec<&str>) = (words.next().unwrap(), words.collect());
    let mut command = match arguments.split_last() {
        // The last word is testssl itself, those before lead into its root.
        Some((testssl, way)) => {
            let mut command = Command::new(program);
            command.args(way).args(["sh", "-c", &script, "sh", testssl]);
            command
        }
        None => {
            let mut command = Command::new("sh");
            command.args(["-c", &script, "sh", program]);
            command
        }
    };
    let path = parvis.write("root.pem", root);
    let output = command
        .stdin(std::fs::File::open(path).unwrap())
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
    // An authority of one's own has neither list nor responder; that is all there is to remark.
    let own_authority = [
        "cert_revocation",
        "cert_crlDistributionPoints",
        "cert_ocspURL",
    ];
    let weighty = found.iter().filter(|one| {
        let id = one["id"].as_str().unwrap_or_default();
        matches!(
            one["severity"].as_str(),
            Some("MEDIUM" | "HIGH" | "CRITICAL" | "WARN")
        ) && !own_authority.iter().any(|own| id.starts_with(own))
    });
    let weighty: Vec<String> = weighty.map(ToString::to_string).collect();
    assert!(weighty.is_empty(), "{}", weighty.join("\n"));
}
