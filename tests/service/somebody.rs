//! Somebody at a browser: an address of their own, cookies that are kept, and forms that carry the token of their page.

use std::collections::BTreeMap;
use std::net::IpAddr;

use reqwest::header::{COOKIE, HOST, SET_COOKIE, USER_AGENT};
use reqwest::{Client, Method};

use crate::harness::{Answer, PATIENCE, TestParvis};

/// A browser and who sits at it.
#[derive(Clone)]
pub(crate) struct Somebody {
    address: String,
    client: Client,
    agent: String,
    pub(crate) cookies: BTreeMap<String, String>,
    token: String,
}

impl Somebody {
    /// A fresh browser at a network address of 127.0.0.0/8.
    pub(crate) fn at(parvis: &TestParvis, source: &str) -> Self {
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .local_address(source.parse::<IpAddr>().unwrap())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            address: parvis.address.clone(),
            client,
            agent: format!("Browser of {source}"),
            cookies: BTreeMap::new(),
            token: String::new(),
        }
    }

    /// The same browser somewhere else.
    pub(crate) fn moved_to(&self, parvis: &TestParvis, source: &str) -> Self {
        Self {
            cookies: self.cookies.clone(),
            agent: self.agent.clone(),
            token: self.token.clone(),
            ..Self::at(parvis, source)
        }
    }

    /// A page as this browser would get it if the machine were called so.
    pub(crate) async fn get_as(&self, host: &str, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.address));
        let request = request.header(HOST, host).header(USER_AGENT, &self.agent);
        let request = request.header(COOKIE, self.cookie());
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// Sends a form with the token of the page that was loaded last.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.clone();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields).append_pair("token", &token);
        self.ask(Method::POST, path, Some(form.finish())).await
    }

    /// The header of all cookies.
    fn cookie(&self) -> String {
        let cookies = self.cookies.iter();
        let cookies: Vec<String> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        cookies.join("; ")
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<String>) -> Answer {
        let path = path.strip_prefix(&self.address).unwrap_or(path);
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.address))
            .header(USER_AGENT, &self.agent)
            .header(COOKIE, self.cookie());
        if let Some(body) = body {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("origin", &self.address)
                .body(body);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.starts_with("__Host-")
                    && ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"]
                        .iter()
                        .all(|word| cookie.contains(word)),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(token) = between(&answer.text, "name=\"token\" value=\"", "\"") {
            self.token = token;
        }
        answer
    }

    /// Tries to sign in with a password; the answer to it.
    pub(crate) async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        if self.token.is_empty() || !self.cookies.contains_key("__Host-visit") {
            let page = self.get("/sign-in").await;
            assert_eq!(page.status, 200, "{}", page.text);
        }
        self.post(
            "/sign-in/local",
            &[("login", login), ("password", password), ("return", "/me")],
        )
        .await
    }

    /// Chooses a password with a link.
    pub(crate) async fn accept(&mut self, link: &str, password: &str) -> Answer {
        self.get(link).await;
        self.post(link, &[("password", password), ("again", password)])
            .await
    }

    /// Whether the session of the browser is good.
    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.get("/me").await.status == 200
    }

    /// The secret of the session.
    pub(crate) fn session(&self) -> String {
        self.cookies
            .get("__Host-session")
            .cloned()
            .unwrap_or_default()
    }
}

/// Where an answer leads.
pub(crate) fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location")
}

/// What stands between two texts, the first time.
pub(crate) fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after)?.0.to_owned())
}
