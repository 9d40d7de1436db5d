//! How deep calls into children are nested.

use std::cell::Cell;
use turnkey_wasi_common::Errno;

/// How many calls into children may be nested on one thread, and how many levels of children there
/// may be.
pub const MOST_NESTED: u32 = 16;

/// Bytes of a thread's stack that a tree may take unless its family says otherwise: half of what
/// threads of Rust's have.
pub const STACK: usize = 1 << 20;

/// What one more child may take of the stack: the largest WebAssembly stack of an engine that is not
/// configured otherwise, and what host functions need beside it.
const LEVEL: usize = WASM + HOST;
const WASM: usize = 512 << 10;
const HOST: usize = 64 << 10;

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
    static STACK_HERE: Cell<Stack> = const { Cell::new(Stack { begin: 0, limit: 0, next: None }) };
}

/// How much of a guest's own stack its children may take: half. The rest is for what it does by
/// itself.
pub(super) const fn below(own: usize) -> usize {
    own / 2
}

/// A stack on which children are called.
#[derive(Debug, Clone, Copy)]
struct Stack {
    /// Where it stood when the outermost of them was called.
    begin: usize,
    /// Bytes that may be taken from there on.
    limit: usize,
    /// The bytes of another one, on which the child runs that was called last.
    next: Option<usize>,
}

/// A level of nesting on this thread.
#[derive(Debug)]
pub(super) struct Level {
    /// The stack as it was before.
    before: Stack,
}

impl Level {
    /// Enters a level of a tree that may take so many bytes of the thread's stack, by calling a child
    /// that runs there or on a stack of its own.
    ///
    /// # Errors
    /// - `NOMEM`: too many calls are nested, or there might be too little stack for one more.
    #[inline(never)]
    pub(super) fn enter(limit: usize, own: Option<usize>) -> Result<Self, Errno> {
        let nested = NESTED.get();
        let before = STACK_HERE.get();
        let local = 0_u8;
        // The address of something in this frame, since nothing tells where a thread's stack ends.
        let here = std::ptr::from_ref(&local).addr();
        let (begin, limit) = match (nested, before.next) {
            (0, _) => (here, limit),
            // Whoever calls runs on a stack of its own.
            (_, Some(bytes)) => (here, below(bytes)),
            // A stack grows downward: what is higher up lies on another, which begins here.
            (_, None) => (before.begin.max(here), before.limit),
        };
        let needed = match own {
            Some(_) => HOST,
            None => LEVEL,
        };
        let taken = begin - here;
        if nested >= MOST_NESTED || taken.saturating_add(needed) > limit {
            return Err(Errno::Nomem);
        }
        NESTED.set(nested + 1);
        STACK_HERE.set(Stack {
            begin,
            limit,
            next: own,
        });
        Ok(Self { before })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
        STACK_HERE.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_too_deep_or_with_too_little_stack_nomem() {
        assert_eq!(Level::enter(LEVEL - 1, None).unwrap_err(), Errno::Nomem);
        let levels: Vec<_> = (0..MOST_NESTED)
            .map(|_| Level::enter(STACK, None).unwrap())
            .collect();
        assert_eq!(Level::enter(STACK, None).unwrap_err(), Errno::Nomem);
        drop(levels);
        assert!(Level::enter(LEVEL, None).is_ok());
    }

    /// Takes at least `bytes` of stack before it enters.
    fn enter_after(bytes: usize, stack: usize) -> Result<(), Errno> {
        let taken = std::hint::black_box([0_u8; 4096]);
        match bytes.checked_sub(taken.len()) {
            None => Level::enter(stack, None).map(|_| ()),
            Some(left) => {
                let entered = enter_after(left, stack);
                std::hint::black_box(&taken);
                entered
            }
        }
    }

    #[test]
    fn enter_after_much_stack_was_taken_nomem() {
        let outermost = Level::enter(STACK, None).unwrap();
        assert_eq!(enter_after(0, STACK), Ok(()));
        assert_eq!(enter_after(STACK - LEVEL, STACK), Err(Errno::Nomem));
        drop(outermost);
        // From there it is counted anew.
        assert_eq!(enter_after(STACK - LEVEL, STACK), Ok(()));
    }

    #[test]
    fn enter_from_a_stack_of_its_own_counted_from_there() {
        let own = 2 * (LEVEL + HOST);
        let outermost = Level::enter(STACK, Some(own)).unwrap();
        // The other stack begins wherever that is, and its size alone counts.
        assert_eq!(enter_after(STACK - LEVEL, 0), Ok(()));
        let within = Level::enter(0, None).unwrap();
        assert_eq!(enter_after(0, 0), Ok(()));
        assert_eq!(enter_after(STACK - LEVEL, STACK), Err(Errno::Nomem));
        drop((within, outermost));
        assert_eq!(Level::enter(HOST, None).unwrap_err(), Errno::Nomem);
        assert!(Level::enter(HOST, Some(own)).is_ok());
    }
}
