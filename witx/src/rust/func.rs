//! The names of functions as an enum.

use super::{doc_comment, names};
use crate::{Function, Snapshot};

/// The text that a build script writes for `include!`: an enum `Func` of the names of all functions
/// that the snapshots have, in alphabetical order and with the documentation of the first snapshot
/// that has the function.
///
/// ```
/// use turnkey_witx::{Snapshot, rust};
///
/// let text = rust::func(&[&Snapshot::preview_1()?, &Snapshot::preview_0()?]);
/// assert!(text.contains("    PathUnlinkFile,\n"));
/// assert!(text.contains("Self::PathUnlinkFile => \"path_unlink_file\",\n"));
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
#[must_use]
pub fn func(snapshots: &[&Snapshot]) -> String {
    let mut functions: Vec<&Function> = snapshots
        .iter()
        .flat_map(|snapshot| &snapshot.functions)
        .collect();
    // The sort keeps the order of the snapshots among those of one name.
    functions.sort_by(|one, other| one.name.cmp(&other.name));
    functions.dedup_by(|later, kept| later.name == kept.name);
    let each = |text: fn(&Function, String) -> String| -> String {
        let functions = functions.iter();
        functions
            .map(|function| text(function, names::camel(&function.name)))
            .collect()
    };
    let variants = each(|function, name| {
        let docs = match function.docs.as_str() {
            "" => doc_comment(&format!("`{}`.", function.name), 4),
            docs => doc_comment(docs, 4),
        };
        format!("{docs}    {name},\n")
    });
    TEMPLATE
        .replace("{variants}", &variants)
        .replace("{count}", &functions.len().to_string())
        .replace("{all}", &each(|_, name| format!("        Self::{name},\n")))
        .replace(
            "{names}",
            &each(|function, name| format!("            Self::{name} => {:?},\n", function.name)),
        )
        .replace(
            "{found}",
            &each(|function, name| format!("            {:?} => Self::{name},\n", function.name)),
        )
}

/// What does not depend on the functions.
const TEMPLATE: &str = r#"/// A function of WASI, whichever snapshot it belongs to.
///
/// ```
/// use turnkey_snapshots::{Func, preview_0, preview_1};
///
/// let unlink = Func::PathUnlinkFile;
/// assert_eq!(unlink.name(), "path_unlink_file");
/// assert_eq!(Func::from_name("path_unlink_file"), Some(unlink));
/// for functions in [&preview_0::FUNCTIONS[..], &preview_1::FUNCTIONS[..]] {
///     assert!(functions.iter().any(|function| unlink.is(function)));
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Func {
{variants}}

impl Func {
    /// Every function; the position is the number of the variant.
    pub const ALL: [Self; {count}] = [
{all}    ];

    /// The name that guests import it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
{names}        }
    }

    /// The function with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
{found}            _ => return None,
        })
    }
}
"#;
