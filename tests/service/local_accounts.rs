//! Accounts of the service itself, and those who want into them.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use parvis::appliance::certificate::{Files, ensure};
use totp_rs::{Builder, Secret};

use crate::harness::{Answer, LIBRARY, TestParvis};
use crate::mail::MailServer;
use crate::somebody::{Somebody, between, leads_to};

const PASSWORD: &str = "lampe violette harpe";
const OTHER: &str = "brouillard cuivre semelle";

/// A person with an account, and a browser that the account knows.
async fn ada(parvis: &TestParvis, arguments: &[&str]) -> Somebody {
    let link = invited(parvis, arguments);
    let mut ada = Somebody::at(parvis, "127.9.0.1");
    let answer = ada.accept(&link, PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    ada
}

/// The link of a person who was added.
fn invited(parvis: &TestParvis, arguments: &[&str]) -> String {
    let printed = parvis.run(&[&["person", "add", "ada", "--name", "Ada"], arguments].concat());
    printed.trim().to_owned()
}

fn age(parvis: &TestParvis, minutes: u32) {
    let sql = format!("UPDATE sign_in_failures SET at = at - interval '{minutes} minutes'");
    parvis.connection().batch_execute(&sql).unwrap();
}

/// The code that an authenticator with a secret shows now, or some steps from now.
fn code(typed: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(typed.replace(' ', "")).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = parvis::clock::Clock::System.now().timestamp() + steps * 30;
    totp.generate(u64::try_from(now).unwrap()).to_string()
}

/// Sets up a code generator and returns its secret, and the code that confirmed it.
async fn enrol(somebody: &mut Somebody) -> (String, String) {
    let page = somebody.get("/me/security").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let proposed = somebody.post("/me/codes", &[]).await;
    assert_eq!(proposed.status, 200, "{}", proposed.text);
    let typed = between(&proposed.text, "<p class=\"secret\">", "</p>").unwrap();
    let ceremony = between(&proposed.text, "name=\"ceremony\" value=\"", "\"").unwrap();
    let used = code(&typed, 0);
    let confirmed = somebody
        .post("/me/codes", &[("ceremony", &ceremony), ("code", &used)])
        .await;
    // Whoever could not go to the administration without it is led there.
    assert!(["/me/security", "/admin"].contains(&leads_to(&confirmed)));
    (typed, used)
}

#[tokio::test]
async fn of_a_thousand_wrong_passwords_ten_are_tried_and_the_owner_gets_in() {
    let mut parvis = TestParvis::start(LIBRARY).await;
    let known = ada(&parvis, &[]).await;
    let mut attacker = Somebody::at(&parvis, "127.9.0.66");
    attacker.get("/sign-in").await;
    let mut tried = 0;
    let mut refused = 0;
    for round in 0..20 {
        let tries = (0..50).map(|number| {
            let mut attacker = attacker.clone();
            async move {
                let password = format!("wrong password {round} {number}");
                attacker.sign_in("ada", &password).await
            }
        });
        for answer in join_all(tries).await {
            match answer.status.as_u16() {
                422 => tried += 1,
                429 => {
                    refused += 1;
                    let wait: u64 = answer.header("retry-after").parse().unwrap();
                    assert!((1..=901).contains(&wait), "{wait}");
                }
                other => panic!("{other}: {}", answer.text),
            }
        }
    }
    assert_eq!((tried, refused), (10, 990));
    assert_eq!(parvis.number("SELECT count(*) FROM sign_in_failures"), 10);

    // Not even the right password from there.
    assert_eq!(attacker.sign_in("ada", PASSWORD).await.status, 429);
    // The owner from elsewhere, with a browser that nobody knows.
    let mut elsewhere = Somebody::at(&parvis, "127.9.0.2");
    assert_eq!(leads_to(&elsewhere.sign_in("ada", PASSWORD).await), "/me");
    // The owner at the very address of the attacker, with a browser that the account knows.
    let mut beside = known.moved_to(&parvis, "127.9.0.66");
    beside.cookies.remove("__Host-session");
    assert_eq!(leads_to(&beside.sign_in("ada", PASSWORD).await), "/me");

    // A restart forgets nothing, and a quarter of an hour is a quarter of an hour.
    parvis.stop();
    parvis.serve();
    parvis.wait_until_ready().await;
    assert_eq!(attacker.sign_in("ada", PASSWORD).await.status, 429);
    age(&parvis, 14);
    assert_eq!(attacker.sign_in("ada", "wrong").await.status, 429);
    age(&parvis, 2);
    assert_eq!(attacker.sign_in("ada", "wrong").await.status, 422);
}

#[tokio::test]
async fn throttled_tries_are_on_record_once_for_each_source_and_account() {
    let parvis = TestParvis::start(LIBRARY).await;
    ada(&parvis, &[]).await;
    let throttled = |more: &str| {
        let query = "SELECT count(*) FROM audit_records WHERE act = 'sign-in' AND outcome = 'refused: throttled'";
        parvis.number(&format!("{query} {more}"))
    };
    let mut attacker = Somebody::at(&parvis, "127.9.0.66");
    for number in 0..30 {
        let answer = attacker.sign_in("ada", &format!("wrong {number}")).await;
        assert_eq!(answer.status, if number < 10 { 422 } else { 429 });
    }
    assert_eq!(throttled(""), 1);
    assert_eq!(
        throttled(
            "AND object LIKE '%Ada' AND address = '127.9.0.66' AND after->>'source' = '127.9.0.66/32'"
        ),
        1
    );
    let log = parvis.log();
    assert_eq!(log.matches("tries too often").count(), 1, "{log}");
    assert!(!log.contains("127.9.0.66"));
    // Names that nobody has are one account, however many they are.
    for name in ["nobody", "no-one", "none"] {
        assert_eq!(attacker.sign_in(name, "wrong").await.status, 429);
    }
    assert_eq!(throttled(""), 2);
    // Another source is another record.
    let mut other = Somebody::at(&parvis, "127.9.0.67");
    for _ in 0..11 {
        other.sign_in("ada", "wrong").await;
    }
    assert_eq!(throttled(""), 3);
    let counted = parvis.metric("parvis_sign_ins_throttled_total").await;
    assert!(
        counted.is_some_and(|counted| counted >= 24.0),
        "{counted:?}"
    );
    parvis.run(&["audit", "verify"]);
}

#[tokio::test]
async fn many_sources_make_an_account_slow_and_never_closed() {
    let parvis = TestParvis::start(LIBRARY).await;
    let known = ada(&parvis, &[]).await;
    for source in 0..3 {
        for number in 0..5 {
            let mut attacker = Somebody::at(&parvis, &format!("127.9.1.{source}"));
            let answer = attacker.sign_in("ada", &format!("wrong {number}")).await;
            // From the eleventh on there is a delay, which the clock of this test does not wait for.
            assert!([422, 429].contains(&answer.status.as_u16()));
        }
    }
    let sql = "INSERT INTO sign_in_failures (login, source, at) SELECT login, '10.0.0.' || n || '/32', now() \
        FROM generate_series(1, 40) n, (SELECT login FROM sign_in_failures LIMIT 1) one";
    parvis.connection().batch_execute(sql).unwrap();
    let mut stranger = Somebody::at(&parvis, "127.9.0.2");
    let answer = stranger.sign_in("ada", PASSWORD).await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!(wait <= 61, "{wait}");
    let mut beside = known.moved_to(&parvis, "127.9.0.3");
    beside.cookies.remove("__Host-session");
    assert_eq!(leads_to(&beside.sign_in("ada", PASSWORD).await), "/me");
    age(&parvis, 2);
    assert_eq!(leads_to(&stranger.sign_in("ada", PASSWORD).await), "/me");
}

#[tokio::test]
async fn whether_an_account_exists_is_told_neither_in_words_nor_in_time() {
    let parvis = TestParvis::start(LIBRARY).await;
    ada(&parvis, &[]).await;
    parvis.run(&["person", "add", "gone", "--name", "Gone"]);
    parvis.run(&["person", "deactivate", "gone"]);
    parvis.run(&["person", "add", "fresh", "--name", "Fresh"]);
    let mut answers = Vec::new();
    let mut times = Vec::new();
    for (source, login) in ["ada", "nobody", "gone", "fresh"].into_iter().enumerate() {
        let mut somebody = Somebody::at(&parvis, &format!("127.9.2.{source}"));
        somebody.sign_in(login, "wrong password").await;
        let since = Instant::now();
        let mut last = None;
        for _ in 0..5 {
            last = Some(somebody.sign_in(login, "wrong password").await);
        }
        times.push(since.elapsed().as_secs_f64());
        let answer = last.unwrap();
        let token = between(&answer.text, "name=\"token\" value=\"", "\"").unwrap();
        let told = answer.text.replace(&token, "").replace(login, "");
        answers.push((answer.status, told));
    }
    for other in &answers[1..] {
        assert_eq!(other, &answers[0]);
    }
    for other in &times[1..] {
        let ratio = other / times[0];
        assert!((0.4..2.5).contains(&ratio), "{times:?}");
    }
}

#[tokio::test]
async fn a_planted_cookie_is_worthless_and_a_stolen_one_ends_with_the_session() {
    let parvis = TestParvis::start(LIBRARY).await;
    ada(&parvis, &[]).await;
    let planted = "A".repeat(43);
    let mut victim = Somebody::at(&parvis, "127.9.0.2");
    let planting = |somebody: &mut Somebody| {
        somebody
            .cookies
            .insert("__Host-session".to_owned(), planted.clone());
    };
    planting(&mut victim);
    victim.get("/sign-in").await;
    let answer = victim
        .post(
            "/sign-in/local",
            &[("login", "ada"), ("password", PASSWORD), ("return", "/me")],
        )
        .await;
    assert_eq!(leads_to(&answer), "/me");
    assert_ne!(victim.session(), planted);
    assert!(victim.is_signed_in().await);
    let mut attacker = Somebody::at(&parvis, "127.9.0.66");
    planting(&mut attacker);
    assert!(!attacker.is_signed_in().await);

    // Stolen from a page that was open, with its token.
    let mut thief = victim.moved_to(&parvis, "127.9.0.66");
    assert!(thief.is_signed_in().await);
    let since = Instant::now();
    victim.post("/sign-out", &[]).await;
    let answer = thief.post("/me/sessions", &[]).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert!(since.elapsed() < Duration::from_secs(1));
    assert!(!thief.is_signed_in().await);
}

#[tokio::test]
async fn an_invitation_is_good_once_and_asks_for_a_good_password() {
    let parvis = TestParvis::start(LIBRARY).await;
    let link = invited(&parvis, &["--role", "institution-administrator"]);
    let mut ada = Somebody::at(&parvis, "127.9.0.1");
    for (password, why) in [
        ("tQ9vR2mXk7bL", "15"),
        ("123456789012345", "tried first"),
        ("qwertyuiop12345", "tried first"),
    ] {
        ada.cookies
            .insert("__Host-language".to_owned(), "en".to_owned());
        let answer = ada.accept(&link, password).await;
        assert_eq!(answer.status, 422, "{password}");
        assert!(answer.text.contains(why), "{password}: {}", answer.text);
    }
    let mut late = Somebody::at(&parvis, "127.9.0.66");
    late.get(&link).await;
    assert_eq!(leads_to(&ada.accept(&link, PASSWORD).await), "/me/security");
    let second = late
        .post(&link, &[("password", OTHER), ("again", OTHER)])
        .await;
    assert_eq!(second.status, 410);
    assert_eq!(late.get(&link).await.status, 410);
    assert_eq!(late.sign_in("ada", OTHER).await.status, 422);

    // A newer link ends an older one, two days end any, and so does deactivation.
    let again = |command: &str| parvis.run(&["person", command, "ada"]).trim().to_owned();
    let (older, newer) = (again("invite"), again("invite"));
    assert_eq!(late.get(&older).await.status, 410);
    assert_eq!(late.get(&newer).await.status, 200);
    parvis
        .connection()
        .batch_execute("UPDATE invitations SET until = now() WHERE used_at IS NULL")
        .unwrap();
    assert_eq!(late.get(&newer).await.status, 410);
    parvis.run(&["person", "add", "bob"]);
    let link = parvis.run(&["person", "invite", "bob"]);
    parvis.run(&["person", "deactivate", "bob"]);
    assert_eq!(late.get(link.trim()).await.status, 410);
    assert!(
        !parvis
            .command(&["person", "invite", "bob"])
            .status
            .success()
    );
}

#[tokio::test]
async fn an_administrator_with_a_password_alone_can_only_set_up_a_second_factor() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut ada = ada(&parvis, &["--role", "institution-administrator"]).await;
    let weak = ada.session();
    assert_eq!(ada.get("/admin/people").await.status, 403);
    enrol(&mut ada).await;
    // They invite others, and nobody else does.
    parvis.run(&["person", "add", "bob", "--role", "execution"]);
    let bob = parvis.number("SELECT id FROM people WHERE login = 'bob'");
    let (page, invite) = (
        format!("/admin/people/{bob}"),
        format!("/admin/people/{bob}/account"),
    );
    assert_eq!(ada.get(&page).await.status, 200);
    let made = ada.post(&invite, &[("do", "invite")]).await;
    let link = between(&made.text, "<p class=\"secret\">", "</p>").unwrap();
    let mut bob = Somebody::at(&parvis, "127.9.0.3");
    assert_eq!(leads_to(&bob.accept(&link, OTHER).await), "/me");
    bob.get("/me").await;
    assert_eq!(bob.post(&invite, &[("do", "invite")]).await.status, 403);
    // What they may do changed, and with it the identifier of the session.
    assert_ne!(ada.session(), weak);
    assert_eq!(ada.get("/admin/people").await.status, 200);
    let mut old = Somebody::at(&parvis, "127.9.0.1");
    old.cookies.insert("__Host-session".to_owned(), weak);
    assert!(!old.is_signed_in().await);
}

