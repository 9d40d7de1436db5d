//! Modules, and what they import.

use crate::raw::imports;
use crate::raw::nanoprocess_0 as nano;
use crate::Result;

/// A module, to make children of.
#[derive(Debug)]
pub struct Module {
    pub(crate) number: nano::Module,
    is_loaded: bool,
}

impl Module {
    /// A module that the parent was given: the first has the number 0.
    #[must_use]
    pub const fn given(number: i32) -> Self {
        Self {
            number,
            is_loaded: false,
        }
    }

    /// Compiles a module, which is let go of when this is dropped. Children keep it.
    ///
    /// # Errors
    /// - `NOTCAPABLE`: the parent may load none.
    /// - `DQUOT`: it has not so many bytes of code left.
    /// - `FBIG`: it has too many functions, or one too large.
    /// - `NOEXEC`: it is no module that the engine takes.
    pub fn load(wasm: &[u8]) -> Result<Self> {
        Ok(Self {
            number: imports::module_load(wasm)?,
            is_loaded: true,
        })
    }

    /// An import, counted from 0. Its texts are written to `room` as far as that goes.
    ///
    /// # Errors
    /// - `NOENT`: it has fewer.
    /// - `BADF`: there is no such module.
    pub fn need<'a>(&self, index: u32, room: &'a mut [u8]) -> Result<Need<'a>> {
        let need = imports::module_need(self.number, index, room)?;
        Ok(Need::read(&need, room))
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if self.is_loaded {
            // It is there, so it can be dropped.
            let _ = imports::module_drop(self.number);
        }
    }
}

/// An import. A text for which there was no room is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need<'a> {
    /// The module that it is imported from.
    pub module: &'a [u8],
    /// Its own name.
    pub name: &'a [u8],
    /// Its type, as `(i32, i64) -> (i32)`; none for what is no function.
    pub ty: &'a [u8],
    /// The class of authority; none if nobody knows the function.
    pub class: &'a [u8],
    /// Why it is told: 0 because the module asks for it; it is missing because the child is not
    /// bound to it (1), nothing has this name (2) or the function of this name has another type (3).
    pub why: u32,
    /// The nearest that holds it: 1 is the caller, 2 its parent, and so on; 0 is nobody.
    pub held: u32,
}

impl<'a> Need<'a> {
    pub(crate) fn read(need: &nano::Need, texts: &'a [u8]) -> Self {
        let mut rest = texts;
        let mut text = |length: nano::Size| {
            let (text, behind) = rest.split_at(rest.len().min(length as usize));
            rest = behind;
            text
        };
        Self {
            module: text(need.module_len),
            name: text(need.name_len),
            ty: text(need.type_len),
            class: text(need.class_len),
            why: need.why,
            held: need.held,
        }
    }
}
