//! `--env`: variables in the guest's environment.

use crate::failure::Failure;
use std::env::VarError;

/// A variable, with its value or with that which it has on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    name: String,
    value: Option<String>,
}

impl Variable {
    /// Reads `NAME=VALUE` or `NAME`. The value is kept as it is written, whatever it holds.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("the name is empty; write NAME=VALUE, or NAME for the host's value".into());
        }
        Ok(Self {
            name: name.to_owned(),
            value,
        })
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The name and the value.
    pub(super) fn resolve(&self) -> Result<(String, String), Failure> {
        let name = &self.name;
        let value = match &self.value {
            Some(value) => value.clone(),
            None => std::env::var(name).map_err(|error| {
                Failure::set_up(match error {
                    VarError::NotPresent => format!(
                        "--env {name}: the host has no variable of this name; set it with --env \
                         {name}=VALUE"
                    ),
                    VarError::NotUnicode(_) => format!(
                        "--env {name}: the host's value is not UTF-8, and a guest can only be \
                         told UTF-8"
                    ),
                })
            })?,
        };
        Ok((name.clone(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_value_verbatim() {
        for (text, expected) in [
            ("A", Some(("A", None))),
            ("A=", Some(("A", Some("")))),
            ("A=b=c", Some(("A", Some("b=c")))),
            ("A= \"x\"\n'y' ", Some(("A", Some(" \"x\"\n'y' ")))),
            ("=b", None),
            ("", None),
        ] {
            let parsed = Variable::parse(text).ok();
            let expected = expected.map(|(name, value)| Variable {
                name: name.into(),
                value: value.map(Into::into),
            });
            assert_eq!(parsed, expected, "{text}");
        }
    }
}
