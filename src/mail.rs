//! How a letter leaves: the only one to speak SMTP.

use std::path::Path;
use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::config::{Mail, MailSecurity};
use crate::error::Error;

/// How long the mail server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The way to the mail server.
pub struct Post {
    relay: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Post {
    /// The way the settings describe; `None` when they name no mail server: letters wait then.
    ///
    /// # Errors
    /// When the sender is no address, the password cannot be read, or the system has no TLS.
    pub fn new(
        settings: &Mail,
        public_name: &str,
        ca_file: Option<&Path>,
    ) -> Result<Option<Self>, Error> {
        let Some(relay) = &settings.relay else {
            return Ok(None);
        };
        let refuse = |field: &str, rule: String| Error::Invalid {
            field: format!("mail.{field}"),
            rule,
        };
        let from = settings
            .from
            .clone()
            .unwrap_or_else(|| format!("parvis@{public_name}"));
        let from: Mailbox = from
            .parse()
            .map_err(|error| refuse("from", format!("\"{from}\" is no address: {error}")))?;
        let encrypted = || encrypted(relay, ca_file);
        let tls = match settings.security {
            MailSecurity::Tls => Tls::Wrapper(encrypted()?),
            MailSecurity::Starttls => Tls::Required(encrypted()?),
            MailSecurity::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(relay)
            .tls(tls)
            .port(settings.port())
            .timeout(Some(PATIENCE));
        if let (Some(user), Some(file)) = (&settings.user, &settings.password_file) {
            let password = std::fs::read_to_string(file).map_err(|error| {
                refuse(
                    "password_file",
                    format!("{} cannot be read: {error}", file.display()),
                )
            })?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Some(Self {
            relay: builder.build(),
            from,
        }))
    }

    /// Hands a letter over.
    ///
    /// # Errors
    /// Why the mail server does not take it, in its own words where it has some.
    pub async fn hand_over(
        &self,
        recipient: &str,
        subject: &str,
        body: String,
    ) -> Result<(), String> {
        let to: Mailbox = recipient
            .parse()
            .map_err(|error| format!("the address: {error}"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|error| error.to_string())?;
        self.relay
            .send(message)
            .await
            .map(drop)
            .map_err(|error| Error::internal(error).chain())
    }
}

/// TLS to a mail server whose certificate the system trusts, or the authorities of a file.
fn encrypted(relay: &str, ca_file: Option<&Path>) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(relay.to_owned());
    if let Some(file) = ca_file {
        let refuse = |error: String| Error::Invalid {
            field: "auth.ca_file".to_owned(),
            rule: format!("{}: {error}", file.display()),
        };
        let text = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
        let certificates = openssl::x509::X509::stack_from_pem(&text)
            .map_err(|error| refuse(error.to_string()))?;
        for certificate in certificates {
            let pem = certificate.to_pem().map_err(Error::internal)?;
            let certificate =
                Certificate::from_pem(&pem).map_err(|error| refuse(error.to_string()))?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(Error::internal)
}
