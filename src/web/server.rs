//! The doors: HTTPS for everybody, HTTP that only redirects, and a unix socket for processes of this machine.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory as _, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::dev::AppConfig;
use actix_web::rt::net::{TcpStream, UnixStream};
use actix_web::{App, web};
use nix::sys::socket::{Backlog, setsockopt, sockopt};
use openssl::ssl::Ssl;

use super::handoff::{Connection, Tls};
use super::services::Services;
use super::{redirect, routes};
use crate::appliance::certificate::Certificates;
use crate::appliance::systemd;
use crate::config::Web;
use crate::error::Error;

/// A client must finish its handshake, and later the head of each request, within this time.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);

/// An idle connection is kept this long for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What is sent and not acknowledged for this long is lost: the client is gone.
const GONE_AFTER_MILLISECONDS: u32 = 12_000;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4_096;

/// Connections a worker holds at the most; streams are not among them.
const CONNECTIONS: usize = 10_000;

/// Seconds that requests may take to end when the service stops.
const STOP_SECONDS: u64 = 2;

/// The addresses, taken; nobody is answered yet.
pub struct Doors {
    https: TcpListener,
    http: TcpListener,
    certificates: Arc<Certificates>,
}

/// Doors that are open.
pub struct Running {
    handle: ServerHandle,
    ended: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Lets requests end and stops. Streams are closed by [`Services::close_streams`].
    pub async fn stop(self) {
        self.handle.stop(true).await;
        let _ = self.ended.await;
    }

    /// Stops at once: nobody waits for more than an answer from memory.
    pub async fn end(self) {
        self.handle.stop(false).await;
        let _ = self.ended.await;
    }
}

/// Runs a service on the runtime that its doors need, until it ends.
///
/// # Errors
/// What the service returns.
pub fn block_on<T>(service: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    actix_web::rt::System::new().block_on(service)
}

fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let listener = bind(address)?;
    // The standard library lets 128 wait; after a restart everybody comes back at once.
    let backlog = Backlog::new(BACKLOG).map_err(Error::internal)?;
    nix::sys::socket::listen(&listener, backlog).map_err(Error::internal)?;
    Ok(listener)
}

fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .or_else(|error| match address {
            // A machine without IPv6.
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                TcpListener::bind(("0.0.0.0", v6.port())).map_err(|_| error)
            }
            SocketAddr::V4(_) | SocketAddr::V6(_) => Err(error),
        })
        .map_err(|error| Error::Conflict(format!("cannot listen on {address}: {error}")))
}

fn listen_locally(path: &std::path::Path) -> Result<UnixListener, Error> {
    let refused = |error: std::io::Error| {
        Error::Conflict(format!("cannot listen on {}: {error}", path.display()))
    };
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
    log::info!("local: metrics and hand-in on {}", path.display());
    Ok(listener)
}

impl Doors {
    /// Takes the addresses, those that systemd handed over first.
    ///
    /// # Errors
    /// When an address is taken.
    pub fn take(settings: &Web, certificates: Arc<Certificates>) -> Result<Self, Error> {
        let https = systemd::listener("https")?.map_or_else(|| listen(settings.https), Ok)?;
        let http = systemd::listener("http")?.map_or_else(|| listen(settings.http), Ok)?;
        Ok(Self {
            https,
            http,
            certificates,
        })
    }

