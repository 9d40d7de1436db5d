//! The `Rights` of the core.

use super::{PREAMBLE, doc_comment, names, source, unfit};
use crate::{Error, Snapshot, Type};

/// The text of `wasi-common/src/rights.rs`: the rights as a set of bits.
///
/// # Errors
/// [`Error::Unsupported`] if the snapshot has no flags `rights` of 64 bits.
pub fn rights(snapshot: &Snapshot) -> Result<String, Error> {
    let (docs, Type::Flags(rights)) = source(snapshot, "rights")? else {
        return Err(unfit("rights", "a type that is not flags"));
    };
    if rights.repr.layout().size != 8 {
        return Err(unfit("rights", "a size other than eight bytes"));
    }
    let constants: String = rights
        .flags
        .iter()
        .enumerate()
        .map(|(bit, flag)| {
            let docs = doc_comment(&flag.docs, 8);
            format!(
                "{docs}        const {} = 1 << {bit};\n",
                names::shouty(&flag.name)
            )
        })
        .collect();
    Ok(TEMPLATE
        .replace("{preamble}", PREAMBLE)
        .replace("{docs}", &doc_comment(docs, 4))
        .replace("{constants}", &constants))
}

/// What does not depend on the flags.
const TEMPLATE: &str = r#"{preamble}

//! What may be done with a file descriptor.

use bitflags::bitflags;

bitflags! {
{docs}    ///
    /// ```
    /// use turnkey_wasi_common::Rights;
    ///
    /// let granted = Rights::FD_READ | Rights::FD_SEEK;
    /// assert_eq!(granted.bits(), 0b110);
    /// assert!(!granted.contains(Rights::FD_WRITE));
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Rights: u64 {
{constants}    }
}
"#;
