//! A machine that nobody has set up yet: nothing is usable, the console's code opens its pages, and the end is for ever.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use totp_rs::{Builder, Secret};

use crate::harness::{PATIENCE, Server, TestParvis};
use crate::mail::MailServer;
use crate::somebody::{Somebody, between, leads_to};

const PASSWORD: &str = "lampe violette harpe";

/// A machine as it comes from the image.
fn machine() -> TestParvis {
    let server = Server::shared();
    let database = server.database();
    let parvis = TestParvis::prepare(server, database, "");
    parvis.as_machine(true);
    parvis
}

async fn started() -> TestParvis {
    let mut parvis = machine();
    parvis.serve();
    parvis.wait_until_ready().await;
    parvis
}

fn code(parvis: &TestParvis) -> String {
    let text = std::fs::read_to_string(parvis.directory.join("set-up-code")).unwrap();
    text.trim().to_owned()
}

/// What the set-up leaves for the unit that lets the first operator in.
fn first_operator(parvis: &TestParvis) -> String {
    std::fs::read_to_string(parvis.directory.join("first-operator.pub")).unwrap()
}

fn decided(parvis: &TestParvis) -> String {
    std::fs::read_to_string(parvis.directory.join("decided.toml")).unwrap_or_default()
}

/// A browser that knows the code.
async fn before_the_machine(parvis: &TestParvis, source: &str) -> Somebody {
    let mut somebody = Somebody::at(parvis, source);
    assert!(somebody.get("/set-up").await.text.contains("name=\"code\""));
    let typed = code(parvis).to_lowercase().replace('-', " ");
    let answer = somebody.post("/set-up/code", &[("code", &typed)]).await;
    assert_eq!(leads_to(&answer), "/set-up");
    assert_eq!(somebody.get("/set-up").await.status, 200);
    somebody
}

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8Ht8Z3j6yDWPBHQtOp/R9rjWvfMYo3MSA/K6q8D86r Ada";

const ANSWERS: &[(&str, &str)] = &[
    ("institution/name.fr", "Université d’Exemple"),
    ("institution/name.en", "Example University"),
    ("institution/time_zone", "Europe/Paris"),
    ("institution/security_officer", "Ada Moreau"),
    ("institution/security_contact", "security@uni.example"),
    ("administrator/name", "Ada Moreau"),
    ("administrator/login", "ada"),
    ("administrator/email", "ada@uni.example"),
    ("administrator/ssh_key", KEY),
    ("mail/security", "starttls"),
    ("certificate/source", "self-made"),
    ("issuer/name", "University account"),
    ("issuer/issuer", "https://idp.uni.example"),
    ("issuer/client_id", "parvis"),
    ("issuer/client_secret", "the secret of the provider"),
];

fn answers<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let unchanged = ANSWERS
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    unchanged.chain(changes).copied().collect()
}

