//! An identity provider, as an administrator describes it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::actor::{Place, Placed};
use super::claims::{Claims, Names, Operator, Reading, Rule, Splits};

/// Tenants of Entra ID that stand for several: their tokens name another issuer than they do.
const ENTRA_COMMON: [&str; 3] = ["common", "organizations", "consumers"];

/// Ways to sign in that have addresses beside those of providers.
const RESERVED: [&str; 5] = ["invitation", "local", "passkey", "password", "second"];

/// What to do with somebody whom no rule gives anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoMatch {
    /// They may not sign in, unless a role was given to them by hand.
    #[default]
    Refuse,
    /// They sign in and have no role.
    NoRole,
}

/// When a sign-in counts as one with a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondFactor {
    /// When `acr` or `amr` says so.
    #[default]
    Claimed,
    /// Always: the provider lets nobody in without one.
    Always,
}

/// How Parvis proves to the provider's token endpoint who asks (OpenID Connect Core 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// As the provider announces; in the header where it takes both.
    #[default]
    Announced,
    /// With the secret in the header, whatever it announces.
    ClientSecretBasic,
    /// With the secret in the body, whatever it announces.
    ClientSecretPost,
}

/// What signing out here does at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignOut {
    /// It signs out there too, where the provider has a place for that.
    #[default]
    There,
    /// Nothing: for providers that know no address to come back to.
    OnlyHere,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// What the button says.
    pub name: String,
    /// Its address, letter for letter as its tokens name it.
    pub issuer: String,
    /// What it calls Parvis.
    pub client_id: String,
    /// How Parvis proves who asks, where it has a secret.
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// What is asked for.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// The domains it may speak for: `staff@uni.example` counts only with `uni.example` here.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Other audiences that its tokens may name beside Parvis.
    #[serde(default)]
    pub trusted_audiences: Vec<String>,
    /// What to do with somebody whom no rule gives anything.
    #[serde(default)]
    pub no_match: NoMatch,
    /// When a sign-in counts as one with a second factor.
    #[serde(default)]
    pub second_factor: SecondFactor,
    /// Values of `acr` and `amr` that mean a second factor.
    #[serde(default = "usual_strong_values")]
    pub strong_values: Vec<String>,
    /// Asked for with `acr_values`.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// What signing out here does there.
    #[serde(default)]
    pub sign_out: SignOut,
    /// Whether the account is looked at again during long sessions, with a refresh token.
    #[serde(default)]
    pub rechecks: bool,
    /// Where it puts facts, where it is not one of the usual places.
    #[serde(default)]
    pub claims: Names,
    /// Which claims hold several values in one text.
    #[serde(default)]
    pub split: Splits,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn usual_strong_values() -> Vec<String> {
    [
        "https://refeds.org/profile/mfa",
        "mfa",
        "hwk",
        "otp",
        "phr",
        "phrh",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// An identity provider with its name in addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name in addresses: `/sign-in/KEY`.
    pub key: String,
    /// The rest.
    pub configuration: Configuration,
}

impl Placed for Issuer {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

/// Which value is not fit, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which value.
    pub field: String,
    /// Which rule it breaks.
    pub rule: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.rule)
    }
}

impl std::error::Error for Unfit {}

fn unfit(field: impl Into<String>, rule: impl Into<String>) -> Unfit {
    Unfit {
        field: field.into(),
        rule: rule.into(),
    }
}

/// Whether an address can be asked in confidence: over HTTPS, or on this machine where tests are allowed that.
#[must_use]
pub fn is_confidential(address: &Url, allows_loopback: bool) -> bool {
    let is_loopback = match address.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    address.scheme() == "https" || (address.scheme() == "http" && is_loopback && allows_loopback)
}

impl Issuer {
    /// Whether everything in it makes sense.
    ///
    /// # Errors
    /// The first value that does not.
    pub fn check(&self, allows_loopback: bool) -> Result<(), Unfit> {
        let of_key =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if self.key.is_empty() || self.key.len() > 40 || !self.key.chars().all(of_key) {
            return Err(unfit("key", "use 1 to 40 of a-z, 0-9 and -"));
        }
        if RESERVED.contains(&self.key.as_str()) {
            return Err(unfit("key", "names another way to sign in; choose another"));
        }
        self.configuration.check(allows_loopback)
    }
}

