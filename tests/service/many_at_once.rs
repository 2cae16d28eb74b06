//! What is the same for many is done once: at all of them or at none.

use chrono::{Days, Utc};
use parvis::domain::role::Role;
use reqwest::StatusCode;

use crate::administering::{audited, hidden};
use crate::harness::people::Visitor;
use crate::harness::{Answer, LIBRARY, TestParvis};

#[tokio::test]
async fn capacities_of_several_spaces_change_at_once_or_not_at_all() {
    let parvis = TestParvis::start(LIBRARY).await;
    let ada = parvis.sign_in("Ada", &[(Role::Administration, Some("library"))]);
    let path = "/admin/sites/library/capacities";
    let page = parvis.get_as(&ada, path).await.text;
    let seen: Vec<(String, String)> = ["library", "ground", "upper", "reading-room"]
        .map(|slug| {
            (
                format!("seen.{slug}"),
                hidden(&page, &format!("seen.{slug}")),
            )
        })
        .into();
    // Before five in the morning it is still the accounting day of yesterday.
    let since = (chrono::Utc::now() - chrono::TimeDelta::days(2))
        .date_naive()
        .to_string();
    let send = async |upper: &str| {
        let mut fields: Vec<(&str, &str)> = seen
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.extend([
            ("since", since.as_str()),
            ("comfort.library", "100"),
            ("safety.library", "150"),
        ]);
        fields.extend([
            ("comfort.ground", "50"),
            ("comfort.upper", upper),
            ("comfort.reading-room", "20"),
        ]);
        parvis.post_as(&ada, path, &fields).await
    };
    let refused = send("0").await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.text
    );
    assert_eq!(audited(&parvis, "change-space"), 0);
    let saved = send("45").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(audited(&parvis, "change-space"), 2);
    assert_eq!(
        parvis.get("/api/v1/spaces/upper").await.json()["capacity"],
        45
    );
    let late = send("46").await;
    assert_eq!(
        late.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "somebody was faster"
    );
}

/// Three sites: a library, a canteen, and a gym that never said when it is open.
fn three_sites() -> String {
    format!(
        "{LIBRARY}\n\
         [[site]]\nslug = \"canteen\"\nkind = \"canteen\"\nname = \"Cantine\"\nopening_hours = \"Mo-Fr 11:00-15:00\"\n\n\
         [[site]]\nslug = \"gym\"\nkind = \"gym\"\nname = \"Gymnase\"\n"
    )
}

const EXCEPTIONAL: &str = "/admin/exceptional-days";

/// Opens the page, and sends it with these values for these sites.
async fn close(
    parvis: &TestParvis,
    who: &Visitor,
    sites: &[&str],
    fields: &[(&str, &str)],
) -> Answer {
    let page = parvis.get_as(who, EXCEPTIONAL).await.text;
    let seen: Vec<(String, String)> = ["library", "canteen"]
        .map(|slug| format!("seen.{slug}"))
        .into_iter()
        .filter(|name| page.contains(name))
        .map(|name| (name.clone(), hidden(&page, &name)))
        .collect();
    send(parvis, who, sites, fields, &seen).await
}

