//! Live streams: server-sent events on a connection of their own, with the same bytes for everybody who is up to date.
//!
//! The connection is taken away from actix and served by a small task: it waits for the board, writes what changed since
//! the version its client knows, and nothing else. A slow client skips versions, never queues them; one that is gone is
//! noticed by its hang-up, by the heartbeat, or by TCP when nothing is acknowledged.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::failure::{self, Reader, Refusal};
use super::handoff::{Handle, Tls};
use super::headers::{self, Kind};
use super::services::Services;
use crate::live::Snapshot;

/// A client hears something this often, and is found out when it is not there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A client that takes nothing for this long is gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(15);

/// The browser waits this long before it comes back, in milliseconds.
const RETRY: u32 = 3_000;

/// What a stream tells.
pub(super) trait Topic: 'static {
    /// What distinguishes it from others: part, language, space.
    fn key(&self) -> &str;

    /// Who may read it.
    fn kind(&self) -> Kind;

    /// The events for spaces that changed, each as (event, data); data may have several lines.
    fn events(
        &self,
        services: &Services,
        board: &Snapshot,
        changed: &[String],
    ) -> Vec<(&'static str, String)>;
}

/// Frames made on this worker for the newest version: by topic and the version they start from.
type Frames = (u64, HashMap<(String, u64), Bytes>);

thread_local! {
    static FRAMES: RefCell<Frames> = RefCell::new((0, HashMap::new()));
}

/// Turns a request into a stream.
pub(super) fn open(
    request: &HttpRequest,
    services: &Arc<Services>,
    topic: impl Topic,
) -> HttpResponse {
    if services.metrics.streams.load(Ordering::Relaxed) >= services.most_streams {
        let refusal = Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many are watching; try again in a moment",
        );
        return failure::refuse(request, services, refusal, Reader::Program);
    }
    let Some(tls) = request.conn_data::<Handle>().and_then(Handle::take) else {
        let refusal = Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "live streams are served over HTTPS",
        );
        return failure::refuse(request, services, refusal, Reader::Program);
    };
    // A page says in the address which version it was made from; a browser that comes back says what it heard last.
    let told = request
        .headers()
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let made = request
        .query_string()
        .split('&')
        .find_map(|pair| pair.strip_prefix("after=")?.parse().ok());
    let known = told.max(made);
    let stream = Stream {
        services: Arc::clone(services),
        topic,
        version: known.unwrap_or(0),
    };
    actix_web::rt::spawn(stream.run(tls));
    // Nobody reads this: the connection is no longer actix's.
    HttpResponse::Ok().finish()
}

struct Stream<T> {
    services: Arc<Services>,
    topic: T,
    /// The version the client knows; 0 for none.
    version: u64,
}

impl<T: Topic> Stream<T> {
    async fn run(mut self, mut tls: Tls) {
        self.services
            .metrics
            .streams
            .fetch_add(1, Ordering::Relaxed);
        // However it ends, the connection ends with it.
        let _ = self.serve(&mut tls).await;
        self.services
            .metrics
            .streams
            .fetch_sub(1, Ordering::Relaxed);
        let _ = tokio::time::timeout(Duration::from_secs(1), tls.shutdown()).await;
    }

    async fn serve(&mut self, tls: &mut Tls) -> std::io::Result<()> {
        let mut versions = self.services.board.watch();
        let mut closing = self.services.closing();
        let mut head = String::from(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\nconnection: close\r\n",
        );
        for (name, value) in headers::of(self.topic.kind()) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "\r\nretry: {RETRY}\n\n");
        write(tls, head.as_bytes()).await?;
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            versions.mark_unchanged();
            let frame = self.frame();
            if !frame.is_empty() {
                write(tls, &frame).await?;
            }
            let mut unread = [0; 16];
            // In this order: ten thousand are woken at once by a change, and need not look at the rest first.
            tokio::select! {
                biased;
                changed = versions.changed() => if changed.is_err() { return Ok(()) },
                _ = closing.wait_for(|closing| *closing) => return Ok(()),
                read = tls.read(&mut unread) => if read? == 0 { return Ok(()) },
                _ = heartbeat.tick() => write(tls, b"event: beat\ndata: 1\n\n").await?,
            }
        }
    }

    /// What the client does not know yet; moves its version on.
    fn frame(&mut self) -> Bytes {
        let board = self.services.board.snapshot();
        let from = std::mem::replace(&mut self.version, board.version);
        if from == board.version {
            return Bytes::new();
        }
        // An unknown or future version is none: the client gets everything.
        let from = if from > board.version { 0 } else { from };
        FRAMES.with_borrow_mut(|(version, frames)| {
            if *version != board.version {
                *version = board.version;
                frames.clear();
            }
            let key = (self.topic.key().to_owned(), from);
            frames
                .entry(key)
                .or_insert_with(|| self.render(&board, from))
                .clone()
        })
    }

    fn render(&self, board: &Snapshot, from: u64) -> Bytes {
        let changed = board.changed_after(from);
        let events = self.topic.events(&self.services, board, &changed);
        let last = events.len().saturating_sub(1);
        let mut text = String::new();
        for (index, (event, data)) in events.into_iter().enumerate() {
            // With the last event only: a client that is cut off before it has missed some.
            if index == last {
                let _ = writeln!(text, "id: {}", board.version);
            }
            let _ = writeln!(text, "event: {event}");
            for line in data.lines() {
                let _ = writeln!(text, "data: {line}");
            }
            text.push('\n');
        }
        Bytes::from(text)
    }
}

async fn write(tls: &mut Tls, bytes: &[u8]) -> std::io::Result<()> {
    match tokio::time::timeout(WRITE_PATIENCE, tls.write_all(bytes)).await {
        Ok(written) => written,
        Err(late) => Err(late.into()),
    }
}
