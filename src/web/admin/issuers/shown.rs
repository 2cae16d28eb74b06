//! The page about an identity provider: its settings, how it does, and what became of the rules.

use actix_web::HttpRequest;
use askama::Template;

use super::super::{Moments, frame};
use super::form::in_words;
use crate::actions::manage_issuers::Shown;
use crate::actions::sign_in_with_provider::SignOn;
use crate::domain::claims::{Judgement, Meaning, Operator, Rule};
use crate::domain::issuer::{ClientAuthentication, Configuration, NoMatch, SecondFactor, SignOut};
use crate::domain::role::Role;
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
    configuration: Configuration,
    scopes: String,
    domains: String,
    audiences: String,
    acr_values: String,
    strong_values: String,
    has_secret: bool,
    no_match: Vec<Choice>,
    second_factor: Vec<Choice>,
    client_authentication: Vec<Choice>,
    sign_out: Vec<Choice>,
    rules: Vec<ShownRule>,
    /// Meaning, its usual places, and those configured.
    places: Vec<(&'static str, String, String)>,
    splits: String,
    addresses: Vec<(String, String)>,
    state: Vec<(String, String)>,
    delivered: Vec<(String, String)>,
    expected: Vec<String>,
    pub(super) claims: String,
    pub(super) outcomes: Vec<ShownOutcome>,
    pub(super) verdict: String,
}

/// What became of each rule.
pub(super) fn outcomes(rules: &[Rule], judgement: &Judgement) -> Vec<ShownOutcome> {
    rules
        .iter()
        .zip(&judgement.outcomes)
        .map(|(rule, outcome)| {
            let found = &outcome.found;
            let place = found.place.as_ref();
            let place =
                place.map_or_else(String::new, |(source, path)| format!("{source} {path}: "));
            let aside = if found.out_of_scope.is_empty() {
                String::new()
            } else {
                format!(" (-: {})", found.out_of_scope.join(", "))
            };
            ShownOutcome {
                rule: rule.to_string(),
                found: format!("{place}{}{aside}", found.values.join(", ")),
                matched: outcome.matched.clone().unwrap_or_default(),
            }
        })
        .collect()
}

/// The page.
pub(super) fn draw<'t>(
    request: &HttpRequest,
    services: &'t Services,
    language: &'t str,
    who: &Visitor,
    shown: Option<Shown>,
    configuration: &Configuration,
) -> Page<'t> {
    let t = services.texts.in_language(language);
    let title = match &shown {
        Some(shown) => shown.issuer.configuration.name.clone(),
        None => t.say("issuer-add"),
    };
    let places = Meaning::ALL.into_iter().map(|meaning| {
        let configured = configuration.claims.get(&meaning);
        let configured = configured.map_or_else(String::new, |paths| paths.join("\n"));
        (meaning.name(), meaning.usual().join(", "), configured)
    });
    let splits = configuration.split.iter();
    let splits = splits.map(|(path, letters)| format!("{path} = {}", in_words(letters)));
    Page {
        frame: frame(request, services, language, &title, who),
        token: who.csrf.clone(),
        title,
        key: shown
            .as_ref()
            .map_or_else(String::new, |shown| shown.issuer.key.clone()),
        scopes: configuration.scopes.join(" "),
        domains: configuration.domains.join(" "),
        audiences: configuration.trusted_audiences.join(" "),
        acr_values: configuration.acr_values.join(" "),
        strong_values: configuration.strong_values.join(" "),
        has_secret: shown.as_ref().is_some_and(|shown| shown.has_secret),
        no_match: choices(
            &t,
            &configuration.no_match,
            [
                ("refuse", "issuer-no-match-refuse", NoMatch::Refuse),
                ("no-role", "issuer-no-match-no-role", NoMatch::NoRole),
            ],
        ),
        second_factor: choices(
            &t,
            &configuration.second_factor,
            [
                ("claimed", "issuer-second-claimed", SecondFactor::Claimed),
                ("always", "issuer-second-always", SecondFactor::Always),
            ],
        ),
        client_authentication: proofs(&t, configuration.client_authentication),
        sign_out: choices(
            &t,
            &configuration.sign_out,
            [
                ("there", "issuer-sign-out-there", SignOut::There),
                ("only-here", "issuer-sign-out-only-here", SignOut::OnlyHere),
            ],
        ),
        rules: shown_rules(services, language, &configuration.rules),
        places: places.collect(),
        splits: splits.collect::<Vec<_>>().join("\n"),
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
                .map(|(expected, name)| format!("{name}: {} = {}", expected.claim, expected.value))
                .collect()
        }),
        configuration: configuration.clone(),
        claims: String::new(),
        outcomes: Vec::new(),
        verdict: String::new(),
    }
}

