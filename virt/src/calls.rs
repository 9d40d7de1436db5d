//! Which calls are meant.

use std::fmt;
use std::str::FromStr;
use turnkey_snapshots::Func;
use turnkey_wasi_common::function::Function;

/// The calls of one function, of a class, or all of them, in every snapshot.
///
/// As text: a function's name, a class such as `files` or `network.send`, or `*`.
///
/// ```
/// use turnkey_snapshots::{Func, function};
/// use turnkey_virt::Calls;
///
/// let files: Calls = "files".parse()?;
/// let path_open = function("wasi_snapshot_preview1", "path_open").unwrap();
/// assert!(files.hold(path_open));
/// assert!(Calls::from(Func::PathOpen).hold(path_open));
/// assert_eq!("path_open".parse::<Calls>()?, Func::PathOpen.into());
/// assert_eq!("*".parse::<Calls>()?, Calls::Every);
/// # Ok::<(), turnkey_virt::UnknownCall>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calls {
    /// All.
    Every,
    /// Those of a function.
    Of(Func),
    /// Those of the functions that need this authority.
    Class(Class),
}

/// The name of a class that functions belong to, or of what such a name begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class(Box<str>);

impl Class {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Calls {
    /// Whether those of a function are among them.
    #[must_use]
    pub fn hold(&self, function: &Function) -> bool {
        match self {
            Self::Every => true,
            Self::Of(func) => func.is(function),
            Self::Class(class) => function.in_class(class.name()),
        }
    }
}

impl From<Func> for Calls {
    fn from(func: Func) -> Self {
        Self::Of(func)
    }
}

impl FromStr for Calls {
    type Err = UnknownCall;

    fn from_str(name: &str) -> Result<Self, UnknownCall> {
        if name == "*" {
            return Ok(Self::Every);
        }
        if let Some(func) = Func::from_name(name) {
            return Ok(Self::Of(func));
        }
        match turnkey_snapshots::functions().any(|function| function.in_class(name)) {
            true => Ok(Self::Class(Class(name.into()))),
            false => Err(UnknownCall(name.to_owned())),
        }
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Every => "*",
            Self::Of(func) => func.name(),
            Self::Class(class) => class.name(),
        })
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
    fn from_str_unknown_name_tells_near_ones() {
        let unknown = "fd_rea".parse::<Calls>().unwrap_err();
        assert_eq!(unknown.near(), ["fd_read", "fd_readdir"]);
        for name in ["", "file", "files.", "files.open.new", "PATH_OPEN"] {
            let unknown = name.parse::<Calls>();
            assert_eq!(unknown, Err(UnknownCall(name.to_owned())));
        }
    }

    #[test]
    fn hold_function_of_either_snapshot() {
        for module in ["wasi_unstable", "wasi_snapshot_preview1"] {
            let function = turnkey_snapshots::function(module, "fd_seek").unwrap();
            for name in ["*", "fd_seek", "fd", "fd.meta"] {
                let calls: Calls = name.parse().unwrap();
                assert_eq!(
                    calls.hold(function),
                    function.in_class(name) || name != "fd.meta"
                );
                assert_eq!(calls.to_string(), name);
            }
            assert!(!Calls::from(Func::FdTell).hold(function));
        }
    }
}
