//! The set-up as questions on plain lines: an empty line keeps what stands in brackets, `-` empties it.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stdin, stdout};
use std::sync::Arc;

use anyhow::bail;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use serde_json::{Value, json};

use super::kept;
use crate::actions::decide::decide_mail;
use crate::actions::set_up::{self, Seat};
use crate::auth::sealing::Seal;
use crate::config::Mail;
use crate::domain::set_up::Answers;
use crate::mail::Post;
use crate::parvis::Parvis;
use crate::web::block_on;

/// What is asked: where the answer stands, and the question.
const INSTITUTION: &[(&str, &str)] = &[
    ("institution/name/fr", "Name of the institution, in French"),
    ("institution/name/en", "Name of the institution, in English"),
    ("institution/time_zone", "Time zone, such as Europe/Paris"),
    ("institution/security_officer", "Security officer (name)"),
    (
        "institution/security_contact",
        "Where to report flaws (e-mail, https: or tel:)",
    ),
    (
        "web/public_name",
        "Public name of this machine (host name or address)",
    ),
    ("administrator/name", "Administrator (name)"),
    (
        "administrator/login",
        "Administrator (name to sign in with)",
    ),
    (
        "administrator/email",
        "Administrator (e-mail, may be empty)",
    ),
    (
        "administrator/ssh_key",
        "Their public SSH key, as the first operator (may be empty)",
    ),
    ("mail/relay", "Mail server (empty: none)"),
];
const MAIL: &[(&str, &str)] = &[
    (
        "mail/security",
        "Encryption: starttls, tls or none (empty: starttls)",
    ),
    ("mail/port", "Port (empty: the usual one)"),
    ("mail/user", "User name (may be empty)"),
    ("mail/password", "Password (may be empty)"),
    ("mail/from", "Sender (empty: parvis@ and the public name)"),
];
const PROVIDER: &[(&str, &str)] = &[
    ("issuer/name", "Identity provider: name on the button"),
    ("issuer/client_id", "Identity provider: client ID"),
    (
        "issuer/client_secret",
        "Identity provider: client secret (may be empty)",
    ),
];

/// Answers that are not shown.
const SECRETS: [&str; 2] = ["mail/password", "issuer/client_secret"];

/// Asks everything; what was answered is kept at each step.
pub(super) fn ask(parvis: &Arc<Parvis>, seal: &Arc<Seal>) -> anyhow::Result<Answers> {
    println!(
        "An empty line keeps what stands in brackets; - empties it. What you answer is kept at each step."
    );
    let answers = Answers::parse(&kept(parvis, seal)?).unwrap_or_default();
    let mut asking = Asking {
        parvis,
        seal,
        value: json!(answers),
    };
    asking.all(INSTITUTION)?;
    if asking.has("/mail/relay") {
        asking.all(MAIL)?;
        asking.test_mail()?;
    }
    let provider = ("issuer/issuer", "Identity provider: address (empty: none)");
    asking.all(&[provider])?;
    if asking.has("/issuer/issuer") {
        asking.all(PROVIDER)?;
    }
    let certificate = "Certificate: self-made, acme or uploaded (empty: self-made)";
    asking.all(&[("certificate/source", certificate)])?;
    asking.confirmed()
}

struct Asking<'a> {
    parvis: &'a Arc<Parvis>,
    seal: &'a Arc<Seal>,
    value: Value,
}