#[tokio::test]
async fn a_code_is_good_once_and_needs_its_password_first() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut ada = ada(&parvis, &[]).await;
    let (typed, used) = enrol(&mut ada).await;
    let mut other = Somebody::at(&parvis, "127.9.0.2");
    // There is nothing to add a code to.
    other.get("/sign-in").await;
    let answer = other
        .post("/sign-in/second", &[("code", &code(&typed, 1))])
        .await;
    assert_eq!(leads_to(&answer), "/sign-in");

    let first = other.sign_in("ada", PASSWORD).await;
    assert_eq!(leads_to(&first), "/sign-in/second");
    assert!(!other.is_signed_in().await);
    other.get("/sign-in/second").await;
    for used_or_wrong in [used, code(&typed, -1), "000000".to_owned()] {
        let answer = other
            .post("/sign-in/second", &[("code", &used_or_wrong)])
            .await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    let next = code(&typed, 1);
    let mut twin = other.clone();
    let answer = other.post("/sign-in/second", &[("code", &next)]).await;
    assert_eq!(leads_to(&answer), "/me");
    assert!(other.is_signed_in().await);
    // Neither the step nor the code is good again.
    let answer = twin.post("/sign-in/second", &[("code", &next)]).await;
    assert_eq!(leads_to(&answer), "/sign-in");
    let mut third = Somebody::at(&parvis, "127.9.0.3");
    third.sign_in("ada", PASSWORD).await;
    third.get("/sign-in/second").await;
    let answer = third.post("/sign-in/second", &[("code", &next)]).await;
    assert_eq!(answer.status, 422);

    // Codes have a budget of their own.
    for _ in 0..20 {
        third.post("/sign-in/second", &[("code", "123456")]).await;
    }
    let answer = third.post("/sign-in/second", &[("code", "123456")]).await;
    assert_eq!(answer.status, 429);

    // Who lost it gets in again after the console took it away, and not before.
    parvis.run(&["person", "reset-second-factor", "ada"]);
    assert!(!other.is_signed_in().await);
    let mut fourth = Somebody::at(&parvis, "127.9.0.4");
    assert_eq!(leads_to(&fourth.sign_in("ada", PASSWORD).await), "/me");
}

