//! What was acknowledged is there, once: after a kill of the service and of PostgreSQL in the middle of the load.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl as _};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{LIBRARY, Server, TestParvis, xovis};

const SENDERS: usize = 8;

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    device: String,
    #[diesel(sql_type = BigInt)]
    minute: i64,
}

/// What senders do, and what they were told.
struct Load {
    is_over: AtomicBool,
    acknowledged: Mutex<BTreeSet<(usize, i64)>>,
    refused: AtomicUsize,
}

/// Sends one minute after the other, each until it is acknowledged, as a sensor that keeps what it could not send.
async fn send(
    client: reqwest::Client,
    url: String,
    secret: String,
    sender: usize,
    start: DateTime<Utc>,
    load: Arc<Load>,
) {
    for minute in 0.. {
        let at = start + TimeDelta::minutes(minute);
        let body = xovis(&format!("DD:{sender:02}"), 1, at, &[(0, 1, 0)]).to_string();
        loop {
            if load.is_over.load(Ordering::Relaxed) {
                return;
            }
            let request = client
                .post(&url)
                .bearer_auth(&secret)
                .header("content-type", "application/json");
            match request.body(body.clone()).send().await {
                Ok(answer) if answer.status().is_success() => {
                    load.acknowledged.lock().unwrap().insert((sender, minute));
                    break;
                }
                Ok(answer) => {
                    assert_eq!(
                        answer.status(),
                        503,
                        "{}",
                        answer.text().await.unwrap_or_default()
                    );
                    load.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn more(load: &Load, parvis: &TestParvis) {
    let before = load.acknowledged.lock().unwrap().len();
    let enough = || load.acknowledged.lock().unwrap().len() > before + 300;
    parvis.wait_until("the load goes on", enough).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_reading_survives_kills_of_the_service_and_of_postgresql() {
    let server = Arc::new(Server::start());
    let database = server.database();
    let mut parvis = TestParvis::prepare(Arc::clone(&server), database, "");
    let mut campus = LIBRARY.to_owned();
    for sender in 0..SENDERS {
        campus += &format!(
            "\n[[passage]]\nname = \"Door {sender}\"\nfrom = \"outside\"\nto = \"ground\"\n\
             [[sensor]]\ngateway = \"doors\"\ndevice = \"DD:{sender:02}\"\n\
             [[sensor.channel]]\nkey = \"logic-1\"\npassage = \"Door {sender}\"\n"
        );
    }
    parvis.apply(&campus);
    let secret = parvis.secret("doors");
    parvis.serve();
    parvis.wait_until_ready().await;

    let load = Arc::new(Load {
        is_over: AtomicBool::new(false),
        acknowledged: Mutex::default(),
        refused: AtomicUsize::new(0),
    });
    let start = Utc::now() - TimeDelta::days(300);
    let url = format!("{}/ingest/doors", parvis.address);
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (client, url, secret) = (parvis.client.clone(), url.clone(), secret.clone());
            tokio::spawn(send(client, url, secret, sender, start, Arc::clone(&load)))
        })
        .collect();

    for _ in 0..2 {
        more(&load, &parvis).await;
        parvis.kill();
        parvis.serve();
        more(&load, &parvis).await;
        let postmaster = server.cluster.process().unwrap();
        kill(Pid::from_raw(postmaster), Signal::SIGKILL).unwrap();
        // Its children notice and leave; only then can it start again.
        // It syncs its whole directory first, which takes a while on a busy disk.
        let since = Instant::now();
        while server.cluster.start().is_err() || !server.answers() {
            assert!(
                since.elapsed() < Duration::from_secs(120),
                "PostgreSQL is not back"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    more(&load, &parvis).await;
    load.is_over.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await.unwrap();
    }

    let acknowledged = i64::try_from(load.acknowledged.lock().unwrap().len()).unwrap();
    let stored = parvis.number("SELECT count(*) FROM readings");
    let distinct =
        parvis.number("SELECT count(*) FROM (SELECT DISTINCT channel_id, at FROM readings) AS one");
    assert_eq!(stored, distinct, "a reading is there twice");
    let there: BTreeSet<(String, i64)> = diesel::sql_query(
        "SELECT device, (extract(epoch FROM at) / 60)::bigint AS minute FROM readings \
         JOIN channels ON channels.id = channel_id JOIN sensors ON sensors.id = sensor_id",
    )
    .load::<Stored>(&mut parvis.connection())
    .unwrap()
    .into_iter()
    .map(|stored| (stored.device, stored.minute))
    .collect();
    for (sender, minute) in load.acknowledged.lock().unwrap().iter() {
        let at = (start + TimeDelta::minutes(*minute)).timestamp() / 60;
        let is_there = there.contains(&(format!("DD:{sender:02}"), at));
        assert!(
            is_there,
            "minute {minute} of sender {sender} was acknowledged and is lost"
        );
    }
    assert!(
        stored >= acknowledged,
        "{acknowledged} acknowledged, {stored} stored"
    );
    // Stored without an acknowledgement: at most what was under way at each of the kills.
    assert!(
        stored - acknowledged <= i64::try_from(SENDERS * 5).unwrap(),
        "{stored} stored, {acknowledged} acknowledged"
    );
    // The ledger holds each of them, as a movement of the ground floor and of the library.
    let entries = || parvis.number("SELECT coalesce(sum(entries), 0) FROM ledger_entries");
    parvis
        .wait_until("the ledger is complete", || entries() == 2 * stored)
        .await;
    assert!(
        load.refused.load(Ordering::Relaxed) > 0,
        "nobody was asked to wait while PostgreSQL was gone"
    );
}
