//! All routes, read from top to bottom.

use actix_web::guard::{Any, Get, Head};
use actix_web::http::{Method, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route};

use super::api::{history, live, me, openapi, places, recounts, spaces};
use super::headers::{self, Kind};
use super::services::Services;
use super::{
    account, admin, assets, failure, health, ingest, local as local_door, metrics, pages,
    redirect as redirection, security, security_contact, set_up,
};

/// What everybody reaches over HTTPS. What is asked most stands first; what could be a language stands last.
pub(super) fn public(config: &mut ServiceConfig) {
    config
        .configure(sensors_and_programs)
        .configure(visitors)
        .configure(people)
        .service(
            web::scope("/admin")
                .configure(staff)
                .configure(operators)
                .default_service(web::route().to(failure::no_route)),
        )
        .configure(visitors_in_a_language)
        .default_service(web::route().to(failure::no_route));
}

fn sensors_and_programs(config: &mut ServiceConfig) {
    config
        .service(taking("/ingest/{gateway}", ingest::deliver))
        .service(taking(
            "/ingest/{gateway}/{secret}",
            ingest::deliver_with_secret,
        ))
        .service(open("/api/v1/spaces", spaces::list))
        .service(open("/api/v1/spaces.geojson", places::geojson))
        .service(open("/api/v1/sites.jsonld", places::jsonld))
        .service(open("/api/v1/spaces/{slug}", spaces::show))
        .service(open("/api/v1/spaces/{slug}/history", history::show))
        .service(taking("/api/v1/spaces/{slug}/recounts", recounts::make))
        .service(open("/api/v1/openapi.json", openapi::show))
        .service(streaming("/api/v1/live", live::watch))
        .service(showing("/api/v1/me", me::show))
        // Operators
        .service(showing("/health/live", health::live))
        .service(showing("/health/ready", health::ready))
        .service(showing("/.well-known/security.txt", security_contact::show));
}

/// Browsers of anybody.
fn visitors(config: &mut ServiceConfig) {
    config
        .service(showing("/assets/{name}", assets::show))
        .service(showing("/favicon.ico", pages::icon))
        .service(showing("/pictures/{digest}.jpg", pages::picture::show))
        .service(streaming("/live/{part}", pages::live::watch))
        .service(showing("/", pages::home::show))
        .service(showing("/spaces/{slug}", pages::space::show))
        .service(showing("/screens/{slug}", pages::screen::show))
        .service(showing("/widgets/{slug}.svg", pages::widget::image))
        .service(showing("/widgets/{slug}", pages::widget::show));
}

/// The same pages, with the language in their address.
fn visitors_in_a_language(config: &mut ServiceConfig) {
    config
        .service(showing("/{language}", pages::home::show))
        .service(showing("/{language}/spaces/{slug}", pages::space::show))
        .service(showing("/{language}/screens/{slug}", pages::screen::show))
        .service(showing(
            "/{language}/widgets/{slug}.svg",
            pages::widget::image,
        ))
        .service(showing("/{language}/widgets/{slug}", pages::widget::show));
}

/// People who sign in, and what they see of themselves.
fn people(config: &mut ServiceConfig) {
    config
        .service(showing("/sign-in", pages::sign_in::show))
        .service(taking("/sign-in/local", pages::sign_in::local::send))
        .service(both(
            "/sign-in/second",
            pages::sign_in::second::show,
            pages::sign_in::second::send,
        ))
        .service(taking(
            "/sign-in/passkey/begin",
            pages::sign_in::passkey::begin,
        ))
        .service(taking("/sign-in/passkey", pages::sign_in::passkey::send))
        .service(both(
            "/invitation/{secret}",
            pages::sign_in::invitation::show,
            pages::sign_in::invitation::send,
        ))
        .service(showing("/sign-in/{key}", pages::sign_in::provider::start))
        .service(showing(
            "/sign-in/{key}/callback",
            pages::sign_in::provider::callback,
        ))
        .service(taking(
            "/sign-in/{key}/back-channel",
            pages::sign_in::provider::back_channel,
        ))
        .service(taking("/sign-out", pages::sign_in::out))
        .service(showing("/signed-out", pages::sign_in::provider::signed_out))
        .service(showing("/me", account::show))
        .service(showing("/me/security", security::show))
        .service(taking("/me/password", security::password))
        .service(taking("/me/confirm", security::confirm))
        .service(taking("/me/codes", security::codes))
        .service(taking("/me/passkeys/begin", security::begin_passkey))
        .service(taking("/me/passkeys", security::passkeys))
        .service(taking("/me/not-me", security::not_me))
        .service(taking("/me/sessions", account::end_sessions))
        .service(taking("/me/tokens", account::tokens))
        .service(taking("/me/accounts", account::unlink))
        .service(taking("/me/accounts/{key}", pages::sign_in::provider::link));
}