fn shown_rules(services: &Services, language: &str, rules: &[Rule]) -> Vec<ShownRule> {
    let t = services.texts.in_language(language);
    let campus = services.parvis.campus();
    let written = rules.iter().map(Some);
    let lines = written.chain(std::iter::repeat_n(None, EMPTY_RULES));
    lines
        .enumerate()
        .map(|(position, rule)| {
            let operators = Operator::ALL.into_iter().map(|operator| {
                let is_chosen = rule.is_some_and(|rule| rule.operator == operator);
                let words = t.say(&format!("operator-{}", operator.name()));
                (operator.name().to_owned(), words, is_chosen)
            });
            let choices = Role::ALL.into_iter().map(|role| {
                let is_chosen = rule.is_some_and(|rule| rule.role == role);
                (
                    role.name().to_owned(),
                    t.say(&format!("role-{role}")),
                    is_chosen,
                )
            });
            let chosen = rule.and_then(|rule| rule.site.as_deref());
            let sites = campus.sites.iter().map(|site| {
                let name = site.name.in_language(language).to_owned();
                (site.slug.clone(), name, chosen == Some(&site.slug))
            });
            let everywhere = (String::new(), t.say("all-sites"), chosen.is_none());
            ShownRule {
                number: position + 1,
                claim: rule.map_or_else(String::new, |rule| rule.claim.clone()),
                operators: operators.collect(),
                value: rule.map_or_else(String::new, |rule| rule.value.join("\n")),
                roles: choices.collect(),
                sites: std::iter::once(everywhere).chain(sites).collect(),
            }
        })
        .collect()
}

/// A list to choose from: for each choice its value in the form, the key of its words, and what it means.
fn choices<T: PartialEq, const N: usize>(
    t: &Speech<'_>,
    chosen: &T,
    all: [(&str, &str, T); N],
) -> Vec<Choice> {
    all.into_iter()
        .map(|(value, key, meaning)| (value.to_owned(), t.say(key), meaning == *chosen))
        .collect()
}

fn proofs(t: &Speech<'_>, chosen: ClientAuthentication) -> Vec<Choice> {
    use ClientAuthentication::{Announced, ClientSecretBasic, ClientSecretPost};
    let all = [
        ("announced", "issuer-proof-announced", Announced),
        (
            "client_secret_basic",
            "issuer-proof-basic",
            ClientSecretBasic,
        ),
        ("client_secret_post", "issuer-proof-post", ClientSecretPost),
    ];
    choices(t, &chosen, all)
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
    for (claim, values) in &delivered.out_of_scope {
        let told = format!("{} ({})", values.join(", "), t.say("issuer-out-of-scope"));
        lines.push((claim.clone(), told));
    }
    for (rule, value) in &delivered.matched {
        lines.push((t.say("issuer-matched"), format!("{rule}: {value}")));
    }
    lines.push((t.say("issuer-in-id-token"), delivered.id_token.join(", ")));
    lines.push((t.say("issuer-in-userinfo"), delivered.userinfo.join(", ")));
    lines
}
