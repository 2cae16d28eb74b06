//! Each reading counts exactly once, whatever happens on its way.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::harness::{LIBRARY, TestParvis, chirpstack, xovis};

const ENTRIES: &str = "SELECT coalesce(sum(entries), 0) FROM ledger_entries";
const EXITS: &str = "SELECT coalesce(sum(exits), 0) FROM ledger_entries";

#[tokio::test]
async fn a_reading_moves_every_space_it_crosses_into_and_no_other() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    let answer = parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &[(0, 12, 2)]))
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["stored"]),
        (200, &json!(1))
    );
    parvis
        .deliver("doors", &secret, &xovis("AA:02", 1, now, &[(0, 4, 0)]))
        .await;
    parvis.wait_for_people("upper", 4).await;
    parvis.wait_for_people("ground", 6).await;
    let library = parvis.wait_for_people("library", 10).await;
    assert_eq!(library["percentage"], 10);
    assert_eq!(library["level"], "quiet");
    assert_eq!(library["stale"], false);
    assert_eq!(parvis.space("reading-room").await["present"], Value::Null);
}

#[tokio::test]
async fn a_repeated_delivery_changes_nothing_and_is_welcome() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let body = xovis("AA:01", 1, Utc::now(), &[(2, 3, 0), (1, 5, 1), (0, 2, 2)]);
    let first = parvis.deliver("doors", &secret, &body).await.json();
    assert_eq!(
        (&first["stored"], &first["duplicates"]),
        (&json!(3), &json!(0))
    );
    for _ in 0..3 {
        let again = parvis.deliver("doors", &secret, &body).await;
        assert_eq!(again.status, 200);
        assert_eq!(
            (&again.json()["stored"], &again.json()["duplicates"]),
            (&json!(0), &json!(3))
        );
    }
    parvis.wait_for_people("library", 7).await;
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 3);
}

#[tokio::test]
async fn the_same_delivery_twice_at_once_counts_once() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let body = xovis("AA:01", 1, Utc::now(), &[(0, 9, 0)]);
    let all =
        futures_util::future::join_all((0..32).map(|_| parvis.deliver("doors", &secret, &body)))
            .await;
    assert!(all.iter().all(|answer| answer.status == 200));
    let stored: i64 = all
        .iter()
        .map(|answer| answer.json()["stored"].as_i64().unwrap())
        .sum();
    assert_eq!(stored, 1);
    parvis.wait_for_people("library", 9).await;
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 1);
}

#[tokio::test]
async fn a_restart_in_the_middle_forgets_nothing() {
    let mut parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    parvis
        .deliver(
            "doors",
            &secret,
            &xovis("AA:01", 1, now, &[(3, 20, 0), (2, 1, 4)]),
        )
        .await;
    parvis.kill();
    parvis.serve();
    parvis.wait_until_ready().await;
    parvis.wait_for_people("library", 17).await;
    // What was sent before is still known; what follows still adds.
    let again = parvis
        .deliver(
            "doors",
            &secret,
            &xovis("AA:01", 1, now, &[(2, 1, 4), (1, 2, 0)]),
        )
        .await
        .json();
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(1), &json!(1))
    );
    parvis.wait_for_people("library", 19).await;
}

#[tokio::test]
async fn what_a_sensor_saw_just_before_a_restart_is_shown_after_it() {
    let mut parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("lora");
    let body = chirpstack(
        "24e124600d121001",
        Utc::now(),
        &[0x04, 0xc9, 0x07, 0x01, 0x00, 0x00],
    );
    let answer = parvis.deliver("lora", &secret, &body).await;
    assert_eq!(answer.json()["stored"], 1, "{}", answer.text);
    parvis.kill();
    parvis.serve();
    parvis.wait_until_ready().await;
    parvis.wait_for_people("reading-room", 7).await;
}

#[tokio::test]
async fn a_total_heals_what_was_lost_and_a_jump_is_kept_from_counting() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("gate");
    let now = Utc::now();
    let at = |minutes: i64| (now - TimeDelta::minutes(minutes)).to_rfc3339();
    let standing = |minutes: i64, entered: i64, left: i64| json!({ "gate": "side", "at": at(minutes), "in": entered, "out": left });
    // Forward of the side door leads out of the library.
    parvis
        .deliver("gate", &secret, &standing(30, 999_990, 500))
        .await;
    parvis.deliver("gate", &secret, &standing(10, 5, 540)).await;
    parvis.wait_for_people("library", 25).await;
    let jump = parvis
        .deliver("gate", &secret, &standing(5, 700_000, 541))
        .await
        .json();
    assert_eq!((&jump["stored"], &jump["doubted"]), (&json!(1), &json!(1)));
    parvis.deliver("gate", &secret, &standing(1, 6, 542)).await;
    parvis.wait_for_people("library", 26).await;
    // The figure comes first, the quarantine with the ledger a moment later.
    let told = "total jumped from 5 to 700000; at most";
    let is_shown = || parvis.run(&["sensors", "--doubted"]).contains(told);
    parvis
        .wait_until("the quarantine shows the jump", is_shown)
        .await;
}

