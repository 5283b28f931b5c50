//! A JSON Schema of a file, for editors that complete and check while one writes.
//!
//! Owns what of the facts a schema can say. What it cannot, such as the range of a length of time
//! or what contradicts what, is said by `ocrwatch check`. A right file is right by its schema.
//! Nothing here can fail.
//!
//! Draft 7, as the schemas of editors are: every validator knows it, and nothing here needs a later
//! one.

use serde_json::{Map, Value, json};

use super::plain;
use crate::toml_file::reference::{Key, Kind, Table, Usual};

/// Numbers with units, as [`crate::length`] reads them; which units there are is not said.
const SPAN: &str = r"^\s*([0-9]+\s*[A-Za-z]+\s*)+$";
const SIZE: &str = r"^\s*[0-9]+\s*[A-Za-z]+\s*$";
const SHARE: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*%?\s*$";

/// The schema of a file.
pub fn schema(file: &Table, title: &str) -> Value {
    let mut definitions = Map::new();
    for table in file.all().into_iter().skip(1) {
        definitions.insert(slug(table.name), object(table));
    }
    let mut root = object(file);
    if let Value::Object(root) = &mut root {
        root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        root.insert("title".to_owned(), json!(title));
        root.insert("definitions".to_owned(), Value::Object(definitions));
    }
    root
}

fn slug(name: &str) -> String {
    name.trim_matches(['[', ']']).replace(' ', "-")
}

fn object(table: &Table) -> Value {
    let properties: Map<_, _> =
        table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<_> =
        table.keys.iter().filter(|key| key.usual == Usual::Required).map(|key| key.name).collect();
    let mut object = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": table.others.as_deref().map_or(json!(false), of_kind),
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    if !table.one_of.is_empty() {
        let one_of = table.one_of.iter().map(|key| json!({ "required": [key] }));
        object["oneOf"] = one_of.collect();
    }
    object
}

fn property(key: &Key) -> Value {
    let mut property = match of_kind(&key.kind) {
        // Beside a reference nothing counts.
        Value::Object(reference) if reference.contains_key("$ref") => {
            json!({ "allOf": [reference] })
        }
        property => property,
    };
    property["description"] = json!(plain(&key.sentence()));
    if let Usual::Value(value) = &key.usual
        && let Some(value) = json_of(value)
    {
        property["default"] = value;
    }
    if let Some(sample) = key.sample.and_then(json_of) {
        property["examples"] = json!([sample]);
    }
    property
}

fn of_kind(kind: &Kind) -> Value {
    match kind {
        // An editor makes a text of an instant that stands in no quotes.
        Kind::Text | Kind::Path | Kind::Zone | Kind::Stamp => json!({ "type": "string" }),
        Kind::Span(_) => json!({ "type": "string", "pattern": SPAN }),
        Kind::Size(_) => json!({ "type": "string", "pattern": SIZE }),
        Kind::Number(range) => {
            json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() })
        }
        Kind::Share => json!({ "anyOf": [
            { "type": "string", "pattern": SHARE },
            { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
        ] }),
        Kind::Words(words) => json!({ "type": "string", "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Texts(_) => {
            let text = json!({ "type": "string" });
            json!({ "anyOf": [text, bounded("maxItems", kind, list(&text))] })
        }
        Kind::List(item, _) => bounded("maxItems", kind, list(&of_kind(item))),
        Kind::Table(table) => json!({ "$ref": format!("#/definitions/{}", slug(table.name)) }),
        Kind::Pairs(value, _) => {
            let pairs = json!({ "type": "object", "additionalProperties": of_kind(value) });
            bounded("maxProperties", kind, pairs)
        }
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(of_kind).collect::<Vec<_>>() }),
    }
}

fn list(item: &Value) -> Value {
    json!({ "type": "array", "items": item })
}

fn bounded(keyword: &str, kind: &Kind, mut schema: Value) -> Value {
    if let Some(max) = kind.max() {
        schema[keyword] = json!(max);
    }
    schema
}

/// What a value of a file is in JSON.
fn json_of(value: &str) -> Option<Value> {
    let table: toml::Table = format!("value = {value}").parse().ok()?;
    json_of_value(table.get("value")?)
}

fn json_of_value(value: &toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(stamp) => json!(stamp.to_string()),
        toml::Value::Array(items) => items.iter().map(json_of_value).collect::<Option<_>>()?,
        toml::Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| Some((key.clone(), json_of_value(value)?)));
            Value::Object(pairs.collect::<Option<_>>()?)
        }
    })
}