/// Waits until the service ends by itself, and starts it again as systemd does.
async fn begins_again(parvis: &mut TestParvis) {
    let since = Instant::now();
    while !parvis.has_ended() {
        assert!(
            since.elapsed() < PATIENCE,
            "it does not end: {}",
            parvis.log()
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    parvis.serve();
    parvis.wait_until_ready().await;
}

/// The administrator chooses a password with the link and sets a second factor up.
async fn administrator(parvis: &TestParvis, link: &str) -> Somebody {
    let mut ada = Somebody::at(parvis, "127.9.4.1");
    assert_eq!(leads_to(&ada.accept(link, PASSWORD).await), "/me/security");
    ada.get("/me/security").await;
    let proposed = ada.post("/me/codes", &[]).await;
    let typed = between(&proposed.text, "<p class=\"secret\">", "</p>").unwrap();
    let ceremony = between(&proposed.text, "name=\"ceremony\" value=\"", "\"").unwrap();
    let secret = Secret::try_from_base32(typed.replace(' ', "")).unwrap();
    let now = u64::try_from(parvis::clock::Clock::System.now().timestamp()).unwrap();
    let code = Builder::new()
        .with_secret(secret)
        .build()
        .unwrap()
        .generate(now)
        .to_string();
    let confirmed = ada
        .post("/me/codes", &[("ceremony", &ceremony), ("code", &code)])
        .await;
    assert_eq!(leads_to(&confirmed), "/admin");
    assert_eq!(ada.get("/admin/people").await.status, 200);
    ada
}

#[tokio::test]
async fn nothing_is_usable_before_the_set_up() {
    let parvis = started().await;
    for path in [
        "/",
        "/fr",
        "/admin",
        "/sign-in",
        "/me",
        "/spaces/x",
        "/invitation/x",
        "/set-up/x",
    ] {
        assert_eq!(leads_to(&parvis.get(path).await), "/set-up", "{path}");
    }
    for path in ["/api/v1/spaces", "/api/v1/openapi.json", "/api/v1/live"] {
        let answer = parvis.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("/set-up")
        );
    }
    for path in [
        "/ingest/doors",
        "/sign-in/local",
        "/sign-in/passkey/begin",
        "/me/codes",
    ] {
        let request = parvis.client.post(format!("{}{path}", parvis.address));
        assert_eq!(parvis.send(request.body("x")).await.status, 503, "{path}");
    }
    let health = parvis.get("/health/ready").await;
    assert_eq!(health.status, 200, "{}", health.text);
    // The summary and the end are for who knows the code.
    assert_eq!(leads_to(&parvis.get("/set-up/summary").await), "/set-up");
    let mut stranger = Somebody::at(&parvis, "127.9.2.1");
    let page = stranger.get("/set-up").await;
    assert!(page.text.contains("name=\"code\"") && !page.text.contains("administrator"));
    for path in ["/set-up", "/set-up/summary"] {
        assert_eq!(
            leads_to(&stranger.post(path, &answers(&[])).await),
            "/set-up"
        );
    }
    assert_eq!(parvis.number("SELECT count(*) FROM people"), 0);
    assert_eq!(
        parvis.number("SELECT count(*) FROM set_up WHERE draft IS NOT NULL"),
        0
    );
    // There is no name yet to redirect to but the one that the browser uses.
    let redirect = parvis
        .client
        .get(format!("http://{}:21080/x?y", parvis.host()))
        .send()
        .await
        .unwrap();
    assert_eq!(redirect.status(), 307);
    assert_eq!(
        redirect.headers()["location"],
        format!("{}/x?y", parvis.address).as_str()
    );
}

#[tokio::test]
async fn a_wrong_code_opens_nothing_and_many_wrong_ones_renew_it() {
    let parvis = started().await;
    let first = code(&parvis);
    let mode = std::fs::metadata(parvis.directory.join("set-up-code"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o640);
    let kept = "SELECT count(*) FROM set_up WHERE octet_length(code_digest) = 32";
    assert_eq!(parvis.number(kept), 1);
    for source in ["127.9.3.1", "127.9.3.2"] {
        let mut attacker = Somebody::at(&parvis, source);
        attacker.get("/set-up").await;
        for number in 0..10 {
            let guess = format!("AAAA-BBBB-CCC{number}");
            let answer = attacker.post("/set-up/code", &[("code", &guess)]).await;
            // From the eleventh on there is also a delay for all, which this test does not wait for.
            if answer.status == 429 {
                parvis
                    .execute("UPDATE sign_in_failures SET at = at - interval '2 minutes'")
                    .unwrap();
                assert_eq!(
                    attacker
                        .post("/set-up/code", &[("code", &guess)])
                        .await
                        .status,
                    422
                );
            } else {
                assert_eq!(answer.status, 422, "{}", answer.text);
            }
        }
        let answer = attacker
            .post("/set-up/code", &[("code", &code(&parvis))])
            .await;
        assert_eq!(answer.status, 429, "not even the right one");
        assert!(!attacker.cookies.contains_key("__Host-set-up"));
    }
    assert_ne!(code(&parvis), first);
    parvis
        .execute("UPDATE sign_in_failures SET at = at - interval '2 minutes'")
        .unwrap();
    let mut late = Somebody::at(&parvis, "127.9.3.3");
    late.get("/set-up").await;
    assert_eq!(
        late.post("/set-up/code", &[("code", &first)]).await.status,
        422
    );
    parvis
        .execute("UPDATE sign_in_failures SET at = at - interval '2 minutes'")
        .unwrap();
    before_the_machine(&parvis, "127.9.3.4").await;
}

#[tokio::test]
async fn the_machine_is_set_up_by_forms_whatever_comes_between() {
    let mut parvis = started().await;
    let mut ada = before_the_machine(&parvis, "127.9.2.1").await;
    let host = parvis.host().to_owned();
    // The name that the browser uses is proposed, but no address: passkeys need a name.
    let asked = ada.get_as("places.uni.example:21443", "/set-up").await;
    assert!(asked.text.contains("value=\"places.uni.example\""));
    for address in [host.as_str(), "[2001:db8::1]"] {
        let asked = ada.get_as(&format!("{address}:21443"), "/set-up").await;
        assert!(asked.text.contains("name=\"web/public_name\""));
        assert!(!asked.text.contains(&format!("value=\"{address}\"")));
    }

    // What is wrong is named at its field, and kept as it was entered.
    let wrong = [
        ("institution/security_contact", "call me"),
        ("web/public_name", "https://places"),
        ("administrator/login", ""),
        ("mail/relay", "mail.uni.example"),
        ("mail/port", "many"),
    ];
    let answer = ada.post("/set-up", &answers(&wrong)).await;
    assert_eq!(answer.status, 422);
    for field in [
        "institution-security_contact",
        "web-public_name",
        "administrator-login",
        "mail-port",
    ] {
        assert!(
            answer.text.contains(&format!("<a href=\"#f-{field}\">")),
            "{field}: {}",
            answer.text
        );
    }
    assert!(answer.text.contains("value=\"call me\""));
    assert_eq!(
        leads_to(&ada.get("/set-up/summary").await),
        "/set-up",
        "no way round"
    );

    // The power fails half-way.
    parvis.kill();
    parvis.serve();
    parvis.wait_until_ready().await;
    let again = ada.get("/set-up").await;
    assert!(again.text.contains("value=\"call me\"") && again.text.contains("Example University"));
    assert!(
        !again.text.contains("the secret of the provider"),
        "secrets are not shown again"
    );
    assert_eq!(
        parvis.number("SELECT count(*) FROM set_up WHERE draft::text LIKE '%Example%'"),
        0
    );

    // A second person takes over; the first one is told and changes nothing any more.
    let mut eve = before_the_machine(&parvis, "127.9.2.2").await;
    let told = ada.get("/set-up").await;
    assert!(told.text.contains("name=\"code\"") && told.text.contains("role=\"alert\""));
    assert_eq!(leads_to(&ada.post("/set-up/summary", &[]).await), "/set-up");

    let relay = format!("127.8.{}.1", std::process::id() % 250);
    let with_mail = [
        ("institution/security_contact", "security@uni.example"),
        ("web/public_name", host.as_str()),
        ("mail/relay", relay.as_str()),
        ("mail/port", "21025"),
        ("mail/security", "none"),
        ("issuer/client_secret", ""),
    ];
    let test = [&answers(&with_mail)[..], &[("do", "test")]].concat();
    // Nobody is there to take the message, and the page says so.
    let refused = eve.post("/set-up", &test).await;
    assert_eq!(refused.status, 200, "{}", refused.text);
    assert!(
        refused.text.to_lowercase().contains("refused"),
        "{}",
        refused.text
    );
    let mut server = MailServer::at(&parvis.directory, &relay);
    server.start(&[]);
    let taken = eve.post("/set-up", &test).await;
    assert_eq!(taken.status, 200);
    let letters = server.wait_for(&parvis, 1).await;
    assert!(letters[0].contains("To: ada@uni.example"), "{}", letters[0]);

    assert_eq!(
        leads_to(&eve.post("/set-up", &answers(&with_mail)).await),
        "/set-up/summary"
    );
    let summary = eve.get("/set-up/summary").await;
    assert!(
        summary.text.contains("Example University") && summary.text.contains("idp.uni.example")
    );
    assert!(!summary.text.contains("the secret of the provider"));
    assert_eq!(
        parvis.number("SELECT count(*) FROM people"),
        0,
        "nothing before the end"
    );
    let done = eve.post("/set-up/summary", &[]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let link = between(&done.text, "<a class=\"button\" href=\"", "\"").unwrap();
    assert!(
        link.starts_with(&format!("{}/invitation/", parvis.address)),
        "{link}"
    );
    begins_again(&mut parvis).await;

    // It is closed for ever.
    for path in ["/set-up", "/set-up/summary", "/set-up/code"] {
        assert_eq!(parvis.get(path).await.status, 404, "{path}");
    }
    assert!(!parvis.directory.join("set-up-code").exists());
    assert_eq!(first_operator(&parvis), KEY);
    assert!(!parvis.command(&["setup"]).status.success());
    let mut ada = administrator(&parvis, &link).await;
    assert!(ada.get("/").await.text.contains("Université d’Exemple"));
    let contact = parvis.get("/.well-known/security.txt").await;
    assert!(
        contact
            .text
            .contains("Contact: mailto:security@uni.example"),
        "{}",
        contact.text
    );
    assert!(decided(&parvis).contains(&relay));
    let audit = ada.get("/admin/audit").await;
    assert!(audit.text.contains("set-up"));
    // Neither in the audit nor anywhere else in clear.
    let clear = "SELECT count(*) FROM audit_records WHERE audit_records::text LIKE '%the secret of the provider%'";
    assert_eq!(parvis.number(clear), 0);
    assert_eq!(
        parvis.number("SELECT count(*) FROM issuers WHERE secret IS NOT NULL"),
        1
    );
}

const FILE: &str = r#"
[institution]
name = { fr = "Université d’Exemple", en = "Example University" }
time_zone = "Europe/Paris"
security_officer = "Ada Moreau"
security_contact = "mailto:security@uni.example"
[web]
public_name = "HOST"
[administrator]
login = "ada"
name = "Ada Moreau"
[mail]
relay = "mail.uni.example"
user = "parvis"
password = "the password of the mail server"
"#;

#[tokio::test]
async fn the_machine_is_set_up_by_a_file_once() {
    let mut parvis = started().await;
    let text = FILE.replace("HOST", parvis.host());
    let set_up = |parvis: &TestParvis, text: &str, more: &[&str]| {
        let file = parvis.write("answers.toml", text);
        parvis.command(&[&["setup", "--from", &file], more].concat())
    };
    let told = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let unknown = set_up(&parvis, &text.replace("login", "logon"), &[]);
    assert!(told(&unknown).contains("logon"), "{}", told(&unknown));
    let wrong = text
        .replace("Europe/Paris", "Paris")
        .replace("\"ada\"", "\"a b\"");
    let wrong = set_up(&parvis, &wrong, &[]);
    assert!(!wrong.status.success());
    for field in ["institution.time_zone", "administrator.login"] {
        assert!(told(&wrong).contains(field), "{}", told(&wrong));
    }
    assert_eq!(parvis.number("SELECT count(*) FROM people"), 0);
    assert_eq!(decided(&parvis), "");

    let link_file: PathBuf = parvis.directory.join("link");
    let done = set_up(
        &parvis,
        &text,
        &["--link-file", &link_file.display().to_string()],
    );
    assert!(done.status.success(), "{}", told(&done));
    assert!(!String::from_utf8_lossy(&done.stdout).contains("/invitation/"));
    let mode = std::fs::metadata(&link_file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    assert_eq!(
        first_operator(&parvis),
        "",
        "nobody was named, and nobody can be any more"
    );
    begins_again(&mut parvis).await;
    let password = parvis.directory.join("mail.password");
    assert_eq!(
        std::fs::metadata(&password).unwrap().permissions().mode() & 0o7777,
        0o600
    );
    assert_eq!(
        std::fs::read_to_string(password).unwrap(),
        "the password of the mail server"
    );
    assert!(!decided(&parvis).contains("the password"));

    let again = set_up(&parvis, &text, &[]);
    assert!(
        !again.status.success() && told(&again).contains("already"),
        "{}",
        told(&again)
    );
    assert!(set_up(&parvis, &text, &["--once"]).status.success());
    assert_eq!(parvis.number("SELECT count(*) FROM people"), 1);
    let link = std::fs::read_to_string(link_file).unwrap();
    administrator(&parvis, link.trim()).await;
}

#[tokio::test]
async fn the_machine_is_set_up_by_questions_that_begin_where_they_ended() {
    let mut parvis = started().await;
    let answer = |parvis: &TestParvis, lines: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_parvis"))
            .arg("--config")
            .arg(parvis.directory.join("parvis.toml"))
            .arg("setup")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    let some = "Université\nUniversity\nParis\nEurope/Paris\nAda Moreau\n";
    let ended = answer(&parvis, some);
    assert!(!ended.status.success());
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(told.contains("IANA"), "{told}");
    // The answers there were stand in brackets; a browser would find them too.
    let rest = format!(
        "\n\n\n\nsecurity@uni.example\n{}\nAda Moreau\nada\n\nno key\n{KEY}\n\n\n\nyes\n",
        parvis.host()
    );
    let done = answer(&parvis, &rest);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(told.contains("[Ada Moreau]"), "{told}");
    assert_eq!(first_operator(&parvis), KEY);
    begins_again(&mut parvis).await;
    let link = told.lines().last().unwrap();
    administrator(&parvis, link).await;
}
