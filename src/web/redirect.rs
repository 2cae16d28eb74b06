//! HTTP: nothing but the way to HTTPS, under the configured name, whatever name the client used; and, while a certificate is
//! requested, exactly what the directory asks. A machine that is being set up has no name yet; there it is the client's.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::appliance::acme::Challenges;

/// Where it leads.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// To the address people know: `https://name`.
    Name(String),
    /// To the host that the client names, at this port.
    Host(u16),
}

impl Target {
    fn address(&self, request: &HttpRequest) -> String {
        match self {
            Self::Name(address) => address.clone(),
            Self::Host(port) => {
                let asked = request.headers().get(header::HOST);
                let asked = asked
                    .and_then(|host| host.to_str().ok())
                    .unwrap_or_default();
                let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
                let asked = if asked.bytes().all(of_host) {
                    asked
                } else {
                    ""
                };
                // An IPv6 address has colons of its own, in brackets.
                let end = asked
                    .rfind(':')
                    .filter(|colon| !asked.get(*colon..).is_some_and(|port| port.contains(']')));
                let host = asked.get(..end.unwrap_or(asked.len())).unwrap_or_default();
                match port {
                    443 => format!("https://{host}"),
                    port => format!("https://{host}:{port}"),
                }
            }
        }
    }
}

/// What this door knows.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    /// Where it leads.
    pub(super) target: Target,
    /// Answers to a directory.
    pub(super) challenges: Challenges,
}

/// Redirects to the same path, or answers the directory.
pub(super) async fn to_https(request: HttpRequest, plain: web::Data<Plain>) -> HttpResponse {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", actix_web::http::uri::PathAndQuery::as_str);
    if request.method() == Method::GET
        && let Some(answer) = plain.challenges.answer(path)
    {
        return HttpResponse::Ok()
            .content_type("application/octet-stream")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONNECTION, "close"))
            .body(answer);
    }
    let address = plain.target.address(&request);
    let location = if path.starts_with('/') {
        format!("{address}{path}")
    } else {
        address
    };
    // What is only so until the machine has a name must not be remembered.
    let mut builder = match plain.target {
        Target::Name(_) => HttpResponse::PermanentRedirect(),
        Target::Host(_) => HttpResponse::TemporaryRedirect(),
    };
    builder
        .insert_header((header::LOCATION, location))
        .insert_header((header::CONNECTION, "close"))
        .finish()
}
