//! A published figure is explained by its sum, and computed again to the same digit.

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::harness::{LIBRARY, TestParvis, xovis};

fn explained(parvis: &TestParvis, arguments: &[&str]) -> Value {
    let told = parvis.run(&[&["explain", "--json"], arguments].concat());
    serde_json::from_str(&told).unwrap()
}

/// Waits until the ledger holds the figure that is shown.
async fn published(parvis: &TestParvis, space: &str, people: i64) {
    let query = format!(
        "SELECT coalesce((SELECT present FROM publications JOIN spaces ON spaces.id = space_id WHERE slug = '{space}' \
         ORDER BY at DESC LIMIT 1), -1)"
    );
    parvis
        .wait_until("the figure is published", || {
            parvis.number(&query) == people
        })
        .await;
}

#[tokio::test]
async fn the_sum_of_a_figure_names_every_door() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    parvis
        .deliver(
            "doors",
            &secret,
            &xovis("AA:01", 1, now, &[(2, 30, 4), (1, 2, 3)]),
        )
        .await;
    parvis
        .deliver("doors", &secret, &xovis("AA:02", 1, now, &[(1, 10, 1)]))
        .await;
    published(&parvis, "ground", 16).await;
    let ground = explained(&parvis, &["ground"]);
    assert_eq!(
        (&ground["published"], &ground["recomputed"]),
        (&16.into(), &16.into())
    );
    let doors: Vec<(&str, i64, i64)> = ground["counted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| {
            (
                told["at"].as_str().unwrap(),
                told["entries"].as_i64().unwrap(),
                told["exits"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(doors, [("Main door", 32, 7), ("Stairs", 1, 10)]);
    let text = parvis.run(&["explain", "library"]);
    assert!(
        text.contains("32 in       7 out") && text.contains("recomputed   25"),
        "{text}"
    );
}

#[tokio::test]
async fn an_earlier_figure_is_explained_as_it_was_known_then() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &[(5, 10, 0)]))
        .await;
    published(&parvis, "library", 10).await;
    let then = Utc::now();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    // A minute that was lost comes later, from before the figure was shown.
    parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &[(6, 7, 0)]))
        .await;
    published(&parvis, "library", 17).await;
    let earlier = explained(&parvis, &["library", "--at", &then.to_rfc3339()]);
    assert_eq!(
        (&earlier["published"], &earlier["recomputed"]),
        (&10.into(), &10.into())
    );
    assert_eq!(earlier["late_readings_changed"], 7);
    let later = explained(&parvis, &["library"]);
    assert_eq!(
        (&later["published"], &later["recomputed"]),
        (&17.into(), &17.into())
    );
}

#[tokio::test]
async fn a_recount_is_an_anchor_with_a_reason() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &[(5, 10, 0)]))
        .await;
    parvis.wait_for_people("library", 10).await;
    let noted = parvis.run(&[
        "recount",
        "library",
        "43",
        "--reason",
        "round of the evening",
    ]);
    assert!(noted.ends_with(": 10 \u{2192} 43 people.\n"), "{noted}");
    parvis.wait_for_people("library", 43).await;
    published(&parvis, "library", 43).await;
    let told = explained(&parvis, &["library"]);
    assert_eq!(told["recomputed"], 43);
    assert_eq!(
        told["corrections"].as_array().unwrap().last().unwrap()["reason"],
        "round of the evening"
    );
    // The floors were not counted and stand as they were; what follows adds to the anchor.
    assert_eq!(parvis.space("ground").await["present"], 10);
    let later = now + TimeDelta::minutes(1);
    parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, later, &[(0, 2, 0)]))
        .await;
    parvis.wait_for_people("library", 45).await;
    // Raw counts are never altered.
    assert_eq!(
        parvis.number("SELECT sum(period_forward) FROM readings"),
        12
    );
}

#[tokio::test]
async fn a_recount_of_nonsense_is_refused() {
    let parvis = TestParvis::start(LIBRARY).await;
    for (arguments, rule) in [
        (["recount", "library", "-- -3"], "people"),
        (["recount", "museum", "3"], "space"),
        (["recount", "library", "99999999"], "people"),
    ] {
        let words: Vec<&str> = arguments
            .iter()
            .flat_map(|argument| argument.split(' '))
            .collect();
        let output = parvis.command(&words);
        let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(
            !output.status.success() && told.contains(rule),
            "{words:?}: {told}"
        );
    }
    assert_eq!(
        parvis.number("SELECT count(*) FROM corrections WHERE kind = 'recount'"),
        0
    );
}
