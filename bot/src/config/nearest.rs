//! The nearest right one to a misspelt name or key.

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = plain(text);
    let allowed = wanted.chars().count().div_ceil(4).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Without what people confuse anyway: case, and how words are joined.
fn plain(text: &str) -> String {
    text.to_lowercase().replace(['_', '-', ' ', '.'], "")
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_ones_are_offered_and_far_ones_are_not() {
        let keys = ["namespace", "cluster", "after_failure", "mode"];
        assert_eq!(nearest("namespce", keys).as_deref(), Some("namespace"));
        assert_eq!(nearest("AfterFailure", keys).as_deref(), Some("after_failure"));
        assert_eq!(nearest("clutser", keys).as_deref(), Some("cluster"));
        assert_eq!(nearest("replicas", keys), None);
        assert_eq!(nearest("x", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}
