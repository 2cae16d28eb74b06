//! Identity providers: connecting them, their rules, the addresses to copy, and how they do.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;

use super::{Moments, answer, done, frame, place_words};
use crate::actions::manage_issuers::{self, Shown};
use crate::domain::claims::{Judgement, Meaning, Names, Operator, Rule, Splits};
use crate::domain::ids::PersonId;
use crate::domain::issuer::{Configuration, ExpectationOf, Issuer, NoMatch, SecondFactor};
use crate::domain::role::{NotARole, Role};
use crate::error::Error;
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// Empty lines below the rules there are, for new ones.
const EMPTY_RULES: usize = 3;

struct Line {
    key: String,
    name: String,
    issuer: String,
    state: String,
}

#[derive(Template)]
#[template(path = "admin/issuers.html")]
struct List<'t> {
    frame: Frame<'t>,
    issuers: Vec<Line>,
}

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

struct ShownOutcome {
    rule: String,
    found: String,
    matched: String,
}

#[derive(Template)]
#[template(path = "admin/issuer.html")]
struct Page<'t> {
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
    rules: Vec<ShownRule>,
    /// Meaning, its usual places, and those configured.
    places: Vec<(&'static str, String, String)>,
    splits: String,
    addresses: Vec<(String, String)>,
    state: Vec<(String, String)>,
    delivered: Vec<(String, String)>,
    expected: Vec<String>,
    claims: String,
    outcomes: Vec<ShownOutcome>,
    verdict: String,
}

/// `GET /admin/issuers`
pub(in crate::web) async fn all(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let moments = Moments::of(services.parvis.campus().zone());
    let listed = manage_issuers::list(&services.sign_on, &who.actor).await;
    let page = listed.map(|issuers| List {
        frame: frame(
            &request,
            &services,
            &language,
            &t.say("staff-issuers"),
            &who,
        ),
        issuers: issuers
            .into_iter()
            .map(|(issuer, report)| Line {
                state: match (&report.failure, report.discovered_at) {
                    (Some((at, refusal)), _) => {
                        format!("{} · {}", moments.say(*at), refusal.code.name())
                    }
                    (None, Some(at)) => {
                        t.say_with("issuer-answered", &[("when", moments.say(at).into())])
                    }
                    (None, None) => t.say("issuer-not-asked"),
                },
                key: issuer.key,
                name: issuer.configuration.name,
                issuer: issuer.configuration.issuer,
            })
            .collect(),
    });
    answer(&request, &services, page)
}

/// `GET /admin/issuers/new`
pub(in crate::web) async fn new(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let page = manage_issuers::list(&services.sign_on, &who.actor)
        .await
        .and_then(|_| {
            let nothing = json!({ "name": "", "issuer": "https://", "client_id": "parvis" });
            let configuration = serde_json::from_value(nothing).map_err(Error::internal)?;
            Ok(draw(
                &request,
                &services,
                &language,
                &who,
                None,
                &configuration,
            ))
        });
    answer(&request, &services, page)
}

/// `GET /admin/issuers/{key}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    key: web::Path<String>,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let shown = manage_issuers::show(&services.sign_on, &who.actor, &key).await;
    let page = shown.map(|shown| {
        let configuration = shown.issuer.configuration.clone();
        draw(
            &request,
            &services,
            &language,
            &who,
            Some(shown),
            &configuration,
        )
    });
    answer(&request, &services, page)
}

/// `POST /admin/issuers`, `POST /admin/issuers/{key}`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let sign_on = &services.sign_on;
    let key = match request.match_info().get("key") {
        Some(key) => key.to_owned(),
        None => form.text("key").to_owned(),
    };
    let here = format!("/admin/issuers/{key}");
    let result = async {
        match form.text("do") {
            "save" => {
                let issuer = Issuer {
                    key: key.clone(),
                    configuration: configuration(&form)?,
                };
                let secret = form.optional("secret");
                manage_issuers::save(sign_on, &who.actor, issuer, secret.as_deref()).await?;
                Ok(here)
            }
            "check" => {
                // Whether it answers stands on the page.
                let _ = manage_issuers::check(sign_on, &who.actor, &key).await?;
                Ok(here)
            }
            "expect" => {
                let expectation = ExpectationOf {
                    person: PersonId(form.number("person")?),
                    claim: form.text("claim").to_owned(),
                    value: form.text("value").to_owned(),
                };
                manage_issuers::expect(sign_on, &who.actor, &key, expectation).await?;
                Ok(here)
            }
            "retire" => {
                manage_issuers::retire(sign_on, &who.actor, &key).await?;
                Ok("/admin/issuers".to_owned())
            }
            other => Err(invalid(
                "do",
                format!("\"{other}\" is nothing that can be done"),
            )),
        }
    };
    if form.text("do") == "try" {
        return try_rules(&request, &services, &who, &key, &form).await;
    }
    done(&request, &services, result.await)
}

