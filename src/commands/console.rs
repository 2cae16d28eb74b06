//! `parvis console`: what the console of the machine shows: where it is found, by which fingerprint it is known, the code
//! while it is being set up, and how it is.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use nix::ifaddrs::getifaddrs;
use nix::poll::{PollFd, PollFlags, poll};
use openssl::hash::MessageDigest;
use openssl::x509::X509;

use super::menu;
use crate::config::Settings;

/// How often to look again, in milliseconds.
const PAUSE: u16 = 3_000;

/// How long the service may take to say how it is.
const ANSWER: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print it once; without it, it is printed again when something changes, and Enter opens the menu.
    #[arg(long)]
    once: bool,
}

pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.once {
        print!("{}", screen(&Settings::read(config)?));
        return Ok(());
    }
    let mut shown = String::new();
    loop {
        let now = Settings::read(config).map_or_else(
            |error| format!("The settings cannot be used: {error}\n"),
            |settings| screen(&settings),
        );
        if now != shown {
            // A clean screen, as far as the terminal knows how.
            print!("\x1b[2J\x1b[H{now}\n  Enter opens the menu.\n");
            shown = now;
        }
        let input = std::io::stdin();
        let mut asked = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        if poll(&mut asked, PAUSE)? > 0 {
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            menu::at_the_console(config)?;
            shown.clear();
        }
    }
}

fn screen(settings: &Settings) -> String {
    let mut lines = vec![format!(
        "  Parvis {} - {}",
        env!("CARGO_PKG_VERSION"),
        health(settings)
    )];
    let code = std::fs::read_to_string(&settings.appliance.code_file).ok();
    let path = if code.is_some() { "/set-up" } else { "/" };
    let addresses = addresses();
    if addresses.is_empty() {
        lines.push(
            "  No address yet: connect the network, or choose a fixed address in the menu."
                .to_owned(),
        );
    }
    let mut places: Vec<String> = addresses
        .iter()
        .map(|address| settings.web.address_of(&address.to_string()))
        .collect();
    let public = settings.web.public_address();
    if code.is_none() && !places.contains(&public) {
        places.push(public);
    }
    lines.extend(places.iter().map(|place| format!("  {place}{path}")));
    if let Some(print) = fingerprint(&settings.web.certificate) {
        // Two halves, so that a screen of 80 columns holds it.
        let (first, second) = print.split_at(print.len() / 2 + 1);
        lines.push(format!(
            "  Certificate, SHA-256:\n    {first}\n    {second}"
        ));
    }
    if let Ok(key) = std::fs::read_to_string(&settings.appliance.recovery_key_file) {
        lines.push(format!("  Recovery key of the disk, shown until the next restart; keep it apart from the machine:\n    {}", key.trim()));
    }
    if let Some(code) = code {
        lines.push(format!("  Code of the set-up: {}", code.trim()));
    }
    let link = settings
        .appliance
        .code_file
        .with_file_name("administrator-link");
    if let Ok(link) = std::fs::read_to_string(link) {
        lines.push(format!("  The administrator chooses a password here, once, within 48 hours of the set-up:\n    {}", link.trim()));
    }
    format!("\n{}\n", lines.join("\n\n"))
}

/// The addresses by which others reach the machine.
fn addresses() -> Vec<IpAddr> {
    let found = getifaddrs().into_iter().flatten();
    let found = found.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address
            .as_sockaddr_in()
            .map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| {
            address
                .as_sockaddr_in6()
                .map(|address| IpAddr::V6(address.ip()))
        })
    });
    let mut found: Vec<IpAddr> = found
        .filter(|address| !address.is_loopback())
        .filter(
            |address| !matches!(address, IpAddr::V6(address) if address.is_unicast_link_local()),
        )
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn fingerprint(certificate: &Path) -> Option<String> {
    let pem = std::fs::read(certificate).ok()?;
    let digest = X509::from_pem(&pem)
        .ok()?
        .digest(MessageDigest::sha256())
        .ok()?;
    let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    Some(bytes.join(":"))
}

/// What the service says of itself on its own socket. The console asks all day: it says its one line without a client for
/// everything.
fn health(settings: &Settings) -> &'static str {
    let asked = || -> std::io::Result<String> {
        let mut service = UnixStream::connect(&settings.web.local_socket)?;
        service.set_read_timeout(Some(ANSWER))?;
        service.write_all(
            b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )?;
        let mut status = String::new();
        BufReader::new(service).read_line(&mut status)?;
        Ok(status)
    };
    match asked() {
        Ok(status) if status.starts_with("HTTP/1.1 200 ") => "ready",
        Ok(status) if status.starts_with("HTTP/1.1 ") => {
            "not ready: /health/ready says what is lacking"
        }
        Ok(_) | Err(_) => "the service does not answer",
    }
}
