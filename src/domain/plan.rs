//! The difference between two descriptions of a campus, as a plan that a person reads before it is carried out.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::campus::Description;

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something new.
    Add(String),
    /// Something that changes, with each field before and after.
    Change(String, Vec<(String, String, String)>),
    /// Something the new description no longer holds.
    Retire(String),
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(what) => write!(formatter, "+ {what}"),
            Self::Retire(what) => write!(formatter, "- {what}"),
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
    let kept = |what: &String| wanted.iter().any(|(wanted, _)| wanted == what);
    changes.extend(
        known
            .into_keys()
            .filter(|what| !kept(what))
            .map(Change::Retire),
    );
    changes
}

/// Every thing described, by kind and name.
fn items(description: &Description) -> Vec<(String, Value)> {
    let mut items = vec![("institution".to_owned(), value(&description.institution))];
    items.extend(
        description
            .sites
            .iter()
            .map(|site| (format!("site {}", site.slug), value(site))),
    );
    items.extend(
        description
            .spaces
            .iter()
            .map(|space| (format!("space {}", space.slug), value(space))),
    );
    items.extend(
        description
            .passages
            .iter()
            .map(|passage| (format!("passage {}", passage.name), value(passage))),
    );
    items.extend(
        description
            .gateways
            .iter()
            .map(|gateway| (format!("gateway {}", gateway.name), value(gateway))),
    );
    items.extend(description.sensors.iter().map(|sensor| {
        (
            format!("sensor {} {}", sensor.gateway, sensor.device),
            value(sensor),
        )
    }));
    items.extend(description.channels.iter().map(|channel| {
        (
            format!(
                "channel {} {} {}",
                channel.gateway, channel.device, channel.key
            ),
            value(channel),
        )
    }));
    items
}

fn value<T: Serialize>(item: &T) -> Value {
    serde_json::to_value(item).unwrap_or(Value::Null)
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
