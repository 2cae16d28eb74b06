//! The fields of forms: shown from the JSON of a thing, read back into it. One description of a field does both.

mod read;
mod show;

use serde_json::Value;

use crate::web::texts::Speech;

pub(in crate::web) use read::read;
pub(in crate::web) use show::show;

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
    use serde_json::json;

    use super::*;
    use crate::web::form::Form;
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
