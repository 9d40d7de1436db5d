//! What a module is granted.

use super::{classes, is_in};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a module is granted: for each class of authority the handles and choices that it is given,
/// in words of whoever gives them, such as `fd 1` or `uploads, read-only`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(BTreeMap<String, BTreeSet<String>>);

/// A name that is no class's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownClass(pub String);

impl Grants {
    /// Nothing is granted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants something of a class such as `files` or `network.send`.
    ///
    /// # Errors
    /// There is no such class.
    ///
    /// ```
    /// use turnkey_virt::policy::Grants;
    ///
    /// let grants = Grants::new().grant("files", "uploads")?;
    /// assert_eq!(grants.covering("files.open").collect::<Vec<_>>(), ["uploads"]);
    /// assert_eq!(grants.covering("network.send").count(), 0);
    /// # Ok::<(), turnkey_virt::policy::UnknownClass>(())
    /// ```
    pub fn grant(mut self, class: &str, what: &str) -> Result<Self, UnknownClass> {
        if !classes().contains(class) {
            return Err(UnknownClass(class.to_owned()));
        }
        let entries = self.0.entry(class.to_owned()).or_default();
        entries.insert(what.to_owned());
        Ok(self)
    }

    /// What is granted of this class: all that was granted of the class itself, or of what its name
    /// begins with.
    pub fn covering<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a str> {
        let granted = self.0.iter();
        granted
            .filter(move |(granted, _)| is_in(class, granted))
            .flat_map(|(_, entries)| entries.iter().map(String::as_str))
    }

    /// Every class of which something is granted, with what it is.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        let granted = self.0.iter();
        granted.map(|(class, entries)| (class.as_str(), entries))
    }

    /// What is granted here and not there: class, and what.
    pub(super) fn beyond<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().flat_map(move |(class, entries)| {
            let known = other.0.get(class);
            entries
                .iter()
                .filter(move |entry| known.is_none_or(|known| !known.contains(*entry)))
                .map(move |entry| (class.as_str(), entry.as_str()))
        })
    }
}

impl fmt::Display for UnknownClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no class of authority", self.0)
    }
}

impl std::error::Error for UnknownClass {}
