//! Recorded counts import line by line, twice without a difference, and play through the live door.

use serde_json::Value;

use crate::harness::TestParvis;
use crate::recording;

/// A campus with one door, counted by a channel of this gateway's family.
fn campus(family: &str, channel: &str, counter: &str, zone: &str) -> String {
    format!(
        r#"
[institution]
name = "University"
time_zone = "{zone}"
security_officer = "Security team"
security_contact = "mailto:security@test.example"

[[site]]
slug = "library"
name = "Library"

[[space]]
slug = "library"
site = "library"
name = "Library"
capacity = [{{ since = 2000-01-01, comfort = 600 }}]

[[passage]]
name = "Door"
from = "outside"
to = "library"

[[gateway]]
name = "files"
family = "{family}"

[[sensor]]
gateway = "files"
device = "door"

[[sensor.channel]]
key = "{channel}"
passage = "Door"
{counter}
"#
    )
}

const IN: &str = "SELECT coalesce(sum(entries), 0) FROM ledger_entries";
const OUT: &str = "SELECT coalesce(sum(exits), 0) FROM ledger_entries";

/// The numbers in the last sentence of an import: readings, stored, in quarantine, known, closed, refused.
fn numbers(told: &str) -> Vec<i64> {
    let last = told
        .lines()
        .find(|line| line.contains(" readings: "))
        .unwrap();
    let digits = last.split(|letter: char| !letter.is_ascii_digit());
    digits
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().unwrap())
        .collect()
}

struct Case {
    parvis: TestParvis,
    file: String,
    mapping: String,
}

impl Case {
    async fn new(campus: &str, file: &str, mapping: &str) -> Self {
        let parvis = TestParvis::start(campus).await;
        let mapping = parvis.write("mapping.toml", mapping);
        Self {
            parvis,
            file: recording(file).display().to_string(),
            mapping,
        }
    }

    fn import(&self) -> String {
        self.parvis
            .run(&["import", "counts", &self.file, "--mapping", &self.mapping])
    }

    /// Imports twice: the sums in and out, and what the first import told.
    fn import_twice(&self) -> ((i64, i64), String) {
        let told = self.import();
        let sums = (self.parvis.number(IN), self.parvis.number(OUT));
        let again = numbers(&self.import());
        assert_eq!(again[1], 0, "the second import stored {}", again[1]);
        assert_eq!((self.parvis.number(IN), self.parvis.number(OUT)), sums);
        (sums, told)
    }
}

const MINUTES: &str = r#"
gateway = "files"
device = "door"
channel = "logic-1"
time = { columns = ["from-time"], format = "%d/%m/%Y - %H:%M", zone = "Europe/Zurich" }
until = { columns = ["to-time"], format = "%d/%m/%Y - %H:%M" }
counts = { semantics = "delta", forward = "Forward counter", backward = "Backward counter" }
"#;

#[tokio::test]
async fn a_week_of_minutes_with_day_first_dates_duplicates_and_a_gap() {
    let campus = campus("xovis-5", "logic-1", "", "Europe/Zurich");
    let case = Case::new(
        &campus,
        "xovis_pc2se_minutes/person_count_in_out.csv",
        MINUTES,
    )
    .await;
    let (sums, told) = case.import_twice();
    let numbers = numbers(&told);
    // One minute stands twice in the file, and one line has no counts.
    let known = (numbers[0], numbers[1], numbers[3], numbers[5]);
    assert_eq!(known, (10_081, 10_080, 1, 1), "{told}");
    assert!(told.contains(".csv:10026: \"\" is not a count"), "{told}");
    assert_eq!(sums, (3_163, 2_773));
}

#[tokio::test]
async fn a_year_of_hours_with_both_clock_changes() {
    let campus = campus("json", "gate", "max_per_minute = 600", "Europe/London");
    let campus = campus.replace(
        "family = \"json\"\n",
        "family = \"json\"\n[gateway.mapping]\ndevice = \"/gate\"\n[[gateway.mapping.channel]]\n\
         key = { value = \"gate\" }\nsemantics = \"delta\"\nforward = \"/in\"\nbackward = \"/out\"\n",
    );
    let mapping = r#"
        gateway = "files"
        device = "door"
        channel = "gate"
        time = { columns = ["Hour"], format = "%Y-%m-%d %H:%M:%S", zone = "Europe/London", minutes = 60 }
        counts = { semantics = "delta", forward = "IN", backward = "OUT" }
    "#;
    let name = "sussex_library_gates_2018/hourly.csv";
    let case = Case::new(&campus, name, mapping).await;
    let (sums, told) = case.import_twice();
    let text = std::fs::read_to_string(recording(name)).unwrap();
    let column = |index: usize| -> i64 {
        text.lines()
            .skip(1)
            .map(|line| line.split(',').nth(index).unwrap().parse::<f64>().unwrap())
            .sum::<f64>() as i64
    };
    assert_eq!(sums, (column(3), column(4)), "{told}");
    // The hour that clocks leave out stands in the file, with nobody in it.
    assert_eq!(numbers(&told)[5], 1, "{told}");
    assert!(
        told.contains(".csv:1970: 2018-03-25 01:00:00: this local time does not exist"),
        "{told}"
    );
    // The finished days were closed: history shows each of them ending about empty.
    let history = case
        .parvis
        .get("/api/v1/spaces/library/history?from=2018-05-14&to=2018-05-15&step=3600")
        .await;
    let points = history.json()["points"].as_array().unwrap().clone();
    let present: Vec<i64> = points
        .iter()
        .filter_map(|point| point["present"].as_i64())
        .collect();
    assert!(present.iter().max().unwrap() > &300, "{present:?}");
    assert!(
        present[4] <= 15,
        "people at the start of the day: {present:?}"
    );
}

