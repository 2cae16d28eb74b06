//! What time alone changes: silence, the start of a day, the night the clocks change, the trend of half an hour.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parvis::actions::apply_description::{Others, apply};
use parvis::clock::Clock;
use parvis::config::{Settings, read_campus};
use parvis::domain::actor::Actor;
use parvis::domain::freshness::Quality;
use parvis::domain::trend::Trend;
use parvis::gateways::Decoder;
use parvis::ingest::{Recorder, Recording};
use parvis::live::{Board, SpaceView};
use parvis::parvis::Parvis;

use crate::harness::{LIBRARY, PATIENCE, Server, TestParvis, xovis};

/// The recorder and the board on a clock that stands still.
struct Clocked {
    parvis: Arc<Parvis>,
    board: Arc<Board>,
    recording: Option<Recording>,
    /// Keeps the database and the files.
    _files: TestParvis,
}

impl Clocked {
    fn start(campus: &str, at: &str) -> Self {
        let server = Server::shared();
        let database = server.database();
        let files = TestParvis::prepare(server, database, "");
        let settings = Settings::read(&files.directory.join("parvis.toml")).unwrap();
        let parvis = Arc::new(Parvis::new(
            settings,
            Clock::standing_at(at.parse().unwrap()),
        ));
        let described = files.write("campus.toml", campus);
        let description = read_campus(described.as_ref()).unwrap();
        apply(
            &parvis.database,
            &Actor::console("test"),
            &description,
            Others::Keep,
            parvis.clock.now(),
        )
        .unwrap();
        let board = Arc::new(Board::new(Arc::clone(&parvis)));
        let mut clocked = Self {
            parvis,
            board,
            recording: None,
            _files: files,
        };
        clocked.record();
        clocked
    }

    fn record(&mut self) {
        let posted = Arc::clone(&self.board);
        let announce = Box::new(move |figures: &[_]| posted.post(figures));
        self.recording = Some(Recorder::start(&self.parvis, announce).unwrap());
    }

    fn restart(&mut self) {
        self.recording.take().unwrap().stop();
        self.record();
    }

    fn now(&self) -> DateTime<Utc> {
        self.parvis.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.parvis.clock.advance(by);
    }

    /// A minute of a door that ends now.
    async fn count(&self, device: &str, forward: i64, backward: i64) {
        self.deliver(&xovis(device, 1, self.now(), &[(0, forward, backward)]))
            .await;
    }

    async fn deliver(&self, body: &serde_json::Value) {
        let campus = self.parvis.campus();
        let gateway = &campus.gateways["doors"];
        let decoder = Decoder {
            family: gateway.gateway.family,
            mapping: None,
            model_of: &|_| None,
            event: None,
        };
        let payload = decoder.decode(body.to_string().as_bytes()).unwrap();
        self.recording
            .as_ref()
            .unwrap()
            .door()
            .deliver(gateway, payload)
            .await
            .unwrap();
    }

    fn space(&self, slug: &str) -> SpaceView {
        self.board.snapshot().view(slug, self.now(), "en").unwrap()
    }

