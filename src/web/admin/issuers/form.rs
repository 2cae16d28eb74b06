//! The form about an identity provider: what it says, and how what is known is written into it.

use serde_json::json;

use crate::domain::claims::{Meaning, Names, Operator, Rule, Splits};
use crate::domain::issuer::{ClientAuthentication, Configuration, NoMatch, SecondFactor, SignOut};
use crate::domain::role::{NotARole, Role};
use crate::error::Error;
use crate::web::form::Form;

pub(super) fn invalid(field: &str, rule: impl Into<String>) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule: rule.into(),
    }
}

/// The fields with a list to choose from.
const CHOICES: [&str; 4] = [
    "no_match",
    "second_factor",
    "client_authentication",
    "sign_out",
];

/// What the form says about a provider.
pub(super) fn configuration(form: &Form) -> Result<Configuration, Error> {
    let words = |name: &str| -> Vec<String> {
        form.text(name)
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let mut value = json!({
        "name": form.text("name"),
        "issuer": form.text("issuer"),
        "client_id": form.text("client_id"),
        "scopes": words("scopes"),
        "domains": words("domains"),
        "trusted_audiences": words("trusted_audiences"),
        "acr_values": words("acr_values"),
        "strong_values": words("strong_values"),
        "rechecks": form.has("rechecks"),
    });
    for choice in CHOICES {
        let chosen = form.text(choice);
        // A form that was opened before there was such a choice leaves it as it is usual.
        if let (Some(value), false) = (value.as_object_mut(), chosen.is_empty()) {
            value.insert(choice.to_owned(), chosen.into());
        }
    }
    let mut configuration: Configuration =
        serde_json::from_value(value).map_err(|error| invalid("form", error.to_string()))?;
    configuration.claims = places(form);
    configuration.split = splits(form.text("splits"))?;
    configuration.rules = rules(form)?;
    Ok(configuration)
}

fn places(form: &Form) -> Names {
    let lines = |meaning: Meaning| -> Vec<String> {
        let lines = form.text(&format!("claim-{}", meaning.name())).lines();
        let lines = lines.map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let places = Meaning::ALL
        .into_iter()
        .map(|meaning| (meaning, lines(meaning)));
    places.filter(|(_, paths)| !paths.is_empty()).collect()
}

/// Lines of `path = letters`, a space written as the word.
fn splits(text: &str) -> Result<Splits, Error> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (path, letters) = line.rsplit_once('=').ok_or_else(|| {
                invalid("splits", "write each line as claim = ; or claim = space")
            })?;
            let letters = letters.trim().replace("space", " ");
            Ok((path.trim().to_owned(), letters))
        })
        .collect()
}

/// A rule as it is entered.
pub(super) struct EnteredRule<'f> {
    pub(super) claim: &'f str,
    pub(super) operator: &'f str,
    pub(super) value: &'f str,
    pub(super) role: &'f str,
    pub(super) site: &'f str,
}

/// The rules that a form holds; lines without a claim are none.
pub(super) fn entered_rules(form: &Form) -> Vec<EnteredRule<'_>> {
    let columns = form.all("rule-claim").zip(form.all("rule-operator"));
    let columns = columns.zip(form.all("rule-value"));
    let columns = columns
        .zip(form.all("rule-role"))
        .zip(form.all("rule-site"));
    let entered = columns.map(|((((claim, operator), value), role), site)| EnteredRule {
        claim: claim.trim(),
        operator,
        value,
        role,
        site,
    });
    entered.filter(|rule| !rule.claim.is_empty()).collect()
}

fn rules(form: &Form) -> Result<Vec<Rule>, Error> {
    let entered = entered_rules(form).into_iter();
    entered
        .map(|entered| {
            let role: Role = entered
                .role
                .parse()
                .map_err(|error: NotARole| invalid("rules", error.to_string()))?;
            let operator = Operator::named(entered.operator).ok_or_else(|| {
                invalid(
                    "rules",
                    format!("\"{}\" compares nothing", entered.operator),
                )
            })?;
            let values = entered.value.lines().map(str::trim);
            let values = values.filter(|line| !line.is_empty());
            Ok(Rule {
                claim: entered.claim.to_owned(),
                operator,
                value: values.map(str::to_owned).collect(),
                role,
                site: Some(entered.site.to_owned())
                    .filter(|site| !site.is_empty() && !role.is_of_institution()),
            })
        })
        .collect()
}

/// What is known of a provider, written into the form: the reverse of [`configuration`].
pub(super) fn filled(configuration: &Configuration) -> Form {
    let words = |words: &[String]| words.join(" ");
    let no_match = match configuration.no_match {
        NoMatch::Refuse => "refuse",
        NoMatch::NoRole => "no-role",
    };
    let second_factor = match configuration.second_factor {
        SecondFactor::Claimed => "claimed",
        SecondFactor::Always => "always",
    };
    let client_authentication = match configuration.client_authentication {
        ClientAuthentication::Announced => "announced",
        ClientAuthentication::ClientSecretBasic => "client_secret_basic",
        ClientAuthentication::ClientSecretPost => "client_secret_post",
    };
    let sign_out = match configuration.sign_out {
        SignOut::There => "there",
        SignOut::OnlyHere => "only-here",
    };
    let splits = configuration.split.iter();
    let splits =
        splits.map(|(path, letters)| format!("{path} = {}", letters.replace(' ', "space")));
    let mut fields: Vec<(String, String)> = [
        ("name", configuration.name.clone()),
        ("issuer", configuration.issuer.clone()),
        ("client_id", configuration.client_id.clone()),
        ("scopes", words(&configuration.scopes)),
        ("domains", words(&configuration.domains)),
        ("trusted_audiences", words(&configuration.trusted_audiences)),
        ("acr_values", words(&configuration.acr_values)),
        ("strong_values", words(&configuration.strong_values)),
        ("no_match", no_match.to_owned()),
        ("second_factor", second_factor.to_owned()),
        ("client_authentication", client_authentication.to_owned()),
        ("sign_out", sign_out.to_owned()),
        ("splits", splits.collect::<Vec<_>>().join("\n")),
        // Whom an account is expected of, most people know by the name that they sign in with.
        ("claim", Meaning::PrincipalName.name().to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if configuration.rechecks {
        fields.push(("rechecks".to_owned(), "1".to_owned()));
    }
    for (meaning, paths) in &configuration.claims {
        fields.push((format!("claim-{}", meaning.name()), paths.join("\n")));
    }
    for rule in &configuration.rules {
        let columns = [
            ("claim", rule.claim.clone()),
            ("operator", rule.operator.name().to_owned()),
            ("value", rule.value.join("\n")),
            ("role", rule.role.name().to_owned()),
            ("site", rule.site.clone().unwrap_or_default()),
        ];
        fields.extend(columns.map(|(column, value)| (format!("rule-{column}"), value)));
    }
    Form::of(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_the_form_is_read_from_it_again() {
        let text = r#"
            name = "Campus"
            issuer = "https://idp.uni.example"
            client_id = "parvis"
            scopes = ["openid", "groups"]
            domains = ["uni.example"]
            no_match = "no-role"
            second_factor = "always"
            client_authentication = "client_secret_post"
            sign_out = "only-here"
            rechecks = true
            claims = { affiliation = ["a", "b.c"] }
            split = { groups = "; " }
            [[rules]]
            claim = "groups"
            operator = "one-of"
            value = ["porters", "desk"]
            role = "execution"
            site = "library"
        "#;
        let known: Configuration = toml::from_str(text).unwrap();
        assert_eq!(configuration(&filled(&known)).unwrap(), known);
    }
}
