//! What a guest asks for in a call.

use super::contents::Contents;
use super::numbers;
use super::shape::{self, Shape, shape};
use std::io::{Error, ErrorKind, Read, Result};
use turnkey_snapshots::{preview_0, preview_1};
use turnkey_wasi_common::function::Function;

/// A call as the guest makes it: by this one call is known to be another's repetition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) function: Option<&'static Function>,
    pub(crate) args: Vec<u64>,
    /// What the parameters lead to that the host reads; a list of buffers counts, what is in them
    /// does not.
    pub(crate) contents: Contents,
}

impl Asked {
    /// Becomes this call.
    pub(crate) fn read(&mut self, function: &'static Function, args: &[u64], memory: &[u8]) {
        self.function = Some(function);
        self.args.clear();
        self.args.extend_from_slice(args);
        self.contents.clear();
        for (index, elements) in given(function) {
            let bytes = elements.bytes(function, args, index, memory);
            self.contents
                .push(bytes.map(std::iter::once), elements.kept);
        }
    }

    /// Appends the call to a log.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        numbers::put(out, self.function.and_then(number).unwrap_or(0));
        for arg in &self.args {
            numbers::put(out, *arg);
        }
        self.contents.encode(out);
    }

    /// Becomes the next call of a log; answers whether there was one.
    ///
    /// # Errors
    /// As [`numbers::read`]; `InvalidData` if there is no such function.
    pub(crate) fn decode(&mut self, from: &mut impl Read) -> Result<bool> {
        let number = numbers::read(from)?;
        if number == 0 {
            return Ok(false);
        }
        let unknown = || Error::new(ErrorKind::InvalidData, "it names an unknown function");
        let function = numbered(number).ok_or_else(unknown)?;
        self.function = Some(function);
        self.args.clear();
        for _ in function.core.params {
            self.args.push(numbers::read(from)?);
        }
        self.contents.clear();
        for (_, elements) in given(function) {
            self.contents.decode(from, elements.kept)?;
        }
        Ok(true)
    }
}

/// The parameters that lead to elements which the host reads.
pub(crate) fn given(function: &'static Function) -> impl Iterator<Item = (usize, shape::Elements)> {
    let params = function.params.iter().enumerate();
    params.filter_map(|(index, param)| match shape(param)? {
        Shape::Given(elements) => Some((index, elements)),
        Shape::Buffers(list) => Some((index, list.records)),
        Shape::Scalar | Shape::Filled(_) => None,
    })
}

/// The number by which a log names a function: from 1 on, as the tables have them.
fn number(function: &Function) -> Option<u64> {
    let mut before = 1;
    for table in TABLES {
        let known = table.get(function.index);
        if known.is_some_and(|known| std::ptr::eq(known, function)) {
            return u64::try_from(before + function.index).ok();
        }
        before += table.len();
    }
    None
}

/// The function with this number.
fn numbered(number: u64) -> Option<&'static Function> {
    let position = usize::try_from(number).ok()?.checked_sub(1)?;
    TABLES.into_iter().flatten().nth(position)
}

/// Every function that a log can name.
const TABLES: [&[Function]; 2] = [&preview_1::FUNCTIONS, &preview_0::FUNCTIONS];

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the form's version: whoever changes one has made another version.
    #[test]
    fn number_functions_those_of_version_1() {
        for (expected, module, name) in [
            (1, "wasi_snapshot_preview1", "args_get"),
            (20, "wasi_snapshot_preview1", "fd_pwrite"),
            (46, "wasi_snapshot_preview1", "sock_shutdown"),
            (47, "wasi_unstable", "args_get"),
            (91, "wasi_unstable", "sock_shutdown"),
        ] {
            let function = turnkey_snapshots::function(module, name).unwrap();
            assert_eq!(number(function), Some(expected), "{module} {name}");
        }
        for (position, function) in turnkey_snapshots::functions().enumerate() {
            let expected = position as u64 + 1;
            assert_eq!(number(function), Some(expected), "{}", function.name);
            assert_eq!(numbered(expected), Some(function));
        }
        assert_eq!((numbered(0), numbered(92)), (None, None));
    }
}
