//! Words for people, in the languages of the pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A text in one or more languages, keyed by language (`fr`, `en`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub BTreeMap<String, String>);

impl Words {
    /// The same text in every language.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self(BTreeMap::from([(String::new(), text.to_owned())]))
    }

    /// The text in a language, else the one for every language, else in any language there is.
    #[must_use]
    pub fn in_language(&self, language: &str) -> &str {
        let says_something = |text: &&String| !text.trim().is_empty();
        let in_one = |language| self.0.get(language).filter(says_something);
        in_one(language)
            .or_else(|| in_one(""))
            .or_else(|| self.0.values().find(says_something))
            .map_or("", String::as_str)
    }

    /// The texts by language, as programs read them; one that holds for every language is `und` (BCP 47: undetermined).
    #[must_use]
    pub fn by_language(&self) -> BTreeMap<String, String> {
        let named = |(language, text): (&String, &String)| {
            let language = if language.is_empty() { "und" } else { language };
            (language.to_owned(), text.clone())
        };
        self.0.iter().map(named).collect()
    }

    /// Whether nothing is said in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|text| text.trim().is_empty())
    }
}
