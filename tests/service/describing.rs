//! The description of a campus: applied whole or not at all, shown before it is done, followed without a restart.

use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use serde_json::{Value, json};

use crate::harness::{LIBRARY, TestParvis, xovis};

/// The library with one place of its description written otherwise.
fn with(from: &str, to: &str) -> String {
    assert!(LIBRARY.contains(from), "{from}");
    LIBRARY.replacen(from, to, 1)
}

/// All that is described, as it lies in the database.
fn described(parvis: &TestParvis) -> String {
    parvis.stored_in("^(institutions|sites|spaces|capacities|passages|gateways|sensors|channels)$")
}

/// Asks for a space until it is as it should be; a running service has a second for that.
async fn within_a_second(parvis: &TestParvis, slug: &str, is_so: impl Fn(&Value) -> bool) {
    let since = Instant::now();
    loop {
        let space = parvis.space(slug).await;
        if is_so(&space) {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(1), "{space}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let parvis = TestParvis::start("[institution]\nname = \"U\"\ntime_zone = \"UTC\"\nsecurity_officer = \"S\"\nsecurity_contact = \"tel:+33\"\n").await;
    let plan = parvis.apply(LIBRARY);
    for line in [
        "~ institution",
        "    time_zone: \"UTC\" -> \"Europe/Paris\"",
        "+ site library",
        "+ space upper",
        "+ passage Main door",
        "+ gateway doors",
        "+ sensor lora 24E124600D121001",
        "+ channel gate SIDE total",
    ] {
        assert!(plan.lines().any(|told| told == line), "{line} in {plan}");
    }
    let stored = described(&parvis);
    assert_eq!(parvis.apply(LIBRARY), "Nothing to change.\n");
    assert_eq!(described(&parvis), stored);
}

#[tokio::test]
async fn a_dry_run_shows_the_plan_and_does_nothing() {
    let parvis = TestParvis::start(LIBRARY).await;
    let stored = described(&parvis);
    let changed = with("comfort = 60", "comfort = 75").replace(
        "[[passage]]\nname = \"Stairs\"",
        "[[passage]]\nname = \"Lift\"",
    );
    let path = parvis.write(
        "other.toml",
        changed.replace("passage = \"Stairs\"", "passage = \"Lift\""),
    );
    let plan = parvis.run(&["apply", "--dry-run", &path]);
    for part in [
        "~ space ground\n    capacities:",
        "+ passage Lift",
        "- passage Stairs (not in the file; left alone without --prune)",
        "nothing was done (--dry-run)",
    ] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    assert_eq!(described(&parvis), stored);
    let pruned = parvis.run(&["apply", "--dry-run", "--prune", &path]);
    assert!(pruned.contains("- passage Stairs\n"), "{pruned}");
    assert_eq!(described(&parvis), stored);
}

/// What is changed in the library to break a rule: from, to, where the line is that is told, and the rule.
const BROKEN: [(&str, &str, &str, &str); 15] = [
    (
        "from = \"ground\"\nto = \"upper\"",
        "from = \"ground\"\nto = \"ground\"",
        "to = \"ground\"\n\n[[gateway]]",
        "two-sides",
    ),
    (
        "key = \"logic-1\"\npassage = \"Stairs\"",
        "key = \"l\"\npassage = \"Stairs\"\n[[sensor.channel]]\nkey = \"l\"\npassage = \"Main door\"",
        "key = \"l\"\npassage = \"Main door\"",
        "one-passage",
    ),
    (
        "slug = \"library\"\nsite = \"library\"\n",
        "slug = \"library\"\nsite = \"library\"\nparent = \"upper\"\n",
        "parent = \"upper\"",
        "tree",
    ),
    (
        "to = \"ground\"\n",
        "to = \"cellar\"\n",
        "to = \"cellar\"",
        "known-name",
    ),
    (
        "passage = \"Side door\"",
        "passage = \"Back door\"",
        "passage = \"Back door\"",
        "known-name",
    ),
    (
        "space = \"reading-room\"",
        "space = \"reading\"",
        "space = \"reading\"",
        "known-name",
    ),
    (
        "gateway = \"gate\"",
        "gateway = \"gates\"",
        "gateway = \"gates\"",
        "known-name",
    ),
    (
        "slug = \"upper\"",
        "slug = \"ground\"",
        "slug = \"ground\"\nsite = \"library\"\nparent = \"library\"\nname = { fr = \"Étage\"",
        "unique-slug",
    ),
    (
        "device = \"AA:02\"",
        "device = \"aa:01\"",
        "device = \"aa:01\"",
        "unique-device",
    ),
    (
        "opening_hours = \"24/7\"",
        "opening_hours = \"Mon to Fri\"",
        "opening_hours = \"Mon",
        "opening-hours",
    ),
    (
        "holidays = \"FR\"",
        "holidays = \"FR\"\nmotto = \"x\"",
        "motto",
        "form",
    ),
    (
        "time_zone = \"Europe/Paris\"",
        "time_zone = \"Europe/Valmont\"",
        "time_zone",
        "form",
    ),
    (
        "comfort = 60",
        "comfort = many",
        "capacity = [{ since = 2020-01-01, comfort = many",
        "form",
    ),
    (
        "comfort = 20",
        "comfort = 0",
        "capacity = [{ since = 2020-01-01, comfort = 0",
        "capacity-positive",
    ),
    (
        "[[passage]]\nname = \"Stairs\"",
        "[[passage\nname = \"Stairs\"",
        "[[passage\n",
        "form",
    ),
];

#[tokio::test]
async fn a_file_that_breaks_a_rule_is_refused_whole_with_line_and_rule() {
    let parvis = TestParvis::start(LIBRARY).await;
    let stored = described(&parvis);
    let refused = |what: &str, text: &str| {
        let path = parvis.write("bad.toml", text);
        let output = parvis.command(&["apply", "--prune", &path]);
        assert!(!output.status.success(), "{what} was applied");
        assert_eq!(output.stdout, b"", "{what}");
        assert_eq!(described(&parvis), stored, "{what} changed something");
        String::from_utf8(output.stderr).unwrap()
    };
    // Whatever is wrong, something else in the file is right and new.
    let line_of =
        |text: &str, written: &str| text.split(written).next().unwrap().lines().count() + 1;
    for (from, to, at, rule) in BROKEN {
        let text = with(from, to).replacen("Test University", "New University", 1);
        let told = refused(rule, &text);
        let place = format!("bad.toml:{}: {rule}: ", line_of(&text, at));
        assert!(told.contains(&place), "{place} in {told}");
    }
    let both =
        with("comfort = 20", "comfort = 0").replace("device = \"AA:02\"", "device = \"AA:01\"");
    let told = refused("two broken rules", &both);
    assert!(
        told.contains("capacity-positive") && told.contains("unique-device"),
        "{told}"
    );
    let absent = parvis.command(&["apply", "/nowhere/campus.toml"]);
    assert!(String::from_utf8_lossy(&absent.stderr).contains("/nowhere/campus.toml:1: readable:"));
    assert!(refused("bytes that are no text", "\u{0}").contains(": form: "));
}

#[tokio::test]
async fn a_running_service_follows_within_a_second_and_figures_survive() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let process = parvis.process();
    let body = xovis("AA:01", 1, Utc::now(), &[(0, 30, 0)]);
    parvis.deliver("doors", &secret, &body).await;
    assert_eq!(parvis.wait_for_people("ground", 30).await["percentage"], 50);
    parvis.apply(&with("comfort = 60", "comfort = 40"));
    within_a_second(&parvis, "ground", |space| {
        (&space["capacity"], &space["percentage"], &space["present"])
            == (&json!(40), &json!(75), &json!(30))
    })
    .await;
    // A capacity holds from its day on.
    let (today, tomorrow) = (
        Utc::now().date_naive() - Days::new(1),
        Utc::now().date_naive() + Days::new(2),
    );
    let dated = format!(
        "comfort = 40 }}, {{ since = {today}, comfort = 120 }}, {{ since = {tomorrow}, comfort = 10"
    );
    let dated = with("comfort = 60", &dated);
    parvis.apply(&dated);
    within_a_second(&parvis, "ground", |space| {
        space["capacity"] == 120 && space["present"] == 30
    })
    .await;
    let renamed = dated.replacen("en = \"Ground floor\"", "en = \"Garden level\"", 1);
    assert!(parvis.apply(&renamed).contains("\"Ground floor\""));
    within_a_second(&parvis, "ground?lang=en", |space| {
        space["name"] == "Garden level" && space["present"] == 30
    })
    .await;
    assert!(
        parvis
            .get("/en/spaces/ground")
            .await
            .text
            .contains("Garden level")
    );
    assert_eq!(parvis.process(), process);
}

