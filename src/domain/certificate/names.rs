//! Whether the name of a certificate covers the name of a service (RFC 9525).

use std::net::IpAddr;

/// Whether a name that a certificate presents covers the name that people use. A wildcard stands for the whole of the
/// leftmost label and for nothing else; addresses are equal or not.
#[must_use]
pub fn covers(presented: &str, name: &str) -> bool {
    if let Ok(address) = name.parse::<IpAddr>() {
        return presented.parse() == Ok(address);
    }
    let [presented, name] = [presented, name].map(|text| text.trim_end_matches('.'));
    match presented.strip_prefix("*.") {
        Some(rest) => {
            // One label is too much to hand to a wildcard: nobody owns all of `*.example`.
            let parent = name.split_once('.').map(|(_, parent)| parent);
            rest.contains('.') && parent.is_some_and(|parent| parent.eq_ignore_ascii_case(rest))
        }
        None => presented.eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_whole_label() {
        for (presented, name, is_covered) in [
            ("places.uni.example", "places.uni.example", true),
            ("PLACES.uni.Example", "places.UNI.example", true),
            ("places.uni.example.", "places.uni.example", true),
            ("*.uni.example", "places.uni.example", true),
            ("*.uni.example", "uni.example", false),
            ("*.uni.example", "a.places.uni.example", false),
            ("pl*.uni.example", "places.uni.example", false),
            ("places.*.example", "places.uni.example", false),
            ("*.example", "uni.example", false),
            ("*", "localhost", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("2001:DB8::0:1", "2001:db8::1", true),
            ("*.0.2.1", "192.0.2.1", false),
            ("192.0.2.1", "places.uni.example", false),
        ] {
            assert_eq!(covers(presented, name), is_covered, "{presented} {name}");
        }
    }
}