async fn send(
    parvis: &TestParvis,
    who: &Visitor,
    sites: &[&str],
    fields: &[(&str, &str)],
    seen: &[(String, String)],
) -> Answer {
    let mut all: Vec<(&str, &str)> = fields.to_vec();
    all.extend(sites.iter().map(|site| ("site", *site)));
    all.extend(
        seen.iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    parvis.post_as(who, EXCEPTIONAL, &all).await
}

fn in_days(days: u64) -> String {
    (Utc::now().date_naive() + Days::new(days)).to_string()
}

fn set_at(parvis: &TestParvis, site: &str) -> i64 {
    parvis.number(&format!(
        "SELECT jsonb_array_length(exceptional_days) FROM sites WHERE slug = '{site}'"
    ))
}

#[tokio::test]
async fn exceptional_days_of_several_sites_are_set_at_once_or_not_at_all() {
    let parvis = TestParvis::start(&three_sites()).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let home = parvis.get_as(&ada, "/admin").await.text;
    assert!(home.contains(EXCEPTIONAL), "{home}");
    let page = parvis.get_as(&ada, EXCEPTIONAL).await.text;
    assert!(
        !page.contains("value=\"gym\""),
        "hours it has not are not replaced"
    );
    let (first, last) = (in_days(20), in_days(22));
    let days = [("day", first.as_str()), ("until", last.as_str())];
    let both = ["library", "canteen"];
    let with = |more: &[(&'static str, &'static str)]| [&days[..], more].concat();

    let closed = with(&[
        ("hours", "off"),
        ("reason.fr", "Fêtes"),
        ("reason.en", "Holidays"),
    ]);
    let done = close(&parvis, &ada, &both, &closed).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(
        (set_at(&parvis, "library"), set_at(&parvis, "canteen")),
        (3, 3)
    );
    assert_eq!(audited(&parvis, "change-site"), 2);
    let page = parvis.get_as(&ada, EXCEPTIONAL).await.text;
    assert_eq!(page.matches("<td>Fêtes</td>").count(), 3, "{page}");

    // What was set is replaced, at the chosen site only.
    let short = with(&[("hours", "10:00-12:00")]);
    assert_eq!(
        close(&parvis, &ada, &["canteen"], &short).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(set_at(&parvis, "canteen"), 3);
    let page = parvis.get_as(&ada, EXCEPTIONAL).await.text;
    assert_eq!(page.matches("<td>10:00-12:00</td>").count(), 3, "{page}");
    assert_eq!(page.matches("<td>Fêtes</td>").count(), 3, "{page}");
}

/// Sites, fields, and what is told.
type Case<'c> = (&'c [&'c str], [(&'c str, &'c str); 3], &'c str);

#[tokio::test]
async fn exceptional_days_that_can_not_be_are_told_and_none_is_set() {
    let parvis = TestParvis::start(&three_sites()).await;
    let ada = parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)]);
    let both = ["library", "canteen"];
    let (first, before, late) = (in_days(20), in_days(19), in_days(20 + 92));
    let refused: [Case<'_>; 7] = [
        (
            &both,
            [("day", &first), ("until", ""), ("hours", "quand il pleut")],
            "value=\"quand il pleut\"",
        ),
        (
            &both,
            [("day", &first), ("until", ""), ("hours", "")],
            "f-hours-wrong",
        ),
        (
            &both,
            [("day", "Noël"), ("until", ""), ("hours", "off")],
            "f-day-wrong",
        ),
        (
            &both,
            [("day", ""), ("until", &first), ("hours", "off")],
            "f-day-wrong",
        ),
        (
            &both,
            [("day", &first), ("until", &before), ("hours", "off")],
            "f-until-wrong",
        ),
        (
            &both,
            [("day", &first), ("until", &late), ("hours", "off")],
            "f-until-wrong",
        ),
        (
            &[],
            [("day", &first), ("until", ""), ("hours", "off")],
            "Aucun site",
        ),
    ];
    for (sites, fields, words) in refused {
        let answer = close(&parvis, &ada, sites, &fields).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{fields:?}"
        );
        assert!(answer.text.contains(words), "{fields:?}: {}", answer.text);
        for site in sites {
            let ticked = format!("value=\"{site}\" checked");
            assert!(answer.text.contains(&ticked), "what was ticked is kept");
        }
    }
    let far = [("day", "+262142-12-31"), ("until", ""), ("hours", "off")];
    let answer = close(&parvis, &ada, &both, &far).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text
    );
    assert_eq!(audited(&parvis, "change-site"), 0);
}

#[tokio::test]
async fn who_has_one_site_sets_the_days_of_that_one() {
    let parvis = TestParvis::start(&three_sites()).await;
    let eve = parvis.sign_in("Eve", &[(Role::Execution, Some("canteen"))]);
    let bob = parvis.sign_in("Bob", &[(Role::Execution, Some("canteen"))]);
    let page = parvis.get_as(&eve, EXCEPTIONAL).await.text;
    assert!(page.contains("value=\"canteen\"") && !page.contains("value=\"library\""));
    assert!(
        !parvis
            .get_as(&eve, "/admin")
            .await
            .text
            .contains(EXCEPTIONAL)
    );
    let seen = [("seen.canteen".to_owned(), hidden(&page, "seen.canteen"))];
    let day = in_days(20);
    let fields = [("day", day.as_str()), ("hours", "off")];
    let both = ["library", "canteen"];
    let done = close(&parvis, &bob, &both, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(
        (set_at(&parvis, "library"), set_at(&parvis, "canteen")),
        (0, 1)
    );
    let late = send(&parvis, &eve, &["canteen"], &fields, &seen).await;
    assert_eq!(
        late.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "somebody was faster"
    );
}