#[tokio::test]
async fn a_device_nobody_described_is_kept_and_shown_to_the_operator() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let answer = parvis
        .deliver(
            "doors",
            &secret,
            &xovis("FF:99", 7, Utc::now(), &[(0, 5, 0)]),
        )
        .await;
    assert_eq!(answer.status, 200);
    let listed: Value =
        serde_json::from_str(&parvis.run(&["sensors", "--unassigned", "--json"])).unwrap();
    assert_eq!(listed[0]["device"], "FF:99");
    assert_eq!(listed[0]["channel"], "logic-7");
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 1);
    assert_eq!(parvis.number("SELECT count(*) FROM ledger_entries"), 0);
}

#[tokio::test]
async fn a_late_reading_corrects_the_past_in_its_place() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    // More readings than the recorder remembers, then one from before them.
    let many: Vec<(i64, i64, i64)> = (1..90).map(|ago| (ago, 1, 0)).collect();
    parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &many))
        .await;
    wait_for_entries(&parvis, 89).await;
    let late = parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &[(95, 11, 0)]))
        .await
        .json();
    assert_eq!(late["stored"], 1);
    wait_for_entries(&parvis, 100).await;
    let again = parvis
        .deliver("doors", &secret, &xovis("AA:01", 1, now, &[(95, 11, 0)]))
        .await
        .json();
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(0), &json!(1))
    );
}

/// Waits until so many people entered the library, on whatever days: hours ago may be yesterday.
async fn wait_for_entries(parvis: &TestParvis, people: i64) {
    let query = "SELECT coalesce(sum(entries), 0)::bigint FROM ledger_entries \
        JOIN spaces ON spaces.id = space_id WHERE slug = 'library'";
    parvis
        .wait_until("they are in the ledger", || parvis.number(query) == people)
        .await;
}

/// The same readings in any order, repeated and cut into any packages, leave the same ledger over the real door.
#[test]
fn any_permutation_with_repetitions_leaves_the_same_ledger() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let parvis = runtime.block_on(TestParvis::start(LIBRARY));
    let secret = parvis.secret("doors");
    let now = Utc::now();
    let count = AtomicU32::new(0);
    let strategy = (
        prop::collection::vec((0i64..40, 0i64..40), 1..30),
        prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        1usize..7,
    );
    let mut runner = TestRunner::new(Config {
        cases: 12,
        ..Config::default()
    });
    runner
        .run(&strategy, |(minutes, order, size)| {
            let name = format!("BB:{:02}", count.fetch_add(1, Ordering::Relaxed));
            let intervals: Vec<(i64, i64, i64)> =
                (0..).zip(&minutes).map(|(ago, (forward, backward))| (ago, *forward, *backward)).collect();
            let mut sent: Vec<(i64, i64, i64)> = order.iter().map(|index| *index.get(&intervals)).collect();
            sent.extend(intervals.iter().rev());
            runtime.block_on(async {
                // The device must count at a door to reach the ledger.
                let door = format!(
                    "{LIBRARY}\n[[passage]]\nname = \"{name}\"\nfrom = \"outside\"\nto = \"ground\"\n\
                     [[sensor]]\ngateway = \"doors\"\ndevice = \"{name}\"\n\
                     [[sensor.channel]]\nkey = \"logic-1\"\npassage = \"{name}\"\n"
                );
                parvis.apply(&door);
                tokio::time::sleep(std::time::Duration::from_millis(400)).await;
                let (entered, left) = (parvis.number(ENTRIES), parvis.number(EXITS));
                for package in sent.chunks(size) {
                    let answer = parvis.deliver("doors", &secret, &xovis(&name, 1, now, package)).await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                }
                let (entries, exits) = minutes.iter().fold((0, 0), |sum, told| (sum.0 + told.0, sum.1 + told.1));
                // Each movement is one of the ground floor and one of the library.
                let expected = (entered + 2 * entries, left + 2 * exits);
                for _ in 0..200 {
                    if (parvis.number(ENTRIES), parvis.number(EXITS)) == expected {
                        return;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                assert_eq!((parvis.number(ENTRIES), parvis.number(EXITS)), expected);
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn an_overloaded_door_asks_to_come_back_and_loses_nothing_it_acknowledged() {
    let parvis = TestParvis::start_with(LIBRARY, "[readings]\nwaiting_at_most = 20\n").await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    // Packages of ten minutes of one sensor, all at once; who is asked to wait tries again.
    let package = |number: i64| {
        let minutes: Vec<(i64, i64, i64)> =
            (0..10).map(|minute| (number * 10 + minute, 1, 0)).collect();
        xovis("AA:01", 1, now, &minutes)
    };
    let deliver = |number: i64| {
        let (parvis, secret) = (&parvis, &secret);
        async move {
            let mut refused = 0;
            loop {
                let answer = parvis.deliver("doors", secret, &package(number)).await;
                if answer.status == 200 {
                    return refused;
                }
                assert_eq!(
                    (answer.status.as_u16(), answer.header("retry-after")),
                    (503, "5"),
                    "{}",
                    answer.text
                );
                assert_eq!(answer.header("content-type"), "application/problem+json");
                refused += 1;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    };
    let refused: i64 = futures_util::future::join_all((0..40).map(deliver))
        .await
        .into_iter()
        .sum();
    assert!(refused > 0, "nobody was asked to wait");
    wait_for_entries(&parvis, 400).await;
    assert_eq!(parvis.number("SELECT count(*) FROM readings"), 400);
}
