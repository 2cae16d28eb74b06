//! The campus of the browser tests: every state a page can show at once, at an hour that is always early afternoon.

use std::fmt::Write as _;

use chrono::{DateTime, Days, TimeDelta, Timelike as _, Utc};
use diesel::RunQueryDsl as _;

use crate::harness::{TestParvis, xovis};

/// The gateway of all doors.
pub(crate) const GATEWAY: &str = "doors";

/// The door whose figures the tests move.
pub(crate) const MOVING_DOOR: &str = "learning-centre";

/// Local time when the tests start: everything that has daily hours is in the middle of its day.
const HOUR: i64 = 14;

/// How many people a door let in through a day, as (minute of the day, people inside).
type Course = &'static [(i64, i64)];

/// Doors from outside, each a sensor of the same name, and where it leads.
const DOORS: [(&str, &str, Course); 11] = [
    (
        "central-main",
        "ground-floor",
        &[
            (480, 0),
            (570, 60),
            (660, 150),
            (750, 118),
            (800, 139),
            (840, 176),
        ],
    ),
    (
        "science",
        "science-library",
        &[(510, 0), (630, 96), (750, 90), (805, 60), (840, 42)],
    ),
    (
        "law",
        "law-library",
        &[(480, 0), (540, 40), (660, 110), (780, 112), (840, 113)],
    ),
    (
        MOVING_DOOR,
        "learning-centre",
        &[(420, 0), (660, 30), (800, 0), (840, 0)],
    ),
    (
        "canteen-left",
        "canteen",
        &[(690, 0), (740, 180), (780, 247), (840, 261)],
    ),
    (
        "gym-front",
        "gym",
        &[(420, 0), (540, 30), (660, 12), (840, 38)],
    ),
    ("gym-back", "gym", &[(420, 0), (540, 8), (660, 2)]),
    (
        "reading-room",
        "reading-room",
        &[(540, 0), (600, 14), (690, 21)],
    ),
    (
        "institute",
        "long-names",
        &[(540, 0), (660, 410), (840, 655)],
    ),
    ("forum", "forum", &[(540, 0), (750, 84), (840, 57)]),
    ("archives", "archives", &[(540, 0), (630, 11), (720, 0)]),
];

/// People on the stairs to the upper floor.
const STAIRS: Course = &[(480, 0), (570, 20), (660, 70), (840, 81)];

/// Minutes: longer than the half hour a trend looks back.
const RECENT: i64 = 32;

/// Sensors that went silent when their course ends.
const SILENT: [&str; 2] = ["gym-back", "reading-room"];

/// The description of the campus, in a time zone in which it is early afternoon.
pub(crate) fn description(now: DateTime<Utc>) -> String {
    let ahead = HOUR - i64::from(now.hour());
    // The names of these zones count westward.
    let zone = format!("Etc/GMT{:+}", -ahead);
    let today = (now + TimeDelta::hours(ahead)).date_naive();
    let day = |days| (today + Days::new(days)).to_string();
    let mut text = include_str!("campus.toml")
        .replace("{zone}", &zone)
        .replace("{tomorrow}", &day(1))
        .replace("{in_three_days}", &day(3));
    let doors = DOORS.iter().map(|(door, space, _)| (*door, *space));
    for (door, space) in doors.chain([("map-room", "map-room")]) {
        let _ = write!(
            text,
            "\n[[passage]]\nname = \"{door}\"\nfrom = \"outside\"\nto = \"{space}\"\n\
             \n[[sensor]]\ngateway = \"{GATEWAY}\"\ndevice = \"{door}\"\n\
             \n[[sensor.channel]]\nkey = \"logic-1\"\npassage = \"{door}\"\n"
        );
    }
    text
}

/// Brings the day so far through the real door, and silences the sensors that are to be silent.
pub(crate) async fn live_through(parvis: &mut TestParvis, secret: &str, now: DateTime<Utc>) {
    deliver(parvis, secret, now, |ago| ago > RECENT).await;
    // Silence takes hours and a trend half an hour; what is remembered is moved back instead, while nobody looks.
    parvis.stop();
    let devices = SILENT.map(|device| format!("'{}'", device.to_uppercase()));
    let silent = format!(
        "(SELECT id FROM sensors WHERE device IN ({}))",
        devices.join(", ")
    );
    for (table, column) in [("sensors", "id"), ("channels", "sensor_id")] {
        move_back(
            parvis,
            &format!(
                "UPDATE {table} SET heard_at = heard_at - interval '3 hours' WHERE {column} IN {silent}"
            ),
        );
    }
    move_back(
        parvis,
        &format!("UPDATE publications SET at = at - interval '{RECENT} minutes'"),
    );
    parvis.serve();
    parvis.wait_until_ready().await;
    deliver(parvis, secret, now, |ago| ago <= RECENT).await;
}

fn move_back(parvis: &TestParvis, statement: &str) {
    let moved = diesel::sql_query(statement)
        .execute(&mut parvis.connection())
        .unwrap();
    assert!(moved > 0, "{statement}");
}

/// Delivers what the sensors counted in a part of the day, by how many minutes it is ago.
async fn deliver(parvis: &TestParvis, secret: &str, now: DateTime<Utc>, part: fn(i64) -> bool) {
    let courses = DOORS.iter().map(|(door, _, course)| (*door, *course));
    for (door, course) in courses.chain([("stairs", STAIRS)]) {
        let mut intervals = day(course, now);
        intervals.retain(|(ago, _, _)| part(*ago));
        if intervals.is_empty() {
            continue;
        }
        let package = xovis(door, 1, now, &intervals);
        let answer = parvis.deliver(GATEWAY, secret, &package).await;
        assert_eq!(answer.status, 200, "{door}: {}", answer.text);
        assert_eq!(answer.json()["doubted"], 0, "{door}: {}", answer.text);
    }
}

/// What the sensor of a door counted so far, in intervals five minutes apart: (minutes ago, forward, backward).
fn day(course: Course, now: DateTime<Utc>) -> Vec<(i64, i64, i64)> {
    let (Some((starts, _)), Some((ends, _))) = (course.first(), course.last()) else {
        return Vec::new();
    };
    // A day that lasts until now ends with the present minute, wherever in its hour that is.
    let shift = if *ends == HOUR * 60 {
        0
    } else {
        i64::from(now.minute())
    };
    let mut intervals = Vec::new();
    let mut inside = 0;
    for minute in (*starts..=*ends).step_by(5) {
        let people = people_at(course, minute);
        let moved = people - inside;
        inside = people;
        // Some come and go besides.
        let besides = i64::from(people > 0);
        intervals.push((
            HOUR * 60 - minute + shift,
            moved.max(0) + besides,
            (-moved).max(0) + besides,
        ));
    }
    intervals
}

/// People at a minute of the day, on straight lines between what is given.
fn people_at(course: Course, minute: i64) -> i64 {
    let lines = course.iter().zip(course.iter().skip(1));
    for ((from, before), (to, there)) in lines {
        if (*from..=*to).contains(&minute) {
            return before + (there - before) * (minute - from) / (to - from);
        }
    }
    0
}
