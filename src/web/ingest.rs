//! The door for sensors: who speaks is proved first, what it says is read after, and the answer comes when it is on disk.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::failure::{self, Reader, Refusal};
use super::headers::{self, Kind};
use super::services::Services;
use crate::domain::campus::{Campus, KnownGateway};
use crate::domain::gateway::Proof;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::gateways::{Decoder, Payload, Unreadable};
use crate::ingest::{Arrival, Outcome};

/// The whole body must arrive within this time.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// `POST /ingest/{gateway}`
pub(super) async fn deliver(
    request: HttpRequest,
    body: web::Payload,
    path: web::Path<String>,
    services: web::Data<Services>,
) -> HttpResponse {
    receive(&request, body, &path, None, &services).await
}

/// `POST /ingest/{gateway}/{secret}`, for senders that can only be given an address.
pub(super) async fn deliver_with_secret(
    request: HttpRequest,
    body: web::Payload,
    path: web::Path<(String, String)>,
    services: web::Data<Services>,
) -> HttpResponse {
    receive(&request, body, &path.0, Some(&path.1), &services).await
}

async fn receive(
    request: &HttpRequest,
    body: web::Payload,
    gateway: &str,
    secret: Option<&str>,
    services: &Services,
) -> HttpResponse {
    match accept(request, body, gateway, secret, services).await {
        Ok(response) => response,
        Err(refused) => {
            services.metrics.refused();
            let status = refused.status;
            // Logged once, here: which gateway and which rule, never the body, the address or the secret.
            log::info!(gateway = gateway_in_log(gateway), status = status.as_u16(); "ingest: refused: {}", refused.detail);
            note(
                services,
                gateway,
                Vec::new(),
                0,
                Outcome::Refused(status.as_u16(), refused.detail.clone()),
            );
            let mut response = failure::refuse(request, services, refused, Reader::Sensor);
            if status == StatusCode::UNAUTHORIZED {
                let challenge = header::HeaderValue::from_static(
                    "Bearer realm=\"parvis\", Basic realm=\"parvis\"",
                );
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

/// Notes what arrived at a gateway that there is, for who installs its sensors.
fn note(
    services: &Services,
    gateway: &str,
    devices: Vec<String>,
    readings: usize,
    outcome: Outcome,
) {
    if let Some(known) = services.parvis.campus().gateways.get(gateway) {
        let arrival = Arrival::new(services.parvis.clock.now(), devices, readings, outcome);
        services.door.arrivals().note(known.id, arrival);
    }
}

/// A gateway's name in the log: what is no name of ours is not repeated.
fn gateway_in_log(gateway: &str) -> &str {
    let is_name = gateway
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name && gateway.len() <= 80 {
        gateway
    } else {
        "(no name)"
    }
}

async fn accept(
    request: &HttpRequest,
    body: web::Payload,
    name: &str,
    secret: Option<&str>,
    services: &Services,
) -> Result<HttpResponse, Refusal> {
    let campus = services.parvis.campus();
    let Some(gateway) = campus.gateways.get(name) else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "there is no gateway of this name",
        ));
    };
    let presented = presented(request, &gateway.gateway.proof, secret);
    if !is_proved(gateway, presented.as_deref(), services.parvis.clock.now()) {
        let rule = "the secret is missing or wrong; make one with: parvis gateway secret NAME";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, rule));
    }
    let body = read(
        request,
        body,
        services.parvis.settings.readings.largest_body,
    )
    .await?;
    let payload = decode(request, gateway, &campus, &body).map_err(|unreadable| {
        let status = if unreadable.is_malformed {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        Refusal {
            field: Some(unreadable.place.clone()),
            ..Refusal::new(status, unreadable.to_string())
        }
    })?;
    if payload.is_test {
        log::info!(gateway = name; "ingest: the sender tried whether the door is there");
    }
    let devices: Vec<String> = payload
        .messages
        .iter()
        .filter_map(|message| message.device.clone())
        .collect();
    let readings = payload
        .messages
        .iter()
        .map(|message| message.readings.len())
        .sum();
    match services.door.deliver(gateway, payload).await {
        Ok(receipt) => {
            services.metrics.recorded(receipt);
            note(
                services,
                name,
                devices,
                readings,
                Outcome::Recorded(receipt),
            );
            let mut builder = HttpResponse::Ok();
            Ok(headers::put(&mut builder, Kind::Closed).json(receipt))
        }
        Err(Error::Invalid { field, rule }) => {
            let detail = format!("{field}: {rule}");
            Err(Refusal {
                field: Some(field),
                ..Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
            })
        }
        Err(error) => {
            if matches!(error, Error::Unavailable { .. }) {
                services.metrics.overloaded();
            }
            note(
                services,
                name,
                devices,
                readings,
                Outcome::Refused(503, error.to_string()),
            );
            Ok(failure::answer(request, services, &error, Reader::Sensor))
        }
    }
}

