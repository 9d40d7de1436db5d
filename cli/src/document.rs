//! Files in TOML that people write: every mistake is told with its line, all of them at once.

use crate::failure::Failure;
use crate::near::did_you_mean;
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file that is being read, and the mistakes that were found in it.
pub(crate) struct Document {
    mistakes: RefCell<Vec<(usize, String)>>,
}

/// A table of a document. A key that nobody has asked for by [`Fields::end`] is a mistake.
pub(crate) struct Fields<'d> {
    document: &'d Document,
    /// Where the table begins.
    at: usize,
    table: &'d DeTable<'d>,
    asked: RefCell<Vec<&'static str>>,
}

/// A value, and where in the document it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<T> {
    pub(crate) at: usize,
    pub(crate) value: T,
}

impl Document {
    /// Reads a text with `read`, which answers something unless it found a mistake.
    pub(crate) fn read<T>(
        path: &Path,
        text: &str,
        read: impl FnOnce(&Fields<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        let document = Self {
            mistakes: RefCell::default(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            document.wrong(error.span().map_or(0, |span| span.start), error.message());
        }
        // What follows a mistake in the syntax may be read as something that nobody wrote.
        let value = match errors.is_empty() {
            true => read(&Fields::new(&document, 0, table.get_ref())),
            false => None,
        };
        let mistakes = document.mistakes.into_inner();
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            _ => Err(Failure::mistakes(with_lines(path, text, mistakes))),
        }
    }

    /// Whether no mistake has been found.
    pub(crate) fn is_sound(&self) -> bool {
        self.mistakes.borrow().is_empty()
    }

    /// Notes a mistake.
    pub(crate) fn wrong(&self, at: usize, what: impl Into<String>) {
        self.mistakes.borrow_mut().push((at, what.into()));
    }
}

/// The mistakes in the order of their lines, each with the file and its line.
fn with_lines(path: &Path, text: &str, mut mistakes: Vec<(usize, String)>) -> Vec<String> {
    mistakes.sort();
    mistakes.dedup();
    let (mut line, mut counted) = (1, 0);
    let told = mistakes.into_iter().map(|(at, what)| {
        let between = text.as_bytes().get(counted..at).unwrap_or_default();
        line += between.iter().filter(|byte| **byte == b'\n').count();
        counted = at.max(counted);
        format!("{}:{line}: {what}", path.display())
    });
    told.collect()
}

impl<'d> Fields<'d> {
    fn new(document: &'d Document, at: usize, table: &'d DeTable<'d>) -> Self {
        Self {
            document,
            at,
            table,
            asked: RefCell::default(),
        }
    }

    /// Where the table begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The document that it is in.
    pub(crate) fn document(&self) -> &'d Document {
        self.document
    }

    /// Text.
    pub(crate) fn text(&self, key: &'static str) -> Option<Found<String>> {
        self.typed(key, "text in quotes", as_text)
    }

    /// Text that has to be there.
    pub(crate) fn needed(&self, key: &'static str) -> Option<Found<String>> {
        if !self.table.contains_key(key) {
            self.asked.borrow_mut().push(key);
            self.document.wrong(self.at, format!("`{key}` is missing"));
            return None;
        }
        self.text(key)
    }

    /// A whole number that is not negative.
    pub(crate) fn number(&self, key: &'static str) -> Option<Found<u64>> {
        self.typed(key, "a whole number that is not negative", as_number)
    }

    /// Yes or no.
    pub(crate) fn flag(&self, key: &'static str) -> Option<Found<bool>> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// A list of texts; without the key an empty one.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Found<String>> {
        self.list(key, "text in quotes", as_text)
    }

    /// A list of whole numbers; without the key an empty one.
    pub(crate) fn numbers(&self, key: &'static str) -> Vec<Found<u64>> {
        self.list(key, "a whole number that is not negative", as_number)
    }

    /// A table.
    pub(crate) fn table(&self, key: &'static str) -> Option<Self> {
        let value = self.value(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.other(value, &format!("`{key}`"), "a table");
        }
        Some(Fields::new(self.document, value.span().start, table?))
    }

