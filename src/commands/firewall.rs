//! `parvis firewall`: makes the rules, loads them, finds who listens without being on the list of ports, writes the list
//! down for people.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use askama::Template;
use clap::{Args, Subcommand};
use nix::unistd::User;

use crate::appliance::names::{Names, ways};
use crate::appliance::{firewall, listeners};
use crate::clock::Clock;
use crate::config::{Reach, Settings};
use crate::domain::ports::{Destination, List, To};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the rules as nftables reads them.
    Render(Arguments),
    /// Load the rules, if they changed. Rules that nftables refuses leave those in force.
    Load(Arguments),
    /// Find who listens on the network at a port that is not on the list: fails when somebody does.
    Check,
    /// Print the list of ports as documentation.
    Document,
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Another list of ports than the one Parvis was made with.
    #[arg(long)]
    list: Option<PathBuf>,
    /// Where to remember the addresses of names and the rules in force.
    #[arg(
        long,
        env = "RUNTIME_DIRECTORY",
        default_value = "/run/parvis-firewall"
    )]
    memory: PathBuf,
}

pub(super) fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Render(arguments) => {
            let making = Making::new(config, arguments)?;
            let mut names = making.remembered();
            names.ask(&making.destinations, Clock::System.now());
            print!("{}", making.rules(&names)?);
        }
        Command::Load(arguments) => load(&Making::new(config, arguments)?)?,
        Command::Check => check()?,
        Command::Document => print!("{}", document(&firewall::list()?)?),
    }
    Ok(())
}

/// What rules are made of.
struct Making {
    settings: Settings,
    list: List,
    destinations: BTreeSet<Destination>,
    memory: PathBuf,
}

impl Making {
    fn new(config: &Path, arguments: &Arguments) -> anyhow::Result<Self> {
        let settings = Settings::read(config)?;
        super::logging::for_commands();
        let list = match &arguments.list {
            None => firewall::list()?,
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                text.parse()
                    .map_err(|rule: String| anyhow::anyhow!("{}: {rule}", path.display()))?
            }
        };
        let mut destinations = settings.destinations(&firewall::told(&settings.firewall.told));
        destinations.extend(firewall::name_servers(Path::new(firewall::NAME_SERVERS)));
        Ok(Self {
            settings,
            list,
            destinations,
            memory: arguments.memory.clone(),
        })
    }

    fn remembered(&self) -> Names {
        Names::read(&self.memory.join("names.json"))
    }

    fn rules(&self, names: &Names) -> anyhow::Result<String> {
        let any_address = self.settings.firewall.outbound == Reach::Ports;
        let number = |name: &str| Some(User::from_name(name).ok()??.uid.as_raw());
        let ways = ways(&self.list, &self.destinations, names, any_address, number);
        let campus = &self.settings.firewall.campus_networks;
        Ok(firewall::rules(&self.list, campus, &ways)?)
    }

    fn keep(&self, file: &str, text: &[u8]) -> anyhow::Result<()> {
        let path = self.memory.join(file);
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Loads rules unless they are in force: loading begins the limits of newcomers anew.
    fn load(&self, names: &Names) -> anyhow::Result<()> {
        let rules = self.rules(names)?;
        let in_force = std::fs::read(self.memory.join("policy.nft")).unwrap_or_default();
        if rules.as_bytes() == in_force && firewall::has_policy(&self.list) {
            return Ok(());
        }
        firewall::load(&rules)?;
        self.keep("policy.nft", rules.as_bytes())
    }
}

/// First with the addresses that are remembered, which opens the way to the name servers, then with those they tell.
fn load(making: &Making) -> anyhow::Result<()> {
    std::fs::create_dir_all(&making.memory)
        .with_context(|| format!("{} cannot be made", making.memory.display()))?;
    let mut names = making.remembered();
    making.load(&names)?;
    names.ask(&making.destinations, Clock::System.now());
    making.load(&names)?;
    making.keep("names.json", &serde_json::to_vec(&names)?)
}

fn check() -> anyhow::Result<()> {
    let listening = listeners::all()?;
    let strangers = firewall::list()?.strangers(&listening);
    if strangers.is_empty() {
        println!("Whoever listens on the network is on the list of ports.");
        return Ok(());
    }
    for stranger in &strangers {
        let user = User::from_uid(stranger.user.into()).ok().flatten();
        let user = user.map_or_else(|| stranger.user.to_string(), |user| user.name);
        println!("{} {} of {user}", stranger.protocol, stranger.at);
    }
    bail!(
        "{} not on the list of ports; the firewall lets nobody reach them. Stop what listens: ss -lnptu tells who",
        strangers.len()
    )
}

#[derive(Template)]
#[template(path = "ports.md", escape = "none")]
struct Documentation<'l> {
    list: &'l List,
}

/// The list of ports as documentation.
fn document(list: &List) -> anyhow::Result<String> {
    Ok(Documentation { list }.render()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_of_ports_is_what_the_list_says() {
        let written = include_str!("../../docs/ports.md");
        let made = document(&firewall::list().unwrap()).unwrap();
        assert_eq!(
            written, made,
            "run: parvis firewall document > docs/ports.md"
        );
    }
}
