//! Names of a document as names of Rust. They are the ones that wiggle makes.

/// The words that cannot name a variable or a function.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The name of a function or variable: as it is, with `_` appended to a keyword.
pub(crate) fn snake(name: &str) -> String {
    let name = word(name);
    if KEYWORDS.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// The name of a variant: `Nametoolong`, `ProcessCputimeId`; `TooBig` for `2big`.
pub(crate) fn camel(name: &str) -> String {
    if name == "2big" {
        return "TooBig".to_owned();
    }
    let name: String = word(name).split('_').map(capitalized).collect();
    if name == "Self" {
        "Self_".to_owned()
    } else {
        name
    }
}

/// The name of a constant or static: `FD_READ`.
pub(crate) fn shouty(name: &str) -> String {
    word(name).to_ascii_uppercase()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// Letters, digits and `_`, not beginning with a digit.
fn word(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let word: String = name.chars().map(allowed).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{word}")
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camel_and_snake_match_wiggle() {
        let cases = [
            ("nametoolong", "Nametoolong", "nametoolong"),
            ("2big", "TooBig", "_2big"),
            (
                "process_cputime_id",
                "ProcessCputimeId",
                "process_cputime_id",
            ),
            ("in", "In", "in_"),
            ("type", "Type", "type_"),
            ("self", "Self_", "self_"),
            ("a-b.c", "ABC", "a_b_c"),
        ];
        for (name, variant, variable) in cases {
            assert_eq!(camel(name), variant);
            assert_eq!(snake(name), variable);
        }
    }
}
