//! What holds for every page and every address: the language, the headers, no cookie, and no way through with odd paths.

use reqwest::Method;

use crate::harness::{Answer, LIBRARY, TestParvis};

async fn in_language(parvis: &TestParvis, path: &str, accepted: &str) -> Answer {
    let request = parvis.client.get(format!("{}{path}", parvis.address));
    parvis
        .send(request.header("accept-language", accepted))
        .await
}

#[tokio::test]
async fn the_address_decides_on_the_language_and_else_the_browser() {
    let parvis = TestParvis::start(LIBRARY).await;
    for (path, accepted, language, name) in [
        ("/", "fr-FR,fr;q=0.9,en;q=0.5", "fr", "Bibliothèque"),
        ("/", "de,en;q=0.3", "en", "Library"),
        ("/fr", "en", "fr", "Bibliothèque"),
        ("/en", "fr", "en", "Library"),
        ("/spaces/ground", "fr", "fr", "Rez-de-chaussée"),
        ("/fr/spaces/ground", "en", "fr", "Rez-de-chaussée"),
        ("/en/screens/ground", "fr", "en", "Ground floor"),
        ("/widgets/ground?lang=fr", "en", "fr", "Rez-de-chaussée"),
        ("/en/widgets/ground", "fr", "en", "Ground floor"),
    ] {
        let page = in_language(&parvis, path, accepted).await;
        assert_eq!(
            (page.status.as_u16(), page.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(
            page.text.contains(&format!("<html lang=\"{language}\"")),
            "{path} {accepted}"
        );
        assert!(page.text.contains(name), "{path} {accepted}");
        assert!(page.header("vary").contains("accept-language"), "{path}");
    }
    assert_eq!(in_language(&parvis, "/de", "fr").await.status, 404);
    let missing = in_language(&parvis, "/spaces/museum", "fr").await;
    assert_eq!(missing.status, 404);
    assert!(
        missing.text.contains("<html lang=\"fr\""),
        "{}",
        missing.text
    );
}

#[tokio::test]
async fn every_address_has_its_headers_and_none_a_cookie() {
    let parvis = TestParvis::start(LIBRARY).await;
    let home = parvis.get("/en").await.text;
    let asset = |end: &str| {
        let found = home
            .split('"')
            .find(|part| part.starts_with("/assets/") && part.ends_with(end));
        found
            .unwrap_or_else(|| panic!("no {end} in {home}"))
            .to_owned()
    };
    let (style, script) = (asset(".css"), asset(".js"));
    let addresses = [
        "/",
        "/fr",
        "/en/spaces/library",
        "/screens/library",
        "/en/screens/library",
        "/widgets/library",
        "/fr/widgets/library",
        "/widgets/library.svg",
        "/en/widgets/library.svg",
        "/favicon.ico",
        &style,
        &script,
        "/api/v1/spaces",
        "/api/v1/spaces/library",
        "/api/v1/spaces/library/history",
        "/api/v1/spaces/library/history?step=x",
        "/api/v1/spaces.geojson",
        "/api/v1/sites.jsonld",
        "/api/v1/openapi.json",
        "/health/live",
        "/health/ready",
        "/nothing",
        "/spaces/nothing",
        "/widgets/nothing",
        "/assets/nothing.css",
        "/api/v1/nothing",
        "/ingest/doors",
        "/live/nothing",
        "/metrics",
    ];
    for address in addresses {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
            let request = parvis
                .client
                .request(method.clone(), format!("{}{address}", parvis.address));
            let answer = parvis.send(request.header("cookie", "a=b")).await;
            let place = format!("{method} {address} {}", answer.status);
            assert!(answer.status.as_u16() < 500, "{place}");
            for (name, value) in [
                ("strict-transport-security", "max-age=31536000"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                (
                    "permissions-policy",
                    "camera=(), geolocation=(), microphone=()",
                ),
                ("set-cookie", ""),
                ("server", ""),
            ] {
                assert_eq!(answer.header(name), value, "{place}: {name}");
            }
            let policy = answer.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"),
                "{place}: {policy}"
            );
            let is_widget = address.contains("/widgets/library") && answer.status == 200;
            let framing = if is_widget {
                "frame-ancestors *"
            } else {
                "frame-ancestors 'none'"
            };
            assert!(policy.ends_with(framing), "{place}: {policy}");
            let is_page = answer.header("content-type").starts_with("text/html");
            if is_page && !is_widget {
                assert_eq!(answer.header("x-frame-options"), "DENY", "{place}");
            }
            if is_page {
                for inline in ["<script>", "<style", " style=", " onclick=", "javascript:"] {
                    assert!(!answer.text.contains(inline), "{place}: {inline}");
                }
            }
        }
    }
}

#[tokio::test]
async fn odd_paths_lead_nowhere() {
    let parvis = TestParvis::start(LIBRARY).await;
    let endless = "a".repeat(60_000);
    let mut odd: Vec<String> = [
        "/%00",
        "/spaces/%00",
        "/spaces/library%00",
        "/en/spaces/..%2f..%2fetc%2fpasswd",
        "/../../etc/passwd",
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "//evil.example/",
        "/en//spaces/library",
        "/EN",
        "/%ff%fe",
        "/spaces/%ff",
        "/spaces/library;x",
        "/spaces/'%20OR%201=1--",
        "/spaces/%3Cscript%3E",
        "/xx/widgets/library.svg",
        "/widgets/.svg",
        "/api",
        "/api/v1",
        "/api/v1/spaces/%00",
        "/api/v1/spaces/%00/history",
        "/api/v1/spaces/..",
        "/api/v1/spaces/%F0%9F%92%A9",
        "/live/%00",
        "/.env",
        "/.git/config",
        "/wp-login.php",
    ]
    .map(str::to_owned)
    .to_vec();
    odd.extend([
        format!("/{endless}"),
        format!("/spaces/{endless}"),
        format!("/api/v1/spaces/{endless}"),
        format!("/assets/{endless}"),
    ]);
    for path in odd {
        let shown: String = path.chars().take(60).collect();
        // As written: a client library would tidy it up.
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = parvis.exchange(request).await;
        assert!(
            answer.starts_with("HTTP/1.1 404 "),
            "{shown}: {answer:.200}"
        );
        assert!(
            !answer.contains("root:") && !answer.contains("<script>"),
            "{shown}"
        );
    }
    let log = parvis.log();
    assert!(!log.contains("ERROR") && !log.contains("passwd"), "{log}");
}

#[tokio::test]
async fn a_stroke_too_many_leads_to_the_address_without_it() {
    let parvis = TestParvis::start(LIBRARY).await;
    for (path, to) in [
        ("/fr/", "/fr"),
        ("/spaces/library/", "/spaces/library"),
        ("/en/?q=law", "/en?q=law"),
        ("/api/v1/spaces/", "/api/v1/spaces"),
    ] {
        let answer = parvis.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (308, to)
        );
    }
}

