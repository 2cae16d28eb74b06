//! The texts of pages: Fluent files, one a language, built in for French and English, others from a directory.

use std::collections::BTreeMap;
use std::path::Path;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::error::Error;

const BUILT_IN: [(&str, &str); 2] = [
    ("fr", include_str!("../../web/texts/fr.ftl")),
    ("en", include_str!("../../web/texts/en.ftl")),
];

/// All texts.
pub struct Texts {
    bundles: BTreeMap<String, FluentBundle<FluentResource>>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.bundles.keys()).finish()
    }
}

impl Texts {
    /// French and English.
    #[must_use]
    pub fn built_in() -> Self {
        let bundle = |(language, text): (&str, &str)| {
            Some((language.to_owned(), bundle(language, text).ok()?))
        };
        Self {
            bundles: BUILT_IN.into_iter().filter_map(bundle).collect(),
        }
    }

    /// French, English, and each `LANGUAGE.ftl` of a directory; those complete or override the built-in ones.
    ///
    /// # Errors
    /// When the directory or a file cannot be read or is not Fluent.
    pub fn with_directory(directory: &Path) -> Result<Self, Error> {
        let mut texts = Self::built_in();
        let unreadable = |path: &Path, error: &std::io::Error| Error::Invalid {
            field: path.display().to_string(),
            rule: format!("cannot be read ({error}); see pages.texts in the settings"),
        };
        for entry in std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
            let path = entry.map_err(|error| unreadable(directory, &error))?.path();
            let Some(language) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            if path.extension().is_some_and(|extension| extension == "ftl") {
                let text =
                    std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
                let parsed = bundle(language, &text).map_err(|rule| Error::Invalid {
                    field: path.display().to_string(),
                    rule,
                })?;
                texts.bundles.insert(language.to_owned(), parsed);
            }
        }
        Ok(texts)
    }

    /// Whether there are texts in a language.
    #[must_use]
    pub fn has(&self, language: &str) -> bool {
        self.bundles.contains_key(language)
    }

    /// The language of visitors who ask for none there is.
    #[must_use]
    pub fn first(&self) -> &'static str {
        "fr"
    }

    /// All languages, each with its own name for itself.
    #[must_use]
    pub fn languages(&self) -> Vec<(String, String)> {
        self.bundles
            .keys()
            .map(|language| {
                (
                    language.clone(),
                    self.in_language(language).say("language-name"),
                )
            })
            .collect()
    }

    /// The texts of one language.
    #[must_use]
    pub fn in_language<'t>(&'t self, language: &'t str) -> Speech<'t> {
        Speech {
            texts: self,
            language,
        }
    }
}

fn bundle(language: &str, text: &str) -> Result<FluentBundle<FluentResource>, String> {
    let identifier: LanguageIdentifier = language.parse().map_err(|error| format!("{error:?}"))?;
    let resource =
        FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| format!("{errors:?}"))?;
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Marks around inserted words would show up in titles and be read aloud.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(if language == "en" {
        with_commas
    } else {
        with_spaces
    }));
    bundle
        .add_resource(resource)
        .map_err(|errors| format!("{errors:?}"))?;
    Ok(bundle)
}

/// From five digits on, thousands stand apart: years and room numbers do not.
fn apart(value: &FluentValue<'_>, by: char) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    let digits = number.as_string().into_owned();
    let is_long = digits.len() > 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_long.then(|| {
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(by);
            }
            text.push(digit);
        }
        text
    })
}

fn with_commas<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    apart(value, ',')
}

/// A narrow no-break space, as French and the international standard (ISO 80000-1) have it.
fn with_spaces<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    apart(value, '\u{202f}')
}

/// The texts of one language.
#[derive(Debug, Clone, Copy)]
pub struct Speech<'t> {
    texts: &'t Texts,
    language: &'t str,
}

