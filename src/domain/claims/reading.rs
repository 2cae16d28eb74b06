//! Claims as the rules and the pages read them: wherever they are, whatever they are called.

use std::fmt;

use serde_json::Value;

use super::names::{Meaning, Names, Splits};
use super::{Claims, Set, path};

/// Which of the two answers of a provider a value was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The ID token.
    IdToken,
    /// The userinfo endpoint.
    Userinfo,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::IdToken => "ID token",
            Self::Userinfo => "userinfo",
        })
    }
}

/// What was found of a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Where, if anywhere.
    pub place: Option<(Source, String)>,
    /// Its values.
    pub values: Vec<String>,
    /// Values of domains that the issuer may not speak for: as good as not there.
    pub out_of_scope: Vec<String>,
    /// Whether the provider says that it has the claim, but did not send it.
    pub is_elsewhere: bool,
}

/// Claims, with what an issuer calls them.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// What a sign-in delivered.
    pub claims: &'a Claims,
    /// Where the issuer puts facts.
    pub names: &'a Names,
    /// What it puts into one text.
    pub splits: &'a Splits,
    /// The domains it may speak for.
    pub domains: &'a [String],
}

impl<'a> Reading<'a> {
    /// What there is of a claim: a meaning by its name, or a path.
    #[must_use]
    pub fn find(&self, claim: &str) -> Found {
        let paths = self.paths(claim);
        for path in &paths {
            for (source, set) in self.sources() {
                let Some(value) = path::find(set, path) else {
                    continue;
                };
                let separators = self.splits.get(path).map_or("", String::as_str);
                let values = path::values(value, separators);
                if values.is_empty() {
                    continue;
                }
                let place = Some((source, path.clone()));
                return self.in_scope(
                    claim,
                    Found {
                        place,
                        values,
                        ..Found::default()
                    },
                );
            }
        }
        Found {
            is_elsewhere: paths.iter().any(|path| self.is_elsewhere(path)),
            ..Found::default()
        }
    }

    /// The first value of a fact.
    #[must_use]
    pub fn first(&self, meaning: Meaning) -> Option<String> {
        self.find(meaning.name()).values.into_iter().next()
    }

    /// What to call the person, if the provider says it at all.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let of = |path: &str| self.find(path).values.into_iter().next();
        self.first(Meaning::Name)
            .or_else(|| match (of("given_name"), of("family_name")) {
                (Some(given), Some(family)) => Some(format!("{given} {family}")),
                (given, family) => given.or(family),
            })
            .or_else(|| of("preferred_username"))
    }

    /// Whether a claim, as a rule names it, has scopes to be checked.
    #[must_use]
    pub fn is_scoped(names: &Names, claim: &str) -> bool {
        Meaning::ALL.into_iter().any(|meaning| {
            let places = names.get(&meaning);
            let is_named = meaning.name() == claim
                || meaning.usual().contains(&claim)
                || places.is_some_and(|places| places.iter().any(|place| place == claim));
            meaning.is_scoped() && is_named
        })
    }

    /// Where to look for a claim, best first.
    fn paths(&self, claim: &str) -> Vec<String> {
        let Some(meaning) = Meaning::named(claim) else {
            return vec![claim.to_owned()];
        };
        match self.names.get(&meaning) {
            Some(paths) if !paths.is_empty() => paths.clone(),
            Some(_) | None => meaning
                .usual()
                .iter()
                .map(|&path| path.to_owned())
                .collect(),
        }
    }

    fn sources(&self) -> [(Source, &'a Set); 2] {
        [
            (Source::IdToken, &self.claims.id_token),
            (Source::Userinfo, &self.claims.userinfo),
        ]
    }

    /// Takes away what the issuer may not say.
    fn in_scope(&self, claim: &str, mut found: Found) -> Found {
        let path = found.place.as_ref().map_or("", |(_, path)| path.as_str());
        if Self::is_scoped(self.names, claim) || Self::is_scoped(self.names, path) {
            let (good, bad) = found
                .values
                .into_iter()
                .partition(|value| self.may_say(value));
            (found.values, found.out_of_scope) = (good, bad);
        }
        found
    }

    fn may_say(&self, value: &str) -> bool {
        value.rsplit_once('@').is_some_and(|(before, scope)| {
            let is_allowed = |domain: &String| domain.eq_ignore_ascii_case(scope);
            !before.is_empty() && !before.contains('@') && self.domains.iter().any(is_allowed)
        })
    }

    /// Whether the provider has a claim but did not send it: Entra does so with more than 200 groups, and any provider may
    /// (OpenID Connect Core 5.6.2). No such claim is not the same as an empty one.
    fn is_elsewhere(&self, path: &str) -> bool {
        let top = path.split('.').next().unwrap_or(path);
        self.sources().into_iter().any(|(_, set)| {
            let names = set.get("_claim_names").and_then(Value::as_object);
            let is_named =
                names.is_some_and(|names| names.contains_key(path) || names.contains_key(top));
            let has_groups = set
                .get("hasgroups")
                .is_some_and(|has| has == true || has == "true");
            is_named || (has_groups && matches!(path, "groups" | "roles"))
        })
    }
}
