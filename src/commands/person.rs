//! `parvis person`: people and their accounts, from the machine itself: the first administrator, and the way back in for
//! whoever lost theirs. Each change is in the audit, as the console's.

use std::path::Path;

use clap::Subcommand;

use super::open;
use crate::actions::choose_password::{invite_within, reset_second_factor_within};
use crate::actions::manage_people::{Change, add_within, change_within};
use crate::domain::actor::{Actor, Grant};
use crate::domain::ids::PersonId;
use crate::domain::person::{NewPerson, Person, Somebody};
use crate::domain::role::{Act, Role};
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::{Transaction, View, issuers, people};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a person with an account of this service; prints the link with which they choose a password.
    Add {
        /// The name they will sign in with.
        login: String,
        /// What others call them; the login when none is given.
        #[arg(long)]
        name: Option<String>,
        /// Where mail reaches them.
        #[arg(long)]
        email: Option<String>,
        /// A role they get at once.
        #[arg(long)]
        role: Option<Role>,
        /// The site of that role, by slug; everywhere when none is given.
        #[arg(long, requires = "role")]
        site: Option<String>,
    },
    /// List people: number, login, name, address and roles, and below their accounts at identity providers.
    List,
    /// Make a new link with which a person chooses a password, or with a provider only may set up a second factor: good once,
    /// for 48 hours.
    Invite {
        /// Their login, e-mail address or number.
        person: String,
    },
    /// Let a person no longer sign in; their sessions end.
    Deactivate {
        /// Their login, e-mail address or number.
        person: String,
    },
    /// Let a person sign in again.
    Reactivate {
        /// Their login, e-mail address or number.
        person: String,
    },
    /// Give a person a role.
    Grant {
        /// Their login, e-mail address or number.
        person: String,
        /// The role.
        role: Role,
        /// The site, by slug; everywhere when none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// Take a role that was given by hand.
    Revoke {
        /// Their login, e-mail address or number.
        person: String,
        /// The role.
        role: Role,
        /// The site, by slug; everywhere when none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// End a person's sessions.
    EndSessions {
        /// Their login, e-mail address or number.
        person: String,
    },
    /// Unlink an account at an identity provider from a person; the sessions that it began end.
    Unlink {
        /// Their login, e-mail address or number.
        person: String,
        /// The number of the account, as the list shows it.
        account: i32,
    },
    /// Take a person's code generator and passkeys away, for when they lost them.
    ResetSecondFactor {
        /// Their login, e-mail address or number.
        person: String,
    },
}

pub(super) fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let actor = console()?;
    match command {
        Command::Add {
            login,
            name,
            email,
            role,
            site,
        } => {
            let new = NewPerson {
                name: name.unwrap_or_else(|| login.clone()),
                email,
                login: Some(login),
            };
            let grant = role.map(|role| Grant { role, site });
            let link = add(&parvis, &actor, new, grant)?;
            tell(&parvis, &link);
        }
        Command::List => list(&parvis, &actor)?,
        Command::Invite { person } => {
            let now = parvis.clock.now();
            let link = on(&parvis, &person, |tx, person| {
                invite_within(tx, &actor, person.id, now)
            })?;
            tell(&parvis, &link);
        }
        Command::Deactivate { person } => change(&parvis, &actor, &person, Change::Deactivate)?,
        Command::Reactivate { person } => change(&parvis, &actor, &person, Change::Reactivate)?,
        Command::Grant { person, role, site } => {
            change(&parvis, &actor, &person, Change::Give(Grant { role, site }))?;
        }
        Command::Revoke { person, role, site } => {
            change(&parvis, &actor, &person, Change::Take(Grant { role, site }))?;
        }
        Command::EndSessions { person } => change(&parvis, &actor, &person, Change::EndSessions)?,
        Command::Unlink { person, account } => {
            change(&parvis, &actor, &person, Change::Unlink(account))?;
        }
        Command::ResetSecondFactor { person } => {
            let now = parvis.clock.now();
            on(&parvis, &person, |tx, person| {
                reset_second_factor_within(tx, &actor, person.id, now)
            })?;
            println!(
                "Done. They are asked to set up a new one at the next sign-in; who signs in with a provider only needs an \
                 invitation for that."
            );
        }
    }
    Ok(())
}

