//! Deciding something for the machine itself: it holds from the next start of the service on.

use std::path::PathBuf;

use crate::domain::set_up::Mail;
use crate::error::Error;
use crate::parvis::Parvis;

/// The file with the password of the mail server, beside the decisions.
const MAIL_PASSWORD: &str = "mail.password";

/// Decides how mail is sent; returns the file with the password, where there is one.
///
/// # Errors
/// When it cannot be written.
pub fn decide_mail(parvis: &Parvis, mail: &Mail) -> Result<Option<PathBuf>, Error> {
    let password = mail.password.as_ref().filter(|_| mail.relay.is_some());
    let file = password.map(|password| parvis.keep_secret(MAIL_PASSWORD, password.as_bytes()));
    let file = file.transpose()?;
    let path = file.as_ref().map(|path| path.display().to_string());
    parvis.decide(|decisions| {
        decisions.decide("mail", None::<String>);
        if let Some(relay) = &mail.relay {
            let security = mail.security.as_deref().unwrap_or("starttls");
            decisions.decide("mail.relay", Some(relay.as_str()));
            decisions.decide("mail.security", Some(security));
            decisions.decide("mail.port", mail.port);
            decisions.decide("mail.user", mail.user.as_deref());
            decisions.decide("mail.password_file", path.as_deref());
            decisions.decide("mail.from", mail.from.as_deref());
        }
    })?;
    Ok(file)
}
