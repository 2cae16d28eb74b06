//! What an administrator decides for the machine itself: kept beside the settings, on record, and without its secrets.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use parvis::domain::role::Role;

use crate::harness::{LIBRARY, PATIENCE, Server, TestParvis};
use crate::somebody::leads_to;

/// A Parvis whose settings name a file for decisions.
async fn deciding() -> TestParvis {
    let server = Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    parvis.as_machine(false);
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    parvis
}

#[tokio::test]
async fn an_administrator_decides_and_secrets_are_told_to_nobody() {
    let mut parvis = deciding().await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let page = parvis.get_as(&ada, "/admin/machine").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let mail = [
        ("do", "mail"),
        ("mail/relay", "mail.uni.example"),
        ("mail/security", "tls"),
        ("mail/user", "parvis"),
        ("mail/password", "the password of the mail server"),
    ];
    assert_eq!(
        leads_to(&parvis.post_as(&ada, "/admin/machine", &mail).await),
        "/admin/machine?told=decided"
    );
    let decided = || std::fs::read_to_string(parvis.directory.join("decided.toml")).unwrap();
    assert!(decided().contains("mail.uni.example") && !decided().contains("the password"));
    // The page shows it, but for the secret, which stays when nothing is entered.
    let page = parvis.get_as(&ada, "/admin/machine").await;
    assert!(page.text.contains("mail.uni.example") && !page.text.contains("the password of"));
    let again = [
        mail[0],
        mail[1],
        mail[2],
        mail[3],
        ("mail/port", "466"),
        ("mail/password", ""),
    ];
    leads_to(&parvis.post_as(&ada, "/admin/machine", &again).await);
    let kept = std::fs::read_to_string(parvis.directory.join("mail.password")).unwrap();
    assert_eq!(kept, "the password of the mail server");
    assert!(decided().contains("466"));

    for (fields, field) in [
        (
            &[("do", "address"), ("web/public_name", "https://x")][..],
            "web-public_name",
        ),
        (&[("do", "mail"), ("mail/relay", "a b")], "mail-relay"),
        (&[("do", "proxy"), ("auth/proxy", "proxy")], "auth-proxy"),
        (
            &[("do", "proxy"), ("auth/authorities", "none")],
            "auth-authorities",
        ),
        (
            &[
                ("do", "network"),
                ("network/addresses", "192.0.2.10/24\n[NetDev]"),
            ],
            "network-addresses",
        ),
        (
            &[("do", "network"), ("network/gateways", "192.0.2.1")],
            "network-gateways",
        ),
    ] {
        let before = decided();
        let answer = parvis.post_as(&ada, "/admin/machine", fields).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(
            answer.text.contains(&format!("href=\"#f-{field}\"")),
            "{field}: {}",
            answer.text
        );
        assert_eq!(decided(), before);
    }
    let proxy = [
        ("do", "proxy"),
        ("auth/proxy", "http://proxy.uni.example:3128"),
        ("auth/no_proxy", "a.example .b.example"),
    ];
    leads_to(&parvis.post_as(&ada, "/admin/machine", &proxy).await);
    assert!(
        decided().contains("no_proxy = [\"a.example\", \".b.example\"]"),
        "{}",
        decided()
    );

    let clear =
        "SELECT count(*) FROM audit_records WHERE audit_records::text LIKE '%the password of%'";
    assert_eq!(parvis.number(clear), 0);
    let on_record =
        "SELECT count(*) FROM audit_records WHERE act IN ('decide-mail', 'decide-proxy')";
    assert_eq!(parvis.number(on_record), 3);
    parvis.run(&["audit", "verify"]);
    // It holds from the next start on.
    parvis.stop();
    parvis.serve();
    parvis.wait_until_ready().await;
    assert_eq!(parvis.get_as(&ada, "/admin/machine").await.status, 200);
}

#[tokio::test]
async fn a_network_that_nobody_tries_does_not_wait_to_be_kept() {
    let parvis = deciding().await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let network = [
        ("do", "network"),
        ("network/addresses", "192.0.2.10/24"),
        ("network/gateways", "192.0.2.1"),
    ];
    // There is no such unit where the tests run.
    let answer = parvis.post_as(&ada, "/admin/machine", &network).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(!parvis.directory.join("network.proposed.toml").exists());
    let kept = parvis
        .post_as(&ada, "/admin/machine", &[("do", "keep")])
        .await;
    assert_eq!(leads_to(&kept), "/admin/machine?told=over");
    // Nothing starts it again, so it does not end itself.
    let restart = parvis
        .post_as(&ada, "/admin/machine", &[("do", "restart")])
        .await;
    assert_eq!(restart.status, 422);
}

/// A place for files of a network.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn write(&self, name: &str, address: &str) {
        let text = format!("addresses = [\"{address}\"]\n");
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
        command
            .arg("network")
            .arg("--file")
            .arg(self.0.join("network.toml"))
            .args(arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn told(&self) -> String {
        std::fs::read_to_string(self.0.join("run/systemd/network/10-parvis.network"))
            .unwrap_or_default()
    }

    /// Begins to try what is proposed, and waits until systemd would know it.
    fn attempt(&self, seconds: &str, address: &str) -> Child {
        let root = self.0.display().to_string();
        let child = self
            .command(&["try", "--root", &root, "--seconds", seconds])
            .spawn()
            .unwrap();
        let since = Instant::now();
        while !self.told().contains(address) {
            assert!(since.elapsed() < PATIENCE, "{}", self.told());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        child
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_change_of_the_network_is_taken_back_unless_it_is_kept() {
    let place = Place::new("network");
    place.write("network.toml", "192.0.2.10/24");
    place.write("network.proposed.toml", "192.0.2.20/24");
    assert!(place.attempt("2", "192.0.2.20").wait().unwrap().success());
    assert!(place.told().contains("192.0.2.10/24") && !place.told().contains("192.0.2.20"));
    assert!(
        !place.command(&["keep"]).status().unwrap().success(),
        "too late"
    );

    place.write("network.proposed.toml", "192.0.2.30/24");
    let mut child = place.attempt("60", "192.0.2.30");
    assert!(place.command(&["keep"]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(place.told().contains("192.0.2.30/24"));

    // What breaks a rule, or leads elsewhere, is not tried, and what holds still does.
    std::fs::write(
        place.0.join("network.proposed.toml"),
        "addresses = [\"192.0.2.10/24\\n[NetDev]\"]\n",
    )
    .unwrap();
    let root = place.0.display().to_string();
    assert!(
        !place
            .command(&["try", "--root", &root])
            .status()
            .unwrap()
            .success()
    );
    std::os::unix::fs::symlink("/etc/passwd", place.0.join("network.proposed.toml")).unwrap();
    assert!(
        !place
            .command(&["try", "--root", &root])
            .status()
            .unwrap()
            .success()
    );
    assert!(place.told().contains("192.0.2.30/24"));
}