#[tokio::test]
async fn nowhere_speaks_the_language_of_its_address_and_leads_home() {
    let parvis = TestParvis::start(LIBRARY).await;
    for (path, accepted, home, word) in [
        ("/en/nope", "fr", "href=\"/en\"", "There is nothing here"),
        ("/spaces", "en", "href=\"/\"", "There is nothing here"),
        (
            "/de/spaces/library",
            "en",
            "href=\"/\"",
            "There is nothing here",
        ),
        ("/fr/nope", "en", "href=\"/fr\"", "Il n’y a rien ici"),
    ] {
        let answer = in_language(&parvis, path, accepted).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text.contains(home), "{path}: {}", answer.text);
        assert!(answer.text.contains(word), "{path}: {}", answer.text);
        assert!(!answer.text.contains("rel=\"alternate\""), "{path}");
    }
}

#[tokio::test]
async fn where_nobody_said_when_places_open_none_is_called_open() {
    let silent = LIBRARY.replace("opening_hours =", "# opening_hours =");
    let parvis = TestParvis::start(&silent).await;
    let page = in_language(&parvis, "/", "en").await;
    assert!(
        page.text.contains("opening hours are not known"),
        "{}",
        page.text
    );
    let open = in_language(&parvis, "/?show=open", "en").await;
    assert!(!open.text.contains("id=\"row-"), "{}", open.text);
}
