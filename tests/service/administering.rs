//! Administration in the browser: the campus changed by who may, on record, and told to whoever was slower.

use parvis::domain::role::{Act, Role};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::people::Visitor;
use crate::harness::{LIBRARY, TestParvis, xovis};

/// The value of a hidden field of a page, as a browser would send it back.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let from = page
        .find(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    let value = page[from..].split('"').nth(3).unwrap();
    let plain = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&#60;", "<"),
    ];
    let more = [
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    plain
        .iter()
        .chain(&more)
        .fold(value.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Opens a form, and sends it with other values.
async fn change(
    parvis: &TestParvis,
    who: &Visitor,
    path: &str,
    fields: &[(&str, &str)],
) -> crate::harness::Answer {
    let page = parvis.get_as(who, path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    let seen = hidden(&page.text, "seen");
    let mut all = vec![("seen", seen.as_str())];
    all.extend(fields);
    parvis.post_as(who, path, &all).await
}

const DETAILS: [(&str, &str); 6] = [
    ("parent", "library"),
    ("capacities.0.since", "2020-01-01"),
    ("capacities.0.comfort", "60"),
    ("day_starts", "05:00"),
    ("empty_at_day_start", "yes"),
    ("do", "save"),
];

/// How often something was done, as the audit has it.
pub(crate) fn audited(parvis: &TestParvis, act: &str) -> i64 {
    parvis.number(&format!(
        "SELECT count(*) FROM audit_records WHERE act = '{act}' AND outcome = 'done'"
    ))
}

#[tokio::test]
async fn a_change_of_a_space_reaches_the_api_and_the_audit() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Administration, Some("library"))]);
    let mut fields = DETAILS.to_vec();
    fields[2].1 = "75";
    let saved = change(&parvis, &ada, "/admin/spaces/ground/details", &fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(saved.header("location"), "/admin/sites/library");
    parvis
        .wait_until("the board shows it", || {
            parvis.number("SELECT comfort FROM capacities JOIN spaces ON spaces.id = space_id WHERE slug = 'ground'")
                == 75
        })
        .await;
    assert_eq!(
        parvis.get("/api/v1/spaces/ground").await.json()["capacity"],
        75
    );
    assert_eq!(audited(&parvis, "change-space"), 1);
    let record = parvis.get_as(&ada, "/admin/audit?site=library").await.text;
    assert!(
        record.contains("Ada") && record.contains("space ground"),
        "{record}"
    );
    assert!(parvis.run(&["audit", "verify"]).contains("none altered"));
}

#[tokio::test]
async fn a_broken_rule_stands_beside_its_field_and_nothing_is_saved() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Administration, Some("library"))]);
    let path = "/admin/spaces/ground/details";
    let mut fields = DETAILS.to_vec();
    fields[2].1 = "many";
    let refused = change(&parvis, &ada, path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("href=\"#f-capacities-0-comfort\""),
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains("value=\"many\""),
        "what was entered is kept"
    );
    fields[2].1 = "0";
    let refused = change(&parvis, &ada, path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("au moins une personne"),
        "{}",
        refused.text
    );
    let hours = [("opening_hours", "quand il pleut"), ("do", "save")];
    let refused = change(&parvis, &ada, "/admin/sites/library/hours", &hours).await;
    assert!(
        refused.text.contains("f-opening_hours-wrong1"),
        "{}",
        refused.text
    );
    assert_eq!(
        audited(&parvis, "change-space") + audited(&parvis, "change-site"),
        0
    );
}

#[tokio::test]
async fn who_is_second_is_told_what_changed_and_saving_again_is_a_decision() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Administration, Some("library"))]);
    let bob = parvis.sign_in("Bob", &[(Role::Administration, Some("library"))]);
    let path = "/admin/sites/library/details";
    let opened = parvis.get_as(&bob, path).await.text;
    let own = [
        ("kind", "library"),
        ("address", "1 rue d’Ada"),
        ("phone", "01"),
        ("location.latitude", "48.85"),
        ("location.longitude", "2.35"),
        ("do", "save"),
    ];
    let first = change(&parvis, &ada, path, &own).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    let seen = hidden(&opened, "seen");
    let mut late = vec![("seen", seen.as_str())];
    late.extend([
        ("kind", "library"),
        ("address", "2 rue de Bob"),
        ("location.latitude", "48.85"),
        ("location.longitude", "2.35"),
        ("do", "save"),
    ]);
    let second = parvis.post_as(&bob, path, &late).await;
    assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.text);
    for told in ["1 rue d’Ada", "2 rue de Bob", "(non touché)"] {
        assert!(second.text.contains(told), "{told}: {}", second.text);
    }
    // The telephone number that Bob left alone is Ada's now; the address is still his.
    assert!(second.text.contains("value=\"01\""), "{}", second.text);
    let seen = hidden(&second.text, "seen");
    late[0].1 = &seen;
    late.push(("phone", "01"));
    let decided = parvis.post_as(&bob, path, &late).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
    let address = "SELECT count(*) FROM sites WHERE address = '2 rue de Bob' AND phone = '01'";
    assert_eq!(parvis.number(address), 1);
}

