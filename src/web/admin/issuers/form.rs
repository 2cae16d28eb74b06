//! What the form about an identity provider says.

use serde_json::json;

use crate::domain::claims::{Meaning, Names, Operator, Rule, Splits};
use crate::domain::issuer::Configuration;
use crate::domain::role::{NotARole, Role};
use crate::error::Error;
use crate::web::form::Form;

pub(super) fn invalid(field: &str, rule: impl Into<String>) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule: rule.into(),
    }
}

/// What the form says about a provider.
pub(super) fn configuration(form: &Form) -> Result<Configuration, Error> {
    let words = |name: &str| -> Vec<String> {
        form.text(name)
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let value = json!({
        "name": form.text("name"),
        "issuer": form.text("issuer"),
        "client_id": form.text("client_id"),
        "scopes": words("scopes"),
        "domains": words("domains"),
        "trusted_audiences": words("trusted_audiences"),
        "acr_values": words("acr_values"),
        "strong_values": words("strong_values"),
        "no_match": form.text("no_match"),
        "second_factor": form.text("second_factor"),
        "client_authentication": form.text("client_authentication"),
        "sign_out": form.text("sign_out"),
        "rechecks": form.has("rechecks"),
    });
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

/// Letters between values, as [`splits`] reads them.
pub(super) fn in_words(letters: &str) -> String {
    letters.replace(' ', "space")
}

fn rules(form: &Form) -> Result<Vec<Rule>, Error> {
    let columns = form.all("rule-claim").zip(form.all("rule-operator"));
    let columns = columns.zip(form.all("rule-value"));
    let columns = columns
        .zip(form.all("rule-role"))
        .zip(form.all("rule-site"));
    let filled = columns.filter(|((((claim, _), _), _), _)| !claim.trim().is_empty());
    filled
        .map(|((((claim, operator), value), role), site)| {
            let role: Role = role
                .parse()
                .map_err(|error: NotARole| invalid("rule-role", error.to_string()))?;
            let operator = Operator::named(operator).ok_or_else(|| {
                invalid("rule-operator", format!("\"{operator}\" compares nothing"))
            })?;
            let values = value.lines().map(str::trim).filter(|line| !line.is_empty());
            Ok(Rule {
                claim: claim.trim().to_owned(),
                operator,
                value: values.map(str::to_owned).collect(),
                role,
                site: Some(site.to_owned())
                    .filter(|site| !site.is_empty() && !role.is_of_institution()),
            })
        })
        .collect()
}
