//! Names of a document as names of C.

/// The words that cannot name a parameter or a member, in C or in C++.
const KEYWORDS: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// Stands for the word that the names of a snapshot begin with, until the header is put together.
/// As long as `wasi`, by which lines are broken.
pub(super) const PREFIX: &str = "{np}";
pub(super) const SHOUTY_PREFIX: &str = "{NP}";

/// The name of a type: `wasi_errno_t`.
pub(super) fn type_name(name: &str) -> String {
    format!("{PREFIX}_{}_t", word(name))
}

/// The name of a function: `wasi_fd_read`.
pub(super) fn function(name: &str) -> String {
    format!("{PREFIX}_{}", word(name))
}

/// The name of a constant: `WASI_ERRNO_2BIG`.
pub(super) fn constant(ty: &str, name: &str) -> String {
    format!("{SHOUTY_PREFIX}_{}_{}", shouty(ty), shouty(name))
}

/// The name of a macro over all constants of a type: `WASI_EACH_ERRNO`.
pub(super) fn each(ty: &str) -> String {
    format!("{SHOUTY_PREFIX}_EACH_{}", shouty(ty))
}

/// The name of a parameter or member: as it is, with `_` appended to a keyword.
pub(super) fn identifier(name: &str) -> String {
    let word = word(name);
    if KEYWORDS.contains(&word.as_str()) {
        format!("{word}_")
    } else if word.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{word}")
    } else {
        word
    }
}

/// Letters, digits and `_`, all letters large.
pub(super) fn shouty(name: &str) -> String {
    word(name).to_ascii_uppercase()
}

/// Letters, digits and `_`.
fn word(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_c() {
        assert_eq!(type_name("fd-stat"), "{np}_fd_stat_t");
        assert_eq!(constant("errno", "2big"), "{NP}_ERRNO_2BIG");
        assert_eq!(function("fd_read"), "{np}_fd_read");
        for (name, expected) in [
            ("type", "type"),
            ("default", "default_"),
            ("2nd", "_2nd"),
            ("export", "export_"),
        ] {
            assert_eq!(identifier(name), expected);
        }
    }
}
