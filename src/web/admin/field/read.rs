//! Fields read from a form into a thing.

use chrono::{Datelike as _, NaiveDate, NaiveTime};
use serde_json::{Map, Value, json};

use super::{Field, Kind, Languages, Wrong, at, put};
use crate::web::form::Form;
use crate::web::texts::Speech;

/// The most rows that a list of a form may have.
const MOST_ROWS: usize = 200;

/// Reads fields of a form into a thing. What is no value of its kind is kept as it was entered, and told.
pub(in crate::web) fn read(
    fields: &[Field],
    form: &Form,
    into: &mut Value,
    languages: &Languages,
    t: &Speech<'_>,
) -> Vec<Wrong> {
    let mut read = Read {
        form,
        languages,
        t,
        wrong: Vec::new(),
    };
    for field in fields {
        let old = at(into, field.path);
        let new = read.field(field, &old, field.path);
        put(into, field.path, new);
    }
    read.wrong
}

struct Read<'r> {
    form: &'r Form,
    languages: &'r Languages,
    t: &'r Speech<'r>,
    wrong: Vec<Wrong>,
}

impl Read<'_> {
    fn refuse(&mut self, name: &str, key: &str) {
        self.wrong.push(Wrong {
            path: name.to_owned(),
            words: self.t.say(key),
        });
    }

    fn field(&mut self, field: &Field, old: &Value, name: &str) -> Value {
        let entered = self.form.text(name).to_owned();
        if field.is_needed
            && entered.is_empty()
            && !matches!(
                field.kind,
                Kind::Words { .. }
                    | Kind::Tick
                    | Kind::Rows(_)
                    | Kind::WordsRows
                    | Kind::Location
                    | Kind::Proof
            )
        {
            self.refuse(name, "wrong-needed");
            return Value::String(entered);
        }
        match &field.kind {
            Kind::Line(_) | Kind::Choice(_) | Kind::Pem => {
                if entered.is_empty() {
                    Value::Null
                } else {
                    Value::String(entered)
                }
            }
            Kind::Secret => match self.form.raw(name) {
                "" => old.clone(),
                secret => Value::String(secret.to_owned()),
            },
            Kind::Number
                if entered
                    .parse::<i64>()
                    .is_ok_and(|number| i32::try_from(number).is_err()) =>
            {
                self.refuse(name, "wrong-number-too-large");
                Value::String(entered)
            }
            Kind::Number | Kind::LargeNumber => {
                self.parsed(name, entered, "wrong-number", |text| {
                    text.parse::<i64>().ok().map(Value::from)
                })
            }
            // Years have four digits, as browsers and people write them.
            Kind::Date => self.parsed(name, entered, "wrong-date", |text| {
                let day = text.parse::<NaiveDate>().ok();
                day.filter(|day| (1000..=9999).contains(&day.year()))
                    .map(|day| json!(day))
            }),
            Kind::Time => self.parsed(name, entered, "wrong-time", |text| {
                NaiveTime::parse_from_str(text, "%H:%M")
                    .ok()
                    .map(|time| json!(time))
            }),
            Kind::Json => self.parsed(name, entered, "wrong-json", |text| {
                serde_json::from_str(text).ok()
            }),
            Kind::JsonChoice(_) => serde_json::from_str(&entered).unwrap_or_default(),
            Kind::Tick => Value::Bool(self.form.has(name)),
            Kind::Words { .. } => self.words(old, name),
            Kind::Location => self.location(name),
            Kind::Proof => self.proof(name),
            Kind::Rows(fields) => {
                let mut rows = Vec::new();
                for number in self.numbers(name) {
                    let entered = format!("{name}.{number}");
                    if !self.is_blank(&entered) {
                        let told = self.wrong.len();
                        let old = old.get(number).cloned().unwrap_or_default();
                        rows.push(self.row(fields, &old, &entered));
                        // Rows that were left empty are not shown again, so the others move up.
                        let shown = format!("{name}.{}", rows.len() - 1);
                        for wrong in self.wrong.iter_mut().skip(told) {
                            wrong.path = wrong.path.replacen(&entered, &shown, 1);
                        }
                    }
                }
                Value::Array(rows)
            }
            Kind::WordsRows => {
                let rows = self.numbers(name).into_iter().filter_map(|number| {
                    let old = old.get(number).cloned().unwrap_or_default();
                    let words = self.words(&old, &format!("{name}.{number}"));
                    let is_there = words.as_object().is_some_and(|words| !words.is_empty());
                    is_there.then_some(words)
                });
                Value::Array(rows.collect())
            }
        }
    }

    fn row(&mut self, fields: &[Field], old: &Value, name: &str) -> Value {
        let mut row = Map::new();
        for field in fields {
            let old = old.get(field.path).cloned().unwrap_or_default();
            let value = self.field(field, &old, &format!("{name}.{}", field.path));
            row.insert(field.path.to_owned(), value);
        }
        Value::Object(row)
    }

    fn parsed(
        &mut self,
        name: &str,
        entered: String,
        key: &str,
        parse: impl FnOnce(&str) -> Option<Value>,
    ) -> Value {
        if entered.is_empty() {
            return Value::Null;
        }
        if let Some(value) = parse(&entered) {
            return value;
        }
        self.refuse(name, key);
        Value::String(entered)
    }

    fn words(&self, old: &Value, name: &str) -> Value {
        let said: Vec<(String, String)> = self
            .languages
            .iter()
            .map(|(code, _)| {
                let text = self.form.text(&format!("{name}.{code}"));
                (code.clone(), text.replace("\r\n", "\n"))
            })
            .collect();
        // A text that is the same in all languages stays one.
        if let Some(plain) = old.get("").and_then(Value::as_str)
            && said.iter().all(|(_, text)| text == plain)
        {
            return old.clone();
        }
        let mut words: Map<String, Value> = old.as_object().cloned().unwrap_or_default();
        words.remove("");
        for (code, text) in said {
            if text.is_empty() {
                words.remove(&code);
            } else {
                words.insert(code, Value::String(text));
            }
        }
        Value::Object(words)
    }

    fn location(&mut self, name: &str) -> Value {
        let parts = ["latitude", "longitude"].map(|part| {
            let name = format!("{name}.{part}");
            (part, self.form.text(&name).replace(',', "."), name)
        });
        if parts.iter().all(|(_, entered, _)| entered.is_empty()) {
            return Value::Null;
        }
        let mut location = Map::new();
        for (part, entered, name) in parts {
            let value = match entered.parse::<f64>() {
                Ok(degrees) if degrees.is_finite() => json!(degrees),
                Ok(_) | Err(_) => {
                    self.refuse(&name, "wrong-degrees");
                    Value::String(entered)
                }
            };
            location.insert(part.to_owned(), value);
        }
        Value::Object(location)
    }

    fn proof(&mut self, name: &str) -> Value {
        let part = |part: &str| self.form.text(&format!("{name}.{part}"));
        let (user, header) = (part("user"), part("header").to_lowercase());
        match part("scheme") {
            "basic" if user.is_empty() => {
                self.refuse(&format!("{name}.user"), "wrong-needed");
                json!({ "scheme": "basic", "user": "" })
            }
            "basic" => json!({ "scheme": "basic", "user": user }),
            "header" => {
                let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                if header.is_empty() || !header.bytes().all(is_token) {
                    self.refuse(&format!("{name}.header"), "wrong-header");
                }
                json!({ "scheme": "header", "name": header })
            }
            "path" => json!({ "scheme": "path" }),
            _ => json!({ "scheme": "bearer" }),
        }
    }

    /// The numbers of the rows that a form holds, in their order.
    fn numbers(&self, name: &str) -> Vec<usize> {
        let prefix = format!("{name}.");
        let mut numbers: Vec<usize> = self
            .form
            .fields()
            .filter_map(|(field, _)| {
                let rest = field.strip_prefix(&prefix)?;
                rest.split('.').next()?.parse().ok()
            })
            .filter(|number| *number < MOST_ROWS)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn is_blank(&self, name: &str) -> bool {
        let prefix = format!("{name}.");
        self.form
            .fields()
            .filter(|(field, _)| field.starts_with(&prefix))
            .all(|(_, value)| value.trim().is_empty())
    }
}