impl Configuration {
    fn check(&self, allows_loopback: bool) -> Result<(), Unfit> {
        for (field, value) in [("name", &self.name), ("client_id", &self.client_id)] {
            if value.trim().is_empty() {
                return Err(unfit(field, "must not be empty"));
            }
        }
        self.check_address(allows_loopback)?;
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return Err(unfit("scopes", "openid must be among them"));
        }
        let of_scope = |letter: char| letter.is_ascii_graphic() && letter != '"' && letter != '\\';
        if let Some(odd) = self
            .scopes
            .iter()
            .find(|scope| scope.is_empty() || !scope.chars().all(of_scope))
        {
            return Err(unfit("scopes", format!("\"{odd}\" is no scope")));
        }
        if let Some(odd) = self.domains.iter().find(|domain| !is_domain(domain)) {
            return Err(unfit(
                "domains",
                format!("\"{odd}\" is no domain; write it as uni.example, without @"),
            ));
        }
        for (path, letters) in &self.split {
            if letters.is_empty() || !letters.chars().all(|letter| " ;,".contains(letter)) {
                return Err(unfit(
                    format!("split.{path}"),
                    "name the letters between values: of space, ; and ,",
                ));
            }
        }
        for (position, rule) in self.rules.iter().enumerate() {
            self.check_rule(rule)
                .map_err(|reason| unfit(format!("rules[{}]", position + 1), reason))?;
        }
        Ok(())
    }

    fn check_address(&self, allows_loopback: bool) -> Result<(), Unfit> {
        let address = Url::parse(&self.issuer).map_err(|error| {
            unfit(
                "issuer",
                format!("is no address ({error}); write https://..."),
            )
        })?;
        if !is_confidential(&address, allows_loopback) {
            return Err(unfit("issuer", "must begin with https://"));
        }
        if address.query().is_some()
            || address.fragment().is_some()
            || !address.username().is_empty()
        {
            return Err(unfit("issuer", "is an address without user, ? and #"));
        }
        if self.issuer.ends_with("/.well-known/openid-configuration") {
            return Err(unfit(
                "issuer",
                "leave out /.well-known/openid-configuration",
            ));
        }
        let tenant = address.path_segments().and_then(|mut parts| parts.next());
        let is_entra = address.host_str() == Some("login.microsoftonline.com");
        if is_entra && tenant.is_some_and(|tenant| ENTRA_COMMON.contains(&tenant)) {
            return Err(unfit(
                "issuer",
                "this address of Entra ID stands for all tenants, and tokens name the tenant: put the tenant ID in its place, \
                 https://login.microsoftonline.com/TENANT-ID/v2.0",
            ));
        }
        Ok(())
    }

    fn check_rule(&self, rule: &Rule) -> Result<(), String> {
        if rule.claim.trim().is_empty() {
            return Err("name the claim".to_owned());
        }
        let values = rule.value.iter().filter(|value| !value.is_empty()).count();
        let is_counted = match rule.operator {
            Operator::Present => values == 0,
            Operator::OneOf => values > 0,
            Operator::Equals | Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                values == 1 && rule.value.len() == 1
            }
        };
        if !is_counted {
            let name = rule.operator.name();
            return Err(match rule.operator {
                Operator::Present => format!("\"{name}\" takes no value"),
                Operator::OneOf => format!("\"{name}\" takes values: name them"),
                Operator::Equals
                | Operator::Contains
                | Operator::StartsWith
                | Operator::EndsWith => format!("\"{name}\" takes one value"),
            });
        }
        if rule.role.is_of_institution() && rule.site.is_some() {
            return Err(format!(
                "\"{}\" holds everywhere and takes no site",
                rule.role
            ));
        }
        if Reading::is_scoped(&self.claims, &rule.claim) && self.domains.is_empty() {
            return Err(format!(
                "\"{}\" ends in a domain: name those that this provider may speak for in domains",
                rule.claim
            ));
        }
        Ok(())
    }

    /// Whether an account with such a claim can come at all.
    ///
    /// # Errors
    /// Why it can not.
    pub fn check_expectation(&self, expectation: &ExpectationOf) -> Result<(), Unfit> {
        let ExpectationOf { claim, value, .. } = expectation;
        if !Reading::is_scoped(&self.claims, claim) {
            return Ok(());
        }
        let Some((_, domain)) = value.rsplit_once('@') else {
            return Err(unfit(
                "value",
                format!("\"{value}\" names no domain; {claim} is written ada@uni.example"),
            ));
        };
        if !self
            .domains
            .iter()
            .any(|mine| mine.eq_ignore_ascii_case(domain))
        {
            return Err(unfit(
                "value",
                format!("this provider may not speak for the domain \"{domain}\"; see domains"),
            ));
        }
        Ok(())
    }

    /// Claims, as this provider names them.
    #[must_use]
    pub fn reading<'a>(&'a self, claims: &'a Claims) -> Reading<'a> {
        Reading {
            claims,
            names: &self.claims,
            splits: &self.split,
            domains: &self.domains,
        }
    }

    /// Whether claims say that a second factor was part of the sign-in. Only the ID token tells of the sign-in itself.
    #[must_use]
    pub fn is_strong(&self, claims: &Claims) -> bool {
        let is_claimed = ["acr", "amr"].into_iter().any(|name| {
            let values = claims
                .id_token
                .get(name)
                .map(|value| super::claims::values(value, " "));
            let mut values = values.into_iter().flatten();
            values.any(|value| self.strong_values.contains(&value))
        });
        self.second_factor == SecondFactor::Always || is_claimed
    }
}

fn is_domain(domain: &str) -> bool {
    let of_domain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    !domain.is_empty() && domain.chars().all(of_domain) && !domain.starts_with('.')
}

/// An account that an administrator expects: whoever signs in with such a claim first is that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Its identifier.
    pub id: i32,
    /// Who they will be.
    pub person: super::ids::PersonId,
    /// The claim: a meaning by its name, or a path.
    pub claim: String,
    /// Its value.
    pub value: String,
}

impl Expectation {
    /// Whether claims are those that were expected. Logins and mail addresses differ in the case of letters by accident only.
    #[must_use]
    pub fn is_met(&self, reading: &Reading<'_>) -> bool {
        let found = reading.find(&self.claim);
        found
            .values
            .iter()
            .any(|value| value.to_lowercase() == self.value.to_lowercase())
    }
}

/// An account to be expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationOf {
    /// Whose it will be.
    pub person: super::ids::PersonId,
    /// The claim: a meaning by its name, or a path.
    pub claim: String,
    /// Its value.
    pub value: String,
}

impl Placed for ExpectationOf {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

/// An account to be linked to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linking {
    /// Whom.
    pub person: super::ids::PersonId,
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The account there.
    pub subject: String,
}

/// An account that is linked to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its identifier.
    pub id: i32,
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The account there.
    pub subject: String,
    /// When it was linked.
    pub linked_at: super::reading::Moment,
    /// When it was last used.
    pub signed_in_at: Option<super::reading::Moment>,
}

#[cfg(test)]
mod tests;
