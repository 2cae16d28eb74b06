//! Keycloak, the most frequent provider of universities: one whole run, from the first sign-in to a sign-out everywhere.
//!
//! `make providers` brings it; it starts from an empty directory and knows what this file tells it.

#[expect(
    dead_code,
    reason = "Keycloak needs less of it than the other provider"
)]
mod browser;
#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../harness/mod.rs"]
mod harness;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use browser::{Browser, Hands};
use harness::{LIBRARY, TestParvis};
use parvis::appliance::certificate::{Files, ensure};
use serde_json::json;

/// How long Keycloak may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
const SECRET: &str = "only-for-tests-0123456789";

/// A running Keycloak.
struct Keycloak {
    process: Child,
    directory: PathBuf,
    address: String,
}

impl Drop for Keycloak {
    fn drop(&mut self) {
        // The script starts Java in a group of its own: all of it must go.
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the log of Keycloak is in {}", self.directory.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// The realm: a client, a mapper that sends groups, and two invented people.
fn realm(parvis: &str) -> serde_json::Value {
    let person = |name: &str, groups: &[&str]| {
        json!({
            "username": name, "enabled": true, "firstName": name, "lastName": "Test", "email": format!("{name}@uni.example"),
            "emailVerified": true, "groups": groups, "credentials": [{ "type": "password", "value": "only for tests" }],
        })
    };
    let mapper = json!({
        "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
        "config": { "claim.name": "groups", "full.path": "true", "id.token.claim": "true", "userinfo.token.claim": "true" },
    });
    let client = json!({
        "clientId": "parvis", "secret": SECRET, "protocol": "openid-connect", "publicClient": false, "standardFlowEnabled": true,
        "directAccessGrantsEnabled": false, "frontchannelLogout": false, "redirectUris": [format!("{parvis}/sign-in/keycloak/callback")],
        "protocolMappers": [mapper],
        "attributes": {
            "post.logout.redirect.uris": format!("{parvis}/signed-out"), "pkce.code.challenge.method": "S256",
            "backchannel.logout.url": format!("{parvis}/sign-in/keycloak/back-channel"), "backchannel.logout.session.required": "true",
        },
    });
    json!({
        "realm": "campus", "enabled": true, "clients": [client],
        "groups": [{ "name": "parvis", "subGroups": [{ "name": "porters" }] }],
        "users": [person("bob", &["/parvis/porters"]), person("guest", &[])],
    })
}

impl Keycloak {
    async fn start(parvis: &TestParvis) -> Self {
        let home = home();
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("keycloak-{}", std::process::id()));
        let copied = Command::new("cp")
            .arg("-a")
            .args([&home, &directory])
            .status()
            .unwrap();
        assert!(copied.success());
        std::fs::create_dir_all(directory.join("data/import")).unwrap();
        let realm = realm(&parvis.address).to_string();
        std::fs::write(directory.join("data/import/campus.json"), realm).unwrap();
        let [key, certificate] = ["key.pem", "certificate.pem"].map(|name| directory.join(name));
        ensure(&Files::of(&certificate, &key), "127.0.0.1").unwrap();
        let port = free_port();
        let address = format!("https://127.0.0.1:{port}");
        let log = std::fs::File::create(directory.join("log")).unwrap();
        let mut command = Command::new(directory.join("bin/kc.sh"));
        command
            .args([
                "start-dev",
                "--import-realm",
                "--http-enabled=false",
                "--http-host=127.0.0.1",
            ])
            // In this mode it listens without TLS too.
            .arg(format!("--http-port={}", free_port()))
            .arg(format!("--https-port={port}"))
            .arg(format!("--hostname={address}"))
            .arg(format!(
                "--https-certificate-file={}",
                certificate.display()
            ))
            .arg(format!("--https-certificate-key-file={}", key.display()))
            .arg(format!(
                "--truststore-paths={}",
                parvis.directory.join("certificate.pem").display()
            ))
            .args(["--tls-hostname-verifier=ANY", "--health-enabled=false"])
            .env("JAVA_OPTS_KC_HEAP", "-Xms128m -Xmx512m")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let keycloak = Self {
            process: command.spawn().unwrap(),
            directory,
            address,
        };
        keycloak.wait().await;
        keycloak
    }

    fn issuer(&self) -> String {
        format!("{}/realms/campus", self.address)
    }

    async fn wait(&self) {
        let since = Instant::now();
        let client = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        let address = format!("{}/.well-known/openid-configuration", self.issuer());
        while !client
            .get(&address)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(since.elapsed() < PATIENCE, "Keycloak does not start: {log}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Where `make providers` put it.
fn home() -> PathBuf {
    let home = std::env::var_os("PARVIS_KEYCLOAK").map(PathBuf::from);
    let home = home.expect("PARVIS_KEYCLOAK does not say where Keycloak is: run make providers");
    assert!(
        home.join("bin/kc.sh").exists(),
        "{} is no Keycloak",
        home.display()
    );
    home
}

const BOB: Hands<'_> = Hands {
    user: "bob",
    password: "only for tests",
};

#[tokio::test]
async fn keycloak_from_the_first_sign_in_to_a_sign_out_everywhere() {
    let mut parvis = TestParvis::start_with(LIBRARY, "").await;
    let keycloak = Keycloak::start(&parvis).await;
    let authority = keycloak.directory.join("certificate.pem");
    let path = parvis.directory.join("parvis.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    let trusting = format!("[auth]\nca_file = \"{}\"\n", authority.display());
    std::fs::write(&path, settings.replace("[auth]\n", &trusting)).unwrap();
    parvis.stop();
    parvis.serve();
    parvis.wait_until_ready().await;
    let text = format!(
        "key = \"keycloak\"\nname = \"Keycloak\"\nissuer = \"{}\"\nclient_id = \"parvis\"\n\
         [[rules]]\nclaim = \"groups\"\noperator = \"equals\"\nvalue = \"/parvis/porters\"\nrole = \"execution\"\nsite = \"library\"\n",
        keycloak.issuer()
    );
    let file = parvis.write("keycloak.toml", text);
    let secret = parvis.write("secret", SECRET);
    parvis.run(&["issuer", "apply", &file, "--secret-file", &secret]);
    let told = parvis.run(&["issuer", "check", "keycloak"]);
    assert!(told.contains("back-channel      yes"), "{told}");
    let at = |path: &str| format!("{}{path}", parvis.address);
    let start = at("/sign-in/keycloak?return=/me");

    // Roles from groups, and nothing without them.
    let browser = Browser::new();
    let page = browser.travel(&start, BOB).await;
    assert_eq!(
        (page.status.as_u16(), page.url.path()),
        (200, "/me"),
        "{}",
        page.text
    );
    let roles = "SELECT count(*) FROM grants WHERE role = 'execution' AND site_id IS NOT NULL";
    assert_eq!(
        (
            parvis.number(roles),
            parvis.number("SELECT count(*) FROM grants")
        ),
        (1, 1)
    );
    let guest = Hands {
        user: "guest",
        ..BOB
    };
    let page = Browser::new().travel(&start, guest).await;
    assert!(page.is_refused_with("SSO-NO-ROLE"), "{}", page.text);

    // Signing out here signs out there, and comes back.
    let token = browser.get(&at("/me")).await.token();
    let leaving = browser
        .post(&at("/sign-out"), &[("token".to_owned(), token)])
        .await;
    let way = leaving
        .text
        .split("url=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    let back = browser.get(&way).await;
    let back = browser.get(back.header("location")).await;
    assert_eq!(
        (back.status.as_u16(), back.url.path()),
        (200, "/signed-out"),
        "{}",
        back.text
    );
    assert_ne!(browser.get(&at("/me")).await.status, 200);
    let asked = browser.get(&start).await;
    let asked = browser.get(asked.header("location")).await;
    assert!(asked.text.contains("password"), "{}", asked.text);

    // Signing out there signs out here: Keycloak tells.
    let page = browser.travel(&start, BOB).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let end = format!("{}/protocol/openid-connect/logout", keycloak.issuer());
    let confirm = browser.get(&end).await;
    browser.fill_in(&confirm, BOB).await;
    let living = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";
    parvis
        .wait_until("the session has ended", || parvis.number(living) == 0)
        .await;
    assert_ne!(browser.get(&at("/me")).await.status, 200);
}
