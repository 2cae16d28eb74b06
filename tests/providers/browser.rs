//! A browser of few words: it keeps cookies, follows redirects, and fills in the forms of providers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, StatusCode, Url};

use crate::harness::PATIENCE;

/// Steps after which a journey leads nowhere.
const MOST_STEPS: usize = 30;

/// A browser.
pub(crate) struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// A page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Whether it is the refusal of a sign-in with a code.
    pub(crate) fn is_refused_with(&self, code: &str) -> bool {
        !self.status.is_success() && self.text.contains(&format!("<strong>{code}</strong>"))
    }

    /// The token of its forms.
    pub(crate) fn token(&self) -> String {
        let fields = forms(&self.text).into_iter().flat_map(|form| form.fields);
        let mut tokens = fields.filter(|(name, _)| name == "token");
        tokens.next().expect("a form with a token").1
    }

    fn next(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().unwrap();
        self.status
            .is_redirection()
            .then(|| self.url.join(location).unwrap())
    }

    /// Where a page leads by itself.
    fn refresh(&self) -> Option<Url> {
        let at = self.text.find("http-equiv=\"refresh\"")?;
        let content = attribute(&self.text[at..], "content")?;
        Some(self.url.join(content.split_once("url=")?.1).unwrap())
    }
}

/// A form of a page.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

/// What a person does at a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hands<'a> {
    /// The name they sign in with.
    pub(crate) user: &'a str,
    /// Their password, where it matters.
    pub(crate) password: &'a str,
}

impl<'a> Hands<'a> {
    pub(crate) fn of(user: &'a str) -> Self {
        Self {
            user,
            password: "any",
        }
    }
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            client,
            cookies: Mutex::default(),
        }
    }

    /// The value of a cookie of a host.
    pub(crate) fn cookie(&self, url: &str, name: &str) -> Option<String> {
        let key = (authority(&url.parse().unwrap()), name.to_owned());
        self.cookies.lock().unwrap().get(&key).cloned()
    }

    /// Puts a cookie there, as somebody else might have.
    pub(crate) fn plant(&self, url: &str, name: &str, value: &str) {
        let key = (authority(&url.parse().unwrap()), name.to_owned());
        self.cookies.lock().unwrap().insert(key, value.to_owned());
    }

    /// Loses the cookies of a host.
    pub(crate) fn forget(&self, url: &str) {
        let host = authority(&url.parse().unwrap());
        self.cookies
            .lock()
            .unwrap()
            .retain(|(of, _), _| *of != host);
    }

    pub(crate) async fn get(&self, url: &str) -> Page {
        self.send(Method::GET, url.parse().unwrap(), &[]).await
    }

    pub(crate) async fn post(&self, url: &str, fields: &[(String, String)]) -> Page {
        self.send(Method::POST, url.parse().unwrap(), fields).await
    }

    async fn send(&self, method: Method, url: Url, fields: &[(String, String)]) -> Page {
        let host = authority(&url);
        let sent: Vec<String> = {
            let cookies = self.cookies.lock().unwrap();
            let of_host = cookies.iter().filter(|((of, _), _)| *of == host);
            of_host
                .map(|((_, name), value)| format!("{name}={value}"))
                .collect()
        };
        let mut request = self.client.request(method.clone(), url.clone());
        if !sent.is_empty() {
            request = request.header(COOKIE, sent.join("; "));
        }
        if method == Method::POST {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(fields);
            request = request
                .header(ORIGIN, url.origin().ascii_serialization())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.finish());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            self.keep(&host, cookie.to_str().unwrap());
        }
        Page {
            url,
            status,
            headers,
            text: response.text().await.unwrap_or_default(),
        }
    }

    fn keep(&self, host: &str, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let key = (host.to_owned(), name.trim().to_owned());
        let attributes = attributes.to_lowercase();
        let is_gone =
            value.is_empty() || attributes.contains("max-age=0") || attributes.contains("1970");
        let mut cookies = self.cookies.lock().unwrap();
        if is_gone {
            cookies.remove(&key);
        } else {
            cookies.insert(key, value.to_owned());
        }
    }

    /// Goes where an address leads, through the forms of other hosts, until a page of the first one stays.
    pub(crate) async fn travel(&self, url: &str, hands: Hands<'_>) -> Page {
        let home = authority(&url.parse().unwrap());
        let stays = |page: &Page| authority(&page.url) == home && page.next().is_none();
        self.journey(url, hands, &stays).await
    }

    /// The same, until the browser would come back with an answer; its address.
    pub(crate) async fn travel_to_answer(&self, url: &str, hands: Hands<'_>) -> Url {
        let comes_back = |page: &Page| {
            page.next()
                .is_some_and(|next| next.path().ends_with("/callback"))
        };
        let page = self.journey(url, hands, &comes_back).await;
        page.next().unwrap()
    }

    async fn journey(&self, url: &str, hands: Hands<'_>, is_there: &dyn Fn(&Page) -> bool) -> Page {
        let mut page = self.get(url).await;
        for _ in 0..MOST_STEPS {
            if let (Some(next), false) = (page.refresh(), page.status.is_redirection()) {
                page = self.get(next.as_str()).await;
            } else if is_there(&page) {
                return page;
            } else if let Some(next) = page.next() {
                page = self.get(next.as_str()).await;
            } else {
                page = self.fill_in(&page, hands).await;
            }
        }
        panic!("the journey does not end; it is at {}", page.url);
    }

    /// Fills in the most important form of a page and sends it.
    pub(crate) async fn fill_in(&self, page: &Page, hands: Hands<'_>) -> Page {
        let mut forms = forms(&page.text);
        forms.sort_by_key(|form| {
            let has = |name: &str| form.fields.iter().any(|(field, _)| field == name);
            (has("password"), has("xsrf"), form.fields.len())
        });
        let form = forms
            .pop()
            .unwrap_or_else(|| panic!("{} is no form ({}): {}", page.url, page.status, page.text));
        let mut fields: Vec<(String, String)> = form
            .fields
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "login" | "username" => (name, hands.user.to_owned()),
                "password" => (name, hands.password.to_owned()),
                _ => (name, value),
            })
            .collect();
        if fields.iter().any(|(name, _)| name == "xsrf") {
            fields.push(("logout".to_owned(), "yes".to_owned()));
        }
        let action = page.url.join(&form.action).unwrap();
        self.send(Method::POST, action, &fields).await
    }
}

/// The host and port of an address.
fn authority(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap(),
        url.port_or_known_default().unwrap()
    )
}

/// The forms of a page, in their order.
fn forms(html: &str) -> Vec<Form> {
    let pieces = html.split("<form").skip(1);
    pieces
        .map(|piece| {
            let piece = piece.split("</form>").next().unwrap();
            let (tag, inside) = piece.split_once('>').unwrap();
            let inputs = inside.split("<input").skip(1).filter_map(|input| {
                let input = input.split('>').next()?;
                let kind = attribute(input, "type").unwrap_or_default();
                let is_left_out =
                    ["checkbox", "radio"].contains(&kind.as_str()) && !input.contains("checked");
                let name = attribute(input, "name").filter(|_| !is_left_out)?;
                Some((name, attribute(input, "value").unwrap_or_default()))
            });
            Form {
                action: attribute(tag, "action").unwrap_or_default(),
                fields: inputs.collect(),
            }
        })
        .collect()
}

/// The value of an attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))?;
    let rest = &tag[at + name.len() + 3..];
    Some(unescape(rest.split('"').next()?))
}

fn unescape(text: &str) -> String {
    let pairs = [
        ("&#38;", "&"),
        ("&#x26;", "&"),
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
