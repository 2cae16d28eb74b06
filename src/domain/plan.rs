//! The difference between two descriptions of a campus, as a plan that a person reads before it is carried out.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::campus::Description;

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something new.
    Add(String),
    /// Something that changes, with each field before and after.
    Change(String, Vec<(String, String, String)>),
    /// The same things in another order, which is the order people see.
    Reorder(&'static str),
    /// Something the new description no longer holds.
    Retire(String),
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(what) => write!(formatter, "+ {what}"),
            Self::Retire(what) => write!(formatter, "- {what}"),
            Self::Reorder(list) => write!(formatter, "~ the order of the {list}"),
            Self::Change(what, fields) => {
                write!(formatter, "~ {what}")?;
                for (field, before, after) in fields {
                    write!(formatter, "\n    {field}: {before} -> {after}")?;
                }
                Ok(())
            }
        }
    }
}

/// What has to change to get from one description to another.
#[must_use]
pub fn difference(before: Option<&Description>, after: &Description) -> Vec<Change> {
    let known: BTreeMap<String, Value> =
        before.map(items).unwrap_or_default().into_iter().collect();
    let wanted = items(after);
    let mut changes = Vec::new();
    for (what, item) in &wanted {
        match known.get(what) {
            None => changes.push(Change::Add(what.clone())),
            Some(old) => {
                let fields = changed_fields(old, item);
                if !fields.is_empty() {
                    changes.push(Change::Change(what.clone(), fields));
                }
            }
        }
    }
    if let Some(before) = before {
        let slugs = |description: &Description| -> (Vec<String>, Vec<String>) {
            let sites = description.sites.iter().map(|site| site.slug.clone());
            let spaces = description.spaces.iter().map(|space| space.slug.clone());
            (sites.collect(), spaces.collect())
        };
        let ((old_sites, old_spaces), (new_sites, new_spaces)) = (slugs(before), slugs(after));
        for (list, old, new) in [
            ("sites", old_sites, new_sites),
            ("spaces", old_spaces, new_spaces),
        ] {
            if is_reordered(&old, &new) {
                changes.push(Change::Reorder(list));
            }
        }
    }
    let kept = |what: &String| wanted.iter().any(|(wanted, _)| wanted == what);
    changes.extend(
        known
            .into_keys()
            .filter(|what| !kept(what))
            .map(Change::Retire),
    );
    changes
}

/// Whether what both lists hold stands in another order.
fn is_reordered(before: &[String], after: &[String]) -> bool {
    let common = before.iter().filter(|slug| after.contains(slug));
    common.ne(after.iter().filter(|slug| before.contains(slug)))
}

/// Every thing described, by kind and name.
fn items(description: &Description) -> Vec<(String, Value)> {
    let named = |item: super::item::Item| (item.key().to_string(), item.value());
    description.items().into_iter().map(named).collect()
}

fn changed_fields(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    let Value::Object(after) = after else {
        return Vec::new();
    };
    let differing = after
        .iter()
        .filter(|(field, new)| before.get(*field) != Some(*new));
    differing
        .map(|(field, new)| {
            let old = before.get(field).unwrap_or(&Value::Null);
            (field.clone(), old.to_string(), new.to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_hold_can_be_in_another_order() {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(is_reordered(&list(&["a", "b"]), &list(&["b", "a"])));
        assert!(!is_reordered(&list(&["a", "b"]), &list(&["x", "a", "b"])));
        assert!(!is_reordered(&list(&["a", "b", "c"]), &list(&["a", "c"])));
    }
}
