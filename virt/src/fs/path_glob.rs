//! Patterns of paths.

use glob::Pattern;
use turnkey_wasi_common::{Errno, Error, Result};

/// A pattern of paths, taken one name at a time.
///
/// How far each pattern has come at a directory is all that decides what it says of what lies
/// beneath. Two directories at which it has come equally far are alike to it.
#[derive(Debug)]
pub(super) struct PathGlob(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// `**`: any names, or none.
    Any,
    /// One name.
    Name(Pattern),
}

/// How far a pattern has come: one bit for each of its parts that may be next, and one behind them
/// when it has matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress(u64);

/// There is a bit for each name, for one more that may be added, and for the end.
const MOST_NAMES: usize = 62;

impl PathGlob {
    /// # Errors
    /// - `INVAL`: the pattern is empty, begins or ends with a slash, holds `.`, `..` or an empty name
    ///   or one that is no pattern, or has more than 62 names.
    pub(super) fn new(text: &str) -> Result<Self> {
        if text.split('/').count() > MOST_NAMES {
            return Err(Error::from(Errno::Inval).context("a pattern of too many names"));
        }
        let mut parts = text.split('/').map(part).collect::<Result<Vec<Part>>>()?;
        if let Some(Part::Any) = parts.last() {
            // What is meant is what lies beneath, not the directory.
            parts.push(part("*")?);
        }
        Ok(Self(parts))
    }

    /// How far it has come at the root.
    pub(super) fn start(&self) -> Progress {
        self.skip_any(Progress(1))
    }

    /// How far it has come at a name beneath.
    pub(super) fn step(&self, at: Progress, name: &str) -> Progress {
        let bits = self.parts().fold(0, |bits, (bit, part)| match part {
            _ if at.0 & bit == 0 => bits,
            Part::Any => bits | bit,
            Part::Name(pattern) if pattern.matches(name) => bits | bit << 1,
            Part::Name(_) => bits,
        });
        self.skip_any(Progress(bits))
    }

    /// Whether it matches the path that has been taken.
    pub(super) fn is_matched(&self, at: Progress) -> bool {
        at.0 >> self.0.len() == 1
    }

    /// `**` may stand for no name.
    fn skip_any(&self, at: Progress) -> Progress {
        Progress(self.parts().fold(at.0, |bits, (bit, part)| match part {
            Part::Any if bits & bit != 0 => bits | bit << 1,
            _ => bits,
        }))
    }

    fn parts(&self) -> impl Iterator<Item = (u64, &Part)> {
        self.0.iter().enumerate().map(|(at, part)| (1 << at, part))
    }
}

fn part(text: &str) -> Result<Part> {
    match text {
        "**" => Ok(Part::Any),
        "" | "." | ".." => Err(Error::from(Errno::Inval).context("a pattern of no name")),
        text => match Pattern::new(text) {
            Ok(pattern) => Ok(Part::Name(pattern)),
            Err(error) => Err(Error::from(Errno::Inval).context(error.to_string())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &PathGlob, path: &str) -> bool {
        let names = path.split('/');
        glob.is_matched(names.fold(glob.start(), |at, name| glob.step(at, name)))
    }

    #[test]
    fn matches_each_kind_of_pattern() {
        for (pattern, matched, others) in [
            ("a", &["a"][..], &["b", "a/a", "b/a", "aa"][..]),
            ("a/*", &["a/b", "a/.c"], &["a", "a/b/c", "b/a"]),
            ("*.rs", &[".rs", "x.rs"], &["x.rsx", "src/x.rs"]),
            ("**", &["a", "a/b", "a/b/c"], &[]),
            ("a/**", &["a/b", "a/b/c"], &["a", "b/a"]),
            ("**/a", &["a", "b/a", "b/c/a", "a/a"], &["a/b", "b"]),
            ("**/a/**", &["a/b", "x/a/b", "a/a"], &["a", "x/a"]),
            ("a/**/b", &["a/b", "a/x/b", "a/b/b"], &["a", "b", "a/b/c"]),
            ("**/a/**/b", &["a/b", "x/a/y/z/b"], &["b/a", "x/b"]),
            ("**/**", &["a", "a/b"], &[]),
            ("?[0-9]", &["a1", "ü1"], &["a", "aa", "a12"]),
            ("[!a]", &["b"], &["a", ""]),
        ] {
            let glob = PathGlob::new(pattern).unwrap();
            for path in matched {
                assert!(matches(&glob, path), "{pattern} {path}");
            }
            for path in others {
                assert!(!matches(&glob, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn new_of_what_is_no_pattern_inval() {
        let long = vec!["a"; MOST_NAMES + 1].join("/");
        for text in [
            "", "/a", "a/", "a//b", ".", "a/../b", "[", "a**", "***", &long,
        ] {
            let refused = PathGlob::new(text).map(drop).unwrap_err();
            assert_eq!(refused.errno(), Errno::Inval, "{text}");
        }
        let longest = vec!["a"; MOST_NAMES].join("/");
        assert!(matches(&PathGlob::new(&longest).unwrap(), &longest));
        let any = vec!["**"; MOST_NAMES].join("/");
        assert!(matches(&PathGlob::new(&any).unwrap(), &longest));
    }

    #[test]
    fn step_equally_far_only_where_the_same_lies_beneath() {
        let at = |pattern: &str, path: &str| {
            let glob = PathGlob::new(pattern).unwrap();
            path.split('/')
                .fold(glob.start(), |at, name| glob.step(at, name))
        };
        assert_eq!(at("**/.git", "a"), at("**/.git", "b/c"));
        assert_eq!(at("lib/**", "a"), at("lib/**", "b/lib"));
        assert_ne!(at("lib/**", "lib"), at("lib/**", "bin"));
        assert_ne!(at("**/a/b", "x/a"), at("**/a/b", "x"));
    }
}
