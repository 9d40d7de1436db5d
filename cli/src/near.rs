//! Names that somebody may have meant.

/// The known names that differ from `word` in a quarter of its letters at most, or in one, the
/// nearest first.
fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let most = (word.chars().count() / 4).max(1);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|name| (strsim::osa_distance(word, name), name))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().map(|(_, name)| name).collect()
}

/// A question that names those which are near, behind a semicolon; nothing if none is.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match near(word, known).join(" or ") {
        names if names.is_empty() => names,
        names => format!("; did you mean {names}?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn did_you_mean_nearest_first_and_once() {
        let known = [
            "fd_write",
            "fd_read",
            "fd_readdir",
            "fd_read",
            "path_open",
            "",
        ];
        for (word, question) in [
            ("fd_raed", "; did you mean fd_read?"),
            ("fd_readd", "; did you mean fd_read or fd_readdir?"),
            ("path_opne", "; did you mean path_open?"),
            ("gopher", ""),
        ] {
            assert_eq!(did_you_mean(word, known), question, "{word}");
        }
    }
}
