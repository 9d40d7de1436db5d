//! `--deny`: calls that a guest is refused.

use crate::near::did_you_mean;
use turnkey_virt::{Deny, UnknownCall};
use turnkey_wasi_common::Errno;

/// A function or a class of them, and the errno with which it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    selector: String,
    errno: Errno,
}

impl Denial {
    /// Reads `FUNC|CLASS[=ERRNO]`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (selector, errno) = match text.split_once('=') {
            Some((selector, errno)) => (selector, errno_of(errno)?),
            None => (text, Errno::Perm),
        };
        let denial = Self {
            selector: selector.to_owned(),
            errno,
        };
        match denial.add_to(Deny::new()) {
            Ok(_) => Ok(denial),
            Err(unknown) => Err(format!("{unknown}{}", did_you_mean(selector, calls()))),
        }
    }

    /// Adds this to what is refused already.
    pub(super) fn add_to(&self, deny: Deny) -> Result<Deny, UnknownCall> {
        deny.call(&self.selector, self.errno)
    }
}

fn errno_of(name: &str) -> Result<Errno, String> {
    match Errno::from_name(name) {
        Some(Errno::Success) => {
            Err("`success` would tell the guest that the call was carried out".to_owned())
        }
        Some(errno) => Ok(errno),
        None => {
            let known = Errno::ALL.map(Errno::name);
            let hint = did_you_mean(&name.to_ascii_lowercase(), known);
            Err(format!("`{name}` is no errno{hint}"))
        }
    }
}

/// Every name that can be refused: the functions, the classes, and what classes begin with.
pub(super) fn calls() -> impl Iterator<Item = &'static str> {
    turnkey_snapshots::functions().flat_map(|function| {
        let class = function.class;
        let prefixes = class
            .match_indices('.')
            .filter_map(|(dot, _)| class.get(..dot));
        prefixes.chain([function.name, class])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_selector_and_errno() {
        for (text, errno) in [
            ("fd_read", Errno::Perm),
            ("network", Errno::Perm),
            ("files.open=acces", Errno::Acces),
            ("random_get=ENOSYS", Errno::Nosys),
        ] {
            assert_eq!(Denial::parse(text).map(|denial| denial.errno), Ok(errno));
        }
    }

    #[test]
    fn parse_unknown_name_tells_near_ones() {
        for (text, message) in [
            (
                "path_opne",
                "`path_opne` is neither a WASI function nor a class of them; did you mean \
                 path_open?",
            ),
            (
                "filse",
                "`filse` is neither a WASI function nor a class of them; did you mean files?",
            ),
            ("fd_read=noetn", "`noetn` is no errno; did you mean noent?"),
            (
                "gopher",
                "`gopher` is neither a WASI function nor a class of them",
            ),
            (
                "fd_read=success",
                "`success` would tell the guest that the call was carried out",
            ),
        ] {
            assert_eq!(Denial::parse(text), Err(message.to_owned()));
        }
    }
}