#[tokio::test]
async fn a_password_alone_adds_no_second_factor_to_one_there_is() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut ada = ada(&parvis, &[]).await;
    let mut weak = Somebody::at(&parvis, "127.9.0.2");
    weak.sign_in("ada", PASSWORD).await;
    let (typed, _) = enrol(&mut ada).await;
    // Signed in before there was a second factor.
    let page = weak.get("/me/security").await;
    assert_eq!(page.status, 200);
    for action in ["/me/codes", "/me/passkeys/begin"] {
        let answer = weak.post(action, &[]).await;
        assert!(
            [404, 409].contains(&answer.status.as_u16()),
            "{action}: {}",
            answer.text
        );
    }
    assert_eq!(weak.post("/me/codes", &[("remove", "1")]).await.status, 409);
    let before = weak.session();
    let answer = weak.post("/me/confirm", &[]).await;
    assert_eq!(leads_to(&answer), "/sign-in/second");
    weak.get("/sign-in/second").await;
    let answer = weak
        .post("/sign-in/second", &[("code", &code(&typed, 1))])
        .await;
    assert_eq!(leads_to(&answer), "/me/security");
    assert_ne!(weak.session(), before);
    weak.get("/me/security").await;
    let answer = weak.post("/me/codes", &[("remove", "1")]).await;
    assert_eq!(leads_to(&answer), "/me/security");
}

