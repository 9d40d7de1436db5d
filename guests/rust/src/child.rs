//! Children.

use crate::raw::imports;
use crate::raw::nanoprocess_0 as nano;
use crate::{Binding, Cap, Module, Need, Outcome, Result};

pub use crate::raw::nanoprocess_0::Limits;

/// A child. Dropping it lets it go, with its memory, its descriptors and its own children.
#[derive(Debug)]
pub struct Child(nano::Child);

impl Child {
    /// A child of a module. It has nothing.
    ///
    /// # Errors
    /// - `BADF`: there is no such module.
    /// - `DQUOT`: the parent may have no further child, or none at this depth.
    pub fn new(module: &Module) -> Result<Self> {
        imports::child_new(module.number).map(Self)
    }

    /// Hands a module to a child that is not linked; answers the number by which it knows it.
    ///
    /// # Errors
    /// - `BADF`: there is no such module.
    pub fn module(&self, module: &Module) -> Result<i32> {
        imports::child_module(self.0, module.number)
    }

    /// Says what becomes of calls of a function, of `class:` and a class, or of `class:*`. The last
    /// binding of a function counts.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function or class.
    /// - `NOSYS`: the parent lacks the exports to serve them.
    /// - `NOTSUP`: they cannot be bound in this way.
    pub fn bind(&self, what: &str, binding: Binding) -> Result<()> {
        imports::child_bind(self.0, what, binding.numbers())
    }

    /// Grants a handle at the lowest descriptor that is free, under a name if it is not empty.
    ///
    /// # Errors
    /// - `BADF`: it was taken back.
    /// - `NOTDIR`: something else than a directory is granted under a name.
    pub fn grant(&self, cap: &Cap, name: &str) -> Result<u32> {
        imports::child_grant(self.0, cap.0, u32::MAX, name.as_bytes())
    }

    pub(crate) fn grant_bytes(&self, cap: &Cap, name: &[u8]) -> Result<u32> {
        imports::child_grant(self.0, cap.0, u32::MAX, name)
    }

    /// Replaces a standard stream, 0 to 2, of a child that is not linked.
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub fn stream(&self, cap: &Cap, fd: u32) -> Result<u32> {
        imports::child_grant(self.0, cap.0, fd, &[])
    }

    /// Adds an argument. The first is the program's name.
    ///
    /// # Errors
    /// - `INVAL`: it holds a NUL.
    /// - `2BIG`: all take too much room.
    pub fn arg(&self, arg: &[u8]) -> Result<()> {
        imports::child_arg(self.0, arg)
    }

    /// Sets an environment variable.
    ///
    /// # Errors
    /// - `INVAL`: the name is empty or holds `=`, or one of them a NUL.
    /// - `2BIG`: all take too much room.
    pub fn env(&self, name: &[u8], value: &[u8]) -> Result<()> {
        imports::child_env(self.0, name, value)
    }

    /// The most that one child could be given now. Memory and descriptors are each told twice, and
    /// given once: a child and its descendants share them.
    ///
    /// # Errors
    /// None.
    pub fn limits_left() -> Result<Limits> {
        imports::limits_left()
    }

    /// Limits a child that is not linked.
    ///
    /// # Errors
    /// - `DQUOT`: the parent has less, and nothing changes.
    pub fn limits(&self, limits: &Limits) -> Result<()> {
        imports::child_limits(self.0, limits)
    }

    /// Looks for everything that it imports; answers how many are missing. Nothing runs.
    ///
    /// # Errors
    /// - `INVAL`: a limit is missing that the parent has itself.
    pub fn link(&self) -> Result<u32> {
        imports::child_link(self.0)
    }

    /// An import that was missing when it was linked, counted from 0.
    ///
    /// # Errors
    /// - `NOENT`: there were fewer.
    pub fn missing<'a>(&self, index: u32, room: &'a mut [u8]) -> Result<Need<'a>> {
        let need = imports::child_missing(self.0, index, room)?;
        Ok(Need::read(&need, room))
    }

    /// Calls an export, and waits for its end. Arguments and results of 32 bits are in the lower
    /// half.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function.
    /// - `INVAL`: arguments or results are not as many as it has.
    /// - `BUSY`: it is on the stack.
    /// - `SRCH`: it has ended.
    pub fn call(&self, export: &str, args: &[u64], results: &mut [u64]) -> Result<Outcome> {
        imports::child_call(self.0, export, args, results).map(Outcome::from)
    }

    /// Copies from its memory.
    ///
    /// # Errors
    /// - `FAULT`: that leads beyond it.
    pub fn read(&self, from: u32, to: &mut [u8]) -> Result<()> {
        imports::child_read(self.0, from, to)
    }

    /// Copies into its memory.
    ///
    /// # Errors
    /// - `FAULT`: that leads beyond it.
    pub fn write(&self, to: u32, bytes: &[u8]) -> Result<()> {
        imports::child_write(self.0, to, bytes)
    }

    /// Ends it and its descendants, wherever they are.
    ///
    /// # Errors
    /// - `SRCH`: it has ended.
    pub fn kill(&self) -> Result<()> {
        imports::child_kill(self.0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that is on the stack cannot be borrowed from here and dropped.
        let _ = imports::child_drop(self.0);
    }
}
