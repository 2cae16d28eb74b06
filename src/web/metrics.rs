//! Numbers for Prometheus: only on the unix socket, never on the network.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use actix_web::{HttpResponse, web};

use super::services::Services;
use crate::appliance::certificate::Notes;
use crate::ingest::Receipt;

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    stored: AtomicU64,
    duplicates: AtomicU64,
    doubted: AtomicU64,
    refused: AtomicU64,
    overloaded: AtomicU64,
    throttled: AtomicU64,
    pub(super) streams: AtomicUsize,
}

impl Metrics {
    pub(super) fn recorded(&self, receipt: Receipt) {
        let add = |counter: &AtomicU64, count: usize| {
            counter.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        };
        add(&self.stored, receipt.stored);
        add(&self.duplicates, receipt.duplicates);
        add(&self.doubted, receipt.doubted);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn overloaded(&self) {
        self.overloaded.fetch_add(1, Ordering::Relaxed);
    }
}

/// The numbers as Prometheus reads them.
pub(super) async fn show(services: web::Data<Services>) -> HttpResponse {
    let metrics = &services.metrics;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (working, open) = services.parvis.database.load();
    let mut text = String::new();
    let mut line = |kind: &str, name: &str, help: &str, value: String| {
        let _ = write!(
            text,
            "# HELP parvis_{name} {help}\n# TYPE parvis_{name} {kind}\nparvis_{name} {value}\n"
        );
    };
    line(
        "counter",
        "readings_stored_total",
        "Readings stored.",
        count(&metrics.stored).to_string(),
    );
    line(
        "counter",
        "readings_duplicate_total",
        "Readings known already.",
        count(&metrics.duplicates).to_string(),
    );
    line(
        "counter",
        "readings_doubted_total",
        "Readings in quarantine.",
        count(&metrics.doubted).to_string(),
    );
    line(
        "counter",
        "deliveries_refused_total",
        "Deliveries answered 4xx.",
        count(&metrics.refused).to_string(),
    );
    line(
        "counter",
        "deliveries_overload_total",
        "Deliveries answered 503.",
        count(&metrics.overloaded).to_string(),
    );
    line(
        "counter",
        "sign_ins_throttled_total",
        "Passwords and codes that were not tried, as too many were wrong.",
        count(&metrics.throttled).to_string(),
    );
    line(
        "gauge",
        "readings_waiting",
        "Readings waiting to be stored.",
        services.door.waiting().to_string(),
    );
    line(
        "gauge",
        "streams",
        "Live streams open.",
        metrics.streams.load(Ordering::Relaxed).to_string(),
    );
    line(
        "gauge",
        "board_version",
        "Version of the board.",
        services.board.snapshot().version.to_string(),
    );
    line(
        "gauge",
        "database_connections_working",
        "Connections of the pool at work.",
        working.to_string(),
    );
    line(
        "gauge",
        "database_connections_open",
        "Connections of the pool.",
        open.to_string(),
    );
    line(
        "gauge",
        "certificate_ends_seconds",
        "When the certificate in use ends, in seconds since 1970.",
        services
            .certificates
            .facts()
            .not_after
            .timestamp()
            .to_string(),
    );
    line(
        "gauge",
        "certificate_renewal_failures",
        "Renewals that failed since the last good one.",
        Notes::read(&services.certificates.files)
            .failures
            .to_string(),
    );
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(text)
}