#[tokio::test]
async fn who_becomes_administrator_chooses_a_longer_password_first() {
    const SHORT: &str = "zq7 vkx pw3 m";
    let parvis = TestParvis::start(LIBRARY).await;
    let link = invited(&parvis, &[]);
    let mut ada = Somebody::at(&parvis, "127.9.0.1");
    assert_eq!(leads_to(&ada.accept(&link, SHORT).await), "/me");
    let (typed, _) = enrol(&mut ada).await;
    parvis.run(&["person", "grant", "ada", "institution-administrator"]);
    let mut ada = Somebody::at(&parvis, "127.9.0.2");
    assert_eq!(
        leads_to(&ada.sign_in("ada", SHORT).await),
        "/sign-in/second"
    );
    ada.get("/sign-in/second").await;
    let answer = ada
        .post("/sign-in/second", &[("code", &code(&typed, 1))])
        .await;
    assert_eq!(leads_to(&answer), "/me/security");
    assert!(
        ada.get("/me/security")
            .await
            .text
            .contains("plus long que le vôtre")
    );
    assert_eq!(ada.get("/admin/people").await.status, 403);
    let change = |new: &'static str| [("old", SHORT), ("password", new), ("again", new)];
    let refused = ada.post("/me/password", &change("zq7 vkx pw3 m!")).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    ada.post("/me/password", &change(PASSWORD)).await;
    assert!(!ada.is_signed_in().await);
    assert_eq!(
        leads_to(&ada.sign_in("ada", PASSWORD).await),
        "/sign-in/second"
    );
    ada.get("/sign-in/second").await;
    // Each code is good once: the next one, a little early.
    parvis
        .connection()
        .batch_execute("UPDATE authenticators SET last_step = last_step - 2")
        .unwrap();
    ada.post("/sign-in/second", &[("code", &code(&typed, 1))])
        .await;
    assert_eq!(ada.get("/admin/people").await.status, 200);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut ada = ada(&parvis, &[]).await;
    let mut other = Somebody::at(&parvis, "127.9.0.2");
    other.sign_in("ada", PASSWORD).await;
    assert!(other.is_signed_in().await);
    ada.get("/me/security").await;
    let change =
        |old: &'static str, new: &'static str| [("old", old), ("password", new), ("again", new)];
    let wrong = ada.post("/me/password", &change(OTHER, OTHER)).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let weak = ada
        .post("/me/password", &change(PASSWORD, "123456789012"))
        .await;
    assert_eq!(weak.status, 422);
    assert!(other.is_signed_in().await);
    let changed = ada.post("/me/password", &change(PASSWORD, OTHER)).await;
    assert_eq!(leads_to(&changed), "/me/security");
    assert!(ada.is_signed_in().await);
    assert!(!other.is_signed_in().await);
    let mut third = Somebody::at(&parvis, "127.9.0.3");
    assert_eq!(third.sign_in("ada", PASSWORD).await.status, 422);
    assert_eq!(leads_to(&third.sign_in("ada", OTHER).await), "/me");
}

