//! The settings of the service: one file, every value with a default, an unknown key refused; what was decided for this
//! machine is laid over it.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::decisions::Decisions;
use super::lines::line_at;
use crate::domain::certificate::Choice;
use crate::domain::release::{Places, Window};
use crate::domain::session::Limits;
use crate::domain::set_up;

/// All settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The file of what set-up and the pages of administration decide for this machine.
    pub decisions: Option<PathBuf>,
    /// What kind of machine this is.
    pub appliance: Appliance,
    /// How people reach the service.
    pub web: Web,
    /// Where facts are kept.
    pub database: Database,
    /// How readings are taken in and how long they are kept.
    pub readings: Readings,
    /// What is logged.
    pub log: Log,
    /// How pages look.
    pub pages: Pages,
    /// How people sign in.
    pub auth: Auth,
    /// How mail is sent.
    pub mail: Mail,
    /// What the firewall of the machine lets pass beside its list of ports.
    pub firewall: Firewall,
    /// Where exchange accounts are decided and hand in.
    pub exchange: Exchange,
    /// Where the certificate comes from.
    pub certificate: Choice,
    /// How releases come in.
    pub update: Update,
}

/// What kind of machine this is.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appliance {
    /// Whether the machine is set up at first boot, and nothing is usable before.
    pub set_up: bool,
    /// Where the code of the set-up stands for the console to show.
    pub code_file: PathBuf,
    /// Where the recovery key of a sealed disk stands for the console to show.
    pub recovery_key_file: PathBuf,
    /// Where the set-up leaves the key of the first operator.
    pub operator_file: PathBuf,
    /// The address of the machine in its network, as it was decided.
    pub network_file: PathBuf,
    /// Where everything about releases lies.
    pub releases: Places,
}

impl Default for Appliance {
    fn default() -> Self {
        Self {
            set_up: false,
            code_file: PathBuf::from("/run/parvis/set-up-code"),
            recovery_key_file: PathBuf::from("/run/parvis-seal/recovery-key"),
            operator_file: PathBuf::from("/var/lib/parvis/first-operator.pub"),
            network_file: PathBuf::from("/var/lib/parvis/network.toml"),
            releases: Places::default(),
        }
    }
}

/// How people reach the service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// The host name of links and redirects, without port.
    pub public_name: String,
    /// The port people use, where it is not the one of `https`.
    pub public_port: Option<u16>,
    /// Where to listen for HTTPS.
    pub https: SocketAddr,
    /// Where to listen for HTTP, which only redirects.
    pub http: SocketAddr,
    /// The certificate chain and its key, PEM. Made on first start when both are missing.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
    /// The unix socket for local processes: metrics, and readings handed in by commands.
    pub local_socket: PathBuf,
    /// Threads that answer requests; as many as cores when 0.
    pub workers: usize,
    /// Requests for history a minute and source address before 429; live figures come from memory and are not limited.
    pub api_requests_per_minute: u32,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            public_name: "localhost".to_owned(),
            public_port: None,
            https: SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 0], 443)),
            http: SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 0], 80)),
            certificate: PathBuf::from("/var/lib/parvis/certificate.pem"),
            key: PathBuf::from("/var/lib/parvis/key.pem"),
            local_socket: PathBuf::from("/run/parvis/parvis.sock"),
            workers: 0,
            api_requests_per_minute: 1200,
        }
    }
}

impl Web {
    /// The address people know: `https://name`, with the port where it is not 443.
    #[must_use]
    pub fn public_address(&self) -> String {
        self.address_of(&self.public_name)
    }

    /// The same for another name.
    #[must_use]
    pub fn address_of(&self, name: &str) -> String {
        let host = match name.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => name.to_owned(),
        };
        match self.public_port.unwrap_or(self.https.port()) {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }
}

/// Where facts are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// A libpq connection string or address.
    pub url: String,
    /// Connections for pages, the API and tasks; recording has its own.
    pub connections: u32,
    /// For `parvis migrate`, which runs as the owner of the schema: the role that the service runs as, where it is another.
    pub service_role: Option<String>,
    /// For `parvis migrate`: a role that may read places and figures, for statistics of one's own.
    pub reader_role: Option<String>,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "postgres:///parvis?host=/run/postgresql".to_owned(),
            connections: 8,
            service_role: None,
            reader_role: None,
        }
    }
}

