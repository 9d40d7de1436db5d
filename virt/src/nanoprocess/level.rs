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
const LEVEL: usize = (512 + 64) << 10;

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
    /// Where the stack stood when the outermost child was called.
    static OUTERMOST: Cell<usize> = const { Cell::new(0) };
}

/// A level of nesting on this thread.
#[derive(Debug)]
pub(super) struct Level(());

impl Level {
    /// Enters a level of a tree that may take so many bytes of stack.
    ///
    /// # Errors
    /// - `NOMEM`: too many calls are nested, or there might be too little stack for one more.
    #[inline(never)]
    pub(super) fn enter(stack: usize) -> Result<Self, Errno> {
        let nested = NESTED.get();
        let local = 0_u8;
        // The address of something in this frame, since nothing tells where a thread's stack ends.
        let here = std::ptr::from_ref(&local).addr();
        let outermost = match nested {
            0 => here,
            _ => OUTERMOST.get(),
        };
        let taken = outermost.abs_diff(here);
        if nested >= MOST_NESTED || taken.saturating_add(LEVEL) > stack {
            return Err(Errno::Nomem);
        }
        OUTERMOST.set(outermost);
        NESTED.set(nested + 1);
        Ok(Self(()))
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_too_deep_or_with_too_little_stack_nomem() {
        assert_eq!(Level::enter(LEVEL - 1).unwrap_err(), Errno::Nomem);
        let levels: Vec<_> = (0..MOST_NESTED)
            .map(|_| Level::enter(STACK).unwrap())
            .collect();
        assert_eq!(Level::enter(STACK).unwrap_err(), Errno::Nomem);
        drop(levels);
        assert!(Level::enter(LEVEL).is_ok());
    }

    /// Takes at least `bytes` of stack before it enters.
    fn enter_after(bytes: usize, stack: usize) -> Result<(), Errno> {
        let taken = std::hint::black_box([0_u8; 4096]);
        match bytes.checked_sub(taken.len()) {
            None => Level::enter(stack).map(|_| ()),
            Some(left) => {
                let entered = enter_after(left, stack);
                std::hint::black_box(&taken);
                entered
            }
        }
    }

    #[test]
    fn enter_after_much_stack_was_taken_nomem() {
        let outermost = Level::enter(STACK).unwrap();
        assert_eq!(enter_after(0, STACK), Ok(()));
        assert_eq!(enter_after(STACK - LEVEL, STACK), Err(Errno::Nomem));
        drop(outermost);
        // From there it is counted anew.
        assert_eq!(enter_after(STACK - LEVEL, STACK), Ok(()));
    }
}
