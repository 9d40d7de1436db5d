//! What becomes of a child's calls, function by function.

use super::table;
use std::sync::Arc;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Filter, Invocation, Trap, TrapKind, Verdict};

/// Every function that a child can be bound to: WASI's and those of parents.
pub(super) fn functions() -> impl Iterator<Item = &'static Function> {
    turnkey_snapshots::functions().chain(&table::FUNCTIONS)
}

/// Where a function stands among [`functions`]. Most are of preview 1, whose come first.
#[inline]
fn position(function: &Function) -> Option<usize> {
    let first = turnkey_snapshots::preview_1::FUNCTIONS.get(function.index);
    match first.is_some_and(|known| std::ptr::eq(known, function)) {
        true => Some(function.index),
        false => position_behind(function),
    }
}

/// Where a function stands that is not of preview 1.
#[cold]
fn position_behind(function: &Function) -> Option<usize> {
    let mut before = turnkey_snapshots::preview_1::FUNCTIONS.len();
    let tables: [&'static [Function]; 2] =
        [&turnkey_snapshots::preview_0::FUNCTIONS, &table::FUNCTIONS];
    for table in tables {
        match table.get(function.index) {
            Some(known) if std::ptr::eq(known, function) => return Some(before + function.index),
            _ => before += table.len(),
        }
    }
    None
}

/// What becomes of calls of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// The function does not exist.
    Unbound,
    /// The guest is ended.
    Trap,
    /// The call answers this.
    Deny(Errno),
    /// The call is carried out.
    Bound,
}

/// The trap of a guest that calls what its parent lets it not call.
pub(super) fn refused(function: &Function) -> Trap {
    let message = format!("the guest's parent lets it not call `{}`", function.name);
    Trap::new(TrapKind::Refused, message)
}

/// The bindings of all functions, in the order of [`functions`].
#[derive(Debug, Clone)]
pub(super) struct Bindings(Box<[Binding]>);

impl Bindings {
    /// All functions bound alike.
    pub(super) fn all(binding: Binding) -> Self {
        Self(functions().map(|_| binding).collect())
    }

    /// The binding of a function, `Unbound` for one that nobody knows.
    pub(super) fn of(&self, function: &Function) -> Binding {
        let binding = position(function).and_then(|position| self.0.get(position));
        binding.copied().unwrap_or(Binding::Unbound)
    }

    /// Binds those that are selected.
    pub(super) fn bind(&mut self, selector: &str, binding: Binding) {
        for (place, function) in self.0.iter_mut().zip(functions()) {
            if selects(selector, function) {
                *place = binding;
            }
        }
    }

    /// Binds those that are selected as they are bound for somebody else.
    pub(super) fn bind_like(&mut self, selector: &str, other: &Self) {
        let others = self.0.iter_mut().zip(&other.0);
        for ((place, other), function) in others.zip(functions()) {
            if selects(selector, function) {
                *place = *other;
            }
        }
    }
}

/// The functions that are selected.
///
/// # Errors
/// - `NOENT`: there is no such function or class.
pub(super) fn selected(selector: &str) -> Result<Vec<&'static Function>, Errno> {
    let selected: Vec<_> = functions()
        .filter(|function| selects(selector, function))
        .collect();
    match selected.is_empty() {
        true => Err(Errno::Noent),
        false => Ok(selected),
    }
}

/// Whether `selector` names a function, or `class:` a class that it is in.
fn selects(selector: &str, function: &Function) -> bool {
    match selector.strip_prefix("class:") {
        Some("*") => true,
        Some(class) => function.in_class(class),
        None => function.name == selector,
    }
}

/// Shows a filter some functions, and no others.
#[derive(Clone)]
pub(super) struct Only {
    /// Which it is shown, in the order of [`functions`].
    shown: Box<[bool]>,
    filter: Arc<dyn Filter>,
}

impl Only {
    /// Shows a filter everything.
    pub(super) fn all(filter: Arc<dyn Filter>) -> Self {
        Self {
            shown: functions().map(|_| true).collect(),
            filter,
        }
    }

