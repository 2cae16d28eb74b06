//! Whether values are as an OpenAPI 3.1 document says: the part of JSON Schema that the description of the API uses, and
//! complaints about any other.

use chrono::DateTime;
use serde_json::Value;

/// What is wrong with a value, each as place and rule.
pub(crate) fn mismatches(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut check = Check {
        document,
        wrong: Vec::new(),
    };
    check.value(schema, value, "");
    check.wrong
}

/// What keeps a document from being an OpenAPI 3.1 description.
pub(crate) fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |is_so: bool, what: String| {
        if !is_so {
            faults.push(what);
        }
    };
    let version = document["openapi"].as_str().unwrap_or_default();
    expect(version.starts_with("3.1."), format!("openapi is {version}"));
    for field in ["title", "version"] {
        expect(
            document["info"][field].is_string(),
            format!("info has no {field}"),
        );
    }
    let mut names = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        expect(
            path.starts_with('/'),
            format!("{path} does not begin with /"),
        );
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let place = format!("{method} {path}");
            expect(
                ["get", "post"].contains(&method.as_str()),
                format!("{place}: method"),
            );
            names.push(operation["operationId"].to_string());
            let responses = operation["responses"].as_object();
            expect(
                responses.is_some_and(|all| !all.is_empty()),
                format!("{place}: no responses"),
            );
            for (status, response) in responses.into_iter().flatten() {
                expect(status.len() == 3, format!("{place}: status {status}"));
                expect(
                    response["description"].is_string(),
                    format!("{place} {status}: no description"),
                );
            }
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            for parameter in &parameters {
                let is_required = parameter["in"] != "path" || parameter["required"] == true;
                let is_whole = parameter["name"].is_string() && parameter["schema"].is_object();
                expect(
                    is_required && is_whole,
                    format!("{place}: parameter {parameter}"),
                );
            }
            for part in path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            {
                let is_told = parameters
                    .iter()
                    .any(|told| told["in"] == "path" && told["name"] == part);
                expect(is_told, format!("{place}: {part} is not described"));
            }
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    expect(
        count > 0 && names.len() == count,
        "operationIds are not unique".to_owned(),
    );
    for reference in references(document) {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        expect(target.is_some(), format!("{reference} leads nowhere"));
    }
    faults
}

fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(fields.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

struct Check<'a> {
    document: &'a Value,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, place: &str) {
        let Some(keywords) = schema.as_object() else {
            return self.note(place, "no schema");
        };
        for (keyword, rule) in keywords {
            self.keyword(schema, keyword, rule, value, place);
        }
    }

    fn keyword(&mut self, schema: &Value, keyword: &str, rule: &Value, value: &Value, place: &str) {
        let branches = || rule.as_array().into_iter().flatten();
        let fitting = || {
            branches()
                .filter(|branch| mismatches(self.document, branch, value).is_empty())
                .count()
        };
        let is_well = match keyword {
            "$ref" => {
                let pointer = rule.as_str().unwrap_or_default().trim_start_matches('#');
                let target = self.document.pointer(pointer).unwrap_or(&Value::Null);
                return self.value(target, value, place);
            }
            "oneOf" => fitting() == 1,
            "anyOf" => fitting() > 0,
            "allOf" => fitting() == branches().count(),
            "type" => rule.as_array().map_or_else(
                || is_of(rule, value),
                |all| all.iter().any(|kind| is_of(kind, value)),
            ),
            "enum" => branches().any(|allowed| allowed == value),
            "minimum" => value
                .as_f64()
                .is_none_or(|number| Some(number) >= rule.as_f64()),
            "format" if rule == "date-time" => value
                .as_str()
                .is_none_or(|text| DateTime::parse_from_rfc3339(text).is_ok()),
            "required" => branches()
                .filter_map(Value::as_str)
                .all(|field| value.get(field).is_some()),
            "properties" => return self.fields(schema, rule, value, place),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(rule, item, &format!("{place}/{index}"));
                }
                true
            }
            "additionalProperties" | "propertyNames" => {
                if schema.get("properties").is_none() {
                    for (field, item) in value.as_object().into_iter().flatten() {
                        let text = Value::from(field.as_str());
                        let item = if keyword == "propertyNames" {
                            &text
                        } else {
                            item
                        };
                        self.value(rule, item, &format!("{place}/{field}"));
                    }
                }
                true
            }
            "format" | "description" | "example" | "examples" | "title" | "default" => true,
            _ => false,
        };
        if !is_well {
            self.note(place, &format!("{keyword} {rule}, not {value}"));
        }
    }

    /// Every field is described and of its schema.
    fn fields(&mut self, schema: &Value, properties: &Value, value: &Value, place: &str) {
        for (field, item) in value.as_object().into_iter().flatten() {
            match properties
                .get(field)
                .or_else(|| schema.get("additionalProperties"))
            {
                Some(rule) => self.value(rule, item, &format!("{place}/{field}")),
                None => self.note(place, &format!("{field} is not described")),
            }
        }
    }

    fn note(&mut self, place: &str, rule: &str) {
        self.wrong.push(format!("{place}: {rule}"));
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
