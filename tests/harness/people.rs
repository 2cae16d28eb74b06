//! People for a test: whoever acts in it, signed in with the roles it needs.

use diesel::connection::SimpleConnection as _;
use parvis::auth::sessions::{Beginning, begin};
use parvis::auth::{csrf, secret};
use parvis::domain::actor::{Actor, Grant};
use parvis::domain::ids::PersonId;
use parvis::domain::person::{GrantTo, NewPerson};
use parvis::domain::role::{Act, Role};
use parvis::persistence::{Connections, Database, people};

use super::{Answer, TestParvis};

/// Somebody signed in, in a browser.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) person: PersonId,
    /// The secret in the cookie.
    pub(crate) secret: String,
}

impl Visitor {
    /// The cookie they send.
    pub(crate) fn cookie(&self) -> String {
        format!("__Host-session={}", self.secret)
    }

    /// The token of their forms.
    pub(crate) fn token(&self) -> String {
        csrf::token(&self.secret)
    }
}

/// Fields as a browser sends them.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl TestParvis {
    /// Its database, as Parvis itself uses it.
    pub(crate) fn open_database(&self) -> Database {
        Database::new(&Connections {
            url: self.database.clone(),
            at_most: 1,
        })
    }

    /// Somebody with roles, signed in with a passkey.
    pub(crate) fn sign_in(&self, name: &str, roles: &[(Role, Option<&str>)]) -> Visitor {
        self.sign_in_by(name, roles, "passkey", true)
    }

    /// Somebody with roles, signed in by a method.
    pub(crate) fn sign_in_by(
        &self,
        name: &str,
        roles: &[(Role, Option<&str>)],
        method: &str,
        is_strong: bool,
    ) -> Visitor {
        let now = parvis::clock::Clock::System.now();
        let console = Actor::console("test");
        let new = NewPerson {
            name: name.to_owned(),
            email: Some(format!("{}@uni.example", name.to_lowercase())),
            login: Some(name.to_lowercase()),
        };
        let work = |tx: &mut parvis::persistence::Transaction<'_>| {
            let new = console.allowed(Act::ManagePeople, new).unwrap();
            let person = people::add(tx, &new, now)?;
            for (role, site) in roles {
                let grant = Grant {
                    role: *role,
                    site: site.map(str::to_owned),
                };
                let to = console.allowed(Act::ManagePeople, GrantTo { person, grant });
                people::grant(tx, &to.unwrap(), now)?;
            }
            let beginning = Beginning {
                person,
                method,
                is_strong,
                vouched: None,
                address: "192.0.2.1",
                agent: "a browser",
                instead_of: None,
            };
            Ok((person, begin(tx, &beginning, now)?))
        };
        let (person, secret) = self.open_database().write_blocking(work).unwrap();
        Visitor { person, secret }
    }

    /// A page, as somebody sees it.
    pub(crate) async fn get_as(&self, visitor: &Visitor, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.address));
        self.send(request.header("cookie", visitor.cookie())).await
    }

    /// A form of theirs.
    pub(crate) async fn post_as(
        &self,
        visitor: &Visitor,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let token = visitor.token();
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        let request = self
            .client
            .post(format!("{}{path}", self.address))
            .header("cookie", visitor.cookie())
            .header("origin", &self.address)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form(&all))).await
    }

    /// A token of theirs for programs, for some acts.
    pub(crate) async fn api_token(&self, visitor: &Visitor, acts: &[Act]) -> String {
        let mut fields = vec![("name", "a program"), ("days", "1")];
        fields.extend(acts.iter().map(|act| ("scope", act.name())));
        let made = self.post_as(visitor, "/me/tokens", &fields).await;
        let from = made.text.find("parvis_").expect("a token is shown");
        made.text[from..]
            .chars()
            .take_while(|character| character.is_ascii_alphanumeric() || "_-".contains(*character))
            .collect()
    }

    /// Statements, as the owner of the database may run them.
    pub(crate) fn execute(&self, statements: &str) -> diesel::QueryResult<()> {
        self.connection().batch_execute(statements)
    }

    /// What a secret is kept as.
    pub(crate) fn digest_of(secret: &str) -> String {
        hex::encode(secret::digest(secret))
    }
}
