//! The `Errno` of the core.

use super::{PREAMBLE, doc_comment, names, source, unfit};
use crate::{Error, Name, Snapshot, Type};

/// The text of `wasi-common/src/errno.rs`: an enum of every errno with its number, its name and a
/// sentence for people, the first one that the document says about it.
///
/// # Errors
/// [`Error::Unsupported`] if the snapshot has no enum `errno` of 16 bits.
pub fn errno(snapshot: &Snapshot) -> Result<String, Error> {
    let (docs, Type::Enum(errno)) = source(snapshot, "errno")? else {
        return Err(unfit("errno", "a type that is not an enum"));
    };
    if errno.repr.layout().size != 2 {
        return Err(unfit("errno", "a size other than two bytes"));
    }
    let cases = &errno.cases;
    Ok(TEMPLATE
        .replace("{preamble}", PREAMBLE)
        .replace("{docs}", &doc_comment(docs, 0))
        .replace("{count}", &cases.len().to_string())
        .replace("{variants}", &variants(cases))
        .replace(
            "{all}",
            &each(cases, |_, name| format!("        Self::{name},\n")),
        )
        .replace("{names}", &each(cases, |case, name| arm(name, &case.name)))
        .replace(
            "{sentences}",
            &each(cases, |case, name| arm(name, &sentence(&case.docs))),
        ))
}

/// What does not depend on the cases. Its lines begin where those of the generated file begin.
const TEMPLATE: &str = r#"{preamble}

//! The errors that a guest sees.

use std::fmt;

{docs}///
/// ```
/// use turnkey_wasi_common::Errno;
///
/// assert_eq!(Errno::Noent.number(), 44);
/// assert_eq!(Errno::from_number(44), Some(Errno::Noent));
/// assert_eq!(Errno::from_name("ENOENT"), Some(Errno::Noent));
/// assert_eq!(Errno::Noent.to_string(), "there is no such file or directory");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Errno {
{variants}}

impl Errno {
    /// Every errno; the position is the number.
    pub const ALL: [Self; {count}] = [
{all}    ];

    /// The number that the guest sees.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The errno with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The name in the witx document: that of POSIX in small letters, without the `E`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
{names}        }
    }

    /// The errno with this name, in small or capital letters, with or without the `E` of POSIX.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let find = |name: &str| {
            let mut all = Self::ALL.into_iter();
            all.find(|errno| errno.name().eq_ignore_ascii_case(name))
        };
        find(name).or_else(|| name.strip_prefix(['e', 'E']).and_then(find))
    }

    const fn sentence(self) -> &'static str {
        match self {
{sentences}        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Errno {}
"#;

/// The line or lines that `text` makes of every case and the name of its variant.
fn each(cases: &[Name], text: impl Fn(&Name, &str) -> String) -> String {
    let cases = cases.iter();
    cases
        .map(|case| text(case, &names::camel(&case.name)))
        .collect()
}

fn variants(cases: &[Name]) -> String {
    let cases = cases.iter().enumerate();
    cases
        .map(|(number, case)| {
            let name = names::camel(&case.name);
            format!("{}    {name} = {number},\n", doc_comment(&case.docs, 4))
        })
        .collect()
}

fn arm(variant: &str, text: &str) -> String {
    format!("            Self::{variant} => {text:?},\n")
}

/// The first sentence as errors are written: without a capital letter and a period.
fn sentence(docs: &str) -> String {
    let line = docs.replace('\n', " ");
    let first = line.split(". ").next().unwrap_or_default();
    let first = first.trim_end_matches('.');
    let mut letters = first.chars();
    match letters.next() {
        Some(letter) => letter.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_several_in_docs_takes_the_first() {
        assert_eq!(sentence("It is\nthere. Or not."), "it is there");
        assert_eq!(sentence("It is there."), "it is there");
        assert_eq!(sentence(""), "");
    }
}