#[tokio::test]
async fn hours_show_their_effect_before_they_are_saved() {
    let parvis = TestParvis::start(LIBRARY).await;
    let eve = parvis.sign_in("Eve", &[(Role::Execution, Some("library"))]);
    let today = chrono::Utc::now()
        .with_timezone(&chrono_tz::Europe::Paris)
        .date_naive();
    let day = (today + chrono::Days::new(3)).to_string();
    let path = "/admin/sites/library/hours";
    let fields = |what| {
        [
            ("opening_hours", "Mo-Su 08:00-22:00"),
            ("exceptional_days.0.day", day.as_str()),
            ("exceptional_days.0.hours", "10:00-12:00"),
            ("exceptional_days.0.reason.fr", "Inventaire"),
            ("do", what),
        ]
    };
    let shown = change(&parvis, &eve, path, &fields("preview")).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.text.contains("10:00 – 12:00 (Inventaire)"),
        "{}",
        shown.text
    );
    assert_eq!(shown.text.matches("<strong>modifié</strong>").count(), 14);
    assert!(
        shown.text.contains("Rez-de-chaussée"),
        "which spaces follow"
    );
    assert_eq!(audited(&parvis, "change-site"), 0);
    let saved = change(&parvis, &eve, path, &fields("save")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(audited(&parvis, "change-site"), 1);
    // Hours are all that who runs the site may change of it.
    assert_eq!(
        parvis
            .get_as(&eve, "/admin/sites/library/details")
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_draft_is_counted_but_shown_to_staff_only() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let ina = parvis.sign_in("Ina", &[(Role::Incubation, Some("library"))]);
    let new = [
        ("slug", "annex"),
        ("name.fr", "Annexe"),
        ("name.en", "Annex"),
        ("is_draft", "yes"),
        ("day_starts", "05:00"),
        ("do", "save"),
    ];
    let added = parvis
        .post_as(&ina, "/admin/sites/library/spaces", &new)
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let passage = [("name", "Annex door"), ("to", "annex"), ("do", "save")];
    let added = parvis
        .post_as(&ina, "/admin/sites/library/passages", &passage)
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    // Whoever prepares may not touch what the public sees.
    let public = [
        ("slug", "public"),
        ("name.fr", "Public"),
        ("day_starts", "05:00"),
        ("do", "save"),
    ];
    let refused = parvis
        .post_as(&ina, "/admin/sites/library/spaces", &public)
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        parvis
            .get_as(&ina, "/admin/spaces/ground/details")
            .await
            .status,
        StatusCode::FORBIDDEN
    );

    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let now = chrono::Utc::now();
    let body = xovis("AA:09", 1, now, &[(1, 4, 1)]);
    assert_eq!(
        parvis.deliver("doors", &secret, &body).await.status,
        StatusCode::OK
    );
    let waiting = parvis.get_as(&ada, "/admin/sensors/adopt").await.text;
    assert!(waiting.contains("AA:09"), "{waiting}");
    let key = hidden(&waiting, "key");
    let purpose =
        json!({ "passage": { "passage": "Annex door", "direction": "forward" } }).to_string();
    let adopt = [
        ("gateway", "doors"),
        ("device", "AA:09"),
        ("key", key.as_str()),
        ("purpose.0", purpose.as_str()),
        ("name.0", "Annex counter"),
    ];
    let adopted = parvis.post_as(&ada, "/admin/sensors/adopt", &adopt).await;
    assert_eq!(adopted.status, StatusCode::SEE_OTHER, "{}", adopted.text);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let body = xovis("AA:09", 1, now, &[(0, 7, 0)]);
    parvis.deliver("doors", &secret, &body).await;
    let counted = "SELECT count(*) FROM publications JOIN spaces ON spaces.id = space_id WHERE slug = 'annex' AND present > 0";
    parvis
        .wait_until("the draft is counted", || parvis.number(counted) > 0)
        .await;

    for path in [
        "/spaces/annex",
        "/api/v1/spaces/annex",
        "/screens/annex",
        "/widgets/annex",
        "/api/v1/spaces/annex/history",
    ] {
        assert_eq!(
            parvis.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for path in ["/fr", "/api/v1/spaces", "/api/v1/spaces.geojson"] {
        let shown = parvis.get(path).await.text;
        assert!(
            !shown.contains("annex") && !shown.contains("Annexe"),
            "{path}"
        );
    }
    assert!(
        parvis
            .get_as(&ina, "/admin/sites/library")
            .await
            .text
            .contains("Annexe")
    );

    let publish = [("day_starts", "05:00"), ("do", "save")];
    let path = "/admin/spaces/annex/details";
    let refused = change(&parvis, &ina, path, &publish).await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "publishing is for the administration"
    );
    let published = change(&parvis, &ada, path, &publish).await;
    assert_eq!(
        published.status,
        StatusCode::SEE_OTHER,
        "{}",
        published.text
    );
    assert_eq!(
        parvis.get("/api/v1/spaces/annex").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_gateway_shows_what_arrives_and_why_it_was_refused() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let made = parvis
        .post_as(&ada, "/admin/gateways/doors/secret", &[])
        .await;
    let secret = made
        .text
        .split("class=\"secret\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert_eq!(secret.len(), 43);
    parvis
        .deliver("doors", "Lovelace", &json!({ "Lovelace": 1 }))
        .await;
    let good = xovis("AA:01", 1, chrono::Utc::now(), &[(0, 9, 3)]);
    let taken = parvis.deliver("doors", secret, &good).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    parvis
        .deliver("doors", secret, &json!({ "Lovelace": 1 }))
        .await;
    let page = parvis.get_as(&ada, "/admin/gateways/doors").await.text;
    assert!(
        page.contains("AA:01") && page.contains("1 nouvelle"),
        "{page}"
    );
    assert!(
        page.contains("401 · Le secret manque ou n’est pas le bon."),
        "{page}"
    );
    assert!(page.contains("422 · ") || page.contains("400 · "), "{page}");
    assert!(
        !page.contains("Lovelace") && !page.contains(secret),
        "{page}"
    );
    let stored = parvis.everything_stored();
    assert!(!stored.contains(secret));
    assert_eq!(audited(&parvis, "replace-secret"), 1);
}

#[tokio::test]
async fn staff_count_from_a_phone_and_programs_with_a_token() {
    let parvis = TestParvis::start(LIBRARY).await;
    let eve = parvis.sign_in("Eve", &[(Role::Execution, Some("library"))]);
    let path = "/admin/spaces/ground/recount";
    let more = [("people", "4"), ("reason", "tour"), ("do", "more")];
    let page = parvis.post_as(&eve, path, &more).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("value=\"5\""), "{}", page.text);
    let save = [("people", "5"), ("reason", "tour"), ("do", "save")];
    let saved = parvis.post_as(&eve, path, &save).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    parvis.wait_for_people("ground", 5).await;

    let token = parvis.api_token(&eve, &[Act::Recount]).await;
    let address = format!("{}/api/v1/spaces/ground/recounts", parvis.address);
    let tell = |people: i64, key: &'static str| {
        let request = parvis.client.post(&address).bearer_auth(&token);
        let body = json!({ "people": people, "reason": "tour" }).to_string();
        parvis.send(
            request
                .header("content-type", "application/json")
                .header("idempotency-key", key)
                .body(body),
        )
    };
    let first = tell(8, "one").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = tell(8, "one").await;
    assert_eq!(
        (again.status, again.json()),
        (StatusCode::CREATED, first.json())
    );
    let other = tell(9, "one").await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.text);
    let absurd = tell(-1, "two").await;
    assert_eq!(absurd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(absurd.json()["field"], Value::from("people"));
    parvis.wait_for_people("ground", 8).await;
    let made = "SELECT count(*) FROM corrections WHERE kind = 'recount'";
    assert_eq!(parvis.number(made), 2);
    assert_eq!(audited(&parvis, "recount"), 2);
    // A cookie alone tells nothing here, and a token for something else neither.
    let by_cookie = parvis.client.post(&address).header("cookie", eve.cookie());
    let by_cookie = parvis
        .send(by_cookie.body("{\"people\":1,\"reason\":\"x\"}"))
        .await;
    assert_eq!(by_cookie.status, StatusCode::FORBIDDEN);
    let reading = parvis.api_token(&eve, &[Act::ReadStatistics]).await;
    let wrong = parvis.client.post(&address).bearer_auth(reading);
    let wrong = parvis
        .send(wrong.body("{\"people\":1,\"reason\":\"x\"}"))
        .await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{}", wrong.text);
}

#[tokio::test]
async fn notices_are_shown_while_they_hold_and_taken_down() {
    let parvis = TestParvis::start(LIBRARY).await;
    let eve = parvis.sign_in("Eve", &[(Role::Execution, Some("library"))]);
    let now = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Paris);
    let at = |hours: i64| {
        (now + chrono::TimeDelta::hours(hours))
            .format("%Y-%m-%dT%H:%M")
            .to_string()
    };
    let path = "/admin/sites/library/notices";
    let (from, until, over) = (at(-1), at(5), at(-2));
    let notice = |until| {
        [
            ("kind", "warning"),
            ("title.fr", "Ascenseur <en> panne"),
            ("title.en", "Lift out of order"),
            ("starts_at", from.as_str()),
            ("ends_at", until),
        ]
    };
    let refused = parvis.post_as(&eve, path, &notice(over.as_str())).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("href=\"#f-ends_at\""),
        "{}",
        refused.text
    );
    let posted = parvis.post_as(&eve, path, &notice(until.as_str())).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for address in ["/en", "/en/spaces/ground", "/en/screens/ground"] {
        assert!(
            parvis.get(address).await.text.contains("Lift out of order"),
            "{address}"
        );
    }
    assert!(!parvis.get("/fr").await.text.contains("<en>"));
    let page = parvis.get_as(&eve, path).await.text;
    let id = number_of(&page);
    // Said otherwise: the form holds what stands there, and who saves second is told.
    let form = parvis.get_as(&eve, &format!("{path}?edit={id}")).await.text;
    assert!(form.contains("value=\"Lift out of order\""), "{form}");
    let mut changed = notice(until.as_str()).to_vec();
    changed[2] = ("title.en", "Lift works again");
    changed.push(("instead_of", &id));
    let saved = parvis.post_as(&eve, path, &changed).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let shown = parvis.get("/en").await.text;
    assert!(shown.contains("Lift works again") && !shown.contains("Lift out of order"));
    let second = parvis.post_as(&eve, path, &changed).await;
    assert_eq!(second.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(second.text.contains("entre-temps") && !second.text.contains("instead_of"));
    let id = number_of(&parvis.get_as(&eve, path).await.text);
    let cleo = parvis.sign_in("Cleo", &[(Role::Creativity, Some("library"))]);
    let mut theirs = changed.clone();
    theirs[0] = ("kind", "event");
    theirs.pop();
    theirs.push(("instead_of", &id));
    let refused = parvis.post_as(&cleo, path, &theirs).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let take_down = format!("/admin/notices/{id}");
    assert_eq!(
        parvis.post_as(&cleo, &take_down, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let removed = parvis.post_as(&eve, &take_down, &[("back", path)]).await;
    assert_eq!(removed.header("location"), path, "{}", removed.text);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!parvis.get("/en").await.text.contains("Lift works again"));
    assert_eq!(
        (
            audited(&parvis, "post-notice"),
            audited(&parvis, "remove-notice")
        ),
        (2, 2)
    );
}

/// The number of the first notice on the page of a site's.
fn number_of(page: &str) -> String {
    let behind = page.split("/admin/notices/").nth(1).unwrap();
    behind.chars().take_while(char::is_ascii_digit).collect()
}

#[tokio::test]
async fn the_console_is_on_record_and_the_security_contact_is_published() {
    let parvis = TestParvis::start(LIBRARY).await;
    parvis.run(&["recount", "ground", "3"]);
    parvis.run(&["gateway", "secret", "doors"]);
    assert!(audited(&parvis, "add-space") == 4 && audited(&parvis, "add-gateway") == 3);
    assert_eq!(
        (
            audited(&parvis, "recount"),
            audited(&parvis, "replace-secret")
        ),
        (1, 1)
    );
    let told = parvis.get("/.well-known/security.txt").await;
    assert!(
        told.text
            .contains("\nContact: mailto:security@test.example\n"),
        "{}",
        told.text
    );
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let fields = |officer, contact| {
        [
            ("name.fr", "Université"),
            ("name.en", "University"),
            ("time_zone", "Europe/Paris"),
            ("security_officer", officer),
            ("security_contact", contact),
            ("do", "save"),
        ]
    };
    let path = "/admin/institution";
    let contact = "mailto:security@uni.example";
    for wrong in [
        fields("Grace Hopper", "call us"),
        fields("Grace Hopper", ""),
        fields(" ", contact),
    ] {
        let refused = change(&parvis, &ada, path, &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let saved = change(&parvis, &ada, path, &fields("Grace Hopper", contact)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let told = parvis.get("/.well-known/security.txt").await;
    assert_eq!(told.header("content-type"), "text/plain; charset=utf-8");
    assert!(
        told.text
            .contains("\nContact: mailto:security@uni.example\n"),
        "{}",
        told.text
    );
    assert!(
        told.text.contains("Grace Hopper") && told.text.contains("\nExpires: "),
        "{}",
        told.text
    );
}

/// A form with a file, as browsers send it.
async fn upload(
    parvis: &TestParvis,
    who: &Visitor,
    alt: &str,
    token: &str,
    picture: &[u8],
) -> crate::harness::Answer {
    let mut body = Vec::new();
    for (name, value) in [("token", token), ("alt.en", alt)] {
        let part = format!(
            "--boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend(part.as_bytes());
    }
    let head = "--boundary\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\n\
                Content-Type: image/png\r\n\r\n";
    body.extend(head.as_bytes());
    body.extend(picture);
    body.extend(b"\r\n--boundary--\r\n");
    let address = format!("{}/admin/sites/library/pictures", parvis.address);
    let request = parvis
        .client
        .post(address)
        .header("cookie", who.cookie())
        .header("origin", &parvis.address)
        .header("content-type", "multipart/form-data; boundary=boundary");
    parvis.send(request.body(body)).await
}

#[tokio::test]
async fn pictures_are_made_anew_shown_with_words_and_taken_down() {
    let parvis = TestParvis::start(LIBRARY).await;
    let cleo = parvis.sign_in("Cleo", &[(Role::Creativity, Some("library"))]);
    let token = cleo.token();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(2_000, 1_000)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let png = png.into_inner();
    for (what, status, answer) in [
        (
            "no words",
            422,
            upload(&parvis, &cleo, "", &token, &png).await,
        ),
        (
            "no picture",
            422,
            upload(&parvis, &cleo, "A room", &token, b"<svg/>").await,
        ),
        (
            "no token",
            403,
            upload(&parvis, &cleo, "A room", "", &png).await,
        ),
    ] {
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        // What was written for who cannot see it is not lost with the file.
        let keeps = answer.text.contains("value=\"A room\"");
        assert_eq!(keeps, what == "no picture", "{what}: {}", answer.text);
    }
    assert_eq!(parvis.number("SELECT count(*) FROM pictures"), 0);
    let published = upload(&parvis, &cleo, "A \"quiet\" room", &token, &png).await;
    assert_eq!(
        published.status,
        StatusCode::SEE_OTHER,
        "{}",
        published.text
    );
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let page = parvis.get("/en/spaces/ground").await.text;
    assert!(page.contains("A &#34;quiet&#34; room"), "{page}");
    let address = page.split("src=\"/pictures/").nth(1).unwrap();
    let address = format!("/pictures/{}", address.split('"').next().unwrap());
    let shown = parvis.get(&address).await;
    assert_eq!(shown.header("content-type"), "image/jpeg");
    assert!(shown.header("cache-control").contains("immutable"));
    let picture = image::load_from_memory(&shown.bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (1_600, 800));
    let eve = parvis.sign_in("Eve", &[(Role::Execution, Some("library"))]);
    let refused = upload(&parvis, &eve, "A room", &eve.token(), &png).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let take_down = "/admin/pictures/1";
    assert_eq!(
        parvis.post_as(&eve, take_down, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let removed = parvis.post_as(&cleo, take_down, &[]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.text);
    assert_eq!(parvis.get(&address).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        (
            audited(&parvis, "add-picture"),
            audited(&parvis, "remove-picture")
        ),
        (1, 1)
    );
}
