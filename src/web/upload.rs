//! Forms with a file that people send: bounded, proved to be ours, and taken apart.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, web};

use super::failure::Refusal;
use super::services::Services;
use super::{form, multipart};

/// The fields of a form with a file.
pub(super) struct Upload(Vec<(String, Vec<u8>)>);

impl Upload {
    /// Reads a form of at most so many bytes. Whoever calls has seen that its sender may send it.
    pub(super) async fn read(
        request: &HttpRequest,
        services: &Services,
        body: web::Payload,
        largest: usize,
    ) -> Result<Self, Refusal> {
        if !form::is_from_here(request, services) {
            return Err(form::not_ours());
        }
        let bytes = match body.to_bytes_limited(largest).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => {
                let rule = "the form did not arrive whole";
                return Err(Refusal::new(StatusCode::BAD_REQUEST, rule));
            }
            Err(_) => {
                let most = match largest / 1024 {
                    most if most < 1024 => format!("{most} kB"),
                    most => format!("{} MB", most / 1024),
                };
                let rule = format!("the file is too large: at most \"{most}\"");
                return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, rule));
            }
        };
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let parts = multipart::parts(content_type.unwrap_or_default(), &bytes);
        let Some(parts) = parts else {
            let rule = "this is no form with a file";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, rule));
        };
        let parts = parts.into_iter();
        let upload = Self(
            parts
                .map(|part| (part.name, part.content.to_vec()))
                .collect(),
        );
        if form::has_token(request, &upload.text(form::TOKEN)) {
            Ok(upload)
        } else {
            Err(form::not_ours())
        }
    }

    /// What a file holds, or a field; empty when it is lacking.
    pub(super) fn content(&self, name: &str) -> &[u8] {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or(&[], |(_, content)| content)
    }

    /// A field, without space around it.
    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.content(name))
            .trim()
            .to_owned()
    }
}
