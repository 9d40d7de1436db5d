//! Names that somebody may have meant.

/// Less alike than this, a name is not worth mentioning.
const ALIKE: f64 = 0.8;

/// The known names that are most like `word`, at most three, the best first.
pub(crate) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|(a, name_a), (b, name_b)| b.total_cmp(a).then(name_a.cmp(name_b)));
    near.dedup();
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

/// ` (did you mean …?)` with the names that are near, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match near(word, known).join(", ") {
        names if names.is_empty() => names,
        names => format!("; did you mean {names}?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_best_first_and_once() {
        let known = ["fd_write", "fd_read", "fd_readdir", "fd_read", "path_open"];
        assert_eq!(
            near("fd_raed", known),
            ["fd_read", "fd_readdir", "fd_write"]
        );
        assert_eq!(near("gopher", known), [""; 0]);
        assert_eq!(
            did_you_mean("path_opne", known),
            "; did you mean path_open?"
        );
        assert_eq!(did_you_mean("gopher", known), "");
    }
}