impl Asking<'_> {
    fn has(&self, pointer: &str) -> bool {
        self.value.pointer(pointer).is_some_and(Value::is_string)
    }

    fn all(&mut self, questions: &[(&str, &str)]) -> anyhow::Result<()> {
        for (path, question) in questions {
            self.one(path, question)?;
        }
        Ok(())
    }

    /// Asks until the answer breaks no rule.
    fn one(&mut self, path: &str, question: &str) -> anyhow::Result<()> {
        let is_secret = SECRETS.contains(&path);
        loop {
            let present = self.value.pointer(&format!("/{path}")).cloned();
            let shown = match present.unwrap_or_default() {
                Value::String(text) if text.is_empty() => String::new(),
                Value::String(_) if is_secret => " [kept]".to_owned(),
                Value::String(text) => format!(" [{text}]"),
                Value::Number(number) => format!(" [{number}]"),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
            };
            match line(&format!("{question}{shown}: "), is_secret)?.as_str() {
                "" => {}
                "-" => self.set(path, Value::Null),
                text if path == "mail/port" => {
                    let Ok(port) = text.parse::<i64>() else {
                        println!("  A port is a number from 1 to 65535.");
                        continue;
                    };
                    self.set(path, json!(port));
                }
                text => self.set(path, json!(text)),
            }
            let wrongs = Answers::parse(&self.value)?.wrongs();
            // The name is one answer in two languages: the second may still come.
            let field = path.strip_suffix("/en").unwrap_or(path);
            // A provider is judged when all is said of it, and a password when it was asked for.
            let is_whole = field != "issuer/issuer" && field != "issuer/name";
            match wrongs
                .into_iter()
                .find(|wrong| wrong.field == field && is_whole)
            {
                Some(wrong) => println!("  {}.", wrong.message),
                None => break,
            }
        }
        block_on(set_up::keep(
            self.parvis,
            self.seal,
            Seat::Console,
            &self.value,
        ))?;
        Ok(())
    }

    fn set(&mut self, path: &str, answer: Value) {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        if let Some(Value::Object(fields)) = self.value.pointer_mut(&format!("/{above}")) {
            if answer.is_null() && above == "institution/name" {
                fields.remove(name);
            } else {
                fields.insert(name.to_owned(), answer);
            }
        }
    }

    fn test_mail(&self) -> anyhow::Result<()> {
        let answers = Answers::parse(&self.value)?;
        let Some(recipient) = &answers.administrator.email else {
            return Ok(());
        };
        if line(
            &format!("Send a test message to {recipient}? [y/N]: "),
            false,
        )? != "y"
        {
            return Ok(());
        }
        let file = decide_mail(self.parvis, &answers.mail)?;
        let ca_file = self.parvis.settings.auth.ca_file.as_deref();
        let post = Post::new(
            &Mail::of(&answers.mail, file),
            &answers.web.public_name,
            ca_file,
        )?;
        let Some(post) = post else { return Ok(()) };
        let text = "This message shows that the machine can send mail.".to_owned();
        let sent = block_on(async { Ok(post.hand_over(recipient, "Test message", text).await) })?;
        match sent {
            Ok(()) => println!("  The mail server took it."),
            Err(why) => println!("  It was not sent: {why}"),
        }
        Ok(())
    }

    /// Shows everything, and asks whether it is meant.
    fn confirmed(&self) -> anyhow::Result<Answers> {
        let answers = Answers::parse(&self.value)?;
        let wrongs = answers.wrongs();
        if !wrongs.is_empty() {
            for wrong in wrongs {
                println!("{}: {}", wrong.field.replace('/', "."), wrong.message);
            }
            bail!("the answers are kept; run parvis setup again to correct them");
        }
        println!("\n{}", toml::to_string(&answers.clone().without_secrets())?);
        if line(
            "Finish the set-up with this? After it the set-up is closed for ever. [yes/no]: ",
            false,
        )? != "yes"
        {
            bail!("nothing was changed; the answers are kept");
        }
        Ok(answers)
    }
}

/// Asks for a line; a secret is not shown while it is typed.
fn line(question: &str, is_secret: bool) -> anyhow::Result<String> {
    print!("{question}");
    stdout().flush()?;
    let is_hidden = is_secret && stdin().is_terminal();
    let shown = is_hidden.then(|| tcgetattr(stdin())).transpose()?;
    if let Some(shown) = &shown {
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(stdin(), SetArg::TCSANOW, &hidden)?;
    }
    let mut text = String::new();
    let read = stdin().lock().read_line(&mut text);
    if let Some(shown) = &shown {
        tcsetattr(stdin(), SetArg::TCSANOW, shown)?;
        println!();
    }
    if read? == 0 {
        bail!("the answers ended; those so far are kept");
    }
    Ok(text.trim().to_owned())
}
