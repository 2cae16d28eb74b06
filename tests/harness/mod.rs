//! A whole Parvis for a test: the real binary on a database of its own, in a PostgreSQL that lives as long as the tests.

pub(crate) mod people;

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslVerifyMode};
use parvis::appliance::cluster::{Cluster, SERVICE_ROLE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_openssl::SslStream;

/// How long anything that should happen may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A PostgreSQL with a migrated template, from which each test's database is copied. The last test that holds it stops it.
pub(crate) struct Server {
    pub(crate) cluster: Cluster,
    directory: PathBuf,
}

impl Server {
    /// A server of its own, for a test that breaks it.
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "postgres-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let cluster = Cluster::at(&directory).unwrap();
        cluster.start().unwrap();
        cluster.ensure_database("parvis_template").unwrap();
        cluster.ensure_service_role().unwrap();
        let template = cluster.url("parvis_template");
        parvis::persistence::migrate(&template, Some(SERVICE_ROLE), None).unwrap();
        Self { cluster, directory }
    }

    /// The one server of this test binary.
    pub(crate) fn shared() -> Arc<Self> {
        static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut server = SERVER
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        server.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            started.need_not_wait_for_the_disk();
            *server = Arc::downgrade(&started);
            started
        })
    }

    /// Nobody pulls the plug in these tests, so what lies in the system's memory is as good as on the disk, and much faster
    /// there. Tests of durability have a server of their own, which does wait.
    fn need_not_wait_for_the_disk(&self) {
        let mut connection = PgConnection::establish(&self.cluster.url("postgres")).unwrap();
        for statement in ["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"] {
            connection.batch_execute(statement).unwrap();
        }
    }

    /// Whether it answers.
    pub(crate) fn answers(&self) -> bool {
        PgConnection::establish(&self.cluster.url("postgres")).is_ok()
    }

    /// A new database with the schema; returns its address.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::establish(&self.cluster.url("postgres")).unwrap();
        connection
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE parvis_template"))
            .unwrap();
        self.cluster.url(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once: a proper end writes everything down first, for nobody.
        if let Some(process) = self.cluster.process() {
            let process = nix::unistd::Pid::from_raw(process);
            let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGQUIT);
            let since = Instant::now();
            while self.cluster.process().is_some() && since.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A running Parvis.
pub(crate) struct TestParvis {
    /// Keeps its PostgreSQL running.
    _server: Arc<Server>,
    /// Its database.
    pub(crate) database: String,
    /// Its files: settings, certificate, socket, log.
    pub(crate) directory: PathBuf,
    /// `https://HOST:PORT`
    pub(crate) address: String,
    /// A client that trusts its certificate.
    pub(crate) client: Client,
    service: Option<Child>,
}

/// What Parvis answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_default().to_vec();
        Self {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl TestParvis {
    /// Starts with a campus.
    pub(crate) async fn start(campus: &str) -> Self {
        Self::start_with(campus, "").await
    }

    /// Starts with a campus and further settings: lines of `[auth]`, then TOML sections.
    pub(crate) async fn start_with(campus: &str, settings: &str) -> Self {
        let server = Server::shared();
        let database = server.database();
        let mut parvis = Self::prepare(server, database, settings);
        parvis.apply(campus);
        parvis.serve();
        parvis.wait_until_ready().await;
        parvis
    }

    /// Everything but a running service.
    pub(crate) fn prepare(server: Arc<Server>, database: String, settings: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("parvis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        // An address of its own, so that no two services want the same port, and not a port of a demo that runs.
        let host = format!(
            "127.{}.{}.{number}",
            1 + std::process::id() / 250 % 250,
            1 + std::process::id() % 250
        );
        let place = directory.display();
        // The socket's address must be short.
        let socket =
            std::env::temp_dir().join(format!("parvis-test-{}-{number}.sock", std::process::id()));
        let text = format!(
            "[web]\npublic_name = \"{host}\"\nhttps = \"{host}:21443\"\nhttp = \"{host}:21080\"\n\
             certificate = \"{place}/certificate.pem\"\nkey = \"{place}/key.pem\"\nlocal_socket = \"{}\"\nworkers = 2\n\
             [database]\nurl = \"{}\"\n[auth]\nkey_file = \"{place}/seal.key\"\n{settings}",
            socket.display(),
            as_service(&database),
        );
        std::fs::write(directory.join("parvis.toml"), text).unwrap();
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            _server: server,
            database,
            directory,
            address: format!("https://{host}:21443"),
            client,
            service: None,
        }
    }

    /// Makes it a machine that keeps what is decided for it, beside its other files; and one that waits for its set-up.
    pub(crate) fn as_machine(&self, waits_for_set_up: bool) {
        let settings = self.directory.join("parvis.toml");
        let place = self.directory.display();
        let text = std::fs::read_to_string(&settings).unwrap();
        let text = format!(
            "decisions = \"{place}/decided.toml\"\n[appliance]\nset_up = {waits_for_set_up}\n\
             code_file = \"{place}/set-up-code\"\noperator_file = \"{place}/first-operator.pub\"\n\
             network_file = \"{place}/network.toml\"\n{text}"
        );
        std::fs::write(settings, text).unwrap();
    }

    /// Runs a command of the binary.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
        command
            .arg("--config")
            .arg(self.directory.join("parvis.toml"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "parvis {}: {told}",
            arguments.join(" ")
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Describes the campus.
    pub(crate) fn apply(&self, campus: &str) -> String {
        let path = self.write("campus.toml", campus);
        self.run(&["apply", &path])
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A new secret of a gateway, known to a service that runs.
    pub(crate) fn secret(&self, gateway: &str) -> String {
        let secret = self.run(&["gateway", "secret", gateway]).trim().to_owned();
        if self.service.is_some() {
            // It hears what other processes change a tenth of a second later.
            std::thread::sleep(Duration::from_millis(300));
        }
        secret
    }

    /// Starts the service.
    pub(crate) fn serve(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parvis"));
        self.serve_by(command.args(["serve"]));
    }

    /// Starts the service with a command of one's own, which is told where the settings are.
    pub(crate) fn serve_by(&mut self, command: &mut Command) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.join("log"))
            .unwrap();
        let child = command
            .env("PARVIS_CONFIG", self.directory.join("parvis.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.service = Some(child);
    }

    /// The process of the service.
    pub(crate) fn process(&self) -> i32 {
        i32::try_from(self.service.as_ref().unwrap().id()).unwrap()
    }

    /// Whether the service has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        let service = self.service.as_mut();
        service.is_none_or(|service| service.try_wait().unwrap().is_some())
    }

    /// Ends the service without warning.
    pub(crate) fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            let _ = service.kill();
            let _ = service.wait();
        }
    }

    /// Asks the service to stop and returns how long that took.
    pub(crate) fn stop(&mut self) -> Duration {
        let Some(mut service) = self.service.take() else {
            return Duration::ZERO;
        };
        let since = Instant::now();
        let process = nix::unistd::Pid::from_raw(i32::try_from(service.id()).unwrap());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).unwrap();
        let status = service.wait().unwrap();
        assert!(
            status.success(),
            "the service ended with {status}: {}",
            self.log()
        );
        since.elapsed()
    }

    pub(crate) async fn wait_until_ready(&mut self) {
        let since = Instant::now();
        loop {
            let answer = self
                .client
                .get(format!("{}/health/ready", self.address))
                .send()
                .await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended = self
                .service
                .as_mut()
                .and_then(|service| service.try_wait().unwrap());
            assert!(ended.is_none(), "the service ended: {}", self.log());
            assert!(
                since.elapsed() < PATIENCE,
                "the service is not ready: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The last lines of it, for a message.
    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines
            .iter()
            .skip(lines.len().saturating_sub(5))
            .copied()
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// What the service logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(format!("{}{path}", self.address)))
            .await
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    /// Delivers a JSON body to a gateway with a bearer token.
    pub(crate) async fn deliver(&self, gateway: &str, secret: &str, body: &Value) -> Answer {
        let request = self
            .client
            .post(format!("{}/ingest/{gateway}", self.address));
        self.send(
            request
                .bearer_auth(secret)
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
        .await
    }

    /// Its host, an address of its own on the loopback network.
    pub(crate) fn host(&self) -> &str {
        self.address
            .trim_start_matches("https://")
            .trim_end_matches(":21443")
    }

    /// A TLS connection on which a test says what no client library would.
    pub(crate) async fn connect(&self) -> SslStream<TcpStream> {
        self.connect_with(|_| {}).await.unwrap()
    }

    /// A TLS connection of a client with its own ideas, or why there is none.
    pub(crate) async fn connect_with(
        &self,
        ideas: impl FnOnce(&mut SslConnectorBuilder),
    ) -> Result<SslStream<TcpStream>, String> {
        let mut ssl = SslConnector::builder(SslMethod::tls_client()).unwrap();
        ssl.set_verify(SslVerifyMode::NONE);
        ideas(&mut ssl);
        let ssl = ssl.build().configure().unwrap();
        let ssl = ssl.into_ssl(self.host()).unwrap();
        let tcp = TcpStream::connect((self.host(), 21443)).await.unwrap();
        let mut tls = SslStream::new(ssl, tcp).unwrap();
        match Pin::new(&mut tls).connect().await {
            Ok(()) => Ok(tls),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Sends bytes and returns all that comes until the service closes the connection.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut tls = self.connect().await;
        // The service may close before it has read everything.
        let _ = tls.write_all(bytes.as_ref()).await;
        read_to_end(&mut tls).await
    }

    /// What the unix socket answers.
    pub(crate) async fn local(&self, path: &str) -> std::io::Result<String> {
        let settings = std::fs::read_to_string(self.directory.join("parvis.toml"))?;
        let settings: toml::Table = settings.parse().unwrap();
        let socket = settings["web"]["local_socket"].as_str().unwrap();
        let mut stream = UnixStream::connect(socket).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: local\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        Ok(read_to_end(&mut stream).await)
    }

    /// A number of the metrics.
    pub(crate) async fn metric(&self, name: &str) -> Option<f64> {
        let text = self.local("/metrics").await.ok()?;
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// Waits until a metric has a value.
    pub(crate) async fn wait_for_metric(&self, name: &str, value: f64, patience: Duration) {
        let since = Instant::now();
        while self.metric(name).await != Some(value) {
            let now = self.metric(name).await;
            assert!(since.elapsed() < patience, "{name} is {now:?}, not {value}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A space as the API shows it.
    pub(crate) async fn space(&self, slug: &str) -> Value {
        self.get(&format!("/api/v1/spaces/{slug}")).await.json()
    }

    /// Waits until the API shows a number of people.
    pub(crate) async fn wait_for_people(&self, slug: &str, people: i64) -> Value {
        let since = Instant::now();
        loop {
            let space = self.space(slug).await;
            if space["present"] == people {
                return space;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{slug} has {} people, not {people}",
                space["present"]
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until something is so.
    pub(crate) async fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let since = Instant::now();
        while !is_so() {
            assert!(
                since.elapsed() < PATIENCE,
                "{what}: still not; {}",
                self.end_of_log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A connection to its database.
    pub(crate) fn connection(&self) -> PgConnection {
        PgConnection::establish(&self.database).unwrap()
    }

    /// One number from its database.
    pub(crate) fn number(&self, query: &str) -> i64 {
        number(&mut self.connection(), query)
    }

    /// Everything its database holds, every row of every table as text.
    pub(crate) fn everything_stored(&self) -> String {
        self.stored_in("")
    }

    /// Every row, as text, of the tables whose names match a pattern.
    pub(crate) fn stored_in(&self, pattern: &str) -> String {
        let mut connection = self.connection();
        let tables = format!(
            "SELECT string_agg(format('SELECT t::text FROM %I t', tablename), ' UNION ALL ') \
             FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '{pattern}'"
        );
        let tables = text(&mut connection, &tables);
        let rows = format!("SELECT string_agg(row.t, E'\\n' ORDER BY row.t) FROM ({tables}) row");
        text(&mut connection, &rows)
    }
}

/// The address of a database for the role that the service runs as; tests look in as the owner.
fn as_service(database: &str) -> String {
    database.replace("user=parvis ", &format!("user={SERVICE_ROLE} "))
}

/// All that comes before the other side closes.
pub(crate) async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    // A connection that is cut rather than closed has told what it told.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all))
        .await
        .expect("the service keeps the connection open");
    String::from_utf8_lossy(&all).into_owned()
}

/// One text from a database.
pub(crate) fn text(connection: &mut PgConnection, query: &str) -> String {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let query = diesel::sql_query(format!("SELECT ({query}) AS text"));
    let row: Row = diesel::RunQueryDsl::get_result(query, connection).unwrap();
    row.text
}

/// One number from a database.
pub(crate) fn number(connection: &mut PgConnection, query: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let row: Row = diesel::RunQueryDsl::get_result(
        diesel::sql_query(format!("SELECT ({query})::bigint AS number")),
        connection,
    )
    .unwrap();
    row.number
}

impl Drop for TestParvis {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the log of the service is in {}", self.directory.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// A library with two doors, two floors and stairs between them, and a reading room whose sensor sees how many there are.
pub(crate) const LIBRARY: &str = include_str!("library.toml");

/// A package of a Xovis 5 sensor: intervals of one line, as (minutes before `now`, forward, backward), each a minute long.
pub(crate) fn xovis(
    device: &str,
    line: i64,
    now: chrono::DateTime<chrono::Utc>,
    intervals: &[(i64, i64, i64)],
) -> Value {
    let records: Vec<Value> = intervals
        .iter()
        .map(|(ago, forward, backward)| {
            let to = now.timestamp_millis() / 60_000 * 60_000 - ago * 60_000;
            serde_json::json!({ "from": to - 60_000, "to": to, "samples": 1, "samples_expected": 1, "counts": [
                { "id": 2, "name": "fw", "value": forward }, { "id": 3, "name": "bw", "value": backward }] })
        })
        .collect();
    serde_json::json!({ "logics_data": {
        "package_info": { "version": "5.0", "id": 28, "agent_id": 1008 },
        "sensor_info": { "serial_number": device, "type": "SINGLE_SENSOR" },
        "logics": [{ "id": line, "name": "Line", "info": "XLT_LINE_IN_OUT_COUNT", "records": records }],
    }})
}

/// An uplink of a LoRaWAN device as ChirpStack v4 sends it.
pub(crate) fn chirpstack(
    device_eui: &str,
    at: chrono::DateTime<chrono::Utc>,
    bytes: &[u8],
) -> Value {
    use base64::Engine as _;
    serde_json::json!({
        "deduplicationId": format!("{device_eui}-{}", at.timestamp_millis()), "time": at.to_rfc3339(),
        "deviceInfo": { "deviceProfileName": "Sensor", "deviceName": "Sensor", "devEui": device_eui },
        "fPort": 85, "data": base64::engine::general_purpose::STANDARD.encode(bytes),
    })
}
