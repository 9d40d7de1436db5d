//! Refusing calls.

use crate::{Calls, UnknownCall};
use turnkey_snapshots::Func;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that refuses functions, or whole classes of them.
///
/// ```
/// use turnkey_snapshots::Func;
/// use turnkey_virt::Deny;
/// use turnkey_wasi_common::Errno;
///
/// let deny = Deny::new()
///     .func(Func::PathUnlinkFile, Errno::Perm)
///     .call("network", Errno::Acces)?;
/// assert!(Deny::new().call("fd_raed", Errno::Perm).is_err());
/// # Ok::<(), turnkey_virt::UnknownCall>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Deny {
    rules: Vec<(Calls, Errno)>,
}

impl Deny {
    /// Refuses nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses a function with an errno. Where several rules fit a call, the first counts.
    #[must_use]
    pub fn func(self, func: Func, errno: Errno) -> Self {
        self.calls(func, errno)
    }

    /// Refuses calls with an errno. Where several rules fit a call, the first counts.
    #[must_use]
    pub fn calls(mut self, calls: impl Into<Calls>, errno: Errno) -> Self {
        self.rules.push((calls.into(), errno));
        self
    }

    /// Refuses a function by its name, or a class such as `files` or `network.send`, with an
    /// errno. Where several rules fit a call, the first counts.
    ///
    /// # Errors
    /// No function has this name or belongs to this class.
    pub fn call(self, selector: &str, errno: Errno) -> Result<Self, UnknownCall> {
        Ok(self.calls(selector.parse::<Calls>()?, errno))
    }

    /// The errno with which a function is refused, if it is.
    pub fn refuses(&self, function: &Function) -> Option<Errno> {
        self.rules
            .iter()
            .find(|(calls, _)| calls.hold(function))
            .map(|(_, errno)| *errno)
    }
}

impl Filter for Deny {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        match self.refuses(call.function) {
            Some(errno) => Verdict::Deny(errno),
            None => Verdict::Continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_first_fitting_rule_counts() {
        let deny = Deny::new()
            .call("files.open", Errno::Acces)
            .and_then(|deny| deny.call("files", Errno::Perm))
            .unwrap()
            .func(Func::PathUnlinkFile, Errno::Io)
            .func(Func::ClockResGet, Errno::Nosys);
        let cases = [
            ("path_open", Some(Errno::Acces)),
            ("path_unlink_file", Some(Errno::Perm)),
            ("clock_res_get", Some(Errno::Nosys)),
            ("clock_time_get", None),
        ];
        for (name, expected) in cases {
            let function = turnkey_snapshots::function("wasi_snapshot_preview1", name).unwrap();
            assert_eq!(deny.refuses(function), expected, "{name}");
        }
    }
}
