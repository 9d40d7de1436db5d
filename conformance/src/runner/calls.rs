//! What guests called, and what they were answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use turnkey_wasi_common::{Errno, Filter, Invocation};

/// A function, by the module and the name that it is imported by.
pub type FunctionName = (&'static str, &'static str);

/// The answers of functions: an errno by its name, or nothing of a call that did not return.
pub type Answers = BTreeMap<FunctionName, BTreeSet<Option<&'static str>>>;

/// A filter that lets everything pass, and remembers which functions answered what.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Answers>);

impl Calls {
    /// What was answered so far.
    pub fn answers(&self) -> Answers {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Filter for Calls {
    fn after(&self, call: &Invocation<'_>, _memory: &mut [u8], errno: Option<Errno>) {
        let name = (call.function.module, call.function.name);
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .entry(name)
            .or_default()
            .insert(errno.map(Errno::name));
    }
}