#[tokio::test]
async fn half_hours_with_a_line_for_each_direction() {
    let campus = campus("xovis-5", "logic-1", "", "America/Los_Angeles");
    let mapping = r#"
        gateway = "files"
        device = "door"
        channel = "logic-1"
        header = false
        time = { columns = [1, 2], format = "%m/%d/%y %H:%M:%S", zone = "America/Los_Angeles", minutes = 30 }
        counts = { semantics = "delta", direction = { column = 0, forward = "9", backward = "7", count = 3 } }
    "#;
    let case = Case::new(&campus, "uci_calit2/CalIt2.data", mapping).await;
    let (sums, told) = case.import_twice();
    assert_eq!(sums, (19_597, 18_837), "{told}");
    assert_eq!(numbers(&told)[5], 0, "{told}");
}

#[tokio::test]
async fn standings_of_a_gate_with_text_a_maximum_and_a_reset() {
    let campus = campus(
        "xovis-5",
        "logic-1",
        "wrap = 1000000\nresets_to_zero = false",
        "America/Toronto",
    );
    let mapping = r#"
        gateway = "files"
        device = "door"
        channel = "logic-1"
        time = { columns = ["dates"], format = "%d-%b-%y", zone = "America/Toronto" }
        counts = { semantics = "cumulative", forward = "counts" }
    "#;
    let case = Case::new(&campus, "toronto_gatecounts/sampleGateCount.csv", mapping).await;
    let ((entered, _), told) = case.import_twice();
    let numbers = numbers(&told);
    assert_eq!(numbers[5], 11, "eleven cells are text or empty: {told}");
    assert!(told.contains("\"Gate broken\" is not a count"), "{told}");
    // The jump to the maximum and the reset after it are kept from counting: plain differences would give 198,426 more.
    let doubted = case.parvis.run(&["sensors", "--doubted"]);
    assert_eq!(numbers[2], 6, "{doubted}");
    let text =
        std::fs::read_to_string(recording("toronto_gatecounts/sampleGateCount.csv")).unwrap();
    let standings: Vec<i64> = text
        .lines()
        .filter_map(|line| line.split(',').nth(1)?.trim().parse().ok())
        .collect();
    let plausible: i64 = standings
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|people| (0..30_000).contains(people))
        .sum();
    assert_eq!(entered, plausible);
}

#[tokio::test]
async fn a_recorded_week_plays_through_the_live_door() {
    let campus = campus(
        "xovis-5",
        "logic-1",
        "max_per_minute = 100000",
        "Europe/Zurich",
    );
    let case = Case::new(
        &campus,
        "xovis_pc2se_minutes/person_count_in_out.csv",
        MINUTES,
    )
    .await;
    let secret = case.parvis.secret("files");
    // A morning of the recording is enough.
    let whole = std::fs::read_to_string(&case.file).unwrap();
    let morning: Vec<&str> = whole
        .lines()
        .filter(|line| line.starts_with("02/02/2026 - 0"))
        .collect();
    let header = whole.lines().next().unwrap();
    let file = case
        .parvis
        .write("morning.csv", format!("{header}\n{}\n", morning.join("\n")));
    let arguments = [
        "replay",
        &file,
        "--mapping",
        &case.mapping,
        "--speed",
        "20000",
        "--secret",
        &secret,
    ];
    let told = case.parvis.run(&arguments);
    assert!(
        told.contains(&format!("{} intervals played", morning.len())),
        "{told}"
    );
    let count =
        |line: &&str, column: usize| line.split(',').nth(column).unwrap().parse::<i64>().unwrap();
    let entered: i64 = morning.iter().map(|line| count(line, 2)).sum();
    assert!(entered > 50, "{entered} people");
    case.parvis
        .wait_until("all are counted", || case.parvis.number(IN) == entered)
        .await;
    let space: Value = case.parvis.space("library").await;
    assert!(space["present"].is_i64(), "{space}");
}
