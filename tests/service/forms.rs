//! Forms that break a rule come back as they were filled, with what is wrong beside its field, in the reader's language.

use parvis::domain::role::Role;
use reqwest::StatusCode;

use crate::harness::people::{Visitor, form};
use crate::harness::{Answer, LIBRARY, TestParvis};

const ADMINISTRATOR: [(Role, Option<&str>); 1] = [(Role::InstitutionAdministrator, None)];

/// Posts a form by somebody who reads French.
async fn post_in_french(
    parvis: &TestParvis,
    who: &Visitor,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let token = who.token();
    let fields = [fields, &[("token", token.as_str())]].concat();
    let request = parvis
        .client
        .post(format!("{}{path}", parvis.address))
        .header("cookie", format!("{}; language=fr", who.cookie()))
        .header("accept-language", "fr")
        .header("origin", parvis.address.clone())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&fields));
    parvis.send(request).await
}

const ISSUER: [(&str, &str); 6] = [
    ("do", "save"),
    ("key", "campus"),
    ("name", ""),
    ("issuer", "https://idp.uni.example"),
    ("client_id", "parvis"),
    ("scopes", "openid"),
];

#[tokio::test]
async fn a_broken_form_comes_back_filled_and_says_what_is_wrong() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("ada", &ADMINISTRATOR);
    let issuer = [
        &ISSUER[..2],
        &[("name", "Campus"), ("no_match", "refuse")],
        &ISSUER[3..],
        &[("second_factor", "claimed")],
    ]
    .concat();
    let made = parvis.post_as(&ada, "/admin/issuers", &issuer).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let unnamed = [
        &ISSUER[..],
        &[("no_match", "refuse"), ("second_factor", "claimed")],
    ]
    .concat();
    let ruled = [
        &issuer[..],
        &[
            ("rule-claim", "groups"),
            ("rule-operator", "equals"),
            ("rule-value", ""),
            ("rule-role", "execution"),
            ("rule-site", ""),
        ],
    ]
    .concat();
    // Each with the field that is wrong, what is said of it, and something that must not be lost.
    type Broken<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str, &'a str);
    let broken: [Broken<'_>; 10] = [
        (
            "/admin/people",
            &[("name", ""), ("email", "eve@uni.example")],
            "name",
            "Une personne a un nom",
            "eve@uni.example",
        ),
        (
            "/admin/people",
            &[
                ("who", "nobody"),
                ("site", "library"),
                ("role", "execution"),
            ],
            "who",
            "Personne n’a cet identifiant",
            "value=\"nobody\"",
        ),
        (
            "/admin/spaces/library/recount",
            &[
                ("do", "save"),
                ("people", "-3"),
                ("reason", "ronde du soir"),
            ],
            "people",
            "Un comptage est un nombre",
            "ronde du soir",
        ),
        (
            "/admin/issuers",
            &unnamed,
            "name",
            "Il manque une valeur.",
            "https://idp.uni.example",
        ),
        (
            "/admin/issuers/campus",
            &unnamed,
            "name",
            "Il manque une valeur.",
            "https://idp.uni.example",
        ),
        (
            "/admin/issuers/campus",
            &ruled,
            "rule-claim-1",
            "prend une seule valeur",
            "value=\"groups\"",
        ),
        (
            "/admin/issuers/campus",
            &[("do", "try"), ("claims", "{ \"sub\": ")],
            "claims",
            "Ce n’est pas un objet JSON",
            "&#34;sub&#34;",
        ),
        (
            "/admin/issuers/campus",
            &[
                ("do", "expect"),
                ("person", "99"),
                ("claim", "sub"),
                ("value", "a1"),
            ],
            "person",
            "Personne n’a ce numéro.",
            "value=\"a1\"",
        ),
        (
            "/me/tokens",
            &[("name", "ronde"), ("days", "30")],
            "scopes",
            "Choisissez au moins une chose",
            "value=\"ronde\"",
        ),
        (
            "/admin/sites/library/capacities",
            &[("since", "2026-01-01"), ("comfort.library", "999999999999")],
            "comfort-library",
            "Ce nombre est trop grand.",
            "999999999999",
        ),
    ];
    for (path, fields, id, words, kept) in broken {
        let page = post_in_french(&parvis, &ada, path, fields).await;
        assert_eq!(
            page.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: {}",
            page.text
        );
        let beside = format!("id=\"{id}-wrong\"");
        for part in [
            words,
            kept,
            beside.as_str(),
            "class=\"wrong-list\"",
            "aria-invalid=\"true\"",
            "class=\"bar-staff\"",
        ] {
            assert!(
                page.text.contains(part),
                "{path} lacks {part}: {}",
                page.text
            );
        }
        assert!(
            page.text.contains(&format!("href=\"#{id}\"")),
            "{path}: {}",
            page.text
        );
    }
}

