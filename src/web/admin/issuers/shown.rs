//! The page about an identity provider: its settings, how it does, and what became of the rules.

use actix_web::HttpRequest;
use askama::Template;

use super::super::faults::Faults;
use super::super::{Moments, frame};
use super::form::{EnteredRule, entered_rules};
use crate::actions::manage_issuers::Shown;
use crate::actions::sign_in_with_provider::SignOn;
use crate::domain::claims::{Judgement, Meaning, Operator, Rule};
use crate::domain::role::Role;
use crate::web::form::Form;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// Empty lines below the rules there are, for new ones.
const EMPTY_RULES: usize = 3;

/// A choice of a list: value, words, and whether it is chosen.
type Choice = (String, String, bool);

struct ShownRule {
    number: usize,
    claim: String,
    operators: Vec<Choice>,
    value: String,
    roles: Vec<Choice>,
    sites: Vec<Choice>,
}

pub(super) struct ShownOutcome {
    rule: String,
    found: String,
    matched: String,
}

#[derive(Template)]
#[template(path = "admin/issuer.html")]
pub(super) struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    title: String,
    /// Empty for a new one.
    key: String,
    /// The forms, as they are filled.
    form: &'t Form,
    pub(super) faults: Faults,
    has_secret: bool,
    no_match: Vec<Choice>,
    second_factor: Vec<Choice>,
    client_authentication: Vec<Choice>,
    sign_out: Vec<Choice>,
    rules: Vec<ShownRule>,
    /// Meaning, its usual places, and those configured.
    places: Vec<(&'static str, String, String)>,
    addresses: Vec<(String, String)>,
    state: Vec<(String, String)>,
    delivered: Vec<(String, String)>,
    expected: Vec<String>,
    pub(super) outcomes: Vec<ShownOutcome>,
    pub(super) verdict: String,
}

/// What became of each rule.
pub(super) fn outcomes(t: &Speech<'_>, rules: &[Rule], judgement: &Judgement) -> Vec<ShownOutcome> {
    rules
        .iter()
        .zip(&judgement.outcomes)
        .map(|(rule, outcome)| {
            let found = &outcome.found;
            let place = found.place.as_ref();
            let place =
                place.map_or_else(String::new, |(source, path)| format!("{source} {path}: "));
            let aside = [
                (&found.out_of_scope, "issuer-out-of-scope"),
                (&found.unverified, "issuer-unverified"),
            ];
            let aside = aside.into_iter().filter(|(values, _)| !values.is_empty());
            let aside = aside.map(|(values, why)| left_aside(t, values, why));
            let found_words = std::iter::once(found.values.join(", "))
                .filter(|values| !values.is_empty())
                .chain(aside)
                .collect::<Vec<_>>()
                .join("; ");
            ShownOutcome {
                rule: rule.to_string(),
                found: format!("{place}{found_words}"),
                matched: outcome.matched.clone().unwrap_or_default(),
            }
        })
        .collect()
}

/// Values that count for nothing, with the reason as a key of the texts.
fn left_aside(t: &Speech<'_>, values: &[String], why: &str) -> String {
    format!("{} ({})", values.join(", "), t.say(why))
}

/// The page.
pub(super) fn draw<'t>(
    request: &HttpRequest,
    services: &'t Services,
    language: &'t str,
    who: &Visitor,
    shown: Option<Shown>,
    form: &'t Form,
) -> Page<'t> {
    let t = services.texts.in_language(language);
    let title = match &shown {
        Some(shown) => shown.issuer.configuration.name.clone(),
        None => t.say("issuer-add"),
    };
    let places = Meaning::ALL.into_iter().map(|meaning| {
        let entered = form.raw(&format!("claim-{}", meaning.name())).to_owned();
        (meaning.name(), meaning.usual().join(", "), entered)
    });
    let choices = |name: &str, options: &[(&str, &str)]| {
        let options = options.iter().map(|(value, key)| {
            let is_chosen = form.text(name) == *value;
            ((*value).to_owned(), t.say(key), is_chosen)
        });
        options.collect::<Vec<Choice>>()
    };
    Page {
        frame: frame(request, services, language, &title, who),
        token: who.csrf.clone(),
        title,
        key: shown
            .as_ref()
            .map_or_else(String::new, |shown| shown.issuer.key.clone()),
        has_secret: shown.as_ref().is_some_and(|shown| shown.has_secret),
        no_match: choices(
            "no_match",
            &[
                ("refuse", "issuer-no-match-refuse"),
                ("no-role", "issuer-no-match-no-role"),
            ],
        ),
        second_factor: choices(
            "second_factor",
            &[
                ("claimed", "issuer-second-claimed"),
                ("always", "issuer-second-always"),
            ],
        ),
        client_authentication: choices(
            "client_authentication",
            &[
                ("announced", "issuer-proof-announced"),
                ("client_secret_basic", "issuer-proof-basic"),
                ("client_secret_post", "issuer-proof-post"),
            ],
        ),
        sign_out: choices(
            "sign_out",
            &[
                ("there", "issuer-sign-out-there"),
                ("only-here", "issuer-sign-out-only-here"),
            ],
        ),
        rules: shown_rules(services, language, &entered_rules(form)),
        places: places.collect(),
        addresses: addresses(
            &t,
            &services.sign_on,
            shown.as_ref().map_or("KEY", |shown| &shown.issuer.key),
        ),
        state: shown
            .as_ref()
            .map_or_else(Vec::new, |shown| state(&t, services, shown)),
        delivered: shown
            .as_ref()
            .map_or_else(Vec::new, |shown| delivered(&t, services, shown)),
        expected: shown.map_or_else(Vec::new, |shown| {
            let lines = shown.expected.into_iter();
            lines
                .map(|(expected, name)| {
                    let number = t.say_with(
                        "person-number",
                        &[("number", expected.person.to_string().into())],
                    );
                    format!("{name} ({number}): {} = {}", expected.claim, expected.value)
                })
                .collect()
        }),
        form,
        faults: Faults::default(),
        outcomes: Vec::new(),
        verdict: String::new(),
    }
}

