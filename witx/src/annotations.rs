//! The lines of a documentation comment that are meant for programs.

use crate::Error;

/// What a documentation comment says, with its lines for programs taken out.
pub(crate) struct Comment {
    text: String,
    annotations: Vec<(String, String)>,
}

impl Comment {
    /// Splits a comment into sentences and annotations, which are lines like `@class files.open`.
    pub(crate) fn read(docs: &str) -> Self {
        let mut text = Vec::new();
        let mut annotations = Vec::new();
        for line in docs.lines() {
            match line.trim().strip_prefix('@') {
                Some(annotation) => {
                    let (name, value) = annotation
                        .split_once(char::is_whitespace)
                        .unwrap_or((annotation, ""));
                    annotations.push((name.to_owned(), value.trim().to_owned()));
                }
                None => text.push(line),
            }
        }
        Self {
            text: text.join("\n").trim().to_owned(),
            annotations,
        }
    }

    /// Takes out an annotation and answers its value, which is empty if it has none.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let position = self.annotations.iter().position(|(n, _)| n == name)?;
        Some(self.annotations.remove(position).1)
    }

    /// The sentences, once every annotation has been taken out.
    ///
    /// # Errors
    /// [`Error::Annotation`] if an annotation is left: nobody knows it here, or it is there twice.
    pub(crate) fn text(self, item: &str) -> Result<String, Error> {
        match self.annotations.first() {
            None => Ok(self.text),
            Some((name, _)) => Err(Error::Annotation {
                item: item.to_owned(),
                problem: format!("`@{name}` is unknown, repeated or out of place"),
            }),
        }
    }
}

/// The sentences of a comment in which no annotation has a meaning.
pub(crate) fn plain(docs: &str, item: &str) -> Result<String, Error> {
    Comment::read(docs).text(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_annotations_between_sentences_are_taken_out() {
        let mut comment = Comment::read("One.\n@class files.open\nTwo.\n@waits\n");
        assert_eq!(comment.take("class").as_deref(), Some("files.open"));
        assert_eq!(comment.take("waits").as_deref(), Some(""));
        assert_eq!(comment.take("waits"), None);
        assert_eq!(comment.text("f").unwrap(), "One.\nTwo.");
    }

    #[test]
    fn text_annotation_left_is_an_error() {
        let error = plain("One.\n@clas files.open", "f").unwrap_err();
        assert_eq!(
            error.to_string(),
            "f: `@clas` is unknown, repeated or out of place"
        );
    }
}