/// How readings are taken in and how long they are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Readings {
    /// Days that raw readings are kept; the ledger made of them is kept for ever.
    pub keep_days: u32,
    /// Connections that store readings side by side.
    pub writers: usize,
    /// Readings that may wait to be stored before the door answers 503.
    pub waiting_at_most: usize,
    /// The largest body of a delivery, in bytes.
    pub largest_body: usize,
}

impl Default for Readings {
    fn default() -> Self {
        Self {
            keep_days: 400,
            writers: 4,
            waiting_at_most: 100_000,
            largest_body: 1 << 20,
        }
    }
}

/// What is logged.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: log::LevelFilter,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: log::LevelFilter::Info,
        }
    }
}

/// How pages look.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// A directory of further languages, one `LANGUAGE.ftl` each.
    pub texts: Option<PathBuf>,
}

/// How people sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// The key that seals what must be read again: made at first start, never in the database or its backups.
    pub key_file: PathBuf,
    /// Minutes a session lasts without being used.
    pub idle_minutes: u32,
    /// Hours a session lasts at the most.
    pub absolute_hours: u32,
    /// Seconds that the clock of an identity provider may differ, 0 to 300.
    pub clock_skew_seconds: u16,
    /// The proxy on the way to identity providers.
    pub proxy: Option<String>,
    /// Hosts reached without it.
    pub no_proxy: Vec<String>,
    /// Certificate authorities trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether an identity provider on this very machine may be reached without TLS: for trying out.
    pub plain_loopback_issuers: bool,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            key_file: PathBuf::from("/var/lib/parvis/seal.key"),
            idle_minutes: 60,
            absolute_hours: 12,
            clock_skew_seconds: 60,
            proxy: None,
            no_proxy: Vec::new(),
            ca_file: None,
            plain_loopback_issuers: false,
        }
    }
}

impl Auth {
    /// How long sessions last.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            idle: TimeDelta::minutes(i64::from(self.idle_minutes)),
            absolute: TimeDelta::hours(i64::from(self.absolute_hours)),
        }
    }

    /// How far the clock of an identity provider may be off.
    #[must_use]
    pub fn clock_skew(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.clock_skew_seconds))
    }
}

/// How the mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS after a greeting.
    Starttls,
    /// None: only for a relay on this machine.
    None,
}

impl MailSecurity {
    /// The port that mail servers have for it.
    #[must_use]
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// How mail is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server; no mail is sent without one.
    pub relay: Option<String>,
    /// Its port; the usual one of the security when none is given.
    pub port: Option<u16>,
    /// How it is spoken to.
    pub security: MailSecurity,
    /// The account there.
    pub user: Option<String>,
    /// A file with its password.
    pub password_file: Option<PathBuf>,
    /// The sender; `parvis@` and the public name when none is given.
    pub from: Option<String>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            relay: None,
            port: None,
            security: MailSecurity::Starttls,
            user: None,
            password_file: None,
            from: None,
        }
    }
}

/// How releases come in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Update {
    /// The address below which releases lie; none are looked for without one.
    pub url: String,
    /// Whether they are installed unasked, in the window.
    pub automatic: bool,
    /// The hours of the day in which that may happen, in the institution's time.
    pub window: Window,
    /// Where the notes of a release are; `{version}` stands for its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl Mail {
    /// The port of the mail server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.security.usual_port())
    }

    /// As it was answered in the set-up, with the file that holds the password.
    #[must_use]
    pub fn of(answers: &set_up::Mail, password_file: Option<PathBuf>) -> Self {
        Self {
            relay: answers.relay.clone(),
            port: answers.port.and_then(|port| port.try_into().ok()),
            security: match answers.security.as_deref() {
                Some("tls") => MailSecurity::Tls,
                Some("none") => MailSecurity::None,
                _ => MailSecurity::Starttls,
            },
            user: answers.user.clone(),
            password_file,
            from: answers.from.clone(),
        }
    }
}

/// How far what is configured opens the firewall outwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// To the addresses of configured hosts.
    Hosts,
    /// To the ports of configured hosts, at any address: for a host whose addresses change too often.
    Ports,
}