/// Whoever sits at the machine, by the name of their account there.
fn console() -> anyhow::Result<Actor> {
    let name = nix::unistd::User::from_uid(nix::unistd::getuid())?
        .map_or_else(|| "operator".to_owned(), |user| user.name);
    Ok(Actor::console(&format!("{name} at the console")))
}

/// Adds a person with an invitation, all or nothing; returns the secret of the link.
pub(super) fn add(
    parvis: &Parvis,
    actor: &Actor,
    new: NewPerson,
    grant: Option<Grant>,
) -> Result<String, Error> {
    let now = parvis.clock.now();
    parvis.database.write_blocking(|tx| {
        let id: PersonId = add_within(tx, actor, new, now)?;
        if let Some(grant) = grant {
            change_within(tx, actor, id, Change::Give(grant), now)?;
        }
        invite_within(tx, actor, id, now)
    })
}

fn change(parvis: &Parvis, actor: &Actor, name: &str, change: Change) -> Result<(), Error> {
    let now = parvis.clock.now();
    on(parvis, name, |tx, person| {
        change_within(tx, actor, person.id, change, now)
    })?;
    println!("Done.");
    Ok(())
}

fn on<T>(
    parvis: &Parvis,
    name: &str,
    work: impl FnOnce(&mut Transaction<'_>, Person) -> Result<T, Error>,
) -> Result<T, Error> {
    parvis.database.write_blocking(|tx| {
        let person = named(tx, name)?;
        work(tx, person)
    })
}

/// The person whom a login or address names, or else a number: who signs in with a provider only may have neither.
fn named(view: &mut View<'_>, name: &str) -> Result<Person, Error> {
    let number = name.parse().map(PersonId);
    match (people::named(view, name), number) {
        (Err(Error::NotFound(_)), Ok(id)) => people::person(view, id),
        (found, _) => found,
    }
}

fn tell(parvis: &Parvis, secret: &str) {
    println!("{}", link(parvis, secret));
    eprintln!(
        "Whoever opens this link within 48 hours chooses the password, or is known to be themselves where they sign in with a \
         provider only. It is good once and not shown again."
    );
}

/// The link that an invitation is.
pub(super) fn link(parvis: &Parvis, secret: &str) -> String {
    link_at(&parvis.settings.web.public_address(), secret)
}

/// The same at an address that is not the service's yet.
pub(super) fn link_at(address: &str, secret: &str) -> String {
    format!("{address}/invitation/{secret}")
}

fn list(parvis: &Parvis, actor: &Actor) -> Result<(), Error> {
    let everybody = actor.allowed(Act::SeePeople, Somebody)?;
    parvis.database.read_blocking(|view| {
        for person in people::all(view, &everybody)? {
            let roles: Vec<String> = people::roles_of(view, person.id)?
                .into_iter()
                .map(|held| {
                    let site = held.grant.site.map(|site| format!(" at {site}"));
                    let issuer = held.issuer.map(|issuer| format!(" (by {issuer})"));
                    format!(
                        "{}{}{}",
                        held.grant.role,
                        site.unwrap_or_default(),
                        issuer.unwrap_or_default()
                    )
                })
                .collect();
            println!(
                "{}  {}  {}  {}  {}{}",
                person.id,
                person.login.as_deref().unwrap_or("-"),
                person.name,
                person.email.as_deref().unwrap_or("-"),
                if roles.is_empty() {
                    "no role".to_owned()
                } else {
                    roles.join(", ")
                },
                if person.deactivated_at.is_some() {
                    "  deactivated"
                } else {
                    ""
                },
            );
            for account in issuers::of_person(view, person.id)? {
                println!(
                    "    account {}  {}  {}",
                    account.id, account.issuer, account.subject
                );
            }
        }
        Ok(())
    })
}