/// Tries the rules on pasted claims, and shows what became of each. Nothing is kept.
async fn try_rules(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    key: &str,
    form: &Form,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let text = form.raw("claims");
    let page = async {
        let (issuer, judgement) =
            manage_issuers::try_rules(&services.sign_on, &who.actor, key, text).await?;
        let shown = manage_issuers::show(&services.sign_on, &who.actor, key).await?;
        let configuration = issuer.configuration;
        let mut page = draw(
            request,
            services,
            &language,
            who,
            Some(shown),
            &configuration,
        );
        page.claims = text.to_owned();
        page.outcomes = outcomes(&configuration.rules, &judgement);
        page.verdict = match &judgement.given {
            Err(elsewhere) => elsewhere.to_string(),
            Ok(given) if given.is_empty() => t.say("issuer-no-match"),
            Ok(given) => {
                let campus = services.parvis.campus();
                let roles = given.iter().map(|given| {
                    let role = t.say(&format!("role-{}", given.grant.role));
                    let site = given.grant.site.as_deref();
                    format!("{role} · {}", place_words(&t, &campus, &language, site))
                });
                roles.collect::<Vec<_>>().join("; ")
            }
        };
        Ok(page)
    };
    answer(request, services, page.await)
}

fn outcomes(rules: &[Rule], judgement: &Judgement) -> Vec<ShownOutcome> {
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

fn draw<'t>(
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
    let choice =
        |value: &str, key: &str, is_chosen: bool| (value.to_owned(), t.say(key), is_chosen);
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
        no_match: vec![
            choice(
                "refuse",
                "issuer-no-match-refuse",
                configuration.no_match == NoMatch::Refuse,
            ),
            choice(
                "no-role",
                "issuer-no-match-no-role",
                configuration.no_match == NoMatch::NoRole,
            ),
        ],
        second_factor: vec![
            choice(
                "claimed",
                "issuer-second-claimed",
                configuration.second_factor == SecondFactor::Claimed,
            ),
            choice(
                "always",
                "issuer-second-always",
                configuration.second_factor == SecondFactor::Always,
            ),
        ],
        rules: shown_rules(services, language, &configuration.rules),
        places: places.collect(),
        splits: splits.collect::<Vec<_>>().join("\n"),
        addresses: shown
            .as_ref()
            .map_or_else(Vec::new, |shown| addresses(&t, shown)),
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
    let rules = rules.iter().map(Some);
    let rules = rules
        .chain(std::iter::repeat_n(None, EMPTY_RULES))
        .enumerate();
    rules
        .map(|(position, rule)| {
            let operators = Operator::ALL.into_iter().map(|operator| {
                let is_chosen = rule.is_some_and(|rule| rule.operator == operator);
                let words = t.say(&format!("operator-{}", operator.name()));
                (operator.name().to_owned(), words, is_chosen)
            });
            let roles = Role::ALL.into_iter().map(|role| {
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
                roles: roles.collect(),
                sites: std::iter::once(everywhere).chain(sites).collect(),
            }
        })
        .collect()
}

fn addresses(t: &Speech<'_>, shown: &Shown) -> Vec<(String, String)> {
    vec![
        (t.say("issuer-redirect"), shown.redirect.clone()),
        (t.say("issuer-post-logout"), shown.after_sign_out.clone()),
        (t.say("issuer-back-channel"), shown.back_channel.clone()),
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

fn invalid(field: &str, rule: impl Into<String>) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule: rule.into(),
    }
}

/// What the form says about a provider.
fn configuration(form: &Form) -> Result<Configuration, Error> {
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
fn in_words(letters: &str) -> String {
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
