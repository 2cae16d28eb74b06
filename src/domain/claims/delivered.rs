//! What is kept of a sign-in's claims: what was read of them, and the names of the rest. Nothing else about a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names::Meaning;
use super::reading::Reading;
use super::rules::{Judgement, Rule};

/// What is kept of the claims of a sign-in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivered {
    /// What was read: by the rules, and the usual facts.
    pub read: BTreeMap<String, Vec<String>>,
    /// Values that were left aside, as the issuer may not speak for their domain.
    pub out_of_scope: BTreeMap<String, Vec<String>>,
    /// Mail addresses that were left aside, as the provider says that it did not verify them.
    pub unverified: BTreeMap<String, Vec<String>>,
    /// Names of all claims in the ID token.
    pub id_token: Vec<String>,
    /// Names of all claims at userinfo.
    pub userinfo: Vec<String>,
    /// The rules that matched, each with the value.
    pub matched: Vec<(String, String)>,
    /// The claim that was left out, if one was.
    pub elsewhere: Option<String>,
}

impl Delivered {
    /// What to keep.
    #[must_use]
    pub fn of(reading: &Reading<'_>, rules: &[Rule], judgement: &Judgement) -> Self {
        let mut claims: Vec<&str> = rules.iter().map(|rule| rule.claim.as_str()).collect();
        claims.extend(Meaning::ALL.map(Meaning::name));
        claims.sort_unstable();
        claims.dedup();
        let (mut read, mut out_of_scope) = (BTreeMap::new(), BTreeMap::new());
        let mut unverified = BTreeMap::new();
        for claim in claims {
            let found = reading.find(claim);
            if !found.values.is_empty() {
                read.insert(claim.to_owned(), found.values);
            }
            if !found.out_of_scope.is_empty() {
                out_of_scope.insert(claim.to_owned(), found.out_of_scope);
            }
            if !found.unverified.is_empty() {
                unverified.insert(claim.to_owned(), found.unverified);
            }
        }
        let matched = rules.iter().zip(&judgement.outcomes);
        let matched = matched
            .filter_map(|(rule, outcome)| Some((rule.to_string(), outcome.matched.clone()?)));
        Self {
            read,
            out_of_scope,
            unverified,
            id_token: reading.claims.id_token.keys().cloned().collect(),
            userinfo: reading.claims.userinfo.keys().cloned().collect(),
            matched: matched.collect(),
            elsewhere: judgement
                .given
                .as_ref()
                .err()
                .map(|elsewhere| elsewhere.claim.clone()),
        }
    }
}