    /// The tables of a list; without the key none.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Self> {
        let tables = self.elements(key).into_iter().filter_map(|element| {
            let table = element.get_ref().as_table();
            if table.is_none() {
                self.other(element, &format!("each of `{key}`"), "a table");
            }
            Some(Fields::new(self.document, element.span().start, table?))
        });
        tables.collect()
    }

    /// Every key of a table whose keys are whoever's who wrote it, with its tables.
    pub(crate) fn named_tables(&self) -> Vec<(Found<String>, Self)> {
        let named = self.named(|value| value.as_table(), "a table");
        let fields = named
            .into_iter()
            .map(|(key, value, table)| (key, Fields::new(self.document, value.start, table)));
        fields.collect()
    }

    /// The same with texts.
    pub(crate) fn named_texts(&self) -> Vec<(Found<String>, String)> {
        let named = self.named(as_text, "text in quotes");
        named
            .into_iter()
            .map(|(key, _, text)| (key, text))
            .collect()
    }

    /// The same with lists of texts.
    pub(crate) fn named_lists(&self) -> Vec<(Found<String>, Vec<Found<String>>)> {
        let named = self.named(|value| value.as_array(), "a list of texts");
        let lists = named.into_iter().map(|(key, _, list)| {
            let texts = list.iter().filter_map(|element| {
                self.expect(
                    element,
                    &format!("each of `{}`", key.value),
                    "text in quotes",
                    as_text,
                )
            });
            let texts = texts.collect();
            (key, texts)
        });
        lists.collect()
    }

    /// Notes every key that nobody has asked for.
    pub(crate) fn end(&self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name = key.get_ref();
            if !asked.iter().any(|asked| asked == name) {
                let hint = did_you_mean(name, asked.iter().copied());
                let what = format!("`{name}` is no key of this table{hint}");
                self.document.wrong(key.span().start, what);
            }
        }
    }

    fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(&'d DeValue<'d>) -> Option<T>,
    ) -> Option<Found<T>> {
        self.expect(self.value(key)?, &format!("`{key}`"), wanted, read)
    }

    fn list<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&'d DeValue<'d>) -> Option<T>,
    ) -> Vec<Found<T>> {
        let name = format!("each of `{key}`");
        let elements = self.elements(key).into_iter();
        elements
            .filter_map(|element| self.expect(element, &name, wanted, &read))
            .collect()
    }

    fn elements(&self, key: &'static str) -> Vec<&'d Spanned<DeValue<'d>>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        match value.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => {
                self.other(value, &format!("`{key}`"), "a list");
                Vec::new()
            }
        }
    }

    fn named<T>(
        &self,
        read: impl Fn(&'d DeValue<'d>) -> Option<T>,
        wanted: &str,
    ) -> Vec<(Found<String>, Range<usize>, T)> {
        let named = self.table.iter().filter_map(|(key, value)| {
            let name = key.get_ref().to_string();
            let found = self.expect(value, &format!("`{name}`"), wanted, &read)?;
            let at = key.span().start;
            Some((Found { at, value: name }, value.span(), found.value))
        });
        named.collect()
    }

    fn expect<T>(
        &self,
        value: &'d Spanned<DeValue<'d>>,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&'d DeValue<'d>) -> Option<T>,
    ) -> Option<Found<T>> {
        let found = read(value.get_ref());
        if found.is_none() {
            self.other(value, name, wanted);
        }
        Some(Found {
            at: value.span().start,
            value: found?,
        })
    }

    fn other(&self, value: &Spanned<DeValue<'_>>, name: &str, wanted: &str) {
        let what = format!("{name} is {wanted}, not {}", kind(value.get_ref()));
        self.document.wrong(value.span().start, what);
    }
}

fn as_text(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn as_number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        other => format!("a value of the type {}", other.type_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> String {
        let read = |fields: &Fields<'_>| {
            let name = fields.needed("name");
            fields.number("size");
            fields.flag("on");
            fields.texts("words");
            for table in fields.tables("part") {
                table.needed("name");
                table.end();
            }
            fields.end();
            name
        };
        match Document::read(Path::new("a.toml"), text, read) {
            Ok(name) => name.value,
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn read_every_mistake_with_its_line() {
        for (text, told) in [
            ("name = 'fine'\nsize = 0x10\n", "fine"),
            ("", "a.toml:1: `name` is missing"),
            (
                "nmae = 1\nsize = -1\non = 'yes'\nwords = ['a', 2]\n\n[[part]]\nname = 3\n[[part]]\n",
                "a.toml:1: `name` is missing\n\
                 error: a.toml:1: `nmae` is no key of this table; did you mean name?\n\
                 error: a.toml:2: `size` is a whole number that is not negative, not -1\n\
                 error: a.toml:3: `on` is true or false, not a value of the type string\n\
                 error: a.toml:4: each of `words` is text in quotes, not 2\n\
                 error: a.toml:7: `name` is text in quotes, not 3\n\
                 error: a.toml:8: `name` is missing",
            ),
            (
                "name = 'a'\npart = 'none'\nwords = 1",
                "a.toml:2: `part` is a list, not a value of the type string\n\
                 error: a.toml:3: `words` is a list, not 1",
            ),
        ] {
            assert_eq!(mistakes(text), told, "{text}");
        }
    }

    #[test]
    fn read_broken_syntax_told_with_lines() {
        let told = mistakes("name = \nsize = = 2\nother = 1\n");
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("a.toml:1: "), "{told}");
        assert!(lines[1].starts_with("error: a.toml:2: "), "{told}");
        let nested = format!("name = {}", "[".repeat(100_000));
        assert!(mistakes(&nested).starts_with("a.toml:1: "));
    }
}
