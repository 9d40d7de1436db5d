//! Refusing calls.

use std::fmt;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that refuses functions, or whole classes of them.
///
/// ```
/// use turnkey_virt::Deny;
/// use turnkey_wasi_common::Errno;
///
/// let deny = Deny::new()
///     .call("path_unlink_file", Errno::Perm)?
///     .call("network", Errno::Acces)?;
/// assert!(Deny::new().call("fd_raed", Errno::Perm).is_err());
/// # Ok::<(), turnkey_virt::UnknownCall>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Deny {
    rules: Vec<(String, Errno)>,
}

impl Deny {
    /// Refuses nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses a function by its name, or a class such as `files` or `network.send`, with an
    /// errno. Where several rules fit a call, the first counts.
    ///
    /// # Errors
    /// No function has this name or belongs to this class.
    pub fn call(mut self, selector: &str, errno: Errno) -> Result<Self, UnknownCall> {
        if !turnkey_snapshots::functions().any(|function| fits(selector, function)) {
            return Err(UnknownCall(selector.to_owned()));
        }
        self.rules.push((selector.to_owned(), errno));
        Ok(self)
    }

    /// The errno with which a function is refused, if it is.
    pub fn refuses(&self, function: &Function) -> Option<Errno> {
        self.rules
            .iter()
            .find(|(selector, _)| fits(selector, function))
            .map(|(_, errno)| *errno)
    }
}

fn fits(selector: &str, function: &Function) -> bool {
    function.name == selector || function.in_class(selector)
}

impl Filter for Deny {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        match self.refuses(call.function) {
            Some(errno) => Verdict::Deny(errno),
            None => Verdict::Continue,
        }
    }
}

/// A name that is neither a function's nor a class's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCall(pub String);

impl UnknownCall {
    /// The functions and classes whose names hold this one or are held by it.
    pub fn near(&self) -> Vec<&'static str> {
        let mut near: Vec<&str> = turnkey_snapshots::functions()
            .flat_map(|function| [function.name, function.class])
            .filter(|name| name.contains(&self.0) || self.0.contains(name))
            .collect();
        near.sort_unstable();
        near.dedup();
        near
    }
}

impl fmt::Display for UnknownCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is neither a WASI function nor a class of them",
            self.0
        )
    }
}

impl std::error::Error for UnknownCall {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_first_fitting_rule_counts() {
        let deny = Deny::new()
            .call("files.open", Errno::Acces)
            .and_then(|deny| deny.call("files", Errno::Perm))
            .unwrap();
        let cases = [
            ("path_open", Some(Errno::Acces)),
            ("path_unlink_file", Some(Errno::Perm)),
            ("clock_time_get", None),
        ];
        for (name, expected) in cases {
            let function = turnkey_snapshots::function("wasi_snapshot_preview1", name).unwrap();
            assert_eq!(deny.refuses(function), expected, "{name}");
        }
    }

    #[test]
    fn call_unknown_name_tells_near_ones() {
        let unknown = Deny::new().call("fd_rea", Errno::Perm).unwrap_err();
        assert_eq!(unknown.near(), ["fd_read", "fd_readdir"]);
    }
}