/// Staff, below `/admin`.
fn staff(config: &mut ServiceConfig) {
    config
        .service(showing("", admin::home))
        .service(both("/people", admin::people, admin::add_person))
        .service(both(
            "/people/{id:[0-9]{1,9}}",
            admin::person,
            admin::change_person,
        ))
        .service(taking(
            "/people/{id:[0-9]{1,9}}/account",
            admin::change_account,
        ))
        .service(taking("/see-as", admin::see_as))
        .service(both(
            "/institution",
            admin::institution,
            admin::take_institution,
        ))
        .service(both("/new/site", admin::new_site, admin::take_new_site))
        .service(both(
            "/new/gateway",
            admin::new_gateway,
            admin::take_new_gateway,
        ))
        .service(both(
            "/exceptional-days",
            admin::exceptional_days,
            admin::take_exceptional_days,
        ))
        .service(showing("/sites/{site}", admin::site_page))
        .service(both(
            "/sites/{site}/spaces",
            admin::new_space,
            admin::take_new_space,
        ))
        .service(both(
            "/sites/{site}/passages",
            admin::new_passage,
            admin::take_new_passage,
        ))
        .service(both(
            "/sites/{site}/capacities",
            admin::capacities,
            admin::take_capacities,
        ))
        .service(both(
            "/sites/{site}/notices",
            admin::notices,
            admin::take_notice,
        ))
        .service(both(
            "/sites/{site}/pictures",
            admin::pictures,
            admin::take_picture,
        ))
        .service(both(
            "/sites/{site}/{aspect}",
            admin::site,
            admin::take_site,
        ))
        .service(both(
            "/spaces/{slug}/recount",
            admin::recount,
            admin::take_recount,
        ))
        .service(both(
            "/spaces/{slug}/{aspect}",
            admin::space,
            admin::take_space,
        ))
        .service(both("/passages", admin::passage, admin::take_passage))
        .service(taking("/pictures/{id:[0-9]{1,9}}", admin::change_picture))
        .service(taking("/notices/{id:[0-9]{1,9}}", admin::change_notice))
        .service(showing("/gateways", admin::gateways))
        .service(showing("/gateways/{name}", admin::gateway_page))
        .service(both(
            "/gateways/{name}/edit",
            admin::gateway,
            admin::take_gateway,
        ))
        .service(taking("/gateways/{name}/secret", admin::replace_secret))
        .service(showing("/sensors", admin::sensors))
        .service(both("/sensors/adopt", admin::adopt, admin::take_adopted))
        .service(both("/sensors/edit", admin::sensor, admin::take_sensor))
        .service(both("/channels", admin::channel, admin::take_channel))
        .service(both(
            "/issuers",
            admin::issuers::all,
            admin::issuers::change,
        ))
        .service(showing("/issuers/new", admin::issuers::new))
        .service(both(
            "/issuers/{key}",
            admin::issuers::show,
            admin::issuers::change,
        ))
        .service(showing("/audit", admin::audit))
        .service(showing("/audit.csv", admin::export_audit));
}

/// Those of staff who look after the machine, below `/admin`.
fn operators(config: &mut ServiceConfig) {
    config
        .service(showing("/ports", admin::ports))
        .service(both("/machine", admin::machine, admin::change_machine))
        .service(both("/updates", admin::updates, admin::change_updates))
        .service(taking("/updates/bundle", admin::take_bundle))
        .service(both(
            "/certificate",
            admin::certificate::show,
            admin::certificate::change,
        ))
        .service(taking("/certificate/upload", admin::certificate::upload))
        .service(showing(
            "/certificate/request.csr",
            admin::certificate::request,
        ));
}

/// What processes of this machine reach over the unix socket.
pub(super) fn local(config: &mut ServiceConfig) {
    config
        .app_data(web::JsonConfig::default().limit(local_door::LARGEST))
        .service(showing("/metrics", metrics::show))
        .service(showing("/health/ready", health::ready))
        .service(taking("/hand-in/{gateway}", local_door::hand_in))
        .service(taking("/certificate/take", local_door::take_certificate))
        .service(taking(
            "/certificate/request",
            local_door::request_certificate,
        ))
        .default_service(web::route().to(failure::no_route));
}

/// What everybody reaches over HTTPS while the machine is being set up.
pub(super) fn setting_up(config: &mut ServiceConfig) {
    config
        .service(showing("/health/live", health::live))
        .service(showing("/health/ready", health::ready))
        .service(showing("/assets/{name}", assets::show))
        .service(showing("/favicon.ico", pages::icon))
        .service(both("/set-up", set_up::show, set_up::take))
        .service(taking("/set-up/code", set_up::enter))
        .service(both("/set-up/summary", set_up::summary, set_up::finish))
        .default_service(web::route().to(set_up::not_yet));
}

/// What everybody reaches over HTTPS while the database is not there yet.
pub(super) fn waiting_room(config: &mut ServiceConfig) {
    config
        .service(showing("/health/live", health::live))
        .default_service(web::route().to(failure::not_yet));
}

/// What everybody reaches over HTTP.
pub(super) fn redirect(config: &mut ServiceConfig) {
    config.default_service(web::route().to(redirection::to_https));
}

fn showing<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = web::route().guard(Any(Get()).or(Head())).to(handler);
    web::resource(path)
        .route(route)
        .default_service(refusing("GET, HEAD"))
}

/// What any page may ask for: browsers want to hear so before they send more than the simplest request (Fetch, 4.8).
fn open<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    showing(path, handler).route(web::method(Method::OPTIONS).to(preflight))
}

async fn preflight() -> HttpResponse {
    let mut builder = HttpResponse::NoContent();
    headers::put(&mut builder, Kind::OpenData)
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "*"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

fn streaming<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler))
        .default_service(refusing("GET"))
}

fn taking<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(refusing("POST"))
}

fn both<F, A, G, B>(path: &str, show: F, take: G) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
    G: Handler<B>,
    B: FromRequest + 'static,
    G::Output: Responder + 'static,
{
    let shown = web::route().guard(Any(Get()).or(Head())).to(show);
    web::resource(path)
        .route(shown)
        .route(web::post().to(take))
        .default_service(refusing("GET, HEAD, POST"))
}

fn refusing(allowed: &'static str) -> Route {
    web::route().to(move |request: HttpRequest, services: web::Data<Services>| {
        std::future::ready(failure::wrong_method(&request, &services, allowed))
    })
}
