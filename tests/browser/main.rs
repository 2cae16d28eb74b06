//! The pages in a real browser: starts a campus in every state a page can show, then runs `*.test.js` on it.

#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../providers/browser.rs"]
mod browser;
mod campus;
#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../harness/mod.rs"]
mod harness;
#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../providers/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::TestParvis;
use parvis::clock::Clock;
use parvis::domain::role::Role;

#[tokio::test]
async fn the_pages_hold_in_a_real_browser() {
    let now = Clock::System.now();
    let mut parvis = TestParvis::start(&campus::description(now)).await;
    let secret = parvis.secret(campus::GATEWAY);
    let staff = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    campus::live_through(&mut parvis, &secret, now).await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(
        directory.join("node_modules").exists(),
        "the npm packages of the browser tests are missing: run make browser"
    );
    let status = Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(scripts(&directory))
        .current_dir(&directory)
        .env("PARVIS_ADDRESS", &parvis.address)
        .env("PARVIS_GATEWAY", campus::GATEWAY)
        .env("PARVIS_SECRET", &secret)
        .env("PARVIS_SESSION", &staff.secret)
        .env("PARVIS_DEVICE", campus::MOVING_DOOR)
        .env("PARVIS_SCREENSHOTS", screenshots())
        .status()
        .unwrap();
    assert!(status.success(), "a page does not hold; see above");
}

/// Passkeys are tied to a name, so this service has one; browsers take names under `localhost` to be this machine.
#[tokio::test]
async fn passkeys_work_in_a_real_browser() {
    let name = "parvis.localhost";
    let server = harness::Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    let host = parvis.host().to_owned();
    let settings = parvis.directory.join("parvis.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let by_address = format!("public_name = \"{host}\"");
    assert!(text.contains(&by_address));
    let by_name = text.replace(&by_address, &format!("public_name = \"{name}\""));
    std::fs::write(&settings, by_name).unwrap();
    parvis.apply(harness::LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let role = ["--role", "institution-administrator"];
    let link = parvis.run(&[&["person", "add", "ada", "--name", "Ada"], &role[..]].concat());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let status = Command::new("node")
        .args(["--test", "--test-reporter=spec", "passkeys.people.js"])
        .current_dir(&directory)
        .env("PARVIS_ADDRESS", format!("https://{name}:21443"))
        .env("PARVIS_HOST", host)
        .env("PARVIS_LINK", link.trim())
        .env("PARVIS_SCREENSHOTS", screenshots())
        .status()
        .unwrap();
    assert!(status.success(), "passkeys do not work; see above");
}

#[tokio::test]
async fn campus_sign_on_works_in_a_real_browser() {
    let world = world::World::shared().await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let status = Command::new("node")
        .args(["--test", "--test-reporter=spec", "sign-on.people.js"])
        .current_dir(&directory)
        .env("PARVIS_ADDRESS", &world.parvis.address)
        .env("PARVIS_PROVIDER", &world.issuer)
        .env("PARVIS_SCREENSHOTS", screenshots())
        .status()
        .unwrap();
    assert!(status.success(), "sign-on does not work; see above");
}

/// What ends by itself is started again, as systemd does it.
#[tokio::test]
async fn a_machine_is_set_up_in_a_real_browser() {
    let server = harness::Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    parvis.as_machine(true);
    parvis.serve();
    parvis.wait_until_ready().await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let mut tests = Command::new("node")
        .args(["--test", "--test-reporter=spec", "set_up.people.js"])
        .current_dir(&directory)
        .env("PARVIS_ADDRESS", &parvis.address)
        .env("PARVIS_NAME", "parvis.localhost")
        .env("PARVIS_CODE_FILE", parvis.directory.join("set-up-code"))
        .env("PARVIS_SCREENSHOTS", screenshots())
        .spawn()
        .unwrap();
    let status = loop {
        if let Some(status) = tests.try_wait().unwrap() {
            break status;
        }
        if parvis.has_ended() {
            parvis.serve();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert!(status.success(), "the set-up does not work; see above");
}

/// The test files, or those that `PARVIS_BROWSER_TESTS` names, for a quick look at one.
fn scripts(directory: &Path) -> Vec<PathBuf> {
    if let Some(wanted) = std::env::var_os("PARVIS_BROWSER_TESTS") {
        return wanted
            .to_string_lossy()
            .split_whitespace()
            .map(PathBuf::from)
            .collect();
    }
    let entries = std::fs::read_dir(directory).unwrap();
    let mut scripts: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    scripts.retain(|path| path.to_string_lossy().ends_with(".test.js"));
    scripts.sort();
    assert!(!scripts.is_empty());
    scripts
}

/// Where the screenshots go: beside what is built.
fn screenshots() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap_or(temporary).join("screenshots")
}
