//! Answers of the set-up, right and wrong.

use super::*;

fn answers() -> Answers {
    serde_json::from_value(json!({
        "institution": {
            "name": { "fr": "Université", "en": "University" }, "time_zone": "Europe/Paris",
            "security_officer": "Ada Moreau", "security_contact": "security@uni.example",
        },
        "web": { "public_name": "places.uni.example" },
        "administrator": { "login": "ada", "name": "Ada Moreau", "email": "ada@uni.example" },
    }))
    .unwrap()
}

#[test]
fn good_answers_break_no_rule_and_an_address_is_a_contact() {
    let answers = answers();
    assert_eq!(answers.wrongs(), Vec::new());
    let institution = answers.institution(None);
    assert_eq!(
        institution.security_contact.as_deref(),
        Some("mailto:security@uni.example")
    );
    assert_eq!(institution.time_zone, Tz::Europe__Paris);
}

#[test]
fn each_answer_that_is_lacking_or_wrong_is_named() {
    let told = |path: &str, value: Value| {
        let mut all = json!(answers());
        *all.pointer_mut(&format!("/{path}")).unwrap() = value;
        let answers: Answers = serde_json::from_value(all).unwrap();
        let wrongs = answers.wrongs().into_iter();
        wrongs
            .map(|wrong| format!("{} {}", wrong.field, wrong.rule))
            .collect::<Vec<_>>()
    };
    for (path, value, expected) in [
        (
            "institution/name",
            json!({ "fr": "" }),
            "institution/name named",
        ),
        (
            "institution/time_zone",
            json!("Europe/Lutetia"),
            "institution/time_zone time-zone",
        ),
        (
            "institution/security_officer",
            json!(" "),
            "institution/security_officer needed",
        ),
        (
            "institution/security_contact",
            json!("call me"),
            "institution/security_contact contact-form",
        ),
        (
            "institution/security_contact",
            Value::Null,
            "institution/security_contact contact-form",
        ),
        (
            "web/public_name",
            json!("https://a.example"),
            "web/public_name host-name",
        ),
        (
            "web/public_name",
            json!("300.1.1.1"),
            "web/public_name host-name",
        ),
        (
            "web/public_name",
            json!("a..example"),
            "web/public_name host-name",
        ),
        (
            "administrator/login",
            json!("a b"),
            "administrator/login login-form",
        ),
        ("administrator/name", json!(""), "administrator/name named"),
        (
            "administrator/email",
            json!("ada"),
            "administrator/email address-form",
        ),
        (
            "certificate/source",
            json!("bought"),
            "certificate/source one-of",
        ),
    ] {
        assert_eq!(told(path, value), [expected], "{path}");
    }
    assert_eq!(Answers::default().wrongs().len(), 7);
}

#[test]
fn mail_and_provider_are_checked_where_there_are_any() {
    let mut answers = answers();
    answers.mail = Mail {
        relay: Some("mail server".to_owned()),
        security: Some("none".to_owned()),
        port: Some(70_000),
        user: Some("parvis".to_owned()),
        from: Some("parvis".to_owned()),
        ..Mail::default()
    };
    answers.issuer.issuer = Some("http://idp.uni.example".to_owned());
    let fields: Vec<String> = answers
        .wrongs()
        .into_iter()
        .map(|wrong| wrong.field)
        .collect();
    assert_eq!(
        fields,
        [
            "mail/relay",
            "mail/port",
            "mail/password",
            "mail/from",
            "issuer/name"
        ]
    );
    answers.mail = Mail {
        relay: Some("mail.uni.example".to_owned()),
        user: Some("parvis".to_owned()),
        password: Some("secret".to_owned()),
        security: Some("none".to_owned()),
        ..Mail::default()
    };
    answers.issuer = Provider {
        name: Some("University".to_owned()),
        issuer: Some("https://idp.uni.example".to_owned()),
        client_id: Some("parvis".to_owned()),
        client_secret: Some("secret".to_owned()),
    };
    let rules: Vec<&str> = answers
        .wrongs()
        .into_iter()
        .map(|wrong| wrong.rule)
        .collect();
    assert_eq!(rules, ["password-in-clear"]);
    let told = answers.without_secrets().to_string();
    assert!(
        !told.contains("\"secret\"") && told.contains("***"),
        "{told}"
    );
}

#[test]
fn hosts_are_names_or_addresses() {
    for host in [
        "localhost",
        "places.uni.example",
        "192.0.2.7",
        "2001:db8::7",
        "x1",
    ] {
        assert!(is_host(host), "{host}");
    }
    for text in [
        "",
        "-a",
        "a-",
        "a_b",
        "A.example",
        "a.example:443",
        "a b",
        "é.example",
        "1.2.3",
        "a\n",
    ] {
        assert!(!is_host(text), "{text}");
    }
}

#[test]
fn a_code_is_the_same_however_it_is_typed() {
    assert_eq!(readable("K7QD3MXP22HR"), "K7QD-3MXP-22HR");
    assert_eq!(normalized(" k7qd 3mxp-22hr\n"), "K7QD3MXP22HR");
    assert_ne!(normalized("K7QD3MXP22HRX"), "K7QD3MXP22HR");
}
