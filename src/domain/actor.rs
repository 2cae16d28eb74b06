//! Who acts, what they were given, and the proof that they may do what they ask for.

use std::fmt;

use super::ids::PersonId;
use super::role::{Act, Role, may};

/// A role given to a person, at a site or everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The site, by slug; everywhere when `None`.
    pub site: Option<String>,
}

impl Grant {
    /// Whether it lets its holder do something at a place.
    #[must_use]
    pub fn lets(&self, act: Act, place: Place<'_>) -> bool {
        let is_there = match (&self.site, place) {
            (Some(site), Place::Site(asked)) => site == asked,
            (Some(_), Place::Institution) => false,
            (None, _) | (Some(_), Place::AnySite) => true,
        };
        is_there && may(self.role, act)
    }
}

/// Where something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// At a site, by slug.
    Site(&'a str),
    /// At any site at all: enough to see that there is something for staff.
    AnySite,
    /// For the whole institution.
    Institution,
}

/// How an actor came to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Signed in, in a browser.
    Session,
    /// A program, with a token.
    Token,
    /// A command on the machine itself.
    Console,
}

impl Via {
    /// The word as in the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Console => "console",
        }
    }
}

/// Who acts.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person; nobody known here at the console.
    pub person: Option<PersonId>,
    /// What to call them.
    pub name: String,
    /// How they came to act.
    pub via: Via,
    /// From where, as an address.
    pub address: Option<String>,
    /// What they were given.
    pub grants: Vec<Grant>,
    /// Whether more than a password proved who they are.
    pub is_strong: bool,
    /// What a token is limited to; no limit when `None`.
    pub scopes: Option<Vec<Act>>,
    /// Whether they only look, as somebody else.
    pub only_looks: bool,
}

/// Something that is at a place.
pub trait Placed {
    /// Where.
    fn place(&self) -> Place<'_>;
}

/// A place that a thing keeps for itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whereabouts {
    /// A site, by slug.
    Site(String),
    /// The whole institution.
    Institution,
}

impl Whereabouts {
    fn place(&self) -> Place<'_> {
        match self {
            Self::Site(slug) => Place::Site(slug),
            Self::Institution => Place::Institution,
        }
    }
}

/// What one must be allowed to do: any of these, at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// One of these is enough.
    pub any: Vec<Act>,
    /// Where.
    pub at: Whereabouts,
}

/// Something that does more than one thing, or at more than one place, and says itself what it takes.
pub trait Demanding {
    /// All that it takes; never nothing.
    fn demands(&self) -> Vec<Demand>;
}

/// A thing that its actor may do something to: only [`Actor::allowed`] and [`Actor::entitled`] make it, and persistence
/// asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed<T>(T);

impl<T> Allowed<T> {
    /// The thing.
    pub fn thing(&self) -> &T {
        &self.0
    }

    /// The thing, given away.
    pub fn into_thing(self) -> T {
        self.0
    }

    /// What the thing became: an actor who may do something to it may leave it changed at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Allowed<U> {
        Allowed(change(self.0))
    }
}

/// Why an actor may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No role of theirs lets them.
    NoRole(Act),
    /// A role would, after a sign-in with a second factor.
    NeedsStrongSignIn(Act),
    /// The token is not for this.
    OutOfScope(Act),
    /// They look as somebody else and can change nothing.
    OnlyLooks(Act),
    /// A token is shown where people look.
    TokenOnPage,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRole(act) => write!(formatter, "no role you have here lets you: {act}"),
            Self::NeedsStrongSignIn(act) => write!(
                formatter,
                "sign in with a second factor or a passkey first, it is needed for: {act}"
            ),
            Self::OutOfScope(act) => write!(formatter, "this token is not made for: {act}"),
            Self::OnlyLooks(act) => write!(
                formatter,
                "you look as somebody else and can change nothing, so not: {act}"
            ),
            Self::TokenOnPage => formatter.write_str(
                "a token opens no page: send it to addresses below /api/v1, or to /admin/audit.csv",
            ),
        }
    }
}

impl std::error::Error for Refused {}

impl Actor {
    /// Whoever has the machine: they could change anything beneath Parvis, so they may do everything in it.
    #[must_use]
    pub fn console(name: &str) -> Self {
        Self {
            person: None,
            name: name.to_owned(),
            via: Via::Console,
            address: None,
            grants: vec![Grant {
                role: Role::InstitutionAdministrator,
                site: None,
            }],
            is_strong: true,
            scopes: None,
            only_looks: false,
        }
    }

