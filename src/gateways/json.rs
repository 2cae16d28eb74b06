//! Reading JSON bodies: UTF-8 first, then at most 128 levels deep. A value that is wrong is named by its place and by what
//! was expected there; it is never repeated, for it may be long, or somebody's.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::observation::Unreadable;

/// Parses a body into a type, which may borrow from it.
///
/// # Errors
/// When the body is not UTF-8, not JSON, too deep, or not of the type.
pub(super) fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Unreadable> {
    if body.starts_with(b"\xef\xbb\xbf") {
        let rule = "begins with a byte order mark: send JSON without one (RFC 8259)";
        return Err(Unreadable::malformed("body", rule));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        Unreadable::malformed("body", format!("not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    serde_json::from_str(text).map_err(|error| explained::<T>(text, &error))
}

fn explained<'b, T: Deserialize<'b>>(text: &'b str, error: &serde_json::Error) -> Unreadable {
    let message = error.to_string();
    // serde_json appends the position; what stands before it may hold the same words.
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    if error.classify() != Category::Data {
        let place = format!("body, line {} column {}", error.line(), error.column());
        return Unreadable::malformed(place, format!("not JSON: {message}"));
    }
    // Read once more to learn the place: only those who send what is wrong wait for it.
    let mut source = serde_json::Deserializer::from_str(text);
    let mut place = serde_path_to_error::deserialize::<_, T>(&mut source)
        .err()
        .map_or_else(String::new, |error| pointer(error.path()));
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    let rule = if let Some(field) = missing {
        place = format!("{place}/{field}");
        "is missing".to_owned()
    } else {
        rule(message)
    };
    if place.is_empty() {
        "body".clone_into(&mut place);
    }
    Unreadable::invalid(place, rule)
}

/// Where a value stands, as a JSON Pointer, up to the first name that is not of a form we would give.
fn pointer(path: &Path) -> String {
    let named = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } if is_plain(key) => Some(format!("/{key}")),
        Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().map_while(named).collect()
}

fn is_plain(key: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    key.len() <= 40 && key.bytes().all(fits)
}

/// What was expected. serde says before it what was there, and our own words (`expecting`) stand alone.
fn rule(message: &str) -> String {
    let Some((_, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let words = match expected {
        "i64" => "a whole number",
        "f64" => "a number",
        "a string" => "text",
        "a sequence" => "an array",
        "a map" => "an object",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    };
    format!("is not {words}")
}

/// One or many: some senders wrap a single item in no array.
#[derive(Debug)]
pub(super) struct OneOrMany<T>(Vec<T>);

impl<T> OneOrMany<T> {
    /// The items.
    pub(super) fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Items(PhantomData))
    }
}

/// Tells one item from an array by how it begins, so that a wrong value in it keeps its place.
struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or an array of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|item| OneOrMany(vec![item]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany<T>, A::Error> {
        let mut all = Vec::new();
        // An array inside is no item: derived types would take it for one, field by field.
        while let Some(OneOrMany(some)) = items.next_element()? {
            all.extend(some);
        }
        Ok(OneOrMany(all))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Line {
        id: i64,
        name: Option<String>,
        #[serde(default)]
        tags: std::collections::BTreeMap<String, String>,
    }

    fn refused(body: &str) -> String {
        parse::<OneOrMany<Line>>(body.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn one_and_many_are_read() {
        let count = |body: &str| {
            parse::<OneOrMany<Line>>(body.as_bytes())
                .unwrap()
                .into_vec()
                .len()
        };
        assert_eq!(count(r#" {"id": 1}"#), 1);
        assert_eq!(count(r#"[{"id": 1}, {"id": 2}]"#), 2);
        assert_eq!(count("[]"), 0);
    }

    #[test]
    fn a_wrong_value_is_named_by_its_place_and_never_repeated() {
        assert_eq!(
            refused(r#"[{"id": 1}, {"id": "Ada at line 7, expected too"}]"#),
            "/1/id: is not a whole number"
        );
        assert_eq!(refused(r#"{"id": 1, "name": 61}"#), "/name: is not text");
        assert_eq!(refused(r#"[{"id": 1}, {}]"#), "/1/id: is missing");
        assert_eq!(
            refused(r#"{"id": 1, "id": 2}"#),
            "body: duplicate field `id`"
        );
        assert_eq!(
            refused(r#""Ada""#),
            "body: is not an object or an array of objects"
        );
        assert_eq!(
            refused("[7]"),
            "/0: is not an object or an array of objects"
        );
        assert_eq!(
            refused(r#"{"id": 1, "tags": {"Ada Lovelace": 3}}"#),
            "/tags: is not text"
        );
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        let body = format!("\u{feff}{}", r#"{"id": 1}"#);
        assert_eq!(
            refused(&body),
            "body: begins with a byte order mark: send JSON without one (RFC 8259)"
        );
    }

    #[test]
    fn what_is_not_json_is_told_by_line_and_column() {
        assert_eq!(
            refused("{\n\"id\": Ada"),
            "body, line 2 column 7: not JSON: expected value"
        );
        assert_eq!(
            refused(r#"{"id": 1e999}"#),
            "body, line 1 column 12: not JSON: number out of range"
        );
    }
}
