//! The text of a document as lists of words.

/// A word or a list of them, with the line on which it begins.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) line: u32,
    pub(crate) form: Form<'a>,
}

#[derive(Debug)]
pub(crate) enum Form<'a> {
    /// A word, a `$name` among them.
    Word(&'a str),
    /// What stands between quotes.
    Text(&'a str),
    List(Vec<Item<'a>>),
}

/// How deep lists may be nested in each other.
const DEEPEST: u32 = 64;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) line: u32,
    pub(crate) what: String,
}

pub(crate) fn wrong<T>(line: u32, what: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong {
        line,
        what: what.into(),
    })
}

/// All lists of a text. `;;; @exports` is read as the list `(@exports)`; other comments are nothing.
pub(crate) fn read(text: &str) -> Result<Vec<Item<'_>>, Wrong> {
    let mut reader = Reader {
        rest: text,
        line: 1,
    };
    let items = reader.items(0)?;
    match reader.rest.is_empty() {
        true => Ok(items),
        false => wrong(reader.line, "a `)` too many"),
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Reader<'a> {
    fn items(&mut self, depth: u32) -> Result<Vec<Item<'a>>, Wrong> {
        let mut items = Vec::new();
        while let Some(first) = self.rest.chars().next() {
            let line = self.line;
            let form = match first {
                '\n' => {
                    self.line = line.saturating_add(1);
                    self.skip(1);
                    continue;
                }
                // Linkers put zeros between the parts of a section.
                ' ' | '\t' | '\r' | '\0' => {
                    self.skip(1);
                    continue;
                }
                ';' => {
                    let comment = self.until(|c| c == '\n');
                    if comment.trim_start_matches(';').trim() == "@exports" {
                        let word = Form::Word("@exports");
                        let form = Form::List(vec![Item { line, form: word }]);
                        items.push(Item { line, form });
                    }
                    continue;
                }
                '"' => {
                    self.skip(1);
                    let text = self.until(|c| matches!(c, '"' | '\n' | '\\'));
                    if !self.rest.starts_with('"') {
                        return wrong(line, "a name without its end");
                    }
                    self.skip(1);
                    Form::Text(text)
                }
                ')' => break,
                '(' if depth >= DEEPEST => return wrong(line, "lists are nested too deep"),
                '(' => {
                    self.skip(1);
                    let items = self.items(depth + 1)?;
                    if !self.rest.starts_with(')') {
                        return wrong(line, "a `(` without its end");
                    }
                    self.skip(1);
                    Form::List(items)
                }
                _ => {
                    let ends =
                        |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';' | '\0');
                    match self.until(ends) {
                        "" => return wrong(line, format!("{first:?} is out of place")),
                        word => Form::Word(word),
                    }
                }
            };
            items.push(Item { line, form });
        }
        Ok(items)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_comments_and_zeros_are_nothing() {
        let items = read(";; hello\n\0\0(a $b (c \"d\"))\n;;; @exports\n(e)\0").unwrap();
        let lines: Vec<_> = items.iter().map(|item| item.line).collect();
        assert_eq!(lines, [3 - 1, 3, 4]);
        let Form::List(first) = &items[0].form else {
            panic!("{items:?}");
        };
        assert!(matches!(first[1].form, Form::Word("$b")));
        let Form::List(exports) = &items[1].form else {
            panic!("{items:?}");
        };
        assert!(matches!(exports[0].form, Form::Word("@exports")));
    }

    #[test]
    fn read_broken_texts_told_with_their_line() {
        let deep = "(".repeat(100_000);
        for (text, line, what) in [
            ("\n(a", 2, "without its end"),
            ("(a)\n)", 2, "too many"),
            ("(a \"b", 1, "without its end"),
            (deep.as_str(), 1, "too deep"),
            ("(a \u{a0})", 1, "out of place"),
        ] {
            let wrong = read(text).unwrap_err();
            assert_eq!(wrong.line, line, "{text}");
            assert!(wrong.what.contains(what), "{wrong:?}");
        }
    }
}