    /// Whether they may do something at a place, and if not, why.
    ///
    /// # Errors
    /// Why not.
    pub fn permit(&self, act: Act, place: Place<'_>) -> Result<(), Refused> {
        if self
            .scopes
            .as_ref()
            .is_some_and(|scopes| !scopes.contains(&act))
        {
            return Err(Refused::OutOfScope(act));
        }
        if self.only_looks && !act.is_reading() {
            return Err(Refused::OnlyLooks(act));
        }
        let mut letting = self.grants.iter().filter(|grant| grant.lets(act, place));
        let mut weak = letting.clone();
        if letting.any(|grant| self.is_strong || !grant.role.needs_strong_sign_in()) {
            return Ok(());
        }
        Err(match weak.next() {
            Some(_) => Refused::NeedsStrongSignIn(act),
            None => Refused::NoRole(act),
        })
    }

    /// Whether they may do something at a place.
    #[must_use]
    pub fn may(&self, act: Act, place: Place<'_>) -> bool {
        self.permit(act, place).is_ok()
    }

    /// The thing with the proof that they may do something to it.
    ///
    /// # Errors
    /// Why they may not.
    pub fn allowed<T: Placed>(&self, act: Act, thing: T) -> Result<Allowed<T>, Refused> {
        self.permit(act, thing.place())?;
        Ok(Allowed(thing))
    }

    /// The thing with the proof that they may do all that it takes.
    ///
    /// # Errors
    /// What they may not, and why.
    pub fn entitled<T: Demanding>(&self, thing: T) -> Result<Allowed<T>, Refused> {
        for demand in thing.demands() {
            let place = demand.at.place();
            let mut refused = demand.any.iter().map(|act| self.permit(*act, place).err());
            // The first refusal names the act that is meant for it; others are enough by the way.
            let first = refused
                .next()
                .unwrap_or(Some(Refused::NoRole(Act::DescribeInstitution)));
            if let Some(first) = first
                && refused.all(|refused| refused.is_some())
            {
                return Err(first);
            }
        }
        Ok(Allowed(thing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct At(Option<&'static str>);

    impl Placed for At {
        fn place(&self) -> Place<'_> {
            self.0.map_or(Place::Institution, Place::Site)
        }
    }

    fn actor(role: Role, site: Option<&str>) -> Actor {
        Actor {
            grants: vec![Grant {
                role,
                site: site.map(str::to_owned),
            }],
            ..Actor::console("somebody")
        }
    }

    #[test]
    fn a_role_at_a_site_ends_at_its_door() {
        let runner = actor(Role::Execution, Some("library"));
        assert!(runner.allowed(Act::Recount, At(Some("library"))).is_ok());
        assert_eq!(
            runner.allowed(Act::Recount, At(Some("canteen"))).err(),
            Some(Refused::NoRole(Act::Recount))
        );
        assert!(!runner.may(Act::Recount, Place::Institution));
        assert!(runner.may(Act::Recount, Place::AnySite));
        let everywhere = actor(Role::Execution, None);
        assert!(everywhere.may(Act::Recount, Place::Site("canteen")));
        assert!(!everywhere.may(Act::ManagePeople, Place::Institution));
    }

    #[test]
    fn an_administrator_with_a_password_alone_is_asked_for_more() {
        let weak = Actor {
            is_strong: false,
            ..actor(Role::Administration, Some("library"))
        };
        assert_eq!(
            weak.permit(Act::Recount, Place::Site("library")),
            Err(Refused::NeedsStrongSignIn(Act::Recount))
        );
        // Another role that does not need it is enough for what it lets do.
        let mut both = weak.clone();
        both.grants.extend(actor(Role::Execution, None).grants);
        assert!(both.may(Act::Recount, Place::Site("library")));
        assert!(!both.may(Act::ChangeSpace, Place::Site("library")));
    }

    #[test]
    fn a_token_does_what_its_person_may_within_its_scopes() {
        let token = Actor {
            scopes: Some(vec![Act::Recount, Act::ManagePeople]),
            ..actor(Role::Execution, None)
        };
        assert!(token.may(Act::Recount, Place::Site("library")));
        assert_eq!(
            token.permit(Act::PostMessage, Place::Site("library")),
            Err(Refused::OutOfScope(Act::PostMessage))
        );
        assert_eq!(
            token.permit(Act::ManagePeople, Place::Institution),
            Err(Refused::NoRole(Act::ManagePeople))
        );
    }

    #[test]
    fn who_looks_as_somebody_else_sees_and_changes_nothing() {
        let looking = Actor {
            only_looks: true,
            ..actor(Role::Administration, None)
        };
        assert!(looking.may(Act::ReadStatistics, Place::Site("library")));
        for act in Act::ALL.into_iter().filter(|act| !act.is_reading()) {
            assert_eq!(
                looking.permit(act, Place::Site("library")),
                Err(Refused::OnlyLooks(act))
            );
        }
    }

    #[test]
    fn nobody_without_a_role_may_anything() {
        let nobody = Actor {
            grants: Vec::new(),
            ..Actor::console("nobody")
        };
        for act in Act::ALL {
            for place in [Place::Site("library"), Place::AnySite, Place::Institution] {
                assert!(!nobody.may(act, place));
            }
        }
    }
}
