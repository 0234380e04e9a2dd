//! RFC 6902 as the API server applies it: all of it or nothing, and a test for `null` holds where there is nothing.
//!
//! It works on the patch as it is sent, so that what is proven is what the server would do.

use serde_json::Value;

/// The document with the patch applied; the operation that does not fit otherwise.
pub(crate) fn applied(document: &Value, patch: &[Value]) -> Result<Value, String> {
    let mut document = document.clone();
    for step in patch {
        let path = step["path"].as_str().expect("a path");
        let done = match step["op"].as_str() {
            Some("test") => (document.pointer(path).unwrap_or(&Value::Null) == &step["value"]).then_some(()),
            Some("add") => add(&mut document, path, &step["value"]),
            Some("replace") => document.pointer_mut(path).map(|place| *place = step["value"].clone()),
            Some("remove") => remove(&mut document, path),
            other => panic!("no such operation: {other:?}"),
        };
        done.ok_or_else(|| step.to_string())?;
    }
    Ok(document)
}

fn add(document: &mut Value, path: &str, value: &Value) -> Option<()> {
    let (parent, key) = path.rsplit_once('/')?;
    document.pointer_mut(parent)?.as_object_mut()?.insert(unescaped(key), value.clone());
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<()> {
    let (parent, key) = path.rsplit_once('/')?;
    document.pointer_mut(parent)?.as_object_mut()?.remove(&unescaped(key)).map(|_| ())
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}
