//! The fields of forms: shown from the JSON of a thing, read back into it. One description of a field does both.

use askama::Template;
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::web::form::Form;
use crate::web::texts::Speech;

/// The most rows that a list of a form may have.
const MOST_ROWS: usize = 200;

/// Empty rows at the end of a list, for what is to be added.
const EMPTY_ROWS: usize = 2;

/// What is entered in a field.
#[derive(Debug, Clone)]
pub(in crate::web) enum Kind {
    /// A line of this type of HTML.
    Line(&'static str),
    /// A secret: never shown again, and kept where nothing is entered.
    Secret,
    /// Certificates, PEM: not shown again.
    Pem,
    /// A text in each language, of one line or several.
    Words { is_long: bool },
    /// A whole number of 32 bits.
    Number,
    /// A whole number, however large.
    LargeNumber,
    /// A time of day.
    Time,
    /// A day.
    Date,
    /// Yes or no.
    Tick,
    /// One of these: value and words. An empty value is none.
    Choice(Vec<(String, String)>),
    /// One of these, whose values are JSON.
    JsonChoice(Vec<(String, String)>),
    /// Latitude and longitude.
    Location,
    /// Where a sender puts its secret.
    Proof,
    /// JSON, as the documentation describes it.
    Json,
    /// Any number of these.
    Rows(Vec<Field>),
    /// Any number of texts in each language.
    WordsRows,
}

/// A field: where its value stands in the JSON of its thing, with `/` between levels, and what is entered.
#[derive(Debug, Clone)]
pub(in crate::web) struct Field {
    pub(in crate::web) path: &'static str,
    pub(in crate::web) kind: Kind,
    pub(in crate::web) is_needed: bool,
}

impl Field {
    pub(in crate::web) const fn new(path: &'static str, kind: Kind) -> Self {
        Self {
            path,
            kind,
            is_needed: false,
        }
    }

    pub(in crate::web) const fn needed(path: &'static str, kind: Kind) -> Self {
        Self {
            path,
            kind,
            is_needed: true,
        }
    }

    fn key(&self) -> String {
        self.path.replace(['/', '_'], "-")
    }

