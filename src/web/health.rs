//! Whether the service lives, and whether it is ready: database, migrations, disk, recorder.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::headers::{self, Kind};
use super::services::Services;
use crate::appliance::disk;
use crate::domain::certificate::Warning;

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    database: &'static str,
    migrations: &'static str,
    disk: &'static str,
    recorder: &'static str,
    certificate: &'static str,
}

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> HttpResponse {
    let mut builder = HttpResponse::Ok();
    headers::put(&mut builder, Kind::Closed).json(serde_json::json!({ "live": true }))
}

/// `GET /health/ready`: 200 when everything needed is there, else 503; what is lacking is named. A certificate that ends is
/// named too, and keeps nothing from working here.
pub(super) async fn ready(services: web::Data<Services>) -> HttpResponse {
    let difference = services.parvis.schema_difference().await;
    let key = services.parvis.settings.web.key.clone();
    let place = key.parent().unwrap_or(&key);
    let readiness = Readiness {
        ready: false,
        database: if difference.is_ok() {
            "ok"
        } else {
            "does not answer"
        },
        migrations: match &difference {
            Ok(difference) if difference.lacking.is_empty() => "ok",
            Ok(_) => "pending: run parvis migrate",
            Err(_) => "unknown",
        },
        disk: if disk::has_room(place).unwrap_or(false) {
            "ok"
        } else {
            "almost full"
        },
        recorder: if services.is_well() {
            "ok"
        } else {
            "does not work"
        },
        certificate: services.certificate_warning().map_or("ok", Warning::name),
    };
    let all = [
        readiness.database,
        readiness.migrations,
        readiness.disk,
        readiness.recorder,
    ];
    let ready = all.iter().all(|part| *part == "ok");
    let mut builder = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    headers::put(&mut builder, Kind::Closed).json(Readiness { ready, ..readiness })
}