impl Speech<'_> {
    /// The language.
    #[must_use]
    pub fn language(&self) -> &str {
        self.language
    }

    /// A text.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// A text with words or numbers inserted.
    #[must_use]
    pub fn say_with(&self, key: &str, inserted: &[(&'static str, FluentValue<'_>)]) -> String {
        let arguments: FluentArgs<'_> = inserted
            .iter()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        self.format(key, Some(&arguments))
    }

    /// A broken rule. Rules are written in English where they are checked, for programs and commands; as with gettext their
    /// words are the key of the text, and what they quote is inserted. A rule without a text stays as it is.
    #[must_use]
    pub fn rule(&self, rule: &str) -> String {
        let quoted = |nth: usize| FluentValue::from(rule.split('"').nth(nth).unwrap_or_default());
        let arguments = [("value", quoted(1)), ("other", quoted(3))]
            .into_iter()
            .collect();
        self.find(&rule_key(rule), Some(&arguments))
            .unwrap_or_else(|| rule.to_owned())
    }

    /// In the language, else in English, else the key itself: a page with an odd word beats no page.
    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        self.find(key, arguments).unwrap_or_else(|| key.to_owned())
    }

    fn find(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        [self.language, "en"].into_iter().find_map(|language| {
            let bundle = self.texts.bundles.get(language)?;
            let pattern = bundle.get_message(key)?.value()?;
            let text = bundle.format_pattern(pattern, arguments, &mut Vec::new());
            Some(text.into_owned())
        })
    }
}

/// The key of a rule: its words up to the first `:`, `;` or `(`, without what it quotes.
fn rule_key(rule: &str) -> String {
    let unquoted: String = rule.split('"').step_by(2).collect();
    let clause = unquoted.split([':', ';', '(']).next().unwrap_or_default();
    let words = clause.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let words = std::iter::once("refusal").chain(words);
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(language: &str) -> Vec<String> {
        let text = BUILT_IN
            .iter()
            .find(|(known, _)| *known == language)
            .unwrap()
            .1;
        let mut keys: Vec<String> = text
            .lines()
            .filter(|line| !line.starts_with([' ', '#', '}', '[']) && line.contains(" ="))
            .map(|line| line.split(" =").next().unwrap().to_owned())
            .collect();
        keys.sort();
        keys
    }

    #[test]
    fn french_and_english_say_the_same_things() {
        assert!(keys("fr").len() > 50);
        assert_eq!(keys("fr"), keys("en"));
    }

    /// The texts of all files below some directories.
    fn texts_below(directories: &[&str]) -> Vec<String> {
        let mut files: Vec<std::path::PathBuf> = directories.iter().map(Into::into).collect();
        let mut texts = Vec::new();
        while let Some(path) = files.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(path).unwrap();
                files.extend(entries.map(|entry| entry.unwrap().path()));
            } else {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
        texts
    }

    #[test]
    fn rules_are_said_with_what_they_quote() {
        let texts = Texts::built_in();
        let t = texts.in_language("fr");
        let said = t.rule("\"a b\" is no domain; write it as uni.example, without @");
        assert!(
            said.starts_with("«\u{202f}a b\u{202f}» n’est pas un domaine"),
            "{said}"
        );
        assert_eq!(t.rule("nobody said this: ever"), "nobody said this: ever");
    }

    #[test]
    fn every_text_of_a_rule_is_of_a_rule_that_the_code_has() {
        let code = texts_below(&["src"])
            .join("\n")
            .replace("\\\"", "\u{0}")
            .replace("'\"'", "");
        let literals = code
            .split('"')
            .map(|literal| literal.replace('\u{0}', "\""));
        let rules: Vec<String> = literals.map(|literal| rule_key(&literal)).collect();
        let texts = keys("en").into_iter();
        let unused: Vec<String> = texts
            .filter(|key| key.starts_with("refusal-") && !rules.contains(key))
            .collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn every_key_that_is_said_is_there() {
        let mut said = Vec::new();
        for text in texts_below(&["src/web", "web/templates"]) {
            let calls = text.split("say").skip(1).filter_map(|rest| {
                let rest = rest
                    .strip_prefix("_with")
                    .unwrap_or(rest)
                    .strip_prefix("(\"")?;
                Some(rest.split('"').next()?.to_owned())
            });
            said.extend(calls.filter(|key| key.contains('-')));
        }
        assert!(said.len() > 40, "{}", said.len());
        let there = keys("en");
        let missing: Vec<_> = said.iter().filter(|key| !there.contains(key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
