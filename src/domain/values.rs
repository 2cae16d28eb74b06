//! The rules that a thing of a description can break by itself, whatever else is described: the forms of its values.

use std::collections::BTreeSet;

use unic_langid::LanguageIdentifier;
use url::Url;

use super::campus::{Institution, Passage, Sensor, Site, Space};
use super::gateway::{Gateway, Proof};
use super::hours;
use super::mapping::Mapping;
use super::person::is_address;
use super::words::Words;

/// Longest name of a device, slug or telephone number.
const LONGEST: usize = 80;

/// Slugs of spaces that mean something else where spaces are named.
const RESERVED: [&str; 1] = ["outside"];

/// A value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) rule: &'static str,
    pub(super) message: String,
}

/// The faults of one thing, as they are found.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn note(&mut self, field: &'static str, rule: &'static str, message: impl Into<String>) {
        let message = message.into();
        self.0.push(Fault {
            field,
            rule,
            message,
        });
    }

    fn slug(&mut self, field: &'static str, slug: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if slug.is_empty() || slug.len() > LONGEST || !slug.bytes().all(fits) {
            let message = format!(
                "\"{slug}\" goes into addresses: use a-z, 0-9 and -, at most {LONGEST} characters"
            );
            self.note(field, "slug-form", message);
        }
    }

    fn name(&mut self, thing: &str, name: &Words) {
        if name.is_empty() {
            self.note("name", "named", format!("{thing} needs a name"));
        }
        self.words("name", name);
    }

    /// The languages of a text. The same text in every language has none.
    fn words(&mut self, field: &'static str, words: &Words) {
        let languages = words.0.keys().filter(|language| !language.is_empty());
        for language in languages.filter(|language| !is_language(language)) {
            let message =
                format!("\"{language}\" is no language: write its tag, such as fr, en or pt-BR");
            self.note(field, "language", message);
        }
    }

    fn web_address(&mut self, field: &'static str, address: Option<&String>) {
        if let Some(address) = address.filter(|address| !is_web_address(address)) {
            let message = format!(
                "{address:?} is no address of a page: write all of it, beginning with https:// or http://"
            );
            self.note(field, "web-address", message);
        }
    }
}

pub(super) fn of_institution(institution: &Institution) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.name("the institution", &institution.name);
    faults.web_address("data_licence", institution.data_licence.as_ref());
    if let Some(code) = &institution.holidays
        && !hours::is_country(code)
    {
        let message = format!(
            "{code:?} is no country whose public holidays are known: write its two letters, such as FR"
        );
        faults.note("holidays", "holidays", message);
    }
    let is_blank = |text: &str| text.trim().is_empty();
    if institution.security_officer.as_deref().is_none_or(is_blank) {
        let message = "name the person or team that answers for security";
        faults.note("security_officer", "security-officer", message);
    }
    // Whoever finds a flaw must know whom to tell.
    match institution.security_contact.as_deref() {
        Some(contact) if is_contact(contact) => {}
        Some(contact) if !is_blank(contact) => {
            let message = format!(
                "{contact:?} is no address to write to: begin with mailto:, https: or tel: (RFC 9116)"
            );
            faults.note("security_contact", "contact-form", message);
        }
        Some(_) | None => faults.note(
            "security_contact",
            "contact-form",
            "say where flaws are reported: mailto:, https: or tel: (RFC 9116)",
        ),
    }
    faults.0
}

pub(super) fn of_site(site: &Site) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.slug("slug", &site.slug);
    faults.name("a site", &site.name);
    faults.words("description", &site.description);
    faults.words("access", &site.access);
    for service in &site.services {
        faults.words("services", service);
    }
    faults.web_address("website", site.website.as_ref());
    if let Some(address) = site.email.as_ref().filter(|address| !is_address(address)) {
        let message = format!("{address:?} is no e-mail address: it is written name@host");
        faults.note("email", "address-form", message);
    }
    if let Some(number) = site.phone.as_ref().filter(|number| !is_phone(number)) {
        let message =
            format!("{number:?} is no telephone number: write digits, spaces, and + ( ) . - /");
        faults.note("phone", "phone-form", message);
    }
    if let Some(location) = site.location
        && !((-90.0..=90.0).contains(&location.latitude)
            && (-180.0..=180.0).contains(&location.longitude))
    {
        let (latitude, longitude) = (location.latitude, location.longitude);
        let message = format!("{latitude}, {longitude} is not on this planet");
        faults.note("location", "location-range", message);
    }
    let mut days = BTreeSet::new();
    for exceptional in &site.exceptional_days {
        faults.words("exceptional_days", &exceptional.reason);
        if !days.insert(exceptional.day) {
            let message = format!("{} is there twice: keep one of them", exceptional.day);
            faults.note("exceptional_days", "exceptional-dates", message);
        }
    }
    faults.0
}

pub(super) fn of_space(space: &Space) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.slug("slug", &space.slug);
    if RESERVED.contains(&space.slug.as_str()) {
        let message = format!(
            "\"{}\" is what the sides of passages call the outside: choose another slug",
            space.slug
        );
        faults.note("slug", "reserved-slug", message);
    }
    faults.name("a space", &space.name);
    faults.words("description", &space.description);
    let mut dates = BTreeSet::new();
    for capacity in &space.capacities {
        if capacity.comfort < 1 || capacity.safety.is_some_and(|safety| safety < 1) {
            let message = "a capacity is at least one person";
            faults.note("capacity", "capacity-positive", message);
        }
        if let Some(safety) = capacity.safety.filter(|safety| *safety < capacity.comfort) {
            let message = format!(
                "safety ({safety}) is less than comfort ({}): it is the legal maximum, and seats beyond it may not be used",
                capacity.comfort
            );
            faults.note("capacity", "capacity-order", message);
        }
        if !dates.insert(capacity.since) {
            let message = format!("two capacities begin on {}", capacity.since);
            faults.note("capacity", "capacity-dates", message);
        }
    }
    faults.0
}