#[tokio::test]
async fn what_is_pruned_is_retired_and_comes_back_with_its_past() {
    let parvis = TestParvis::start(LIBRARY).await;
    let (doors, lora) = (parvis.secret("doors"), parvis.secret("lora"));
    let body = xovis("AA:02", 1, Utc::now(), &[(0, 4, 0)]);
    parvis.deliver("doors", &doors, &body).await;
    parvis.wait_for_people("upper", 4).await;
    let ledger = "SELECT count(*) FROM ledger_entries";
    parvis
        .wait_until("the ledger is written", || parvis.number(ledger) > 0)
        .await;
    let entries = parvis.number(ledger);
    let upper = LIBRARY.split("[[space]]\nslug = \"upper\"").nth(1).unwrap();
    let upper = format!(
        "[[space]]\nslug = \"upper\"{}",
        upper.split("[[").next().unwrap()
    );
    let lora_gateway = "[[gateway]]\nname = \"lora\"\nfamily = \"chirpstack\"\n";
    let without = with(&upper, "")
        .replace("from = \"upper\"", "from = \"ground\"")
        .replace("to = \"upper\"", "to = \"outside\"");
    let (start, _) = without
        .split_once("[[sensor]]\ngateway = \"lora\"")
        .unwrap();
    let without = start.replace(lora_gateway, "");
    let path = parvis.write("without.toml", &without);
    let kept = parvis.run(&["apply", &path]);
    assert!(
        kept.contains("- space upper (not in the file; left alone"),
        "{kept}"
    );
    within_a_second(&parvis, "upper", |space| space["present"].is_null()).await;
    let pruned = parvis.run(&["apply", "--prune", &path]);
    assert!(pruned.contains("- gateway lora\n"), "{pruned}");
    within_a_second(&parvis, "upper", |space| space["status"] == 404).await;
    assert_eq!(parvis.get("/en/spaces/upper").await.status, 404);
    let closed = parvis.deliver("lora", &lora, &json!({})).await;
    assert_eq!(closed.status, 404);
    assert_eq!(parvis.number(ledger), entries);
    parvis.apply(LIBRARY);
    within_a_second(&parvis, "upper", |space| space["slug"] == "upper").await;
    let history = parvis
        .get("/api/v1/spaces/upper/history?step=60")
        .await
        .json();
    let entries: i64 = history["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["entries"].as_i64().unwrap())
        .sum();
    assert_eq!(entries, 4, "{history}");
}

#[tokio::test]
async fn a_channel_that_moves_counts_at_its_new_passage_from_then_on() {
    let parvis = TestParvis::start(LIBRARY).await;
    let secret = parvis.secret("doors");
    let now = Utc::now();
    let deliver = async |device: &str, intervals: &[(i64, i64, i64)]| {
        let body = xovis(device, 1, now, intervals);
        let answer = parvis.deliver("doors", &secret, &body).await;
        assert_eq!(answer.json()["stored"], 1, "{}", answer.text);
    };
    deliver("AA:01", &[(1, 10, 0)]).await;
    deliver("AA:02", &[(1, 1, 0)]).await;
    parvis.wait_for_people("ground", 9).await;
    // The two change places. The new capacity shows when the service has followed.
    let door = "key = \"logic-1\"\npassage = \"Main door\"";
    let stairs = "key = \"logic-1\"\npassage = \"Stairs\"";
    let moved = with(door, "DOOR")
        .replace(stairs, door)
        .replace("DOOR", stairs);
    let plan = parvis.apply(&moved.replace("comfort = 60", "comfort = 61"));
    assert!(plan.contains("~ channel doors AA:01 logic-1"), "{plan}");
    within_a_second(&parvis, "ground", |space| space["capacity"] == 61).await;
    deliver("AA:01", &[(0, 2, 0)]).await;
    deliver("AA:02", &[(0, 5, 0)]).await;
    parvis.wait_for_people("upper", 3).await;
    parvis.wait_for_people("ground", 12).await;
    parvis.wait_for_people("library", 15).await;
}
