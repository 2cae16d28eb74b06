//! People who act: what is known of them, and what it takes to change that.

use super::actor::{Grant, Place, Placed};
use super::ids::PersonId;
use super::reading::Moment;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their identifier.
    pub id: PersonId,
    /// What others call them.
    pub name: String,
    /// Where mail reaches them, if anywhere.
    pub email: Option<String>,
    /// The name of their local account, in lower case.
    pub login: Option<String>,
    /// When they became known.
    pub created_at: Moment,
    /// Since when they may no longer sign in.
    pub deactivated_at: Option<Moment>,
}

impl Person {
    /// How records name them.
    #[must_use]
    pub fn object(&self) -> String {
        format!("person {} {}", self.id, self.name)
    }
}

impl Placed for Person {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

/// A person to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// What others call them.
    pub name: String,
    /// Where mail reaches them, if anywhere.
    pub email: Option<String>,
    /// The name of their local account.
    pub login: Option<String>,
}

/// The longest name or address of a person.
const LONGEST: usize = 200;

/// The longest name to sign in with.
const LONGEST_LOGIN: usize = 80;

impl NewPerson {
    /// What is said of them that breaks a rule: the field, and the rule.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self.name.is_empty() || self.name.chars().count() > LONGEST {
            faults.push(("name", "a person has a name of 1 to 200 characters"));
        }
        if self
            .email
            .as_deref()
            .is_some_and(|email| !is_address(email))
        {
            faults.push(("email", "an e-mail address is written name@host"));
        }
        let fits = |letter: char| letter.is_ascii_alphanumeric() || ".-_@".contains(letter);
        if self.login.as_ref().is_some_and(|login| {
            login.is_empty() || login.len() > LONGEST_LOGIN || !login.chars().all(fits)
        }) {
            faults.push((
                "login",
                "use letters, digits, and . - _ @, at most 80 of them",
            ));
        }
        faults
    }
}

/// Whether a text is an e-mail address, as far as its form tells.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.chars().count() <= LONGEST
        && text.split('@').count() == 2
        && text.split('@').all(|part| !part.is_empty())
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
}

impl Placed for NewPerson {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

/// Whoever there is: to see the list of people.
#[derive(Debug, Clone, Copy)]
pub struct Somebody;

impl Placed for Somebody {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

/// Whoever has a role at a site: to see the list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleAt(pub String);

impl Placed for PeopleAt {
    fn place(&self) -> Place<'_> {
        Place::Site(&self.0)
    }
}

/// A role for a person, to be given or taken by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantTo {
    /// Who.
    pub person: PersonId,
    /// What, and where.
    pub grant: Grant,
}

impl Placed for GrantTo {
    fn place(&self) -> Place<'_> {
        self.grant
            .site
            .as_deref()
            .map_or(Place::Institution, Place::Site)
    }
}

/// A role that a person holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedRole {
    /// Its identifier.
    pub id: i32,
    /// The role, and where.
    pub grant: Grant,
    /// The identity provider whose claims gave it; by hand when `None`.
    pub issuer: Option<String>,
    /// When it was given.
    pub granted_at: Moment,
}
