//! Who may what: every route, tried by every role at its own site and at another, on one page.
//!
//! The routes are read from `src/web/routes.rs`; one without an example here fails this test. The page is
//! `snapshots/…who_may_what.snap`: a change of it is a change of who may what, and shows in review.

use std::collections::BTreeSet;

use parvis::domain::role::{Act, Role, may};
use reqwest::{Method, StatusCode};

use crate::harness::people::{Visitor, form};
use crate::harness::{LIBRARY, TestParvis};

const ROUTES: &str = include_str!("../../src/web/routes.rs");

/// A way to ask a route: `SITE` stands for the slug of a site, `PERSON` for somebody's number.
struct Example {
    /// Method and path as in the routes.
    route: &'static str,
    /// What is asked there, where a route does several things.
    what: &'static str,
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const fn show(route: &'static str, path: &'static str) -> Example {
    Example {
        route,
        what: "",
        path,
        fields: &[],
    }
}

const fn take(
    route: &'static str,
    what: &'static str,
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
) -> Example {
    Example {
        route,
        what,
        path,
        fields,
    }
}

/// Each route of people who sign in, at least once.
const EXAMPLES: &[Example] = &[
    show("GET /me", "/me"),
    take("POST /me/sessions", "end others", "/me/sessions", &[]),
    take(
        "POST /me/tokens",
        "revoke",
        "/me/tokens",
        &[("revoke", "1")],
    ),
    show("GET /me/security", "/me/security"),
    take("POST /me/password", "", "/me/password", &[]),
    take("POST /me/confirm", "", "/me/confirm", &[]),
    take("POST /me/codes", "set up", "/me/codes", &[]),
    take("POST /me/passkeys/begin", "", "/me/passkeys/begin", &[]),
    take(
        "POST /me/passkeys",
        "remove",
        "/me/passkeys",
        &[("remove", "1")],
    ),
    take("POST /me/not-me", "unsure", "/me/not-me", &[]),
    show("GET /api/v1/me", "/api/v1/me"),
    show("GET /admin", "/admin"),
    show("GET /admin/sites/{site}", "/admin/sites/SITE"),
    show("GET /admin/people", "/admin/people"),
    Example {
        route: "GET /admin/people",
        what: "of a site",
        path: "/admin/people?site=SITE",
        fields: &[],
    },
    take(
        "POST /admin/people",
        "add",
        "/admin/people",
        &[("name", "")],
    ),
    take(
        "POST /admin/people",
        "give a role at a site",
        "/admin/people",
        &[("who", "nobody"), ("role", "reporting"), ("site", "SITE")],
    ),
    show("GET /admin/people/{id}", "/admin/people/PERSON"),
    take(
        "POST /admin/people/{id}",
        "change",
        "/admin/people/PERSON",
        &[("do", "change"), ("name", "Somebody")],
    ),
    take(
        "POST /admin/people/{id}",
        "deactivate",
        "/admin/people/PERSON",
        &[("do", "deactivate"), ("sure", "yes")],
    ),
    take(
        "POST /admin/people/{id}",
        "unlink an account",
        "/admin/people/PERSON",
        &[("do", "unlink"), ("account", "999999"), ("sure", "yes")],
    ),
    take(
        "POST /admin/people/{id}",
        "reactivate",
        "/admin/people/PERSON",
        &[("do", "reactivate")],
    ),
    take(
        "POST /admin/people/{id}",
        "end sessions",
        "/admin/people/PERSON",
        &[("do", "end-sessions")],
    ),
    take(
        "POST /admin/people/{id}",
        "give a role at a site",
        "/admin/people/PERSON",
        &[("do", "give"), ("role", "reporting"), ("site", "SITE")],
    ),
    take(
        "POST /admin/people/{id}",
        "take a role at a site",
        "/admin/people/PERSON",
        &[("do", "take"), ("role", "reporting"), ("site", "SITE")],
    ),
    take(
        "POST /admin/people/{id}",
        "give a role everywhere",
        "/admin/people/PERSON",
        &[("do", "give"), ("role", "reporting")],
    ),
    take(
        "POST /admin/people/{id}",
        "give a role of the institution",
        "/admin/people/PERSON",
        &[("do", "give"), ("role", "security-officer")],
    ),
    take(
        "POST /admin/people/{id}/account",
        "invite",
        "/admin/people/PERSON/account",
        &[("do", "invite")],
    ),
    take(
        "POST /admin/people/{id}/account",
        "take second factors away",
        "/admin/people/PERSON/account",
        &[("do", "reset-second-factor"), ("sure", "yes")],
    ),
    take(
        "POST /admin/see-as",
        "",
        "/admin/see-as",
        &[("person", "999999")],
    ),
    show("GET /admin/certificate", "/admin/certificate"),
    take(
        "POST /admin/certificate",
        "make a request",
        "/admin/certificate",
        &[("do", "request")],
    ),
    take(
        "POST /admin/certificate",
        "decide",
        "/admin/certificate",
        &[("do", "choose")],
    ),
    take(
        "POST /admin/certificate",
        "ask now",
        "/admin/certificate",
        &[("do", "ask")],
    ),
    take(
        "POST /admin/certificate/upload",
        "",
        "/admin/certificate/upload",
        &[],
    ),
    show(
        "GET /admin/certificate/request.csr",
        "/admin/certificate/request.csr",
    ),
    show("GET /admin/updates", "/admin/updates"),
    take(
        "POST /admin/updates",
        "check",
        "/admin/updates",
        &[("do", "check")],
    ),
    take(
        "POST /admin/updates",
        "settings",
        "/admin/updates",
        &[("do", "settings")],
    ),
    take(
        "POST /admin/updates/bundle",
        "",
        "/admin/updates/bundle",
        &[],
    ),
    show("GET /admin/audit", "/admin/audit"),
    Example {
        route: "GET /admin/audit",
        what: "of a site",
        path: "/admin/audit?site=SITE",
        fields: &[],
    },
    show("GET /admin/audit.csv", "/admin/audit.csv"),
    take(
        "POST /me/accounts",
        "unlink",
        "/me/accounts",
        &[("account", "999999"), ("sure", "yes")],
    ),
    take("POST /me/accounts/{key}", "", "/me/accounts/nobody", &[]),
    show("GET /admin/issuers", "/admin/issuers"),
    take(
        "POST /admin/issuers",
        "add",
        "/admin/issuers",
        &[("do", "save")],
    ),
    show("GET /admin/issuers/new", "/admin/issuers/new"),
    show("GET /admin/issuers/{key}", "/admin/issuers/nobody"),
    take(
        "POST /admin/issuers/{key}",
        "change",
        "/admin/issuers/nobody",
        &[("do", "save")],
    ),
    take(
        "POST /admin/issuers/{key}",
        "ask",
        "/admin/issuers/nobody",
        &[("do", "check")],
    ),
    take(
        "POST /admin/issuers/{key}",
        "try the rules",
        "/admin/issuers/nobody",
        &[("do", "try"), ("claims", "{}")],
    ),
    take(
        "POST /admin/issuers/{key}",
        "expect an account",
        "/admin/issuers/nobody",
        &[
            ("do", "expect"),
            ("person", "1"),
            ("claim", "mail"),
            ("value", "a@uni.example"),
        ],
    ),
    take(
        "POST /admin/issuers/{key}",
        "take away",
        "/admin/issuers/nobody",
        &[("do", "retire"), ("sure", "yes")],
    ),
    show("GET /admin/ports", "/admin/ports"),
    show("GET /admin/institution", "/admin/institution"),
    take("POST /admin/institution", "", "/admin/institution", &[]),
    show("GET /admin/new/site", "/admin/new/site"),
    take("POST /admin/new/site", "", "/admin/new/site", &[]),
    show("GET /admin/sites/{site}/spaces", "/admin/sites/SITE/spaces"),
    take(
        "POST /admin/sites/{site}/spaces",
        "",
        "/admin/sites/SITE/spaces",
        &[],
    ),
    show(
        "GET /admin/sites/{site}/passages",
        "/admin/sites/SITE/passages",
    ),
    take(
        "POST /admin/sites/{site}/passages",
        "",
        "/admin/sites/SITE/passages",
        &[],
    ),
    show("GET /admin/exceptional-days", "/admin/exceptional-days"),
    take(
        "POST /admin/exceptional-days",
        "",
        "/admin/exceptional-days",
        &[],
    ),
    show(
        "GET /admin/sites/{site}/capacities",
        "/admin/sites/SITE/capacities",
    ),
    take(
        "POST /admin/sites/{site}/capacities",
        "",
        "/admin/sites/SITE/capacities",
        &[],
    ),
    show(
        "GET /admin/sites/{site}/notices",
        "/admin/sites/SITE/notices",
    ),
    take(
        "POST /admin/sites/{site}/notices",
        "",
        "/admin/sites/SITE/notices",
        &[],
    ),
    Example {
        route: "GET /admin/sites/{site}/{aspect}",
        what: "details",
        path: "/admin/sites/SITE/details",
        fields: &[],
    },
    take(
        "POST /admin/sites/{site}/{aspect}",
        "details",
        "/admin/sites/SITE/details",
        &[],
    ),
    Example {
        route: "GET /admin/sites/{site}/{aspect}",
        what: "hours",
        path: "/admin/sites/SITE/hours",
        fields: &[],
    },
    take(
        "POST /admin/sites/{site}/{aspect}",
        "hours",
        "/admin/sites/SITE/hours",
        &[],
    ),
    Example {
        route: "GET /admin/sites/{site}/{aspect}",
        what: "contents",
        path: "/admin/sites/SITE/contents",
        fields: &[],
    },
    take(
        "POST /admin/sites/{site}/{aspect}",
        "contents",
        "/admin/sites/SITE/contents",
        &[],
    ),
    take("POST /admin/notices/{id}", "", "/admin/notices/NUMBER", &[]),
    show(
        "GET /admin/spaces/{slug}/recount",
        "/admin/spaces/ground/recount",
    ),
    take(
        "POST /admin/spaces/{slug}/recount",
        "",
        "/admin/spaces/ground/recount",
        &[("people", "1"), ("do", "more")],
    ),
    Example {
        route: "GET /admin/spaces/{slug}/{aspect}",
        what: "details",
        path: "/admin/spaces/ground/details",
        fields: &[],
    },
    take(
        "POST /admin/spaces/{slug}/{aspect}",
        "details",
        "/admin/spaces/ground/details",
        &[],
    ),
    Example {
        route: "GET /admin/spaces/{slug}/{aspect}",
        what: "hours",
        path: "/admin/spaces/ground/hours",
        fields: &[],
    },
    take(
        "POST /admin/spaces/{slug}/{aspect}",
        "hours",
        "/admin/spaces/ground/hours",
        &[],
    ),
    Example {
        route: "GET /admin/spaces/{slug}/{aspect}",
        what: "contents",
        path: "/admin/spaces/ground/contents",
        fields: &[],
    },
    take(
        "POST /admin/spaces/{slug}/{aspect}",
        "contents",
        "/admin/spaces/ground/contents",
        &[],
    ),
    show("GET /admin/passages", "/admin/passages?name=Main+door"),
    take(
        "POST /admin/passages",
        "",
        "/admin/passages?name=Main+door",
        &[],
    ),
    show("GET /admin/gateways", "/admin/gateways"),
    show("GET /admin/new/gateway", "/admin/new/gateway"),
    take("POST /admin/new/gateway", "", "/admin/new/gateway", &[]),
    show("GET /admin/gateways/{name}", "/admin/gateways/doors"),
    show(
        "GET /admin/gateways/{name}/edit",
        "/admin/gateways/doors/edit",
    ),
    take(
        "POST /admin/gateways/{name}/edit",
        "",
        "/admin/gateways/doors/edit",
        &[],
    ),
    take(
        "POST /admin/gateways/{name}/secret",
        "",
        "/admin/gateways/doors/secret",
        &[],
    ),
    show("GET /admin/sensors", "/admin/sensors"),
    show("GET /admin/sensors/adopt", "/admin/sensors/adopt"),
    take("POST /admin/sensors/adopt", "", "/admin/sensors/adopt", &[]),
    show(
        "GET /admin/sensors/edit",
        "/admin/sensors/edit?gateway=doors&device=AA:01",
    ),
    take(
        "POST /admin/sensors/edit",
        "",
        "/admin/sensors/edit?gateway=doors&device=AA:01",
        &[],
    ),
    show(
        "GET /admin/channels",
        "/admin/channels?gateway=doors&device=AA:01&key=logic-1",
    ),
    take(
        "POST /admin/channels",
        "",
        "/admin/channels?gateway=doors&device=AA:01&key=logic-1",
        &[],
    ),
    take(
        "POST /api/v1/spaces/{slug}/recounts",
        "by cookie",
        "/api/v1/spaces/ground/recounts",
        &[],
    ),
    show(
        "GET /admin/sites/{site}/pictures",
        "/admin/sites/SITE/pictures",
    ),
    take(
        "POST /admin/sites/{site}/pictures",
        "",
        "/admin/sites/SITE/pictures",
        &[],
    ),
    take(
        "POST /admin/pictures/{id}",
        "",
        "/admin/pictures/NUMBER",
        &[],
    ),
    show("GET /admin/machine", "/admin/machine"),
    take(
        "POST /admin/machine",
        "public name",
        "/admin/machine",
        &[("do", "address"), ("web/public_name", "")],
    ),
    // Last, as nobody is signed in after it.
    take("POST /sign-out", "", "/sign-out", &[]),
];

/// Routes that everybody may use, signed in or not, and where nothing can be changed in anybody's name.
const OPEN: &[&str] = &[
    "POST /ingest/{gateway}",
    "POST /ingest/{gateway}/{secret}",
    "GET /api/v1/spaces",
    "GET /api/v1/spaces.geojson",
    "GET /api/v1/sites.jsonld",
    "GET /api/v1/spaces/{slug}",
    "GET /api/v1/spaces/{slug}/history",
    "GET /api/v1/openapi.json",
    "GET /api/v1/live",
    "GET /.well-known/security.txt",
    "GET /health/live",
    "GET /health/ready",
    "GET /sign-in",
    "GET /sign-in/{key}",
    "GET /sign-in/{key}/callback",
    "POST /sign-in/{key}/back-channel",
    "GET /signed-out",
    "POST /sign-in/local",
    "GET /sign-in/second",
    "POST /sign-in/second",
    "POST /sign-in/passkey/begin",
    "POST /sign-in/passkey",
    "GET /invitation/{secret}",
    "POST /invitation/{secret}",
    "GET /assets/{name}",
    "GET /pictures/{digest}.jpg",
    "GET /favicon.ico",
    "GET /live/{part}",
    "GET /",
    "GET /spaces/{slug}",
    "GET /screens/{slug}",
    "GET /widgets/{slug}.svg",
    "GET /widgets/{slug}",
    "GET /{language}",
    "GET /{language}/spaces/{slug}",
    "GET /{language}/screens/{slug}",
    "GET /{language}/widgets/{slug}.svg",
    "GET /{language}/widgets/{slug}",
];

/// All routes of the public door, as method and path.
fn routes() -> BTreeSet<String> {
    let from = ROUTES.find("fn public(").unwrap();
    let to = ROUTES.find("fn local(").unwrap();
    let text = &ROUTES[from..to];
    // The last of them, and below an address of their own.
    let staff = text.find("fn staff(").unwrap();
    let mut found = BTreeSet::new();
    for (kind, methods) in [
        ("showing(", &["GET"][..]),
        ("open(", &["GET"]),
        ("streaming(", &["GET"]),
        ("taking(", &["POST"]),
        ("both(", &["GET", "POST"]),
    ] {
        for (at, _) in text.match_indices(kind) {
            let path = text[at + kind.len()..].split('"').nth(1).unwrap();
            let path = format!("{}{path}", if at > staff { "/admin" } else { "" });
            // A pattern of a parameter is none of its name.
            let mut plain = String::new();
            let mut in_pattern = false;
            for character in path.chars() {
                match character {
                    ':' => in_pattern = true,
                    '}' if in_pattern
                        && plain.matches('{').count() > plain.matches('}').count() =>
                    {
                        in_pattern = false;
                        plain.push('}');
                    }
                    _ if in_pattern => {}
                    other => plain.push(other),
                }
            }
            // `{id:[0-9]{1,9}}` closes twice.
            let plain = plain.replace("}}", "}");
            found.extend(methods.iter().map(|method| format!("{method} {plain}")));
        }
    }
    found
}

#[test]
fn every_route_is_open_to_all_or_has_an_example_here() {
    let known: BTreeSet<String> = OPEN
        .iter()
        .copied()
        .chain(EXAMPLES.iter().map(|example| example.route))
        .map(str::to_owned)
        .collect();
    let routes = routes();
    assert!(routes.len() > 30, "{routes:?}");
    let forgotten: Vec<_> = routes.difference(&known).collect();
    assert!(forgotten.is_empty(), "without an example: {forgotten:?}");
    let gone: Vec<_> = known.difference(&routes).collect();
    assert!(gone.is_empty(), "there is no such route any more: {gone:?}");
}

/// The number of the one notice and the one picture of a site.
fn number_of(site: &str) -> u8 {
    if site == "library" { 1 } else { 2 }
}

async fn ask(
    parvis: &TestParvis,
    visitor: Option<&Visitor>,
    example: &Example,
    site: &str,
    person: &str,
) -> StatusCode {
    let number = number_of(site).to_string();
    let fill = |text: &str| {
        let text = text.replace("SITE", site).replace("PERSON", person);
        text.replace("NUMBER", &number)
    };
    let (method, _) = example.route.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let path = fill(example.path);
    let mut request = parvis
        .client
        .request(method.clone(), format!("{}{path}", parvis.address));
    if let Some(visitor) = visitor {
        request = request.header("cookie", visitor.cookie());
    }
    if method == Method::POST {
        let mut fields: Vec<(&str, String)> = example
            .fields
            .iter()
            .map(|(name, value)| (*name, fill(value)))
            .collect();
        if let Some(visitor) = visitor
            && !fields.iter().any(|(name, _)| *name == "token")
        {
            fields.push(("token", visitor.token()));
        }
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        request = request
            .header("origin", &parvis.address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&fields));
    }
    parvis.send(request).await.status
}