    /// Waits until a space looks like this.
    async fn wait(&self, slug: &str, is_so: impl Fn(&SpaceView) -> bool) -> SpaceView {
        let since = Instant::now();
        loop {
            let view = self.space(slug);
            if is_so(&view) {
                return view;
            }
            assert!(since.elapsed() < PATIENCE, "still not: {view:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait_for(&self, slug: &str, people: i64) -> SpaceView {
        self.wait(slug, |view| view.present == Some(people)).await
    }
}

impl Drop for Clocked {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            recording.stop();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_room_stays_full_and_is_shown_as_stale_when_its_sensors_fall_silent() {
    let clocked = Clocked::start(LIBRARY, "2026-11-24T10:00:00Z");
    clocked.count("AA:01", 96, 0).await;
    clocked.count("AA:02", 0, 0).await;
    clocked.wait_for("library", 96).await;
    clocked.advance(TimeDelta::minutes(16));
    let stale = clocked
        .wait("library", |view| view.quality == Quality::Stale)
        .await;
    assert_eq!((stale.present, stale.stale), (Some(96), true));
    clocked.count("AA:01", 1, 0).await;
    let fresh = clocked
        .wait("ground", |view| view.quality == Quality::Degraded)
        .await;
    assert_eq!(
        fresh.present,
        Some(97),
        "the stairs are silent: the figure is an estimate"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_starts_empty_at_its_hour_and_not_at_midnight() {
    // 23:50 in Paris.
    let clocked = Clocked::start(LIBRARY, "2026-11-24T22:50:00Z");
    clocked.count("AA:01", 40, 0).await;
    clocked.wait_for("library", 40).await;
    clocked.advance(TimeDelta::minutes(30));
    clocked.count("AA:01", 0, 38).await;
    clocked.wait_for("library", 2).await;
    clocked.advance(TimeDelta::hours(5));
    clocked.wait_for("library", 0).await;
    // What is told later of the evening is the evening's.
    let evening: DateTime<Utc> = "2026-11-24T22:40:00Z".parse().unwrap();
    clocked
        .deliver(&xovis("AA:01", 1, evening, &[(0, 9, 0)]))
        .await;
    clocked.count("AA:01", 3, 0).await;
    clocked.wait_for("library", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_stay_over_the_start_of_the_day_stay_where_that_is_allowed() {
    let campus = LIBRARY.replacen(
        "drift_correction = false",
        "drift_correction = false\nempty_at_day_start = false",
        1,
    );
    let mut clocked = Clocked::start(&campus, "2026-11-25T03:50:00Z");
    clocked.count("AA:01", 12, 0).await;
    clocked.wait_for("library", 12).await;
    clocked.advance(TimeDelta::minutes(20));
    clocked.wait_for("ground", 0).await;
    clocked.count("AA:01", 0, 2).await;
    clocked.wait_for("library", 10).await;
    clocked.restart();
    clocked.wait_for("library", 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_night_the_clocks_go_back_has_an_hour_more() {
    // Sunday, 25 October 2026: five o'clock in Paris is four in UTC, and was three the day before.
    let clocked = Clocked::start(LIBRARY, "2026-10-25T02:55:00Z");
    clocked.count("AA:01", 5, 0).await;
    clocked.wait_for("library", 5).await;
    clocked.advance(TimeDelta::minutes(10));
    clocked.count("AA:01", 1, 0).await;
    clocked.wait_for("library", 6).await;
    clocked.advance(TimeDelta::minutes(56));
    clocked.wait_for("library", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_night_the_clocks_go_forward_has_an_hour_less() {
    // Sunday, 29 March 2026: five o'clock in Paris is three in UTC, and was four the day before.
    let clocked = Clocked::start(LIBRARY, "2026-03-29T02:50:00Z");
    clocked.count("AA:01", 5, 0).await;
    clocked.wait_for("library", 5).await;
    clocked.advance(TimeDelta::minutes(11));
    clocked.wait_for("library", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_runs_ahead_counts_at_the_time_of_receipt() {
    let clocked = Clocked::start(LIBRARY, "2026-11-24T10:00:00Z");
    clocked
        .deliver(&xovis(
            "AA:01",
            1,
            clocked.now() + TimeDelta::minutes(50),
            &[(0, 8, 0)],
        ))
        .await;
    let view = clocked.wait_for("library", 8).await;
    assert!(
        view.updated_at.unwrap() <= clocked.now() + TimeDelta::seconds(1),
        "{view:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trend_is_that_of_the_last_half_hour() {
    let clocked = Clocked::start(LIBRARY, "2026-11-24T10:00:00Z");
    clocked.count("AA:01", 20, 0).await;
    clocked.wait_for("library", 20).await;
    assert_eq!(
        clocked.space("library").trend,
        None,
        "half an hour ago nothing was known"
    );
    clocked.advance(TimeDelta::minutes(31));
    clocked.count("AA:01", 7, 0).await;
    clocked
        .wait("library", |view| view.trend == Some(Trend::Rising))
        .await;
    clocked.count("AA:02", 0, 0).await;
    clocked.advance(TimeDelta::minutes(1));
    clocked.count("AA:01", 10, 0).await;
    clocked
        .wait("library", |view| view.trend == Some(Trend::RisingFast))
        .await;
    clocked.advance(TimeDelta::minutes(31));
    clocked.count("AA:01", 0, 0).await;
    clocked
        .wait("library", |view| view.trend == Some(Trend::Steady))
        .await;
}