fn shown_rules(services: &Services, language: &str, rules: &[EnteredRule<'_>]) -> Vec<ShownRule> {
    let t = services.texts.in_language(language);
    let campus = services.parvis.campus();
    let written = rules.iter().map(Some);
    let lines = written.chain(std::iter::repeat_n(None, EMPTY_RULES));
    lines
        .enumerate()
        .map(|(position, rule)| {
            let operators = Operator::ALL.into_iter().map(|operator| {
                let is_chosen = rule.is_some_and(|rule| rule.operator == operator.name());
                let words = t.say(&format!("operator-{}", operator.name()));
                (operator.name().to_owned(), words, is_chosen)
            });
            let choices = Role::ALL.into_iter().map(|role| {
                let is_chosen = rule.is_some_and(|rule| rule.role == role.name());
                (
                    role.name().to_owned(),
                    t.say(&format!("role-{role}")),
                    is_chosen,
                )
            });
            let chosen = rule.map_or("", |rule| rule.site);
            let sites = campus.sites.iter().map(|site| {
                let name = site.name.in_language(language).to_owned();
                (site.slug.clone(), name, chosen == site.slug)
            });
            let everywhere = (String::new(), t.say("all-sites"), chosen.is_empty());
            ShownRule {
                number: position + 1,
                claim: rule.map_or_else(String::new, |rule| rule.claim.to_owned()),
                operators: operators.collect(),
                value: rule.map_or_else(String::new, |rule| rule.value.to_owned()),
                roles: choices.collect(),
                sites: std::iter::once(everywhere).chain(sites).collect(),
            }
        })
        .collect()
}

fn addresses(t: &Speech<'_>, sign_on: &SignOn, key: &str) -> Vec<(String, String)> {
    vec![
        (t.say("issuer-redirect"), sign_on.redirect(key)),
        (t.say("issuer-post-logout"), sign_on.after_sign_out()),
        (t.say("issuer-back-channel"), sign_on.back_channel(key)),
    ]
}

fn state(t: &Speech<'_>, services: &Services, shown: &Shown) -> Vec<(String, String)> {
    let moments = Moments::of(services.parvis.campus().zone());
    let report = &shown.report;
    let mut lines = Vec::new();
    lines.push(match (&report.failure, report.discovered_at) {
        (Some((at, refusal)), _) => (
            t.say("issuer-failure"),
            format!("{} · {refusal}", moments.say(*at)),
        ),
        (None, Some(at)) => (
            t.say("issuer-state"),
            t.say_with("issuer-answered", &[("when", moments.say(at).into())]),
        ),
        (None, None) => (t.say("issuer-state"), t.say("issuer-not-asked")),
    });
    if let Some((at, difference)) = report.difference {
        let told = format!("{:+} s · {}", difference.num_seconds(), moments.say(at));
        lines.push((t.say("issuer-clock"), told));
    }
    if let Some((at, refusal, reference)) = &report.refused {
        let told = format!("{} · {reference} · {refusal}", moments.say(*at));
        lines.push((t.say("issuer-refused"), told));
    }
    lines
}

fn delivered(t: &Speech<'_>, services: &Services, shown: &Shown) -> Vec<(String, String)> {
    let Some((name, at, delivered)) = &shown.last else {
        return Vec::new();
    };
    let moments = Moments::of(services.parvis.campus().zone());
    let mut lines = vec![(
        t.say("issuer-last"),
        format!("{} · {name}", moments.say(*at)),
    )];
    let values = delivered.read.iter();
    lines.extend(values.map(|(claim, values)| (claim.clone(), values.join(", "))));
    let aside = [
        (&delivered.out_of_scope, "issuer-out-of-scope"),
        (&delivered.unverified, "issuer-unverified"),
    ];
    for (claims, why) in aside {
        let told = claims.iter();
        lines.extend(told.map(|(claim, values)| (claim.clone(), left_aside(t, values, why))));
    }
    for (rule, value) in &delivered.matched {
        lines.push((t.say("issuer-matched"), format!("{rule}: {value}")));
    }
    lines.push((t.say("issuer-in-id-token"), delivered.id_token.join(", ")));
    lines.push((t.say("issuer-in-userinfo"), delivered.userinfo.join(", ")));
    lines
}