    /// Shows a filter the functions that are selected.
    pub(super) fn selected(selector: &str, filter: Arc<dyn Filter>) -> Self {
        Self {
            shown: functions().map(|one| selects(selector, one)).collect(),
            filter,
        }
    }

    /// Shows the same filter none but those of its functions that are bound; `None` if there are
    /// none.
    pub(super) fn among(&self, bindings: &Bindings) -> Option<Self> {
        let bound = bindings.0.iter().map(|binding| *binding == Binding::Bound);
        let shown = self.shown.iter().zip(bound);
        let shown: Box<[bool]> = shown.map(|(shown, bound)| *shown && bound).collect();
        shown.contains(&true).then(|| Self {
            shown,
            filter: Arc::clone(&self.filter),
        })
    }

    #[inline]
    fn has(&self, function: &Function) -> bool {
        let shown = position(function).and_then(|position| self.shown.get(position));
        shown.copied().unwrap_or(false)
    }
}

impl Filter for Only {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        match self.has(call.function) {
            true => self.filter.before(call, memory),
            false => Verdict::Continue,
        }
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        if self.has(call.function) {
            self.filter.after(call, memory, errno);
        }
    }
}

/// Refuses what a child is not let do.
pub(super) struct Rules(pub(super) Arc<Bindings>);

impl Filter for Rules {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        match self.0.of(call.function) {
            Binding::Bound => Verdict::Continue,
            Binding::Deny(errno) => Verdict::Deny(errno),
            Binding::Trap | Binding::Unbound => Verdict::Trap(refused(call.function)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(module: &str, name: &str) -> &'static Function {
        functions()
            .find(|function| function.module == module && function.name == name)
            .unwrap()
    }

    #[test]
    fn selected_names_and_classes() {
        let cases = [
            ("fd_write", Some(2)),
            ("class:clock", Some(4)),
            ("class:*", Some(functions().count())),
            ("class:clo", None),
            ("clock", None),
            ("", None),
            ("class:", None),
        ];
        for (selector, count) in cases {
            let selected = selected(selector).map(|selected| selected.len());
            assert_eq!(selected.ok(), count, "{selector}");
        }
    }

    #[test]
    fn position_of_each_function_its_place_among_all() {
        for (expected, function) in functions().enumerate() {
            assert_eq!(position(function), Some(expected), "{}", function.name);
        }
        let unknown = *functions().next().unwrap();
        assert_eq!(position(&unknown), None);
    }

    #[test]
    fn only_among_is_shown_what_all_above_pass() {
        let mut bindings = Bindings::all(Binding::Unbound);
        bindings.bind("class:clock", Binding::Bound);
        bindings.bind("fd_read", Binding::Bound);
        let filter: Arc<dyn Filter> = Arc::new(Rules(Arc::new(bindings.clone())));
        let shown = Only::all(Arc::clone(&filter)).among(&bindings).unwrap();
        let preview_1 = |name| function("wasi_snapshot_preview1", name);
        assert!(shown.has(preview_1("fd_read")) && shown.has(preview_1("clock_res_get")));
        assert!(!shown.has(preview_1("fd_write")));
        let clocks = Only::selected("class:clock", filter);
        assert!(!clocks.among(&bindings).unwrap().has(preview_1("fd_read")));
        bindings.bind("class:clock", Binding::Unbound);
        assert!(clocks.among(&bindings).is_none());
    }

    #[test]
    fn bind_last_counts_and_others_stay() {
        let mut bindings = Bindings::all(Binding::Unbound);
        bindings.bind("class:*", Binding::Trap);
        bindings.bind("random_get", Binding::Deny(Errno::Perm));
        bindings.bind_like("class:nanoprocess", &Bindings::all(Binding::Bound));
        let cases = [
            ("wasi_unstable", "random_get", Binding::Deny(Errno::Perm)),
            ("wasi_snapshot_preview1", "fd_read", Binding::Trap),
            ("nanoprocess_0", "child_new", Binding::Bound),
        ];
        for (module, name, expected) in cases {
            assert_eq!(bindings.of(function(module, name)), expected, "{name}");
        }
    }
}