#[tokio::test]
async fn a_new_browser_is_told_by_mail_once_and_the_mail_takes_the_account_back() {
    let relay = "127.9.25.1";
    let parvis = TestParvis::start_with(LIBRARY, &MailServer::settings(relay)).await;
    let mut server = MailServer::at(&parvis.directory, relay);
    let mut ada = ada(&parvis, &["--email", "ada@uni.example"]).await;
    // The browser of the invitation is no news, nor is the same one again.
    ada.get("/me").await;
    ada.post("/sign-out", &[]).await;
    assert_eq!(leads_to(&ada.sign_in("ada", PASSWORD).await), "/me");
    assert_eq!(parvis.number("SELECT count(*) FROM outbox"), 0);

    let mut thief = Somebody::at(&parvis, "127.9.0.66");
    assert_eq!(leads_to(&thief.sign_in("ada", PASSWORD).await), "/me");
    assert_eq!(parvis.number("SELECT count(*) FROM outbox"), 1);
    // No server yet: the letter waits, says why, and is sent later.
    parvis
        .wait_until("a failure", || {
            parvis.number("SELECT count(*) FROM outbox WHERE failure IS NOT NULL AND tries > 0")
                == 1
        })
        .await;
    assert!(parvis.run(&["mail"]).contains("ada@uni.example"));
    server.start(&[]);
    parvis
        .connection()
        .batch_execute("UPDATE outbox SET next_try_at = now()")
        .unwrap();
    let letters = server.wait_for(&parvis, 1).await;
    let letter = letters.first().unwrap();
    for words in [
        "To: ada@uni.example",
        "nouvel appareil",
        "new device",
        "127.9.0.66",
        "Browser of 127.9.0.66",
        "Bonjour Ada",
        "Hello Ada",
    ] {
        assert!(letter.contains(words), "{words}: {letter}");
    }
    parvis
        .wait_until("the note that it was sent", || {
            parvis.number("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL AND body = ''")
                == 1
        })
        .await;

    let link = format!(
        "{}/invitation/{}",
        parvis.address,
        between(letter, "/invitation/", "\n").unwrap().trim()
    );
    assert_eq!(leads_to(&ada.accept(&link, OTHER).await), "/me");
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.sign_in("ada", PASSWORD).await.status, 422);
    assert!(ada.is_signed_in().await);
}