/// Where programs may ask with a token.
const FOR_PROGRAMS: &[&str] = &["/api/v1/me", "/admin/audit.csv"];

#[tokio::test]
async fn a_token_opens_no_page() {
    let parvis = TestParvis::start(LIBRARY).await;
    let role = Role::InstitutionAdministrator;
    let ada = parvis.sign_in("Ada", &[(role, None)]);
    let acts: Vec<Act> = Act::ALL.into_iter().filter(|act| may(role, *act)).collect();
    let token = parvis.api_token(&ada, &acts).await;
    let person = ada.person.to_string();
    for example in EXAMPLES {
        let (method, _) = example.route.split_once(' ').unwrap();
        let path = example.path.replace("SITE", "library");
        let path = path.replace("PERSON", &person).replace("NUMBER", "1");
        let address = format!("{}{path}", parvis.address);
        let request = parvis.client.request(method.parse().unwrap(), address);
        let answer = parvis.send(request.bearer_auth(&token)).await;
        if FOR_PROGRAMS.contains(&example.path) {
            assert_eq!(answer.status, StatusCode::OK, "{}", example.route);
        } else if !path.starts_with("/api/") {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", example.route);
            assert!(!answer.text.contains("Ada"), "{}", example.route);
        }
    }
}

#[tokio::test]
async fn who_may_what() {
    let campus = format!(
        "{LIBRARY}\n[[site]]\nslug = \"canteen\"\nname = \"Canteen\"\nkind = \"canteen\"\n"
    );
    let parvis = TestParvis::start(&campus).await;
    let nobody = parvis.sign_in("Nobody", &[]);
    let somebody = parvis.sign_in("Somebody", &[]);
    let person = somebody.person.to_string();
    let actors: Vec<(Role, Visitor)> = Role::ALL
        .into_iter()
        .map(|role| {
            let site = (!role.is_of_institution()).then_some("library");
            (role, parvis.sign_in(role.name(), &[(role, site)]))
        })
        .collect();
    // A second administrator, so that nobody is the last one.
    parvis.sign_in("spare", &[(Role::InstitutionAdministrator, None)]);
    for site in ["library", "canteen"] {
        let number = number_of(site);
        parvis
            .execute(&format!(
                "INSERT INTO notices (id, site_id, kind, title, starts_at, ends_at, created_at) OVERRIDING SYSTEM VALUE \
                 SELECT {number}, id, 'message', '{{}}', now(), now() + interval '1 day', now() FROM sites WHERE slug = '{site}'; \
                 INSERT INTO pictures (id, site_id, alt, content, width, height, digest, created_at) OVERRIDING SYSTEM VALUE \
                 SELECT {number}, id, '{{}}', '', 1, 1, '{site}', now() FROM sites WHERE slug = '{site}'"
            ))
            .unwrap();
    }
    let mut page = String::new();
    for example in EXAMPLES {
        let at_site = example.path.contains("SITE")
            || example.path.contains("NUMBER")
            || example.fields.iter().any(|(_, value)| *value == "SITE");
        let mut may: Vec<String> = Vec::new();
        let sites = if at_site {
            &["library", "canteen"][..]
        } else {
            &["library"]
        };
        for (site, where_) in sites.iter().zip(["at their site", "at another"]) {
            let anonymous = ask(&parvis, None, example, site, &person).await;
            // Pages send strangers to the sign-in, everything else refuses them.
            assert!(
                matches!(
                    anonymous,
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::SEE_OTHER
                ),
                "{} {}: {anonymous} for nobody",
                example.route,
                example.what
            );
            for (name, visitor) in std::iter::once(("without a role", &nobody))
                .chain(actors.iter().map(|(role, visitor)| (role.name(), visitor)))
            {
                if example.path.contains("NUMBER") {
                    // Whoever was asked before may have taken it down.
                    parvis
                        .execute("UPDATE notices SET removed_at = NULL; UPDATE pictures SET removed_at = NULL")
                        .unwrap();
                }
                let status = ask(&parvis, Some(visitor), example, site, &person).await;
                assert!(
                    !status.is_server_error(),
                    "{} {name}: {status}",
                    example.route
                );
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{} {name}", example.route);
                if status != StatusCode::FORBIDDEN {
                    may.push(if at_site {
                        format!("{name} {where_}")
                    } else {
                        name.to_owned()
                    });
                }
            }
        }
        let what = if example.what.is_empty() {
            String::new()
        } else {
            format!(" ({})", example.what)
        };
        let may = if may.len() == sites.len() * (actors.len() + 1) {
            "whoever is signed in".to_owned()
        } else {
            may.join(", ")
        };
        page.push_str(&format!("{}{what}: {may}\n", example.route));
    }
    insta::assert_snapshot!(page);
}
