//! Claims as the rules and the pages read them: wherever they are, whatever they are called.

use std::fmt;

use serde_json::Value;

use super::names::{Meaning, Names, Splits};
use super::{Claims, Set, path};

/// The claim that tells whether the provider verified the mail address (OpenID Connect Core 5.1).
const EMAIL_VERIFIED: &str = "email_verified";

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
    /// Mail addresses of which the provider says that it did not verify them: they prove nothing.
    pub unverified: Vec<String>,
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
                let found = Found {
                    place,
                    values,
                    ..Found::default()
                };
                return self.verified(claim, self.in_scope(claim, found));
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

    /// Where mail reaches the person, whether the provider verified that or not: good to write to, not to be known by.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let Found {
            values, unverified, ..
        } = self.find(Meaning::Mail.name());
        values.into_iter().chain(unverified).next()
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
        let mut scoped = Meaning::ALL.into_iter().filter(|one| one.is_scoped());
        scoped.any(|meaning| Self::means(names, meaning, claim))
    }

    /// Whether a claim, as a rule names it, tells a fact.
    fn means(names: &Names, meaning: Meaning, claim: &str) -> bool {
        let places = names.get(&meaning);
        meaning.name() == claim
            || meaning.usual().contains(&claim)
            || places.is_some_and(|places| places.iter().any(|place| place == claim))
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

    /// Takes mail addresses away that the provider says it did not verify: anybody may have entered them. Many providers never
    /// say whether they did; theirs count.
    fn verified(&self, claim: &str, mut found: Found) -> Found {
        let path = found.place.as_ref().map_or("", |(_, path)| path.as_str());
        let is_mail = [claim, path].into_iter().any(|name| {
            Self::means(self.names, Meaning::Mail, name) || name.rsplit('.').next() == Some("email")
        });
        if is_mail && self.is_unverified(path) {
            found.unverified = std::mem::take(&mut found.values);
        }
        found
    }

    /// Whether `email_verified`, at the top or beside a path, is false anywhere.
    fn is_unverified(&self, path: &str) -> bool {
        let beside = path
            .rsplit_once('.')
            .map(|(before, _)| format!("{before}.{EMAIL_VERIFIED}"));
        let places = [Some(EMAIL_VERIFIED.to_owned()), beside];
        places.into_iter().flatten().any(|place| {
            let mut said = self
                .sources()
                .into_iter()
                .filter_map(|(_, set)| path::find(set, &place));
            said.any(|said| *said == false || *said == "false")
        })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::claims::Splits;

    fn found(id_token: Value, userinfo: Value, claim: &str) -> (Vec<String>, Vec<String>) {
        let set = |value: Value| value.as_object().unwrap().clone();
        let claims = Claims {
            id_token: set(id_token),
            userinfo: set(userinfo),
        };
        let names = Names::from([(Meaning::Mail, vec!["post.box".to_owned()])]);
        let reading = |names| {
            let (splits, domains) = (Splits::new(), Vec::new());
            let reading = Reading {
                claims: &claims,
                names,
                splits: &splits,
                domains: &domains,
            };
            let Found {
                values, unverified, ..
            } = reading.find(claim);
            (values, unverified)
        };
        if claim == "post.box" {
            reading(&names)
        } else {
            reading(&Names::new())
        }
    }

    #[test]
    fn a_mail_address_that_was_not_verified_proves_nothing() {
        let mail = || vec!["ada@uni.example".to_owned()];
        let unverified = (Vec::new(), mail());
        let verified = (mail(), Vec::new());
        for no in [json!(false), json!("false")] {
            let said = json!({ "email": "ada@uni.example", "email_verified": no });
            assert_eq!(found(said.clone(), json!({}), "mail"), unverified);
            assert_eq!(found(json!({}), said.clone(), "email"), unverified);
            // Told in one place, it holds for the other.
            let only_mail = json!({ "email": "ada@uni.example" });
            assert_eq!(
                found(json!({ "email_verified": no }), only_mail, "mail"),
                unverified
            );
            let nested = json!({ "attributes": said });
            assert_eq!(found(json!({}), nested, "attributes.email"), unverified);
            let elsewhere = json!({ "post": { "box": "ada@uni.example" }, "email_verified": no });
            assert_eq!(found(elsewhere, json!({}), "post.box"), unverified);
        }
        for yes in [json!(true), json!("true"), json!(null)] {
            let said = json!({ "email": "ada@uni.example", "email_verified": yes });
            assert_eq!(found(said, json!({}), "mail"), verified);
        }
        let silent = json!({ "email": "ada@uni.example" });
        assert_eq!(found(silent, json!({}), "mail"), verified);
        let other = json!({ "eppn": "ada", "email_verified": false });
        assert_eq!(found(other, json!({}), "eppn").1, Vec::<String>::new());
    }
}