    /// What it is called.
    pub(in crate::web) fn label(&self, t: &Speech<'_>) -> String {
        t.say(&format!("field-{}", self.key()))
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Wrong {
    /// The field, by path.
    pub(in crate::web) path: String,
    /// What is wrong, in words.
    pub(in crate::web) words: String,
}

/// The languages of texts: code and name.
pub(in crate::web) type Languages = [(String, String)];

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

/// What the field at a path is called: `capacities.1.since` is one of a row.
pub(in crate::web) fn label_of(path: &str, t: &Speech<'_>) -> String {
    let parts = path.split('.').filter(|part| !part.is_empty());
    let words = parts.map(|part| {
        part.parse::<usize>().map_or_else(
            |_| t.say(&format!("field-{}", part.replace(['/', '_'], "-"))),
            |row| (row + 1).to_string(),
        )
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The identifier of a field in its page.
pub(in crate::web) fn id(name: &str) -> String {
    format!("f-{}", name.replace(['.', '/'], "-"))
}

/// The value at a path.
pub(in crate::web) fn at(value: &Value, path: &str) -> Value {
    value
        .pointer(&format!("/{path}"))
        .cloned()
        .unwrap_or_default()
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
            Kind::Date => self.parsed(name, entered, "wrong-date", |text| {
                text.parse::<NaiveDate>().ok().map(|day| json!(day))
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

/// Puts a value at a path whose upper levels are there.
pub(in crate::web) fn put(into: &mut Value, path: &str, value: Value) {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let pointer = if above.is_empty() {
        String::new()
    } else {
        format!("/{above}")
    };
    if let Some(Value::Object(object)) = into.pointer_mut(&pointer) {
        object.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Texts;

    fn fields() -> Vec<Field> {
        vec![
            Field::needed("name", Kind::Words { is_long: false }),
            Field::new("address", Kind::Line("text")),
            Field::new("location", Kind::Location),
            Field::new(
                "parent",
                Kind::Choice(vec![(String::new(), "none".to_owned())]),
            ),
            Field::new(
                "capacities",
                Kind::Rows(vec![
                    Field::needed("since", Kind::Date),
                    Field::needed("comfort", Kind::Number),
                ]),
            ),
            Field::new("services", Kind::WordsRows),
            Field::new("counter/wrap", Kind::LargeNumber),
            Field::new("is_draft", Kind::Tick),
        ]
    }

    fn thing() -> Value {
        json!({
            "name": { "": "Hall", "de": "Saal" }, "address": null, "location": null, "parent": "elsewhere",
            "capacities": [{ "since": "2026-01-01", "comfort": 10 }], "services": [{ "fr": "Prises" }],
            "counter": { "wrap": 65_536, "max_per_minute": 120 }, "is_draft": true, "untouched": [1, 2],
        })
    }

    fn entered(changes: &[(&str, &str)]) -> (Value, Vec<Wrong>) {
        let texts = Texts::built_in();
        let t = texts.in_language("en");
        let shown = [
            ("name.fr", "Hall"),
            ("name.en", "Hall"),
            ("parent", "elsewhere"),
            ("capacities.0.since", "2026-01-01"),
            ("capacities.0.comfort", "10"),
            ("services.0.fr", "Prises"),
            ("counter/wrap", "65536"),
            ("is_draft", "yes"),
        ];
        let mut form: Vec<(String, String)> = shown
            .iter()
            .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
            .chain(changes)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        form.retain(|(_, value)| value != "(not sent)");
        let mut value = thing();
        let form = Form::of(form);
        let wrong = read(&fields(), &form, &mut value, &texts.languages(), &t);
        (value, wrong)
    }

    #[test]
    fn what_is_sent_back_as_it_was_shown_changes_nothing() {
        let (value, wrong) = entered(&[]);
        assert_eq!((value, wrong), (thing(), Vec::new()));
    }

    #[test]
    fn each_kind_of_field_is_read_into_its_place() {
        let (value, wrong) = entered(&[
            ("name.en", "Great hall"),
            ("location.latitude", "48,85"),
            ("location.longitude", "2.35"),
            ("capacities.0.since", ""),
            ("capacities.0.comfort", ""),
            ("capacities.2.since", "2027-01-01"),
            ("capacities.2.comfort", "12"),
            ("services.0.fr", ""),
            ("counter/wrap", ""),
            ("is_draft", "(not sent)"),
        ]);
        assert_eq!(wrong, Vec::new());
        assert_eq!(
            value["name"],
            json!({ "fr": "Hall", "en": "Great hall", "de": "Saal" })
        );
        assert_eq!(
            value["location"],
            json!({ "latitude": 48.85, "longitude": 2.35 })
        );
        assert_eq!(
            value["capacities"],
            json!([{ "since": "2027-01-01", "comfort": 12 }])
        );
        assert_eq!(value["services"], json!([]));
        assert_eq!(
            value["counter"],
            json!({ "wrap": null, "max_per_minute": 120 })
        );
        assert_eq!(
            (&value["is_draft"], &value["untouched"]),
            (&json!(false), &json!([1, 2]))
        );
    }

    #[test]
    fn what_is_no_value_is_kept_as_entered_and_told_at_the_row_it_is_shown_in() {
        let (value, wrong) = entered(&[
            ("capacities.0.since", ""),
            ("capacities.0.comfort", ""),
            ("capacities.3.since", "soon"),
            ("capacities.3.comfort", "many"),
            ("location.latitude", "north"),
        ]);
        let paths: Vec<&str> = wrong.iter().map(|wrong| wrong.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "location.latitude",
                "location.longitude",
                "capacities.0.since",
                "capacities.0.comfort"
            ]
        );
        assert_eq!(
            value["capacities"],
            json!([{ "since": "soon", "comfort": "many" }])
        );
        let texts = Texts::built_in();
        let t = texts.in_language("en");
        let shown = show(&fields(), &value, &wrong, &texts.languages(), &t).unwrap();
        assert!(shown[4].contains("value=\"soon\"") && shown[4].contains("aria-invalid"));
        // What fits a total is too large for a capacity.
        let (value, wrong) = entered(&[
            ("capacities.0.comfort", "4294967296"),
            ("counter/wrap", "4294967296"),
        ]);
        assert_eq!(value["counter"]["wrap"], json!(4_294_967_296_i64));
        let told: Vec<(&str, &str)> = wrong
            .iter()
            .map(|wrong| (wrong.path.as_str(), wrong.words.as_str()))
            .collect();
        assert_eq!(
            told,
            [("capacities.0.comfort", "This number is too large.")]
        );
        // What is chosen and not offered stays possible.
        assert!(
            shown[3].contains("<option value=\"elsewhere\" selected>"),
            "{}",
            shown[3]
        );
    }
}
