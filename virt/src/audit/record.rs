//! One refused call.

use crate::excerpt::excerpt;
use serde_json::{Map, Value, json};
use std::time::Duration;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Invocation, Verdict};

/// A call that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The number of the call among all calls of the guest; the first is 1.
    pub call: u64,
    /// When the call ended, since the audit began.
    pub at: Duration,
    /// The function that was called.
    pub function: &'static Function,
    /// The descriptor that the call named first, if it named one.
    pub fd: Option<u32>,
    /// The strings that the call named, by their parameters' names, cut to
    /// [`LONGEST_TEXT`](Self::LONGEST_TEXT). `None` if one led beyond the memory.
    pub strings: Vec<(&'static str, Option<String>)>,
    /// What the guest was answered; `None` if it ended.
    pub errno: Option<Errno>,
    /// Who refused.
    pub by: By,
    /// What there is to say about it, cut as well.
    pub remark: Option<String>,
}

/// Who refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// A filter, before the call was carried out.
    Filter,
    /// Whoever carried it out.
    Host,
}

impl Record {
    /// The most bytes of a text that are kept. A longer one ends with `…`.
    pub const LONGEST_TEXT: usize = 256;

    pub(super) fn of(
        call: &Invocation<'_>,
        memory: &[u8],
        errno: Option<Errno>,
        by: By,
        at: Duration,
    ) -> Self {
        let cut = |text: &[u8]| excerpt(text, Self::LONGEST_TEXT);
        let remark = match call.decided {
            Some(Verdict::Trap(trap)) => Some(trap.to_string()),
            _ => call.remark.map(str::to_owned),
        };
        Self {
            call: call.note.get(),
            at,
            function: call.function,
            fd: call.argument("fd").and_then(|fd| u32::try_from(fd).ok()),
            strings: call
                .strings(memory)
                .map(|(name, text)| (name, text.map(cut)))
                .collect(),
            errno,
            by,
            remark: remark.map(|remark| cut(remark.as_bytes())),
        }
    }

    /// The record as a JSON object.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::{Func, Memory, complete, preview_1};
    /// use turnkey_virt::{Audit, Deny};
    /// use turnkey_wasi_common::{Errno, WasiCtx};
    ///
    /// let audit = Arc::new(Audit::new(100));
    /// let ctx = WasiCtx::builder()
    ///     .filter(audit.clone())
    ///     .filter(Arc::new(Deny::new().func(Func::FdSync, Errno::Nosys)))
    ///     .build()?;
    /// complete(&ctx, |call| preview_1::fd_sync(call, &mut Memory::new(&mut []), 1))?;
    /// let json = audit.records()[0].to_json();
    /// assert_eq!((&json["function"], &json["errno"]), (&"fd_sync".into(), &"nosys".into()));
    /// assert_eq!((&json["fd"], &json["by"]), (&1.into(), &"filter".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Value {
        let strings = self
            .strings
            .iter()
            .map(|(name, text)| ((*name).to_owned(), json!(text)));
        json!({
            "call": self.call,
            "at_ns": u64::try_from(self.at.as_nanos()).unwrap_or(u64::MAX),
            "module": self.function.module,
            "function": self.function.name,
            "class": self.function.class,
            "fd": self.fd,
            "strings": strings.collect::<Map<_, _>>(),
            "errno": self.errno.map(Errno::name),
            "by": match self.by {
                By::Filter => "filter",
                By::Host => "host",
            },
            "remark": self.remark,
        })
    }
}
