//! The doors: HTTPS for everybody, HTTP that only redirects, and a unix socket for processes of this machine.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{Extensions, HttpService};
use actix_server::{Server, ServerHandle};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::{TcpStream, UnixStream};
use actix_web::{App, web};
use nix::sys::socket::{setsockopt, sockopt};
use openssl::ssl::Ssl;

use super::handoff::{Connection, Tls};
use super::services::Services;
use super::{local, redirect, routes, tls};
use crate::error::Error;

/// A client must finish its handshake, and later the head of each request, within this time.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);

/// An idle connection is kept this long for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What is sent and not acknowledged for this long is lost: the client is gone.
const GONE_AFTER_MILLISECONDS: u32 = 12_000;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4_096;

/// Connections a worker holds at the most; streams are not among them.
const CONNECTIONS: usize = 10_000;

/// Seconds that requests may take to end when the service stops.
const STOP_SECONDS: u64 = 3;

/// Doors that are open.
pub struct Running {
    /// Where HTTPS is answered.
    pub https: SocketAddr,
    /// Where HTTP is redirected.
    pub http: SocketAddr,
    services: Arc<Services>,
    handle: ServerHandle,
    ended: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Lets requests end, closes all streams and stops.
    pub async fn stop(self) {
        self.services.close_streams();
        self.handle.stop(true).await;
        let _ = self.ended.await;
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .or_else(|error| match address {
            // A machine without IPv6.
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => TcpListener::bind(("0.0.0.0", v6.port())).map_err(|_| error),
            SocketAddr::V4(_) | SocketAddr::V6(_) => Err(error),
        })
        .map_err(|error| Error::Conflict(format!("cannot listen on {address}: {error}")))
}

fn listen_locally(path: &std::path::Path) -> Result<UnixListener, Error> {
    let refused = |error: std::io::Error| Error::Conflict(format!("cannot listen on {}: {error}", path.display()));
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(refused)?;
    }
    // A socket left behind by a killed process; a living one would hold the recorder's lock, which we have.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(refused(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(refused)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(refused)?;
    Ok(listener)
}

/// Opens the doors. Must run on an actix runtime.
///
/// # Errors
/// When an address is taken or the certificate cannot be used.
pub fn start(services: &Arc<Services>) -> Result<Running, Error> {
    let settings = &services.parvis.settings.web;
    let acceptor = tls::acceptor(&settings.certificate, &settings.key)?;
    let (https, http) = (listen(settings.https)?, listen(settings.http)?);
    let addresses = (https.local_addr().map_err(Error::internal)?, http.local_addr().map_err(Error::internal)?);
    let local = listen_locally(&settings.local_socket)?;
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        workers => workers,
    };
    let app = {
        let services = Arc::clone(services);
        move || {
            let services = web::Data::from(Arc::clone(&services));
            let app = App::new().app_data(services).configure(routes::public);
            map_config(app.into_factory(), |_| AppConfig::default())
        }
    };
    let local_app = {
        let services = Arc::clone(services);
        move || {
            let app = App::new().app_data(web::Data::from(Arc::clone(&services))).configure(routes::local);
            map_config(app.into_factory(), |_| AppConfig::default())
        }
    };
    let to = settings.public_address();
    let redirect_app = move || {
        let app = App::new().app_data(web::Data::new(redirect::Target(to.clone()))).configure(routes::redirect);
        map_config(app.into_factory(), |_| AppConfig::default())
    };
    let server = Server::build()
        .workers(workers)
        .backlog(BACKLOG)
        .max_concurrent_connections(CONNECTIONS)
        .shutdown_timeout(STOP_SECONDS)
        .disable_signals()
        .listen("https", https, move || {
            let acceptor = acceptor.clone();
            let handshake = fn_service(move |tcp: TcpStream| {
                let acceptor = acceptor.clone();
                async move {
                    let peer = tcp.peer_addr().ok();
                    // Small answers at once, and no hour-long wait for a client that lost its network.
                    let _ = tcp.set_nodelay(true);
                    let _ = setsockopt(&tcp, sockopt::TcpUserTimeout, &GONE_AFTER_MILLISECONDS);
                    let ssl = Ssl::new(acceptor.context()).map_err(drop)?;
                    let mut tls = Tls::new(ssl, tcp).map_err(drop)?;
                    let accepted = tokio::time::timeout(REQUEST_PATIENCE, Pin::new(&mut tls).accept());
                    accepted.await.map_err(drop)?.map_err(drop)?;
                    Ok::<_, ()>((Connection::new(tls), peer))
                }
            });
            let http = HttpService::build()
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(REQUEST_PATIENCE)
                .client_disconnect_timeout(Duration::from_secs(1))
                .on_connect_ext(|connection: &Connection, extensions: &mut Extensions| {
                    extensions.insert(connection.handle());
                })
                .h1(app());
            handshake.and_then(http.map_err(drop))
        })
        .and_then(|server| {
            server.listen("http", http, move || {
                HttpService::build().client_request_timeout(REQUEST_PATIENCE).keep_alive(Duration::ZERO).h1(redirect_app()).tcp()
            })
        })
        .and_then(|server| {
            server.listen_uds("local", local, move || {
                fn_service(|socket: UnixStream| async move { Ok::<_, actix_http::error::DispatchError>((socket, None)) })
                    .and_then(HttpService::build().h1(local_app()))
            })
        })
        .map_err(Error::internal)?
        .run();
    let handle = server.handle();
    let ended = actix_web::rt::spawn(server);
    local::announce_socket(&settings.local_socket);
    Ok(Running { https: addresses.0, http: addresses.1, services: Arc::clone(services), handle, ended })
}
