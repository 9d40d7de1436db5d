//! What a rule is about.

/// A text, or all that begin with one: `APP_*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    Exact(String),
    Beginning(String),
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(beginning) => Self::Beginning(beginning.to_owned()),
            None => Self::Exact(text.to_owned()),
        }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Beginning(beginning) => text.starts_with(beginning),
        }
    }
}

/// What becomes of what fits a pattern: the first rule that fits counts.
pub(super) type Rules<T> = Vec<(Pattern, T)>;

pub(super) fn first_fitting<'a, T>(rules: &'a Rules<T>, text: &str) -> Option<&'a T> {
    let mut rules = rules.iter();
    rules
        .find(|(pattern, _)| pattern.fits(text))
        .map(|(_, then)| then)
}
