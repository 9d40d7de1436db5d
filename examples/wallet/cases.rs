//! What is run, and what has to come of it.

use crate::guests::{NOTIFY, OPENS, RETYPED, TAKEN_OVER, WILD};
use crate::tree::{Parents, Ran};
use turnkey_examples::Failure;
use turnkey_virt::audit::Record;
use turnkey_wasi_common::Errno;

/// What notify prints.
const FILLED: &str = "easydex: the order is filled\n";

/// A run, and what has to come of it.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) notify: &'static [u8],
    /// What easydex is to do.
    pub(crate) mode: &'static str,
    code: u32,
    printed: &'static str,
    /// What its parents say, in this order.
    said: &'static [&'static str],
}

pub(crate) const CASES: [Case; 7] = [
    Case {
        what: "notify 1.2.0",
        notify: NOTIFY,
        mode: "",
        code: 0,
        printed: FILLED,
        said: &[],
    },
    Case {
        what: "notify 1.3.0",
        notify: TAKEN_OVER,
        mode: "",
        code: 3,
        printed: "",
        said: &[
            "wasi_snapshot_preview1.sock_send",
            "[network.send]",
            "nobody holds it",
            "wasi_snapshot_preview1.path_open",
            "[files.open]",
            "its parent holds it",
            "nothing was run",
        ],
    },
    Case {
        what: "an import of another type",
        notify: RETYPED,
        mode: "",
        code: 3,
        printed: "",
        said: &["wasi_snapshot_preview1.fd_write", "nothing was run"],
    },
    Case {
        what: "easydex asks for files",
        notify: NOTIFY,
        mode: "ask",
        code: 0,
        printed: FILLED,
        said: &["easydex (agama > easydex) asks for files.open: agama holds it, does not grant it"],
    },
    Case {
        what: "a notify that may call `path_open`, and is granted no directory",
        notify: OPENS[1],
        mode: "files",
        code: 0,
        printed: FILLED,
        said: &["easydex: notify was answered badf"],
    },
    Case {
        what: "a pointer that leads beyond its memory",
        notify: WILD,
        mode: "",
        code: 0,
        printed: "",
        said: &["easydex: notify trapped"],
    },
    Case {
        what: "fd 1 is taken back between two texts",
        notify: NOTIFY,
        mode: "revoke",
        code: 0,
        printed: FILLED,
        said: &["easydex: notify was answered badf"],
    },
];

impl Case {
    /// Looks at whether that came of it.
    pub(crate) fn look_at(&self, ran: &Ran, parents: Parents) -> Result<(), Failure> {
        let otherwise = |what: &str| Err(format!("{}: {what}", self.what).into());
        let mut rest = ran.said.as_str();
        for part in self.said {
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => return otherwise(&format!("{part:?} is not said")),
            }
        }
        if (ran.code, ran.printed.as_str()) != (self.code, self.printed) {
            return otherwise("it ended otherwise, or printed something else");
        }
        let is_wasm = !matches!(parents, Parents::Rust);
        if is_wasm && self.notify == WILD && !ran.said.contains("my memory is as it was") {
            return otherwise("a child has changed its parent's memory");
        }
        let opens = self.mode == "files" || (self.mode == "ask" && is_wasm);
        let is_badf = |record: &Record| {
            let mut strings = record.strings.iter();
            let is_seed = strings.any(|(_, text)| text.as_deref() == Some("seed.txt"));
            is_seed && record.errno == Some(Errno::Badf)
        };
        match ran.refused.len() == usize::from(opens) && ran.refused.iter().all(is_badf) {
            true => Ok(()),
            false => otherwise("something else is in the audit"),
        }
    }
}
