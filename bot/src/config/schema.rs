//! The JSON Schema of the file, made from the table of keys, for editors that complete and check while one types.

use serde_json::{Map, Value, json};

use super::keys::{Key, Need, ROOT, Shape, Table};
use super::value;

/// What a name looks like.
const NAME: &str = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$";

/// The schema of the whole file.
pub fn schema() -> Value {
    let mut schema = table(&ROOT);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".into(), json!("rotabot.toml"));
    }
    schema
}

fn table(table: &Table) -> Value {
    let properties: Map<String, Value> = table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        table.keys.iter().filter(|key| matches!(key.need, Need::Required)).map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": table.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut schema = shape(&key.shape);
    let Some(fields) = schema.as_object_mut() else { return schema };
    let about = match &key.need {
        Need::Otherwise(words) => format!("{} Default: {words}.", key.about),
        _ => key.about.to_owned(),
    };
    fields.insert("description".into(), json!(about));
    if let Need::Default(text) = &key.need
        && let Some(default) = value::of_default(text)
    {
        fields.insert("default".into(), json_of(default));
    }
    schema
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text | Shape::Path | Shape::Zone => json!({ "type": "string", "minLength": 1 }),
        Shape::Name => json!({ "type": "string", "pattern": NAME, "maxLength": 253 }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Duration { .. } => json!({ "type": "string", "pattern": "^([0-9]+[smhd])+$" }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Address => json!({ "type": "string", "pattern": "^https?://[^/@:\\s]" }),
        Shape::Variable => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }),
        Shape::Date => json!({ "type": "string", "format": "date" }),
        Shape::DiscordId => json!({ "type": ["string", "integer"], "pattern": "^[0-9]{15,20}$" }),
        Shape::Repository => json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]+(:[0-9]+)?(/[a-z0-9._-]+)*$" }),
        Shape::List(item) => json!({ "type": "array", "items": self::shape(item) }),
        Shape::Map(item) => json!({
            "type": "object", "minProperties": 1,
            "propertyNames": { "pattern": NAME }, "additionalProperties": self::shape(item),
        }),
        Shape::One(below) => table(below),
        Shape::Many(below) => json!({
            "type": "object", "propertyNames": { "pattern": NAME }, "additionalProperties": table(below),
        }),
        Shape::PerHost(below) => json!({ "type": "object", "additionalProperties": table(below) }),
        Shape::Rows(below) => json!({ "type": "array", "minItems": 1, "items": table(below) }),
    }
}

pub(super) fn json_of(value: &toml::de::DeValue<'_>) -> Value {
    use toml::de::DeValue;
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Integer(number) => number.as_str().parse().map_or(Value::Null, |number: i64| json!(number)),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Null, |number: f64| json!(number)),
        DeValue::Datetime(moment) => json!(moment.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| json_of(item.get_ref())).collect()),
        DeValue::Table(entries) => Value::Object(
            entries.iter().map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref()))).collect(),
        ),
    }
}
