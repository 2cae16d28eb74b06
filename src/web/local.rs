//! The door for processes of this machine: readings from files, and commands about the certificate.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use super::failure::{self, Reader};
use super::services::Services;
use crate::appliance::certificate::Notes;
use crate::domain::certificate::Source;
use crate::error::Error;
use crate::gateways::Payload;

/// The most that is handed in at once, in bytes.
pub(super) const LARGEST: usize = 64 << 20;

/// `POST /hand-in/{gateway}`: readings that are decoded already, of any age.
pub(super) async fn hand_in(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Json<Payload>,
    services: web::Data<Services>,
) -> HttpResponse {
    let campus = services.parvis.campus();
    let Some(gateway) = campus.gateways.get(path.as_str()) else {
        let error = Error::NotFound(format!("gateway is called \"{path}\""));
        return failure::answer(&request, &services, &error, Reader::Program);
    };
    match services
        .door
        .deliver_recorded(gateway, payload.into_inner())
        .await
    {
        Ok(receipt) => {
            services.door.flush().await;
            HttpResponse::Ok().json(receipt)
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Program),
    }
}

/// How long somebody waits for a certificate from a directory.
const PATIENCE: Duration = Duration::from_mins(5);

/// `POST /certificate/take`: somebody put files in place, and perhaps decided something.
pub(super) async fn take_certificate(services: web::Data<Services>) -> HttpResponse {
    services.parvis.reload_certificate();
    services.certificates.take_newest();
    match services.certificates.refused() {
        None => HttpResponse::Ok().json(services.certificates.facts()),
        Some(reason) => HttpResponse::Conflict().body(reason),
    }
}

/// `POST /certificate/request`: asks the directory for a certificate now.
pub(super) async fn request_certificate(services: web::Data<Services>) -> HttpResponse {
    let certificates = &services.certificates;
    if services.parvis.certificate().source != Source::Acme {
        return HttpResponse::Conflict().body("certificate.source is not \"acme\"");
    }
    let mut rounds = certificates.ask();
    if tokio::time::timeout(PATIENCE, rounds.changed())
        .await
        .is_err()
    {
        return HttpResponse::GatewayTimeout().body("it is still on its way");
    }
    let notes = Notes::read(&certificates.files);
    match notes.reason {
        None => HttpResponse::Ok().json(certificates.facts()),
        Some(reason) => HttpResponse::BadGateway().body(reason),
    }
}
