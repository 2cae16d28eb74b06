//! What can be asked of Parvis on the command line: the place where the parts meet.

/// Takes the place of the standard macro in all commands: that one panics when nobody reads on.
macro_rules! println {
    () => { $crate::commands::output::out(format_args!("\n")) };
    ($($text:tt)*) => { $crate::commands::output::out(format_args!("{}\n", format_args!($($text)*))) };
}

/// As [`println`].
macro_rules! print {
    ($($text:tt)*) => { $crate::commands::output::out(format_args!($($text)*)) };
}

/// As [`println`].
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::commands::output::error(format_args!("{}\n", format_args!($($text)*))) };
}

mod apply;
mod audit;
mod certificate;
mod console;
mod counts_file;
mod counts_mapping;
mod decode;
mod demo;
mod errors;
mod exchange;
mod explain;
mod fetch;
mod firewall;
mod gateway;
mod hand_in;
mod import;
mod issuer;
mod logging;
mod mail;
mod menu;
mod migrate;
mod network;
mod output;
mod person;
mod recount;
mod replay;
mod seal;
mod sensors;
mod serve;
mod set_up;
mod ssh;
mod update;
mod watching;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::domain::reading::Moment;

/// Live occupancy of a campus, on the university's own server.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Cli {
    /// The settings.
    #[arg(
        long,
        global = true,
        env = "PARVIS_CONFIG",
        default_value = "/etc/parvis/parvis.toml"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer on the network.
    Serve,
    /// Set the machine up, by questions or from a file.
    #[command(name = "setup")]
    SetUp(set_up::Arguments),
    /// Show what the console of the machine shows.
    Console(console::Arguments),
    /// Choose from what operators do with the machine.
    Menu,
    /// Give the machine its place in the network.
    Network {
        /// Where it is written down.
        #[arg(long, global = true, default_value = "/var/lib/parvis/network.toml")]
        file: PathBuf,
        #[command(subcommand)]
        command: network::Command,
    },
    /// Fetch what the server of releases offers: for parvis-fetch@.service.
    #[command(hide = true)]
    Fetch(fetch::Arguments),
    /// Bring the database schema to the version of this program.
    Migrate,
    /// Create or change the campus as a file describes it.
    Apply(apply::Arguments),
    /// Print the readings in a payload as JSON, without storing anything.
    Decode(decode::Arguments),
    /// Show the sum that makes a published figure, and compute it again.
    Explain(explain::Arguments),
    /// Tell how many people there are in a space, as a person saw it.
    Recount(recount::Arguments),
    /// List sensors: when they were heard, how they are, what nobody has assigned yet.
    Sensors(sensors::Arguments),
    /// Look after gateways.
    #[command(subcommand)]
    Gateway(gateway::Command),
    /// Connect identity providers.
    #[command(subcommand)]
    Issuer(issuer::Command),
    /// Bring in recorded data.
    #[command(subcommand)]
    Import(import::Command),
    /// Play recorded counts through the live door.
    Replay(replay::Arguments),
    /// Look into the record of changes and sign-ins.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look after people and their accounts.
    #[command(subcommand)]
    Person(person::Command),
    /// Look after accounts that hand in files over SFTP.
    #[command(subcommand)]
    Exchange(exchange::Command),
    /// Look after the disk, where it is sealed to the TPM.
    #[command(subcommand)]
    Seal(seal::Command),
    /// Look after those who come in over SSH.
    #[command(subcommand)]
    Ssh(ssh::Command),
    /// Look after the firewall of the machine.
    #[command(subcommand)]
    Firewall(firewall::Command),
    /// Look after the certificate of the HTTPS door.
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// List the mail that waits to be sent, and why.
    Mail,
    /// List unexpected errors, newest first.
    Errors(errors::Arguments),
    /// Install releases, or go back from one.
    #[command(subcommand)]
    Update(update::Command),
    /// Run a demo campus with simulated sensors, on a database of its own.
    Demo(demo::Arguments),
}

/// Reads the command and runs it.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    if matches!(command, Command::Serve | Command::Demo(_)) {
        output::go_on_unread();
    }
    let result = match command {
        Command::Serve => serve::run(&config),
        Command::SetUp(arguments) => set_up::run(&config, &arguments),
        Command::Console(arguments) => console::run(&config, &arguments),
        Command::Menu => menu::run(&config),
        Command::Network { file, command } => network::run(&file, &command),
        Command::Fetch(arguments) => fetch::run(&arguments),
        Command::Migrate => migrate::run(&config),
        Command::Apply(arguments) => apply::run(&config, &arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Explain(arguments) => explain::run(&config, &arguments),
        Command::Recount(arguments) => recount::run(&config, arguments),
        Command::Sensors(arguments) => sensors::run(&config, &arguments),
        Command::Gateway(command) => gateway::run(&config, &command),
        Command::Issuer(command) => issuer::run(&config, command),
        Command::Import(command) => import::run(&config, &command),
        Command::Replay(arguments) => replay::run(&config, &arguments),
        Command::Audit(command) => audit::run(&config, &command),
        Command::Person(command) => person::run(&config, command),
        Command::Exchange(command) => exchange::run(&config, &command),
        Command::Seal(command) => seal::run(&command),
        Command::Ssh(command) => ssh::run(&config, &command),
        Command::Firewall(command) => firewall::run(&config, &command),
        Command::Certificate(command) => certificate::run(&config, command),
        Command::Mail => mail::run(&config),
        Command::Errors(arguments) => errors::run(&config, &arguments),
        Command::Update(command) => update::run(&config, command),
        Command::Demo(arguments) => demo::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parvis: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A moment as people of the institution read it; programs get UTC, in JSON.
fn local(at: Moment, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// How many there are of a thing: "1 line", "2 lines".
fn counted(count: usize, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{end}")
}

/// Whoever has the machine, under the name of their account: the actor of what commands change.
fn actor() -> anyhow::Result<crate::domain::actor::Actor> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid())?;
    let name = user.map_or_else(|| "operator".to_owned(), |user| user.name);
    Ok(crate::domain::actor::Actor::console(&name))
}

/// The parts that commands of an operator need: the settings, the database and the campus.
fn open(config: &Path) -> anyhow::Result<std::sync::Arc<crate::parvis::Parvis>> {
    let settings = Settings::read(config)?;
    logging::for_commands();
    let parvis = std::sync::Arc::new(crate::parvis::Parvis::new(
        settings,
        crate::clock::Clock::System,
    ));
    parvis.reload_campus()?;
    Ok(parvis)
}