#[tokio::test]
async fn a_new_site_with_everything_empty_is_told_all_that_it_lacks_by_name() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("ada", &ADMINISTRATOR);
    let page = parvis
        .post_as(
            &ada,
            "/admin/new/site?lang=en",
            &[("do", "save"), ("kind", "")],
        )
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in [
        "href=\"#f-slug\">Name in addresses: A value is missing.",
        "href=\"#f-name\">Name: A value is missing.",
        "href=\"#f-kind\">",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    // Every language of the name is marked, and points to what is wrong.
    assert!(page.text.contains("name=\"name.fr\" type=\"text\" value=\"\" autocomplete=\"off\" lang=\"fr\" aria-invalid=\"true\" aria-describedby=\" f-name-wrong1\""), "{}", page.text);
}

#[tokio::test]
async fn hours_that_are_not_understood_are_told_in_a_sentence() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("ada", &ADMINISTRATOR);
    let site = parvis.get_as(&ada, "/admin/sites/library/hours").await;
    let seen = super::administering::hidden(&site.text, "seen");
    for button in ["preview", "save"] {
        let fields = [
            ("seen", seen.as_str()),
            ("do", button),
            ("opening_hours", "Mo-Xx 08:00"),
        ];
        let page = post_in_french(&parvis, &ada, "/admin/sites/library/hours", &fields).await;
        assert!(
            page.text.contains("Mo-Xx\u{202f}» n’est pas compris."),
            "{}",
            page.text
        );
        assert!(!page.text.contains("expected"), "{}", page.text);
    }
}

#[tokio::test]
async fn the_switch_of_language_keeps_what_the_page_was_asked() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("ada", &ADMINISTRATOR);
    let page = parvis
        .get_as(&ada, "/admin/people?site=library&lang=en")
        .await;
    let french = "href=\"/admin/people?site=library&#38;lang=fr\"";
    assert!(page.text.contains(french), "{}", page.text);
}

#[tokio::test]
async fn who_is_refused_is_told_why_in_their_language_and_led_back() {
    let parvis = TestParvis::start(LIBRARY).await;
    let eve = parvis.sign_in("eve", &[(Role::Execution, Some("library"))]);
    let fields = [("name", "Eve")];
    let page = post_in_french(&parvis, &eve, "/admin/people", &fields).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("Aucun de vos rôles"), "{}", page.text);
    assert!(page.text.contains("href=\"/admin\""), "{}", page.text);
    // A form that is sent after the session ended leads to the sign-in, and from there back to the form.
    let form_of = format!("{}/admin/spaces/library/recount?lang=fr", parvis.address);
    let request = parvis
        .client
        .post(format!("{}/admin/spaces/library/recount", parvis.address))
        .header("referer", form_of)
        .body("people=3");
    let page = parvis.send(request).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let back = "/sign-in?return=%2Fadmin%2Fspaces%2Flibrary%2Frecount%3Flang%3Dfr";
    assert!(page.text.contains(back), "{}", page.text);
    // Nobody else's page is led to.
    let request = parvis
        .client
        .post(format!("{}/admin/spaces/library/recount", parvis.address))
        .header("referer", "https://evil.example/admin")
        .body("people=3");
    let page = parvis.send(request).await;
    assert!(
        page.text.contains("/sign-in?return=%2Fadmin\""),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_is_done_once() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("ada", &ADMINISTRATOR);
    let once = |page: &str| super::administering::hidden(page, "once");
    let path = "/admin/spaces/library/recount";
    let page = parvis.get_as(&ada, path).await;
    let once_of_recount = once(&page.text);
    let recount = [
        ("once", once_of_recount.as_str()),
        ("do", "save"),
        ("people", "7"),
        ("reason", "round"),
    ];
    let (one, other) = tokio::join!(
        parvis.post_as(&ada, path, &recount),
        parvis.post_as(&ada, path, &recount)
    );
    assert_eq!([one.status, other.status], [StatusCode::SEE_OTHER; 2]);
    let path = "/admin/sites/library/notices";
    let page = parvis.get_as(&ada, path).await;
    let once_of_notice = once(&page.text);
    let end_of_notice = proposed_end(&page.text);
    let notice = [
        ("once", once_of_notice.as_str()),
        ("kind", "message"),
        ("title.en", "Lift out of order"),
        ("starts_at", "2026-01-01T08:00"),
    ];
    let notice = [&notice[..4], &[("ends_at", end_of_notice.as_str())]].concat();
    let (one, other) = tokio::join!(
        parvis.post_as(&ada, path, &notice),
        parvis.post_as(&ada, path, &notice)
    );
    assert_eq!(
        [one.status, other.status],
        [StatusCode::SEE_OTHER; 2],
        "{}",
        one.text
    );
    for act in ["recount", "post-notice"] {
        let made = parvis.number(&format!(
            "SELECT count(*) FROM audit_records WHERE act = '{act}'"
        ));
        assert_eq!(made, 1, "{act}");
    }
    // The same form with something else in it is no repetition, and says so.
    let changed = [&recount[..2], &[("people", "9"), ("reason", "round")]].concat();
    let answer = parvis
        .post_as(&ada, "/admin/spaces/library/recount", &changed)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text
    );
}

/// The end that the form of a notice proposes.
fn proposed_end(page: &str) -> String {
    let from = page.find("name=\"ends_at\"").unwrap();
    page[from..]
        .split("value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}
