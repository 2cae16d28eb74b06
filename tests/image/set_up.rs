//! The set-up: nothing is usable before, the console's code opens the page, and the machine is the institution's after it.

use std::time::Duration;

use crate::browser::{Browser, between};
use crate::lab::{GUEST, Lab, run};
use crate::machine::{Machine, status, within};

const ANSWERS: &[(&str, &str)] = &[
    ("institution/name.fr", "Université d’Exemple"),
    ("institution/name.en", "Example University"),
    ("institution/time_zone", "Europe/Paris"),
    ("institution/security_officer", "Ada Moreau"),
    ("institution/security_contact", "security@uni.example"),
    ("web/public_name", GUEST),
    ("administrator/name", "Ada Moreau"),
    ("administrator/login", "ada"),
    ("mail/security", "starttls"),
    ("certificate/source", "self-made"),
];

pub(crate) fn set_up_through_the_page(lab: &mut Lab) {
    let directory = lab.directory().to_owned();
    let key = lab.public_key();
    let machine = lab.machine();
    let mut browser = Browser::new(&directory);
    let before = browser.get("/");
    assert_eq!((before.status, before.location.as_str()), (303, "/set-up"));
    assert_eq!(status("/api/v1/spaces"), "503");
    let console = shown(machine);
    assert!(
        console.contains(&format!("https://{GUEST}/set-up")),
        "{console}"
    );
    let served = certificate();
    assert!(
        console.replace(char::is_whitespace, "").contains(&served),
        "the console does not show the fingerprint {served}: {console}"
    );
    let code = between(&console, "Code of the set-up: ", "\r").expect("the console shows the code");
    assert!(browser.get("/set-up").text.contains("name=\"code\""));
    assert_eq!(
        browser
            .post("/set-up/code", &[("code", "AAAA-AAAA-AAAA")])
            .status,
        422
    );
    assert_eq!(
        browser.post("/set-up/code", &[("code", code)]).location,
        "/set-up"
    );
    browser.get("/set-up");
    let answers = [ANSWERS, &[("administrator/ssh_key", key.trim())]].concat();
    let answered = browser.post("/set-up", &answers);
    assert_eq!(answered.location, "/set-up/summary", "{}", answered.text);
    browser.get("/set-up/summary");
    let done = browser.post("/set-up/summary", &[]);
    assert_eq!(done.status, 200, "{}", done.text);
    let address = format!("<a class=\"button\" href=\"https://{GUEST}");
    let link = between(&done.text, &address, "\"")
        .expect("the last page shows the link of the administrator")
        .to_owned();
    within(
        Duration::from_secs(120),
        "the service to begin again",
        || {
            (status("/health/ready") == "200" && Browser::new(&directory).get("/").status == 200)
                .then_some(())
        },
    );
    assert_eq!(browser.get("/set-up").status, 404);
    let mut ada = Browser::new(&directory);
    assert_eq!(ada.get(&link).status, 200);
    let password = "lampe violette harpe";
    let chosen = ada.post(&link, &[("password", password), ("again", password)]);
    assert_eq!(chosen.location, "/me/security", "{}", chosen.text);
    assert_eq!(
        Browser::new(&directory).get(&link).status,
        410,
        "the link is good once"
    );
}

/// The console as it was shown last.
fn shown(machine: &Machine) -> String {
    within(
        Duration::from_secs(120),
        "the console to show the code",
        || {
            let console = machine.console();
            let last = console.rsplit("Parvis 0").next()?.to_owned();
            last.contains("Code of the set-up").then_some(last)
        },
    )
}

/// The SHA-256 of the certificate that is served.
fn certificate() -> String {
    let script = format!(
        "openssl s_client -connect {GUEST}:443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"
    );
    let told = run("bash", ["-c", &script]);
    told.split_once('=')
        .expect("a fingerprint")
        .1
        .trim()
        .to_owned()
}
