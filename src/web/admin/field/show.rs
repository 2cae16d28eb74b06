//! Fields shown with the values of a thing, and with what is wrong with them.

use askama::Template;
use serde_json::Value;

use super::{Field, Kind, Languages, Wrong, at, id};
use crate::error::Error;
use crate::web::texts::Speech;

/// Empty rows at the end of a list, for what is to be added.
const EMPTY_ROWS: usize = 2;

#[derive(Template, Default)]
#[template(path = "admin/field.html")]
struct Shown {
    kind: &'static str,
    id: String,
    name: String,
    label: String,
    /// The type of the input.
    of: &'static str,
    value: String,
    language: String,
    help: String,
    wrong: Vec<String>,
    /// The group around it of which something is wrong.
    wrong_around: Option<String>,
    is_needed: bool,
    is_ticked: bool,
    options: Vec<(String, String, bool)>,
    parts: Vec<String>,
}

impl Shown {
    fn html(self) -> Result<String, Error> {
        self.render().map_err(Error::internal)
    }
}

/// Shows fields with the values of a thing.
pub(in crate::web) fn show(
    fields: &[Field],
    value: &Value,
    wrong: &[Wrong],
    languages: &Languages,
    t: &Speech<'_>,
) -> Result<Vec<String>, Error> {
    let show = Show {
        wrong,
        languages,
        t,
    };
    fields
        .iter()
        .map(|field| show.field(field, &at(value, field.path), field.path))
        .collect()
}

struct Show<'s> {
    wrong: &'s [Wrong],
    languages: &'s Languages,
    t: &'s Speech<'s>,
}