/// What the firewall of the machine lets pass beside its list of ports.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Firewall {
    /// Networks of the campus: many people behind few addresses, so never banned and not slowed down.
    pub campus_networks: Vec<ipnet::IpNet>,
    /// How far what is configured opens the firewall outwards.
    pub outbound: Reach,
    /// The file in which the service says whom it speaks to beside what the settings name: identity providers.
    pub told: PathBuf,
    /// Whether the service looks every minute for who listens without being on the list of ports: on the appliance, where
    /// nobody else has a reason to.
    pub watches_ports: bool,
}

impl Default for Firewall {
    fn default() -> Self {
        Self {
            campus_networks: Vec::new(),
            outbound: Reach::Hosts,
            told: PathBuf::from("/run/parvis/destinations.json"),
            watches_ports: false,
        }
    }
}

/// Where exchange accounts are decided and hand in.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {
    /// What is decided of them, a directory each.
    pub accounts: PathBuf,
    /// Their files, a directory each.
    pub files: PathBuf,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            accounts: PathBuf::from("/var/lib/parvis/exchange"),
            files: PathBuf::from("/var/lib/parvis-exchange"),
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file cannot be read.
    #[error(
        "settings {path} cannot be read: {cause}; name the file with --config or PARVIS_CONFIG"
    )]
    Unread {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// What was decided cannot be read.
    #[error("decisions {path} cannot be read: {cause}")]
    Decisions {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not settings.
    #[error("{path}:{line}: {rule}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong.
        rule: String,
    },
}

impl Settings {
    /// Reads the settings, with what was decided laid over them.
    ///
    /// # Errors
    /// When a file cannot be read, is not TOML, or holds an unknown key, a value of the wrong kind, or one out of its range.
    pub fn read(path: &Path) -> Result<Self, Unusable> {
        let text = std::fs::read_to_string(path).map_err(|cause| Unusable::Unread {
            path: path.to_owned(),
            cause,
        })?;
        let invalid = |error: toml::de::Error| Unusable::Invalid {
            path: path.to_owned(),
            line: line_at(&text, error.span().map_or(0, |span| span.start)),
            rule: error.message().to_owned(),
        };
        let settings: Self = toml::from_str(&text).map_err(invalid)?;
        if let Some(out) = settings.out_of_range() {
            let (line, rule) = out.told(&text);
            let path = path.to_owned();
            return Err(Unusable::Invalid { path, line, rule });
        }
        match &settings.decisions {
            None => Ok(settings),
            Some(decisions) => {
                let table = toml::from_str(&text).map_err(invalid)?;
                let table = Decisions::read(decisions)?.over(table);
                table.try_into().map_err(invalid)
            }
        }
    }
}

impl Settings {
    /// How releases come in, with what was decided since the settings were read: that holds at once.
    ///
    /// # Errors
    /// When what was decided cannot be read.
    pub fn update_now(&self) -> Result<Update, Unusable> {
        let Some(path) = &self.decisions else {
            return Ok(self.update.clone());
        };
        let invalid = |rule: String| Unusable::Invalid {
            path: path.clone(),
            line: 1,
            rule,
        };
        let own = Table::try_from(&self.update).map_err(|error| invalid(error.to_string()))?;
        let all = Table::from_iter([("update".to_owned(), own.into())]);
        let decided = Decisions::read(path)?.over(all).remove("update");
        let update = decided.map(Update::deserialize).transpose();
        let update = update.map_err(|error| invalid(error.message().to_owned()))?;
        Ok(update.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_defaults_and_an_unknown_key_is_refused() {
        assert_eq!(
            toml::from_str::<Settings>("").unwrap().web.https.port(),
            443
        );
        assert!(
            toml::from_str::<Settings>("[web]\nhttsp = 1")
                .unwrap_err()
                .message()
                .contains("httsp")
        );
    }

    #[test]
    fn the_port_is_told_only_where_it_must_be() {
        let at = |port| {
            Web {
                https: SocketAddr::from(([0, 0, 0, 0], port)),
                ..Web::default()
            }
            .public_address()
        };
        assert_eq!(
            (at(443), at(8443)),
            (
                "https://localhost".to_owned(),
                "https://localhost:8443".to_owned()
            )
        );
    }
}
