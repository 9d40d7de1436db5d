//! A module that asks for more than is locked.

use super::needs::Sha256;
use super::printable;
use std::fmt;

/// A module asks for more than is locked. Nothing of it has run.
///
/// It is shown as a message of several lines: each thing that is new with its class and who on the
/// path from the root holds it, and what is as before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The module's name.
    pub name: String,
    /// The version that is locked; `None` if the module is not locked at all.
    pub locked: Option<Option<String>>,
    /// The version that asks.
    pub version: Option<String>,
    /// The names from the root to the module.
    pub path: Vec<String>,
    /// Everything that is new.
    pub changes: Vec<Change>,
    /// What is imported as before.
    pub kept: Vec<Kept>,
    /// What `turnkey lock` has to be told besides the name to accept it. It is shown at the end.
    pub given: Option<String>,
}

/// Something that a module asks for beyond the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The import with its module, or what is to be granted.
    pub what: String,
    /// The class of authority that it needs; empty for the module's content.
    pub class: String,
    /// How it differs from the lock.
    pub kind: ChangeKind,
    /// Who on the path holds the authority.
    pub holder: Holder,
}

/// How something differs from the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is imported, and was not.
    Import,
    /// It is imported with another type.
    Type {
        /// The type that is locked.
        was: String,
        /// The type that is asked for.
        is: String,
    },
    /// It is granted, and was not.
    Grant,
    /// The module is another one, and asks for nothing new.
    Content {
        /// The hash that is locked.
        was: Sha256,
        /// The hash of what asks.
        is: Sha256,
    },
}

/// Who on the path from the root to a module holds a class of authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// The nearest of those above the module who hold it.
    Ancestor {
        /// Its name.
        name: String,
        /// What the module is granted of it.
        granted: Vec<String>,
    },
    /// The module is a root; whoever runs it decides.
    Outside {
        /// What the module is granted of it.
        granted: Vec<String>,
    },
}

/// An import that is as it is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name, without its module's.
    pub what: String,
    /// The class of authority that it needs.
    pub class: String,
    /// What the module is granted of it.
    pub granted: Vec<String>,
}

impl Refused {
    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.name))?;
        let named = |version: &Option<String>| {
            let version = version.as_deref().unwrap_or("(no version)");
            printable(version)
        };
        match &self.locked {
            Some(was) if *was != self.version => {
                write!(f, " {} -> {}", named(was), named(&self.version))?;
            }
            _ if self.version.is_some() => write!(f, " {}", named(&self.version))?,
            _ => {}
        }
        if self.path.len() > 1 {
            let path: Vec<String> = self.path.iter().map(|name| printable(name)).collect();
            write!(f, " ({})", path.join(" > "))?;
        }
        let content = |change: &Change| matches!(change.kind, ChangeKind::Content { .. });
        f.write_str(match self.locked {
            None => " is not locked",
            Some(_) if self.changes.iter().all(content) => " is not the module that is locked",
            Some(_) => " asks for new authority",
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        let rows: Vec<_> = self.changes.iter().map(Row::of).collect();
        let width = |part: fn(&Row) -> &str| {
            let widths = rows.iter().map(|row| part(row).chars().count());
            widths.max().unwrap_or_default()
        };
        let (what, class) = (width(|row| &row.what), width(|row| &row.class));
        for row in &rows {
            let Row {
                sign,
                what: name,
                class: named,
                told,
            } = row;
            write!(f, "\n  {sign} {name:what$}  {named:class$}  {told}")?;
        }
        for kept in &self.kept {
            let (what, class) = (printable(&kept.what), &kept.class);
            let granted = granted(&kept.granted).unwrap_or_else(|| "as locked".to_owned());
            write!(f, "\n  = {what} [{class}] {granted}")?;
        }
        let name = printable(&self.name);
        write!(f, "\nnothing was run. accept: turnkey lock --accept {name}")?;
        match &self.given {
            Some(given) => write!(f, " {}", printable(given)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

/// A change as it is shown.
struct Row {
    sign: char,
    what: String,
    class: String,
    told: String,
}

impl Row {
    fn of(change: &Change) -> Self {
        let (sign, told) = match &change.kind {
            ChangeKind::Import => ('+', change.holder.to_string()),
            ChangeKind::Grant => ('+', format!("granted now; {}", change.holder)),
            ChangeKind::Type { was, is } => {
                ('~', format!("was {}, is {}", printable(was), printable(is)))
            }
            ChangeKind::Content { was, is } => {
                ('~', format!("was {was}, is {is}; it asks for nothing new"))
            }
        };
        let class = match &change.kind {
            ChangeKind::Content { .. } => "[content]".to_owned(),
            _ => format!("[{}]", printable(&change.class)),
        };
        Self {
            sign,
            what: printable(&change.what),
            class,
            told,
        }
    }
}

/// What is granted, in brackets; `None` if nothing is.
fn granted(what: &[String]) -> Option<String> {
    let shown: Vec<String> = what.iter().map(|what| printable(what)).collect();
    (!shown.is_empty()).then(|| format!("granted ({})", shown.join(", ")))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody on this path holds it"),
            Self::Outside { granted: what } => match granted(what) {
                Some(granted) => f.write_str(&granted),
                None => f.write_str("not granted by whoever runs it"),
            },
            Self::Ancestor {
                name,
                granted: what,
            } => {
                let name = printable(name);
                match granted(what) {
                    Some(granted) => write!(f, "{name} holds it, {granted}"),
                    None => write!(f, "{name} holds it, does not grant it"),
                }
            }
        }
    }
}
