//! JSON Patch as the API server applies it: all of it or nothing, and a test for `null` also holds where there is
//! nothing.

use serde_json::Value;
use state::change::patch::PatchStep;

/// Applies a patch. The error says what did not fit; the document is then in an undefined state.
pub(super) fn apply(document: &mut Value, steps: &[PatchStep]) -> Result<(), String> {
    steps.iter().try_for_each(|step| match step {
        PatchStep::Test(path, wanted) => test(document, path, wanted),
        PatchStep::Add(path, value) => add(document, path, value),
        PatchStep::Replace(path, value) => match document.pointer_mut(path) {
            Some(place) => {
                *place = value.clone();
                Ok(())
            }
            None => Err(format!("replace operation does not apply: doc is missing key: {path}")),
        },
        PatchStep::Remove(path) => remove(document, path),
    })
}

fn test(document: &Value, path: &str, wanted: &Value) -> Result<(), String> {
    if document.pointer(path).unwrap_or(&Value::Null) == wanted {
        Ok(())
    } else {
        Err(format!("testing value {path} failed"))
    }
}

fn add(document: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let missing = || format!("add operation does not apply: doc is missing path: {path}");
    let (parent, key) = path.rsplit_once('/').ok_or_else(missing)?;
    match document.pointer_mut(parent).ok_or_else(missing)? {
        Value::Object(fields) => {
            fields.insert(unescaped(key), value.clone());
        }
        Value::Array(list) => {
            let place = if key == "-" { list.len() } else { key.parse().map_err(|_| missing())? };
            if place > list.len() {
                return Err(missing());
            }
            list.insert(place, value.clone());
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<(), String> {
    let missing = || format!("remove operation does not apply: doc is missing key: {path}");
    let (parent, key) = path.rsplit_once('/').ok_or_else(missing)?;
    match document.pointer_mut(parent).ok_or_else(missing)? {
        Value::Object(fields) => fields.remove(&unescaped(key)).map(|_| ()).ok_or_else(missing),
        Value::Array(list) => match key.parse::<usize>() {
            Ok(place) if place < list.len() => {
                list.remove(place);
                Ok(())
            }
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

/// The paths at which two documents differ, as JSON pointers without their escapes.
pub(super) fn differences(left: &Value, right: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(Some(left), Some(right), String::new(), &mut found);
    found
}

fn differ(left: Option<&Value>, right: Option<&Value>, path: String, found: &mut Vec<String>) {
    match (left, right) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let keys: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for key in keys {
                differ(left.get(key), right.get(key), format!("{path}/{key}"), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for place in 0..left.len().max(right.len()) {
                differ(left.get(place), right.get(place), format!("{path}/{place}"), found);
            }
        }
        (left, right) if left == right => {}
        _ => found.push(path),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn a_test_for_null_holds_where_there_is_nothing() {
        let mut document = json!({ "metadata": { "name": "api" }, "spec": { "paused": true } });
        let annotation = "/metadata/annotations/rotabot.dev~1change";
        assert_eq!(apply(&mut document, &[PatchStep::Test(path(annotation), Value::Null)]), Ok(()));
        assert!(apply(&mut document, &[PatchStep::Test(path("/spec/paused"), Value::Null)]).is_err());
        assert!(apply(&mut document, &[PatchStep::Add(path(annotation), json!("x"))]).is_err(), "no map to put it in");
        let map = json!({ "rotabot.dev/change": "x" });
        assert_eq!(apply(&mut document, &[PatchStep::Add(path("/metadata/annotations"), map)]), Ok(()));
        assert_eq!(apply(&mut document, &[PatchStep::Test(path(annotation), json!("x"))]), Ok(()));
    }

    #[test]
    fn lists_are_reached_by_their_places() {
        let mut document = json!({ "list": [{ "a": 1 }, { "a": 2 }] });
        assert_eq!(apply(&mut document, &[PatchStep::Replace(path("/list/1/a"), json!(3))]), Ok(()));
        assert_eq!(apply(&mut document, &[PatchStep::Add(path("/list/-"), json!(4))]), Ok(()));
        assert_eq!(apply(&mut document, &[PatchStep::Remove(path("/list/0"))]), Ok(()));
        assert_eq!(document, json!({ "list": [{ "a": 3 }, 4] }));
        assert!(apply(&mut document, &[PatchStep::Replace(path("/list/9"), json!(0))]).is_err());
        assert!(apply(&mut document, &[PatchStep::Remove(path("/nothing"))]).is_err());
    }

    #[test]
    fn differences_are_named_by_their_paths() {
        let left = json!({ "a": { "b/c": 1 }, "d": [1, 2], "e": 1 });
        let right = json!({ "a": { "b/c": 2 }, "d": [1], "e": 1 });
        assert_eq!(differences(&left, &right), ["/a/b/c", "/d/1"]);
    }
}
