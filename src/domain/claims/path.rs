//! Where a claim is in a set, and the plain values it holds.

use serde_json::Value;

use super::Set;

/// The value at a path. A dot leads into an object (`realm_access.roles`) or is part of a name (`https://uni.example/groups`,
/// `urn:oid:1.3.6.1`): the longest name that is there wins. What is null is not there.
#[must_use]
pub fn find<'s>(set: &'s Set, path: &str) -> Option<&'s Value> {
    if let Some(value) = set.get(path).filter(|value| !value.is_null()) {
        return Some(value);
    }
    path.rmatch_indices('.').find_map(|(at, _)| {
        let (name, rest) = path.split_at(at);
        let inner = set.get(name)?.as_object()?;
        find(inner, rest.strip_prefix('.')?)
    })
}

/// The plain values of a claim: of a list each, of anything else itself; a text is split only where separators are given.
/// What is empty or not plain says nothing.
#[must_use]
pub fn values(value: &Value, separators: &str) -> Vec<String> {
    let mut all = Vec::new();
    collect(value, separators, &mut all);
    all
}

fn collect(value: &Value, separators: &str, all: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let parts = text.split(|letter| separators.contains(letter));
            let parts = parts.map(str::trim).filter(|part| !part.is_empty());
            for part in parts {
                if !all.iter().any(|known| known == part) {
                    all.push(part.to_owned());
                }
            }
        }
        Value::Number(number) => all.push(number.to_string()),
        Value::Bool(yes) => all.push(yes.to_string()),
        Value::Array(list) => list
            .iter()
            .filter(|value| !value.is_array())
            .for_each(|value| collect(value, separators, all)),
        Value::Null | Value::Object(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(value: Value) -> Set {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_dot_leads_inside_or_is_part_of_a_name() {
        let claims = set(json!({
            "realm_access": { "roles": ["a"] },
            "resource_access": { "parvis.uni.example": { "roles": ["b"] } },
            "https://uni.example/groups": ["c"],
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": "d",
            "x.y": "literal",
            "x": { "y": "nested", "z": null },
        }));
        assert_eq!(find(&claims, "realm_access.roles"), Some(&json!(["a"])));
        assert_eq!(
            find(&claims, "resource_access.parvis.uni.example.roles"),
            Some(&json!(["b"]))
        );
        assert_eq!(
            find(&claims, "https://uni.example/groups"),
            Some(&json!(["c"]))
        );
        assert_eq!(
            find(&claims, "urn:oid:1.3.6.1.4.1.5923.1.1.1.9"),
            Some(&json!("d"))
        );
        assert_eq!(find(&claims, "x.y"), Some(&json!("literal")));
        assert_eq!(find(&claims, "x.z"), None);
        for nowhere in ["", ".", "x.", ".x", "realm_access.roles.a", "y"] {
            assert_eq!(find(&claims, nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn a_text_is_split_only_where_that_was_asked_for() {
        assert_eq!(
            values(&json!("Staff of the library"), ""),
            ["Staff of the library"]
        );
        assert_eq!(
            values(&json!("staff member;  alum,staff"), " ;,"),
            ["staff", "member", "alum"]
        );
        assert_eq!(
            values(&json!(["a b", " c ", "", null, 7, true, {"d": "e"}]), ""),
            ["a b", "c", "7", "true"]
        );
        assert_eq!(values(&json!({ "a": "b" }), ""), Vec::<String>::new());
    }
}