    /// Where HTTPS is and will be answered.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        self.https.local_addr().map_err(Error::internal)
    }

    /// Answers that the service is not ready, until the doors are opened. Must run on an actix runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn ask_to_wait(&self) -> Result<Running, Error> {
        let app = || {
            map_config(
                App::new().configure(routes::waiting_room).into_factory(),
                |()| AppConfig::default(),
            )
        };
        let https = self.https.try_clone().map_err(Error::internal)?;
        let certificates = Arc::clone(&self.certificates);
        let server = Server::build()
            .workers(1)
            .shutdown_timeout(1)
            .disable_signals()
            .listen("waiting room", https, move || {
                let http = HttpService::build().h1(app());
                handshakes(Arc::clone(&certificates)).and_then(http.map_err(drop))
            })
            .map_err(Error::internal)?;
        Ok(run(server))
    }

    /// Opens the doors. Must run on an actix runtime.
    ///
    /// # Errors
    /// When the unix socket cannot be made.
    pub fn open(self, services: &Arc<Services>) -> Result<Running, Error> {
        let settings = &services.parvis.settings.web;
        let local = listen_locally(&settings.local_socket)?;
        let workers = match settings.workers {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            workers => workers,
        };
        let data = web::Data::from(Arc::clone(services));
        let is_being_set_up = services.is_being_set_up;
        let app = {
            let data = data.clone();
            move || {
                let routes = if is_being_set_up {
                    routes::setting_up
                } else {
                    routes::public
                };
                let app = App::new().app_data(data.clone()).configure(routes);
                map_config(app.into_factory(), |()| AppConfig::default())
            }
        };
        let local_app = move || {
            let app = App::new().app_data(data.clone()).configure(routes::local);
            map_config(app.into_factory(), |()| AppConfig::default())
        };
        let target = if is_being_set_up {
            let port = settings.public_port.unwrap_or(settings.https.port());
            redirect::Target::Host(port)
        } else {
            redirect::Target::Name(settings.public_address())
        };
        let plain = web::Data::new(redirect::Plain {
            target,
            challenges: self.certificates.challenges.clone(),
        });
        let redirect_app = move || {
            let app = App::new()
                .app_data(plain.clone())
                .configure(routes::redirect);
            map_config(app.into_factory(), |()| AppConfig::default())
        };
        let certificates = self.certificates;
        let server = Server::build()
            .workers(workers)
            .max_concurrent_connections(CONNECTIONS)
            .shutdown_timeout(STOP_SECONDS)
            .disable_signals()
            .listen("https", self.https, move || {
                let http = HttpService::build()
                    .keep_alive(KEEP_ALIVE)
                    .client_request_timeout(REQUEST_PATIENCE)
                    .client_disconnect_timeout(Duration::from_secs(1))
                    .on_connect_ext(|connection: &Connection, extensions: &mut Extensions| {
                        extensions.insert(connection.handle());
                    })
                    .h1(app());
                handshakes(Arc::clone(&certificates)).and_then(http.map_err(drop))
            })
            .and_then(|server| {
                server.listen("http", self.http, move || {
                    let http = HttpService::build().client_request_timeout(REQUEST_PATIENCE);
                    http.keep_alive(Duration::ZERO).h1(redirect_app()).tcp()
                })
            })
            .and_then(|server| {
                server.listen_uds("local", local, move || {
                    fn_service(|socket: UnixStream| async move {
                        Ok::<_, DispatchError>((socket, None))
                    })
                    .and_then(HttpService::build().h1(local_app()))
                })
            })
            .map_err(Error::internal)?;
        Ok(run(server))
    }
}

fn run(server: actix_server::ServerBuilder) -> Running {
    let server = server.run();
    Running {
        handle: server.handle(),
        ended: actix_web::rt::spawn(server),
    }
}

/// From a TCP connection to a TLS connection that can be handed over.
fn handshakes(
    certificates: Arc<Certificates>,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (Connection, Option<SocketAddr>),
    Error = (),
    InitError = (),
> {
    fn_service(move |tcp: TcpStream| {
        let certificates = Arc::clone(&certificates);
        async move {
            let peer = tcp.peer_addr().ok();
            // Small answers at once, and no hour-long wait for a client that lost its network.
            let _ = tcp.set_nodelay(true);
            let _ = setsockopt(&tcp, sockopt::TcpUserTimeout, &GONE_AFTER_MILLISECONDS);
            let ssl = Ssl::new(&certificates.context()).map_err(drop)?;
            let mut tls = Tls::new(ssl, tcp).map_err(drop)?;
            let accepted = tokio::time::timeout(REQUEST_PATIENCE, Pin::new(&mut tls).accept());
            accepted.await.map_err(drop)?.map_err(drop)?;
            Ok((Connection::new(tls), peer))
        }
    })
}
