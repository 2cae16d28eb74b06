//! `parvis decode`: what a payload says, for installers and tests. Nothing is stored.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::Serialize;

use crate::domain::gateway::Family;
use crate::domain::mapping::Mapping;
use crate::gateways::{Decoder, Payload};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The family of the payload: xovis-5, xovis-4, chirpstack, things-stack, milesight-vs121 … milesight-vs360, json.
    #[arg(long)]
    gateway: Family,
    /// For network servers: which device it is, such as milesight-vs135; guessed when left out.
    #[arg(long)]
    device: Option<Family>,
    /// The fPort of an uplink. Milesight devices tell the same on every port.
    #[arg(long)]
    port: Option<u8>,
    /// For chirpstack: the kind of event, as in ?event=up.
    #[arg(long)]
    event: Option<String>,
    /// For json: a TOML file with the mapping, as under [gateway.mapping].
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// A file with the payload, its bytes in hexadecimal, or - for standard input.
    #[arg(value_name = "FILE|HEX")]
    payload: String,
}

#[derive(Serialize)]
struct Decoded<'a> {
    family: Family,
    #[serde(flatten)]
    payload: &'a Payload,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let bytes = payload(&arguments.payload, arguments.gateway)?;
    let mapping: Option<Mapping> = match &arguments.mapping {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            let mapping: Mapping =
                toml::from_str(&text).with_context(|| path.display().to_string())?;
            let faults = mapping.faults();
            ensure!(
                faults.is_empty(),
                "{}: {}",
                path.display(),
                faults.join("; ")
            );
            Some(mapping)
        }
        None => None,
    };
    let decoder = Decoder {
        family: arguments.gateway,
        mapping: mapping.as_ref(),
        model_of: &|_| arguments.device,
        event: arguments.event.as_deref(),
    };
    let payload = decoder.decode(&bytes)?;
    println!(
        "{}",
        serde_json::to_string_pretty(&Decoded {
            family: arguments.gateway,
            payload: &payload
        })?
    );
    Ok(())
}

/// The bytes of a payload: a file's, or those written in hexadecimal on the command line or in a file.
fn payload(text: &str, family: Family) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if text == "-" {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else if let Ok(content) = std::fs::read(text) {
        bytes = content;
    } else {
        match hex(text) {
            Some(bytes) => return Ok(bytes),
            None => bail!("\"{text}\" is neither a file nor bytes in hexadecimal"),
        }
    }
    if family.is_device()
        && let Some(decoded) = std::str::from_utf8(&bytes).ok().and_then(hex)
    {
        return Ok(decoded);
    }
    Ok(bytes)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_digit(16))
        .collect::<Option<_>>()?;
    if digits.len() % 2 == 1 {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok())
        .collect()
}