impl Show<'_> {
    /// The group that a field is part of, when something is wrong with the whole group.
    fn wrong_around(&self, name: &str) -> Option<String> {
        let is_around = |wrong: &&Wrong| {
            let rest = name.strip_prefix(&wrong.path);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let group = self.wrong.iter().find(is_around)?;
        Some(id(&group.path))
    }

    fn blank(&self, field: &Field, name: &str) -> Shown {
        let help = format!("help-{}", field.key());
        let said = self.t.say(&help);
        let mine = self.wrong.iter().filter(|wrong| wrong.path == name);
        Shown {
            id: id(name),
            name: name.to_owned(),
            label: field.label(self.t),
            help: if said == help { String::new() } else { said },
            wrong: mine.map(|wrong| wrong.words.clone()).collect(),
            wrong_around: self.wrong_around(name),
            is_needed: field.is_needed,
            ..Shown::default()
        }
    }

    fn field(&self, field: &Field, value: &Value, name: &str) -> Result<String, Error> {
        let mut shown = self.blank(field, name);
        match &field.kind {
            Kind::Line(of) => {
                (shown.kind, shown.of, shown.value) = ("line", of, text(value));
            }
            Kind::Secret => {
                (shown.kind, shown.of) = ("line", "password");
                if !text(value).is_empty() {
                    shown.help = self.t.say("help-secret-kept");
                }
            }
            Kind::Pem => shown.kind = "area",
            Kind::Number | Kind::LargeNumber => {
                (shown.kind, shown.of, shown.value) = ("line", "number", text(value));
            }
            Kind::Date => {
                (shown.kind, shown.of, shown.value) = ("line", "date", text(value));
            }
            Kind::Time => {
                let time: String = text(value).chars().take(5).collect();
                (shown.kind, shown.of, shown.value) = ("line", "time", time);
            }
            Kind::Json => {
                let written = match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other @ (Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_)) => serde_json::to_string_pretty(other).unwrap_or_default(),
                };
                (shown.kind, shown.value) = ("area", written);
            }
            Kind::Tick => {
                (shown.kind, shown.is_ticked) = ("tick", value.as_bool().unwrap_or_default());
            }
            Kind::Choice(options) => {
                shown.kind = "choice";
                shown.options = chosen(options, &text(value));
            }
            Kind::JsonChoice(options) => {
                shown.kind = "choice";
                shown.options = chosen(options, &value.to_string());
            }
            Kind::Words { is_long } => {
                shown.kind = "group";
                shown.parts = self.words(value, name, *is_long)?;
            }
            Kind::Location => {
                shown.kind = "group";
                shown.parts = ["latitude", "longitude"]
                    .into_iter()
                    .map(|part| {
                        let inner = Field::new(part, Kind::Line("text"));
                        let value = value.get(part).cloned().unwrap_or_default();
                        self.field(&inner, &value, &format!("{name}.{part}"))
                    })
                    .collect::<Result<_, _>>()?;
            }
            Kind::Proof => {
                shown.kind = "group";
                shown.parts = self.proof(value, name)?;
            }
            Kind::Rows(fields) => {
                shown.kind = "group";
                shown.parts = self.rows(value, name, |show, row, name| {
                    let parts = fields.iter().map(|field| {
                        let value = row.get(field.path).cloned().unwrap_or_default();
                        // A row that is empty asks for nothing.
                        let field = Field {
                            is_needed: false,
                            ..field.clone()
                        };
                        show.field(&field, &value, &format!("{name}.{}", field.path))
                    });
                    parts.collect()
                })?;
            }
            Kind::WordsRows => {
                shown.kind = "group";
                shown.parts =
                    self.rows(value, name, |show, row, name| show.words(row, name, false))?;
            }
        }
        shown.html()
    }

    fn words(&self, value: &Value, name: &str, is_long: bool) -> Result<Vec<String>, Error> {
        self.languages
            .iter()
            .map(|(code, language)| {
                let said = value.get(code).or_else(|| value.get(""));
                let name = format!("{name}.{code}");
                Shown {
                    kind: if is_long { "area" } else { "line" },
                    of: "text",
                    id: id(&name),
                    label: language.clone(),
                    value: said.map(text).unwrap_or_default(),
                    language: code.clone(),
                    wrong_around: self.wrong_around(&name),
                    name,
                    ..Shown::default()
                }
                .html()
            })
            .collect()
    }

    fn proof(&self, value: &Value, name: &str) -> Result<Vec<String>, Error> {
        let schemes = ["bearer", "basic", "header", "path"]
            .map(|scheme| (scheme.to_owned(), self.t.say(&format!("proof-{scheme}"))));
        let part = |path: &'static str, kind, value: &Value| {
            self.field(&Field::new(path, kind), value, &format!("{name}.{path}"))
        };
        let of = |field: &str| value.get(field).cloned().unwrap_or_default();
        Ok(vec![
            part("scheme", Kind::Choice(schemes.into()), &of("scheme"))?,
            part("user", Kind::Line("text"), &of("user"))?,
            part("header", Kind::Line("text"), &of("name"))?,
        ])
    }

    fn rows(
        &self,
        value: &Value,
        name: &str,
        parts: impl Fn(&Self, &Value, &str) -> Result<Vec<String>, Error>,
    ) -> Result<Vec<String>, Error> {
        let mut rows = value.as_array().cloned().unwrap_or_default();
        rows.extend(std::iter::repeat_n(Value::Null, EMPTY_ROWS));
        rows.iter()
            .enumerate()
            .map(|(number, row)| {
                let name = format!("{name}.{number}");
                Shown {
                    kind: "row",
                    id: id(&name),
                    label: if row.is_null() {
                        self.t.say("row-new")
                    } else {
                        self.t
                            .say_with("row-number", &[("number", (number + 1).into())])
                    },
                    parts: parts(self, row, &name)?,
                    ..Shown::default()
                }
                .html()
            })
            .collect()
    }
}

/// The options with the one that is chosen; what is and is not offered, as a space of another site, stays possible.
fn chosen(options: &[(String, String)], value: &str) -> Vec<(String, String, bool)> {
    let mut shown: Vec<(String, String, bool)> = options
        .iter()
        .map(|(option, words)| (option.clone(), words.clone(), option == value))
        .collect();
    if !value.is_empty() && value != "null" && !shown.iter().any(|(_, _, is_chosen)| *is_chosen) {
        shown.push((value.to_owned(), value.to_owned(), true));
    }
    shown
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}
