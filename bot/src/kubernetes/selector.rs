//! Label selectors: as the API server is asked with them, and as they are applied to labels that are known already.

use std::collections::BTreeMap;

use serde_json::Value;

/// A label selector. An empty one selects nothing, as the API has it for workloads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Selector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Is(String, String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
    /// An operator that this version has never heard of: it selects nothing rather than too much.
    Unknown,
}

impl Selector {
    /// Reads `spec.selector`.
    pub(super) fn read(json: Option<&Value>) -> Self {
        let Some(json) = json else { return Self::default() };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let labels = json.get("matchLabels").and_then(Value::as_object);
        let mut terms: Vec<_> =
            labels.into_iter().flatten().map(|(key, value)| Term::Is(key.clone(), text(value))).collect();
        for expression in json.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let key = expression.get("key").map(text).unwrap_or_default();
            let values = expression.get("values").and_then(Value::as_array);
            let values = values.map(|values| values.iter().map(text).collect()).unwrap_or_default();
            terms.push(match expression.get("operator").and_then(Value::as_str) {
                Some("In") => Term::In(key, values),
                Some("NotIn") => Term::NotIn(key, values),
                Some("Exists") => Term::Exists(key),
                Some("DoesNotExist") => Term::Absent(key),
                _ => Term::Unknown,
            });
        }
        Self { terms }
    }

    /// The selector as the parameter `labelSelector` takes it; none where it selects nothing.
    pub(super) fn query(&self) -> Option<String> {
        if self.terms.is_empty() || self.terms.contains(&Term::Unknown) {
            return None;
        }
        let term = |term: &Term| match term {
            Term::Is(key, value) => format!("{key}={value}"),
            Term::In(key, values) => format!("{key} in ({})", values.join(",")),
            Term::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
            Term::Exists(key) => key.clone(),
            Term::Absent(key) => format!("!{key}"),
            Term::Unknown => String::new(),
        };
        Some(self.terms.iter().map(term).collect::<Vec<_>>().join(","))
    }

    /// Whether labels are selected.
    pub(super) fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        let holds = |term: &Term| match term {
            Term::Is(key, value) => labels.get(key) == Some(value),
            Term::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Term::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Term::Exists(key) => labels.contains_key(key),
            Term::Absent(key) => !labels.contains_key(key),
            Term::Unknown => false,
        };
        !self.terms.is_empty() && self.terms.iter().all(holds)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_operator_selects_as_the_api_server_does() {
        let selector = Selector::read(Some(&json!({
            "matchLabels": { "app": "api" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["web", "edge"] },
                { "key": "track", "operator": "NotIn", "values": ["canary"] },
                { "key": "owner", "operator": "Exists" },
                { "key": "legacy", "operator": "DoesNotExist" },
            ],
        })));
        assert_eq!(selector.query().as_deref(), Some("app=api,tier in (web,edge),track notin (canary),owner,!legacy"));
        let good = [("app", "api"), ("tier", "web"), ("owner", "mo")];
        assert!(selector.selects(&labels(&good)));
        for (key, value) in [("app", "pay"), ("tier", "db"), ("track", "canary"), ("legacy", "")] {
            let mut other = labels(&good);
            other.insert(key.to_owned(), value.to_owned());
            assert!(!selector.selects(&other), "{key}={value}");
        }
        assert!(!selector.selects(&labels(&good[..2])), "without an owner");
    }

    #[test]
    fn nothing_is_selected_by_nothing_or_by_what_is_not_understood() {
        assert!(!Selector::read(None).selects(&labels(&[("app", "api")])));
        assert_eq!(Selector::read(None).query(), None);
        let odd = Selector::read(Some(&json!({
            "matchLabels": { "app": "api" },
            "matchExpressions": [{ "key": "size", "operator": "Gt", "values": ["3"] }],
        })));
        assert_eq!(odd.query(), None);
        assert!(!odd.selects(&labels(&[("app", "api"), ("size", "4")])));
    }
}