#[tokio::test]
async fn who_says_that_it_was_not_them_ends_everything_and_gets_a_link_by_mail() {
    let relay = "127.9.25.2";
    let parvis = TestParvis::start_with(LIBRARY, &MailServer::settings(relay)).await;
    let mut server = MailServer::at(&parvis.directory, relay);
    server.start(&[]);
    let mut ada = ada(&parvis, &["--email", "ada@uni.example"]).await;
    let mut thief = Somebody::at(&parvis, "127.9.0.66");
    thief.sign_in("ada", PASSWORD).await;
    enrol(&mut thief).await;
    // What they linked and made meanwhile, and what was there before.
    parvis
        .execute(
            "INSERT INTO identities (person_id, issuer, subject, linked_at) \
             SELECT id, 'https://idp.example', 'thief', now() FROM people WHERE login = 'ada'; \
             INSERT INTO identities (person_id, issuer, subject, linked_at) \
             SELECT id, 'https://idp.example', 'ada', now() - interval '8 days' FROM people WHERE login = 'ada'; \
             INSERT INTO api_tokens (person_id, name, digest, scopes, created_at, until) \
             SELECT id, 'backdoor', '', '[]', now(), now() + interval '1 day' FROM people WHERE login = 'ada'; \
             UPDATE people SET created_at = now() - interval '9 days'",
        )
        .unwrap();
    let page = ada.get("/me/security").await;
    assert!(page.text.contains("Browser of 127.9.0.66"), "{}", page.text);
    let answer = ada.post("/me/not-me", &[("sure", "1")]).await;
    assert_eq!(
        parvis.number("SELECT count(*) FROM identities WHERE subject = 'ada'"),
        1
    );
    assert_eq!(parvis.number("SELECT count(*) FROM identities"), 1);
    let open = "SELECT count(*) FROM api_tokens WHERE revoked_at IS NULL";
    assert_eq!(parvis.number(open), 0);
    let told = "SELECT count(*) FROM audit_records WHERE act = 'disown-sign-in' AND (before->>'password')::boolean \
        AND before->>'code_generator_since' IS NOT NULL AND before->'accounts'->0->>'subject' = 'thief' \
        AND before->'tokens'->>0 = 'backdoor'";
    assert_eq!(parvis.number(told), 1);
    assert!(leads_to(&answer).starts_with("/sign-in"));
    assert!(!answer.text.contains("/invitation/"));
    assert!(!ada.is_signed_in().await && !thief.is_signed_in().await);
    assert_eq!(thief.sign_in("ada", PASSWORD).await.status, 422);
    // Of the thief's sign-in, of their second factor, and of the end of it all.
    let letters = server.wait_for(&parvis, 3).await;
    let letter = letters
        .iter()
        .find(|letter| letter.contains("choisissez un nouveau mot de passe"))
        .unwrap();
    let secret = between(letter, "/invitation/", "\n").unwrap();
    let link = format!("{}/invitation/{}", parvis.address, secret.trim());
    // The thief's second factor is gone, so the link is enough.
    assert_eq!(leads_to(&ada.accept(&link, OTHER).await), "/me");
}

