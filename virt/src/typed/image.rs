//! The side of a Rust program: its values lie in a memory of its own, in the way in which a
//! module's do.

mod read;
mod write;

use super::copy::{Room, number, pair, place};
use super::lower::{bits, of_bits};
use super::side::{Failed, Side};
use super::types::{Answer, Function, Number, Type};
use super::value::TypedValue;
use crate::nanoprocess::Cap;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Grant, Stop};

/// The most bytes of values that lie here at once.
const MOST_BYTES: usize = 1 << 25;

/// The most values that are made of them.
const MOST_VALUES: usize = 1 << 20;

/// A memory of the host's for one call.
#[derive(Default)]
pub(crate) struct Image {
    bytes: Vec<u8>,
    handles: Vec<Arc<Cap>>,
    values: usize,
}

impl Image {
    /// Writes arguments, and the place for an answer. Answers the core arguments.
    ///
    /// # Errors
    /// - `INVAL`: a value does not fit its type.
    /// - `2BIG`: they take too much room.
    pub(crate) fn write_args(
        &mut self,
        function: &Function,
        values: &[TypedValue],
    ) -> Result<Vec<Value>, Errno> {
        if function.params.len() != values.len() {
            return Err(Errno::Inval);
        }
        let mut words = Vec::new();
        for ((_, ty), value) in function.params.iter().zip(values) {
            let shape = ty.shape();
            let at = self.room(shape.size, shape.align)?;
            self.write(ty, at, value)?;
            let bytes = self.at(at, shape.size)?;
            match ty {
                Type::String | Type::List(_) => {
                    let (start, count) = pair(bytes);
                    words.extend([start, count].map(Value::from));
                }
                Type::Record(_) | Type::Variant(_) => words.push(at.into()),
                _ => words.push(of_bits(ty.core(), widened(ty, number(bytes)))),
            }
        }
        if let Some(written) = function.answer.written() {
            let shape = written.shape();
            words.push(self.room(shape.size, shape.align)?.into());
        }
        Ok(words)
    }

    /// Reads the arguments to which these core values lead.
    pub(super) fn read_args(
        &mut self,
        function: &Function,
        words: &[Value],
    ) -> Result<Vec<TypedValue>, Errno> {
        let mut words = words.iter().map(|word| bits(*word));
        let mut next = || words.next().ok_or(Errno::Inval);
        let mut values = Vec::new();
        for (_, ty) in &function.params {
            let first = next()?;
            values.push(match ty {
                Type::String | Type::List(_) => self.list(ty, short(first)?, short(next()?)?)?,
                Type::Record(_) | Type::Variant(_) => self.read(ty, short(first)?)?,
                _ => self.scalar(ty, first)?,
            });
        }
        Ok(values)
    }

    /// Reads the answer of a function that was called with these core arguments.
    pub(crate) fn read_answer(
        &mut self,
        function: &Function,
        words: &[Value],
        result: Option<Value>,
    ) -> Result<TypedValue, Errno> {
        let result = result.map(bits);
        if let (Answer::Expected { .. }, Some(error @ 1..)) = (&function.answer, result) {
            return Ok(TypedValue::Error(short(error)?));
        }
        match (function.answer.written(), &function.answer, result) {
            (Some(written), ..) => {
                let at = words.last().and_then(|word| word.as_u32());
                self.read(written, at.ok_or(Errno::Inval)?)
            }
            (None, Answer::Value(_, ty), Some(result)) => self.scalar(ty, result),
            _ => Ok(TypedValue::Nothing),
        }
    }

    /// Writes the answer of a function; answers the core result.
    pub(super) fn write_answer(
        &mut self,
        function: &Function,
        words: &[Value],
        value: &TypedValue,
    ) -> Result<Option<Value>, Errno> {
        let mut result = None;
        if let Answer::Expected { error, .. } = &function.answer {
            if let TypedValue::Error(number) = value {
                return match number {
                    0 => Err(Errno::Inval),
                    number => Ok(Some(of_bits(error.core(), (*number).into()))),
                };
            }
            result = Some(of_bits(error.core(), 0));
        }
        match (function.answer.written(), &function.answer) {
            (Some(written), _) => {
                let at = words.last().and_then(|word| word.as_u32());
                self.write(written, at.ok_or(Errno::Inval)?, value)?;
            }
            (None, Answer::Value(_, ty)) => {
                let shape = ty.shape();
                let at = self.room(shape.size, shape.align)?;
                self.write(ty, at, value)?;
                let bits = widened(ty, number(self.at(at, shape.size)?));
                result = Some(of_bits(ty.core(), bits));
            }
            _ if *value != TypedValue::Nothing => return Err(Errno::Inval),
            _ => {}
        }
        Ok(result)
    }

    fn room(&mut self, size: u32, align: u32) -> Result<u32, Errno> {
        // Nothing lies at 0, which is no address for who allocates.
        let start = self.bytes.len().max(8).next_multiple_of(align as usize);
        let end = start.saturating_add(size as usize);
        if end > MOST_BYTES {
            return Err(Errno::TooBig);
        }
        self.bytes.resize(end, 0);
        u32::try_from(start).map_err(|_| Errno::TooBig)
    }

    fn at(&self, start: u32, size: u32) -> Result<&[u8], Errno> {
        place(&self.bytes, start, size.into(), 1).map_err(|_| Errno::Inval)
    }

    fn put(&mut self, start: u32, bytes: &[u8]) -> Result<(), Errno> {
        let start = start as usize;
        let place = self.bytes.get_mut(start..start.saturating_add(bytes.len()));
        place.ok_or(Errno::Inval)?.copy_from_slice(bytes);
        Ok(())
    }

    fn put_number(&mut self, at: u32, number: u64, size: u32) -> Result<(), Errno> {
        let bytes = number.to_le_bytes();
        self.put(at, bytes.get(..size as usize).unwrap_or_default())
    }
}

fn short(bits: u64) -> Result<u32, Errno> {
    u32::try_from(bits).map_err(|_| Errno::Inval)
}

/// A number as it lies in a memory, as it crosses in 32 bits.
fn widened(ty: &Type, bits: u64) -> u64 {
    let [first, second, ..] = bits.to_le_bytes();
    let wide = match ty {
        Type::Number(Number::S8) => i32::from(i8::from_le_bytes([first])),
        Type::Number(Number::S16) => i32::from(i16::from_le_bytes([first, second])),
        _ => return bits,
    };
    u32::from_ne_bytes(wide.to_ne_bytes()).into()
}

impl Side for Image {
    fn memory(&mut self) -> Result<&mut [u8], Failed> {
        Ok(&mut self.bytes)
    }

    fn alloc(&mut self, _from: &mut dyn Side, size: u32, align: u32) -> Result<u32, Failed> {
        Ok(self.room(size, align)?)
    }

    fn free(&mut self, _from: &mut dyn Side, _room: Room) -> Result<(), Stop> {
        Ok(())
    }

    fn handle(&mut self, number: u32) -> Result<Grant, Errno> {
        let cap = self.handles.get(number as usize).ok_or(Errno::Badf)?;
        cap.passed()
    }

    fn receive(&mut self, grant: Grant) -> Result<u32, Errno> {
        self.handles.push(Arc::new(Cap::new(grant)));
        u32::try_from(self.handles.len() - 1).map_err(|_| Errno::Mfile)
    }

    fn forget(&mut self, _number: u32) {}
}
