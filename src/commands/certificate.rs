//! `parvis certificate`: what is served, a new one from the directory, one that was brought, and a request for one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono_tz::Tz;
use clap::Subcommand;

use super::{actor, local, open};
use crate::actions::manage_certificate::{self, Brought};
use crate::appliance::certificate::{Certificates, Files, Notes, ensure, request};
use crate::config::read_bytes;
use crate::domain::certificate::{Facts, Source, renewal_due, warning};
use crate::parvis::Parvis;
use crate::web::block_on;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the certificate in place, and how its renewal does.
    Show,
    /// Request one from the ACME directory now; the running service does it.
    Request,
    /// Check a certificate and serve it.
    Install {
        /// The certificate with its chain, PEM, or a PKCS#12 file; `-` for what comes in.
        certificate: PathBuf,
        /// The key, PEM; not needed with PKCS#12, or for the answer to a request of this machine.
        #[arg(long)]
        key: Option<PathBuf>,
        /// A file with the password of the key or the PKCS#12 file.
        #[arg(long)]
        password_file: Option<PathBuf>,
    },
    /// Print the request (PKCS#10) for an authority; the key is made and kept here.
    Csr {
        /// Make another one, and forget the one that waits.
        #[arg(long)]
        new: bool,
    },
}

pub(super) fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let web = &parvis.settings.web;
    let files = Files::of(&web.certificate, &web.key);
    match command {
        Command::Show => show(&parvis, &files),
        Command::Request => {
            print(
                &ask_service(&parvis, "/certificate/request")?,
                parvis.campus().zone(),
            );
            Ok(())
        }
        Command::Install {
            certificate,
            key,
            password_file,
        } => {
            let brought = brought(&certificate, key.as_deref(), password_file.as_deref())?;
            install(&parvis, files, &brought)
        }
        Command::Csr { new } => {
            let waiting = if new { None } else { request::waiting(&files)? };
            let made = match waiting {
                Some(waiting) => waiting,
                None => made(&parvis, &files)?,
            };
            print!("{made}");
            Ok(())
        }
    }
}

fn made(parvis: &Parvis, files: &Files) -> anyhow::Result<String> {
    let actor = actor()?;
    let made = block_on(manage_certificate::make_request(parvis, files, &actor))?;
    Ok(made)
}

fn print(facts: &Facts, zone: Tz) {
    println!("names        {}", facts.names.join(", "));
    println!("issuer       {}", facts.issuer);
    println!("valid from   {}", local(facts.not_before, zone));
    println!("valid until  {}", local(facts.not_after, zone));
    println!("key          {}", facts.key);
    println!("SHA-256      {}", facts.fingerprint);
}

fn show(parvis: &Parvis, files: &Files) -> anyhow::Result<()> {
    let (choice, facts, notes) = (
        parvis.certificate(),
        files.read()?.facts()?,
        Notes::read(files),
    );
    println!("source       {}", choice.source);
    let zone = parvis.campus().zone();
    print(&facts, zone);
    if choice.source == Source::Acme {
        println!("directory    {}", choice.directory);
        let due = notes.next_try.unwrap_or_else(|| renewal_due(&facts));
        println!("renewal      {}", local(due, zone));
    }
    if let (Some(at), Some(reason)) = (notes.failed_at, notes.reason) {
        println!("last failure {}  {reason}", local(at, zone));
    }
    if let Some(found) = warning(choice.source, &facts, parvis.clock.now()) {
        println!("warning      {}", found.name());
    }
    if request::waiting(files)?.is_some() {
        println!("request      waits for its answer (parvis certificate csr prints it)");
    }
    Ok(())
}

fn brought(
    certificate: &Path,
    key: Option<&Path>,
    password_file: Option<&Path>,
) -> anyhow::Result<Brought> {
    let read = |path: &Path| read_bytes(path).with_context(|| path.display().to_string());
    let password = password_file.map(read).transpose()?.unwrap_or_default();
    let password = String::from_utf8(password).context("the password is no text")?;
    Ok(Brought {
        chain: read(certificate)?,
        key: key.map(read).transpose()?.unwrap_or_default(),
        password: password.trim_end_matches(['\r', '\n']).to_owned(),
    })
}

fn install(parvis: &Parvis, files: Files, brought: &Brought) -> anyhow::Result<()> {
    let actor = actor()?;
    // Before the first start there is nothing to take the place of.
    ensure(&files, &parvis.settings.web.public_name)?;
    let certificates = Certificates::open(files)?;
    let installing = manage_certificate::install(parvis, &certificates, &actor, brought);
    print(&block_on(installing)?, parvis.campus().zone());
    if let Err(error) = ask_service(parvis, "/certificate/take") {
        println!("In place; the service takes it when it next looks or starts ({error:#}).");
    }
    Ok(())
}

/// Asks the running service for something, over its unix socket.
fn ask_service(parvis: &Parvis, path: &str) -> anyhow::Result<Facts> {
    let socket = parvis.settings.web.local_socket.clone();
    let client = reqwest::Client::builder()
        .unix_socket(socket.clone())
        .build()
        .with_context(|| socket.display().to_string())?;
    let asking = async {
        let answer = client.post(format!("http://localhost{path}")).send();
        let answer = answer
            .await
            .context("no service answers on its unix socket")?;
        let status = answer.status();
        Ok((status, answer.text().await?))
    };
    let asked: anyhow::Result<_> = block_on(async { Ok(asking.await) })?;
    let (status, text) = asked?;
    if !status.is_success() {
        bail!("{text}");
    }
    Ok(serde_json::from_str(&text)?)
}