#[tokio::test]
async fn a_dump_of_the_database_opens_nothing() {
    let parvis = TestParvis::start(LIBRARY).await;
    let link = invited(&parvis, &["--email", "ada@uni.example"]);
    let mut ada = Somebody::at(&parvis, "127.9.0.1");
    ada.accept(&link, PASSWORD).await;
    let (typed, _) = enrol(&mut ada).await;
    let mut other = Somebody::at(&parvis, "127.9.0.2");
    other.sign_in("ada", PASSWORD).await;
    other.get("/sign-in/second").await;
    other
        .post("/sign-in/second", &[("code", &code(&typed, 1))])
        .await;
    assert!(other.is_signed_in().await);
    let mut third = Somebody::at(&parvis, "127.9.0.3");
    third.sign_in("ada", PASSWORD).await;
    let open = parvis.run(&["person", "invite", "ada"]);

    let dump = parvis.everything_stored();
    assert!(dump.contains("$argon2id$"), "the hash is there");
    assert!(dump.contains("ada@uni.example"), "the letter is there");
    let last = |link: &str| link.trim().rsplit('/').next().unwrap().to_owned();
    let raw = typed.replace(' ', "");
    let bytes = Secret::try_from_base32(&raw).unwrap();
    let mut secrets = vec![
        PASSWORD.to_owned(),
        last(&link),
        last(&open),
        raw.clone(),
        hex::encode(bytes.as_bytes()),
        "/invitation/".to_owned(),
    ];
    for somebody in [&ada, &other, &third] {
        secrets.extend(somebody.cookies.values().cloned());
    }
    assert!(secrets.len() > 10, "{secrets:?}");
    let log = parvis.log();
    for secret in secrets {
        assert!(!dump.contains(&secret), "the database holds {secret}");
        assert!(!log.contains(&secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn what_the_console_does_to_people_is_in_the_audit() {
    let parvis = TestParvis::start(LIBRARY).await;
    let mut ada = ada(&parvis, &[]).await;
    parvis.run(&["person", "grant", "ada", "execution", "--site", "library"]);
    parvis.run(&["person", "revoke", "ada", "execution", "--site", "library"]);
    assert!(ada.is_signed_in().await);
    parvis.run(&["person", "end-sessions", "ada"]);
    assert!(!ada.is_signed_in().await);
    assert_eq!(leads_to(&ada.sign_in("ada", PASSWORD).await), "/me");
    parvis.run(&["person", "deactivate", "ada"]);
    assert!(!ada.is_signed_in().await);
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, 422);
    parvis.run(&["person", "reactivate", "ada"]);
    assert_eq!(leads_to(&ada.sign_in("ada", PASSWORD).await), "/me");
    let list = parvis.run(&["person", "list"]);
    assert!(list.contains("ada  Ada"), "{list}");
    let acts = parvis.stored_in("^audit_records$");
    for act in [
        "add-person",
        "invite-person",
        "choose-password",
        "grant-role",
        "take-role",
        "end-sessions",
        "deactivate-person",
        "reactivate-person",
        "sign-in",
        "wrong password",
        "at the console",
    ] {
        assert!(acts.contains(act), "{act}: {acts}");
    }
    parvis.run(&["audit", "verify"]);
    let refused: Answer = Somebody::at(&parvis, "127.9.0.9")
        .sign_in("a password typed as a name", "x")
        .await;
    assert_eq!(refused.status, 422);
    let acts = parvis.stored_in("^audit_records$");
    assert!(!acts.contains("typed as a name"), "{acts}");
}

#[tokio::test]
async fn mail_goes_encrypted_and_only_to_a_server_that_proves_its_name() {
    let relay = "127.9.25.3";
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("mail-server-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (certificate, key) = (directory.join("mail.pem"), directory.join("mail.key"));
    ensure(&Files::of(&certificate, &key), relay).unwrap();
    let [certificate, key] = [certificate, key].map(|path| path.display().to_string());
    let mut server = MailServer::at(&directory, relay);
    server.start(&["--certificate", &certificate, "--key", &key]);
    // The settings of a test go on where the section of sign-ins ends.
    let encrypted = MailServer::settings(relay).replace("\"none\"", "\"starttls\"");
    for (trusted, is_taken) in [
        (format!("ca_file = \"{certificate}\"\n"), true),
        (String::new(), false),
    ] {
        let parvis = TestParvis::start_with(LIBRARY, &format!("{trusted}{encrypted}")).await;
        ada(&parvis, &["--email", "ada@uni.example"]).await;
        let mut other = Somebody::at(&parvis, "127.9.0.2");
        assert_eq!(leads_to(&other.sign_in("ada", PASSWORD).await), "/me");
        if is_taken {
            server.wait_for(&parvis, 1).await;
        } else {
            parvis
                .wait_until("a failure", || {
                    parvis.number("SELECT count(*) FROM outbox WHERE failure ILIKE '%certificate%'")
                        == 1
                })
                .await;
            assert_eq!(server.letters().len(), 1);
        }
        assert!(!parvis.log().contains("ada@uni.example"));
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn mail_goes_with_an_account_of_the_mail_server() {
    const SECRET: &str = "relay of the campus";
    for (security, relay, arguments) in [
        ("starttls", "127.9.25.4", &[][..]),
        ("tls", "127.9.25.5", &["--tls-from-the-start"]),
    ] {
        let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("mail-server-{security}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let [certificate, key, right, wrong] =
            ["mail.pem", "mail.key", "right", "wrong"].map(|name| directory.join(name));
        ensure(&Files::of(&certificate, &key), relay).unwrap();
        std::fs::write(&right, format!("{SECRET}\n")).unwrap();
        std::fs::write(&wrong, "something else").unwrap();
        let [certificate, key] = [certificate, key].map(|path| path.display().to_string());
        let mut server = MailServer::at(&directory, relay);
        let account = ["--user", "parvis", "--password", SECRET];
        let proof = ["--certificate", &certificate, "--key", &key];
        server.start(&[&account[..], &proof[..], arguments].concat());
        let settings = MailServer::settings(relay).replace("\"none\"", &format!("\"{security}\""));
        for (file, is_taken) in [(&wrong, false), (&right, true)] {
            let file = file.display();
            let further = format!(
                "ca_file = \"{certificate}\"\n{settings}user = \"parvis\"\npassword_file = \"{file}\"\n"
            );
            let parvis = TestParvis::start_with(LIBRARY, &further).await;
            ada(&parvis, &["--email", "ada@uni.example"]).await;
            let mut other = Somebody::at(&parvis, "127.9.0.2");
            assert_eq!(leads_to(&other.sign_in("ada", PASSWORD).await), "/me");
            if is_taken {
                server.wait_for(&parvis, 1).await;
            } else {
                let refused = "SELECT count(*) FROM outbox WHERE failure LIKE '%535%'";
                parvis
                    .wait_until("a failure", || parvis.number(refused) == 1)
                    .await;
                assert!(server.letters().is_empty());
                assert!(parvis.run(&["mail"]).contains("535"));
            }
            assert!(!parvis.log().contains(SECRET));
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
