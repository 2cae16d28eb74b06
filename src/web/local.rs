//! The door for processes of this machine: readings from files and, later, from the gateway process.

use actix_web::{HttpRequest, HttpResponse, web};

use super::failure::{self, Reader};
use super::services::Services;
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
