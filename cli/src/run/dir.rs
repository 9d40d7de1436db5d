//! What is written of a directory that a guest is given.

use std::path::PathBuf;
use turnkey_wasi_common::Access;

/// A directory of the host, and as what a guest sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Where it lies on the host.
    pub(super) host: PathBuf,
    /// The name by which the guest knows it.
    pub(super) guest: String,
    /// What the guest may do there.
    pub(super) access: Access,
}

impl Mapping {
    /// Reads `HOST[::GUEST][:ro]`. Names are kept as they are written.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (names, access) = match text.strip_suffix(":ro") {
            Some(names) => (names, Access::ReadOnly),
            None => (text, Access::ReadWrite),
        };
        let (host, guest) = names.split_once("::").unwrap_or((names, names));
        if host.is_empty() || guest.is_empty() {
            return Err(
                "a name is empty; write HOST, HOST::GUEST, HOST:ro or HOST::GUEST:ro".into(),
            );
        }
        Ok(Self {
            host: host.into(),
            guest: guest.to_owned(),
            access,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_names_and_access() {
        use Access::{ReadOnly, ReadWrite};
        for (text, expected) in [
            ("data", Some(("data", "data", ReadWrite))),
            ("./data/", Some(("./data/", "./data/", ReadWrite))),
            ("data:ro", Some(("data", "data", ReadOnly))),
            ("data::/", Some(("data", "/", ReadWrite))),
            ("data::/x:ro", Some(("data", "/x", ReadOnly))),
            ("a:b::c", Some(("a:b", "c", ReadWrite))),
            ("a::b::c", Some(("a", "b::c", ReadWrite))),
            ("", None),
            (":ro", None),
            ("::/", None),
            ("data::", None),
            ("data:::ro", None),
        ] {
            let expected = expected.map(|(host, guest, access)| Mapping {
                host: host.into(),
                guest: guest.into(),
                access,
            });
            assert_eq!(Mapping::parse(text).ok(), expected, "{text}");
        }
    }
}