pub(super) fn of_passage(passage: &Passage) -> Vec<Fault> {
    let mut faults = Faults::default();
    if passage.name.trim().is_empty() {
        faults.note("name", "named", "a passage needs a name");
    }
    if passage.from == passage.to {
        let side = passage.to.as_ref().map_or_else(
            || "leads from outside to outside".to_owned(),
            |space| format!("leads from \"{space}\" to itself"),
        );
        faults.note("to", "two-sides", format!("\"{}\" {side}", passage.name));
    }
    faults.0
}

pub(super) fn of_gateway(gateway: &Gateway) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.slug("name", &gateway.name);
    match &gateway.proof {
        Proof::Header { name } if !is_header_name(name) => {
            let message = format!(
                "{name:?} is no name of a header: letters, digits and -, such as x-gate-key"
            );
            faults.note("header", "header-form", message);
        }
        Proof::Basic { user }
            if user.contains(|letter: char| letter == ':' || letter.is_control()) =>
        {
            let message =
                format!("{user:?} is no user name of Basic (RFC 7617): it holds no colon");
            faults.note("user", "user-form", message);
        }
        Proof::Bearer | Proof::Basic { .. } | Proof::Header { .. } | Proof::Path => {}
    }
    if gateway.family.is_device() {
        let message = format!(
            "{} is a device behind a network server: choose chirpstack or things-stack here and put the model on the sensor",
            gateway.family
        );
        faults.note("family", "family-speaks-https", message);
    }
    for fault in gateway.mapping.iter().flat_map(Mapping::faults) {
        faults.note("mapping", "mapping", fault);
    }
    if gateway.stale_after_minutes < 1 {
        let message = "silence is at least one minute";
        faults.note("stale_after_minutes", "stale-positive", message);
    }
    faults.0
}

pub(super) fn of_sensor(sensor: &Sensor) -> Vec<Fault> {
    let mut faults = Faults::default();
    if !is_label(&sensor.device) {
        let message = format!("{:?} is not a device identifier", sensor.device);
        faults.note("device", "device-form", message);
    }
    if sensor
        .stale_after_minutes
        .is_some_and(|minutes| minutes < 1)
    {
        let message = "silence is at least one minute";
        faults.note("stale_after_minutes", "stale-positive", message);
    }
    if let Some(model) = sensor.model.filter(|model| !model.is_device()) {
        let message = format!("{model} is not a device behind a network server");
        faults.note("model", "model-is-device", message);
    }
    faults.0
}

/// Whether a text can stand in a line of `security.txt` as where to report flaws.
#[must_use]
pub fn is_contact(text: &str) -> bool {
    let rest = ["mailto:", "https://", "tel:"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| (0x21..0x7f).contains(&byte))
    })
}

/// Whether a text can name a device or one of its channels: letters, digits, spaces and what real devices use.
///
/// Quotes, semicolons, angle brackets and the like never occur in a name that a sensor sends in good faith.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let fits = |letter: char| letter.is_alphanumeric() || " .:,_-/()#+&'’°".contains(letter);
    !text.trim().is_empty() && text.chars().count() <= LONGEST && text.chars().all(fits)
}

/// Whether a text is the EUI of a LoRaWAN device, as network servers write it.
#[must_use]
pub(super) fn is_eui(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is a whole address of the web, as people paste it: letters with accents may stand as they are.
fn is_web_address(text: &str) -> bool {
    let fits = |letter: char| {
        !letter.is_whitespace() && !letter.is_control() && !"<>\"\\^`{|}".contains(letter)
    };
    let is_whole =
        |address: Url| matches!(address.scheme(), "http" | "https") && address.has_host();
    let begins = ["http://", "https://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    begins && text.chars().all(fits) && Url::parse(text).is_ok_and(is_whole)
}

/// Whether a text is a telephone number as people write it; a space may be one that does not break.
fn is_phone(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_digit() || " \u{a0}\u{202f}+().-/".contains(letter);
    text.chars().count() <= LONGEST
        && text.chars().all(fits)
        && text.contains(|letter: char| letter.is_ascii_digit())
}

/// Whether a text is a language tag by which texts are found: small letters first, two or three of them.
fn is_language(tag: &str) -> bool {
    let language = tag.split('-').next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && tag.parse::<LanguageIdentifier>().is_ok()
}

/// Whether a text can name a header of HTTP (a token of RFC 9110).
fn is_header_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_numbers_tags_and_names_have_forms() {
        for good in [
            "https://valmont.example/centrale",
            "http://[::1]:8080/",
            "https://fr.wikipedia.org/wiki/Bibliothèque?a=1#b",
        ] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "www.example.org/bib",
            "https://",
            "https:valmont.example",
            "ftp://valmont.example",
            "https://a b",
            "https://a.example/\n",
            "https://a.example/<b>",
            "",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
        assert!(is_phone("+33 (0)5 61/00.00-01") && is_phone("05\u{202f}61"));
        assert!(!is_phone("call me; maybe") && !is_phone("+ -") && !is_phone(""));
        assert!(
            ["fr", "pt-BR", "gsw", "zh-Hant"]
                .iter()
                .all(|tag| is_language(tag))
        );
        assert!(
            !["french", "FR", "f", "fr_", "en us", "1a"]
                .iter()
                .any(|tag| is_language(tag))
        );
        assert!(is_header_name("x-gate-key") && !is_header_name("x y:") && !is_header_name(""));
        assert!(is_eui("24E124136D151234") && !is_eui("24E1") && !is_eui("24E124136D15123G"));
    }
}