/// The secret a request shows, where its gateway expects it.
fn presented(request: &HttpRequest, proof: &Proof, in_path: Option<&str>) -> Option<String> {
    let value = |name: &str| request.headers().get(name)?.to_str().ok();
    match proof {
        Proof::Bearer => {
            let (scheme, token) = value("authorization")?.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| token.trim().to_owned())
        }
        Proof::Basic { user } => {
            let (scheme, encoded) = value("authorization")?.split_once(' ')?;
            let decoded = scheme
                .eq_ignore_ascii_case("basic")
                .then(|| STANDARD.decode(encoded.trim()).ok())??;
            let decoded = String::from_utf8(decoded).ok()?;
            let (named, password) = decoded.split_once(':')?;
            (named == user).then(|| password.to_owned())
        }
        Proof::Header { name } => value(name).map(|secret| secret.trim().to_owned()),
        Proof::Path => in_path.map(str::to_owned),
    }
}

/// Whether a secret is one of the gateway's: digests are compared in constant time, all of them.
fn is_proved(gateway: &KnownGateway, presented: Option<&str>, now: Moment) -> bool {
    let digest = openssl::sha::sha256(presented.unwrap_or_default().as_bytes());
    let mut is_proved = false;
    for secret in &gateway.secrets {
        let is_good = secret.until.is_none_or(|until| now < until);
        let is_equal =
            secret.digest.len() == digest.len() && openssl::memcmp::eq(&secret.digest, &digest);
        is_proved |= is_good && is_equal;
    }
    is_proved && presented.is_some()
}

/// The body, as far as it is JSON, not too large and not too slow.
async fn read(
    request: &HttpRequest,
    mut body: web::Payload,
    largest: usize,
) -> Result<Bytes, Refusal> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or_default());
    if let Some(content_type) = content_type {
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if essence != "application/json"
            && !(essence.starts_with("application/") && essence.ends_with("+json"))
        {
            let rule = "send application/json; this gateway reads nothing else";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, rule));
        }
    }
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is too large: at most {largest} bytes"),
        )
    };
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > largest) {
        return Err(too_large());
    }
    let mut read = BytesMut::with_capacity(length.unwrap_or(4_096));
    let all = async {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                Refusal::new(
                    StatusCode::BAD_REQUEST,
                    format!("the body broke off: {error}"),
                )
            })?;
            if read.len() + chunk.len() > largest {
                return Err(too_large());
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read.freeze())
    };
    match tokio::time::timeout(BODY_PATIENCE, all).await {
        Ok(body) => body,
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body took longer than 10 seconds",
        )),
    }
}

fn decode(
    request: &HttpRequest,
    gateway: &KnownGateway,
    campus: &Campus,
    body: &[u8],
) -> Result<Payload, Unreadable> {
    let model_of = |device: &str| campus.device(gateway.id, device)?.model;
    let event = request
        .query_string()
        .split('&')
        .find_map(|pair| pair.strip_prefix("event="));
    let decoder = Decoder {
        family: gateway.gateway.family,
        mapping: gateway.gateway.mapping.as_ref(),
        model_of: &model_of,
        event,
    };
    decoder.decode(body)
}
