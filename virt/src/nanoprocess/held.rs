//! What a parent holds, and can hand down.

use super::bindings::{Binding, Bindings, Only};
use super::level::STACK;
use std::fmt;
use std::sync::Arc;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{BlockingWait, Clocks, Interrupt, Random};

/// What a parent holds beside its handles. What it passes on is the same object, so a call that
/// was passed any number of times costs what it costs at the top.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) bindings: Arc<Bindings>,
    pub(super) clocks: Option<Arc<dyn Clocks>>,
    pub(super) random: Option<Arc<dyn Random>>,
    pub(super) waiter: Option<Arc<dyn BlockingWait>>,
    /// Those of parents above, which see what is passed.
    pub(super) filters: Vec<Only>,
    /// What ends the parent.
    pub(super) interrupt: Option<Interrupt>,
    pub(super) above: Option<Arc<Self>>,
    /// Bytes of native stack that the tree may take.
    pub(super) stack: usize,
}

impl Held {
    /// All functions, and nothing for them to act on.
    pub(super) fn everything() -> Self {
        Self {
            bindings: Arc::new(Bindings::all(Binding::Bound)),
            clocks: None,
            random: None,
            waiter: None,
            filters: Vec::new(),
            interrupt: None,
            above: None,
            stack: STACK,
        }
    }

    /// The nearest that holds a function, counted upward from 1; 0 if nobody does.
    pub(super) fn nearest(&self, function: &Function) -> u32 {
        let parents = std::iter::successors(Some(self), |held| held.above.as_deref());
        let mut counted = parents.zip(1..);
        let holds = |held: &Self| held.bindings.of(function) == Binding::Bound;
        let nearest = counted.find_map(|(held, distance)| holds(held).then_some(distance));
        nearest.unwrap_or(0)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}
