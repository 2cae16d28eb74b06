//! The rules of an issuer: from claims to roles, and why.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::reading::{Found, Reading};
use crate::domain::actor::Grant;
use crate::domain::role::Role;

/// How a rule compares. Each value of a claim is looked at by itself; letters count as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// It is the value.
    Equals,
    /// The value is a part of it.
    Contains,
    /// It begins with the value.
    StartsWith,
    /// It ends with the value.
    EndsWith,
    /// It is one of the values.
    OneOf,
    /// It is there, whatever it is.
    Present,
}

impl Operator {
    /// All operators.
    pub const ALL: [Self; 6] = [
        Self::Equals,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::OneOf,
        Self::Present,
    ];

    /// The word as in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Contains => "contains",
            Self::StartsWith => "starts-with",
            Self::EndsWith => "ends-with",
            Self::OneOf => "one-of",
            Self::Present => "present",
        }
    }

    /// The operator with a name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name() == word)
    }
}

/// A rule: who has such a claim gets a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The claim: a meaning by its name, or a path.
    pub claim: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what: one, several for `one-of`, none for `present`.
    #[serde(default, deserialize_with = "one_or_several")]
    pub value: Vec<String>,
    /// What it gives.
    pub role: Role,
    /// Where, by slug; everywhere when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Values {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Values::deserialize(deserializer)? {
        Values::One(value) => vec![value],
        Values::Several(values) => values,
    })
}

impl Rule {
    /// The first of some values that the rule is about.
    fn first_match<'v>(&self, values: &'v [String]) -> Option<&'v String> {
        values
            .iter()
            .find(|value| self.operator == Operator::Present || self.is_about(value))
    }

    fn is_about(&self, value: &str) -> bool {
        let mut mine = self.value.iter().filter(|mine| !mine.is_empty());
        mine.any(|mine| match self.operator {
            Operator::Equals | Operator::OneOf => value == mine,
            Operator::Contains => value.contains(mine.as_str()),
            Operator::StartsWith => value.starts_with(mine.as_str()),
            Operator::EndsWith => value.ends_with(mine.as_str()),
            Operator::Present => true,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.site.as_deref().unwrap_or("everywhere");
        write!(
            formatter,
            "{} {} {} -> {} ({place})",
            self.claim,
            self.operator.name(),
            self.value.join(", "),
            self.role
        )
    }
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What there was of its claim.
    pub found: Found,
    /// The value that it matched.
    pub matched: Option<String>,
}

/// A role that a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The role, and where.
    pub grant: Grant,
    /// The rule, by its position from 0.
    pub rule: usize,
    /// The value that it matched.
    pub value: String,
}

/// Claims that a rule reads were left out by the provider: nothing can be concluded from their absence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the provider has the claim \"{claim}\" but did not send it, as Entra ID does with more than 200 groups; let it send \
     app roles, or only the groups assigned to the application"
)]
pub struct Elsewhere {
    /// Which.
    pub claim: String,
}

/// What became of all rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Of each rule, in their order.
    pub outcomes: Vec<Outcome>,
    /// The roles, each with the first rule that gave it; none when a claim they are made of was left out.
    pub given: Result<Vec<Given>, Elsewhere>,
}

/// Applies rules to claims.
#[must_use]
pub fn judge(rules: &[Rule], reading: &Reading<'_>) -> Judgement {
    let outcomes: Vec<Outcome> = rules
        .iter()
        .map(|rule| {
            let found = reading.find(&rule.claim);
            let matched = rule.first_match(&found.values).cloned();
            Outcome { found, matched }
        })
        .collect();
    let given = given(rules, &outcomes);
    Judgement { outcomes, given }
}

fn given(rules: &[Rule], outcomes: &[Outcome]) -> Result<Vec<Given>, Elsewhere> {
    let mut all: Vec<Given> = Vec::new();
    for (position, (rule, outcome)) in rules.iter().zip(outcomes).enumerate() {
        if outcome.found.is_elsewhere {
            return Err(Elsewhere {
                claim: rule.claim.clone(),
            });
        }
        let Some(value) = &outcome.matched else {
            continue;
        };
        let grant = Grant {
            role: rule.role,
            site: rule.site.clone(),
        };
        if !all.iter().any(|known| known.grant == grant) {
            all.push(Given {
                grant,
                rule: position,
                value: value.clone(),
            });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
