//! `parvis gateway secret NAME`: gives a gateway a new secret.

use std::path::Path;

use chrono::TimeDelta;
use clap::Subcommand;

use super::{actor, local, open};
use crate::actions::replace_secret::replace_blocking;
use crate::domain::gateway::Proof;
use crate::persistence::secrets;

/// The longest overlap, in hours.
const A_YEAR: i64 = 24 * 365;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a new secret and print it: it is shown this once and kept as a digest only.
    Secret {
        /// The gateway.
        name: String,
        /// Hours for which the secrets there were stay good, so that sensors can be changed one by one; a year at most.
        #[arg(
            long,
            default_value_t = 24,
            allow_negative_numbers = true,
            value_parser = clap::value_parser!(i64).range(0..=A_YEAR)
        )]
        overlap_hours: i64,
    },
    /// List the gateways, their addresses and since when their secrets are good.
    List,
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let now = parvis.clock.now();
    match command {
        Command::Secret {
            name,
            overlap_hours,
        } => {
            let overlap = TimeDelta::hours(*overlap_hours);
            let secret = replace_blocking(&parvis.database, &actor()?, name, overlap, now)?;
            println!("{secret}");
        }
        Command::List => {
            let campus = parvis.campus();
            let address = parvis.settings.web.public_address();
            let mut gateways: Vec<_> = campus.gateways.values().collect();
            gateways.sort_by(|one, other| one.gateway.name.cmp(&other.gateway.name));
            for known in gateways {
                let gateway = &known.gateway;
                let secret = match &gateway.proof {
                    Proof::Bearer => "as bearer token".to_owned(),
                    Proof::Basic { user } => format!("as password of user {user}"),
                    Proof::Header { name } => format!("in header {name}"),
                    Proof::Path => "as last part of the address".to_owned(),
                };
                println!(
                    "{}  {}  {address}/ingest/{}  secret {secret}",
                    gateway.name, gateway.family, gateway.name
                );
                for secret in parvis
                    .database
                    .read_blocking(|view| secrets::of_gateway(view, known.id))?
                {
                    let until = secret.until.map_or_else(String::new, |until| {
                        format!(", good until {}", local(until, campus.zone()))
                    });
                    let since = local(secret.created_at, campus.zone());
                    println!("    secret of {since}{until}");
                }
            }
        }
    }
    Ok(())
}
