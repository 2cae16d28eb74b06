//! Reading JSON bodies: UTF-8 first, then at most 128 levels deep, with the place named when a value is wrong.

use serde::de::DeserializeOwned;

use super::observation::Unreadable;

/// Parses a body into a type.
///
/// # Errors
/// When the body is not UTF-8, not JSON, too deep, or not of the type.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Unreadable::malformed("body", format!("not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    serde_json::from_str(text).map_err(|error| {
        let place = format!("body, line {} column {}", error.line(), error.column());
        // serde_json appends the position to the message; it already stands in the place.
        let rule = error.to_string();
        let rule = rule
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        match error.classify() {
            serde_json::error::Category::Data => Unreadable::invalid(place, rule),
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => {
                Unreadable::malformed(place, format!("not JSON: {rule}"))
            }
        }
    })
}

/// One or many: some senders wrap a single item in no array.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    /// An array.
    Many(Vec<T>),
    /// A single item.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The items.
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(items) => items,
            Self::One(item) => vec![item],
        }
    }
}
