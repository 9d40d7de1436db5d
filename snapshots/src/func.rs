//! The names of functions, known to the compiler.

use std::fmt;
use turnkey_wasi_common::function::Function;

include!(concat!(env!("OUT_DIR"), "/func.rs"));

impl Func {
    /// Whether a function has this name, in whichever snapshot.
    #[must_use]
    pub fn is(self, function: &Function) -> bool {
        function.name == self.name()
    }
}

impl fmt::Display for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_every_function_of_every_snapshot() {
        let mut names: Vec<&str> = crate::functions().map(|function| function.name).collect();
        names.sort_unstable();
        names.dedup();
        assert!(Func::ALL.into_iter().map(Func::name).eq(names));
        for func in Func::ALL {
            assert_eq!(Func::from_name(func.name()), Some(func));
        }
        assert_eq!(Func::from_name("fd_raed"), None);
    }
}
