//! The side of a Rust program: its values lie in a memory of its own, in the way in which a
//! module's do.

use super::copy::{Room, number, pair, place};
use super::lower::{bits, of_bits};
use super::side::{Callee, Failed, Side};
use super::types::{Answer, Function, Number, Type};
use super::value::TypedValue;
use crate::nanoprocess::Cap;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Grant, Stop, Trap, TrapKind};

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
    fn read_args(
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
    fn write_answer(
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

    fn write(&mut self, ty: &Type, at: u32, value: &TypedValue) -> Result<(), Errno> {
        let size = ty.shape().size;
        match (ty, value) {
            (Type::Number(Number::F32), TypedValue::F32(value)) => {
                self.put(at, &value.to_bits().to_le_bytes())
            }
            (Type::Number(Number::F64), TypedValue::F64(value)) => {
                self.put(at, &value.to_bits().to_le_bytes())
            }
            (Type::Number(Number::Char), TypedValue::Char(value)) => {
                self.put_number(at, u32::from(*value).into(), size)
            }
            (
                Type::Number(Number::U8 | Number::U16 | Number::U32 | Number::U64),
                TypedValue::Unsigned(value),
            ) if size == 8 || value >> (size * 8) == 0 => self.put_number(at, *value, size),
            (
                Type::Number(Number::S8 | Number::S16 | Number::S32 | Number::S64),
                TypedValue::Signed(value),
            ) if size == 8
                || (value >> (size * 8 - 1)) + 1 <= 1 && (value >> (size * 8 - 1)) >= -1 =>
            {
                self.put(
                    at,
                    value.to_le_bytes().get(..size as usize).unwrap_or_default(),
                )
            }
            (Type::Enum(names), TypedValue::Enum(value))
                if (*value as usize) < names.names.len() =>
            {
                self.put_number(at, (*value).into(), size)
            }
            (Type::Flags(names), TypedValue::Flags(value)) => {
                let width = u32::try_from(names.names.len()).unwrap_or(u32::MAX);
                match value.checked_shr(width).unwrap_or(0) {
                    0 => self.put_number(at, *value, size),
                    _ => Err(Errno::Inval),
                }
            }
            (Type::Handle, TypedValue::Handle(cap)) => {
                self.handles.push(Arc::clone(cap));
                self.put_number(at, (self.handles.len() - 1) as u64, size)
            }
            (Type::String, TypedValue::String(text)) => self.write_bytes(at, text.as_bytes()),
            (Type::List(list), TypedValue::Bytes(bytes))
                if list.element == Type::Number(Number::U8) =>
            {
                self.write_bytes(at, bytes)
            }
            (Type::List(list), TypedValue::List(values)) => {
                let shape = list.element.shape();
                let count = u32::try_from(values.len()).map_err(|_| Errno::TooBig)?;
                let bytes = count.checked_mul(shape.size).ok_or(Errno::TooBig)?;
                let start = self.room(bytes, shape.align)?;
                for (index, value) in (0..).zip(values) {
                    self.write(&list.element, start + index * shape.size, value)?;
                }
                self.put_number(at, start.into(), 4)?;
                self.put_number(at + 4, count.into(), 4)
            }
            (Type::Record(record), TypedValue::Record(values))
                if record.fields.len() == values.len() =>
            {
                for (field, value) in record.fields.iter().zip(values) {
                    self.write(&field.ty, at + field.offset, value)?;
                }
                Ok(())
            }
            (Type::Variant(variant), TypedValue::Case(case, payload)) => {
                let known = variant.cases.get(*case as usize).ok_or(Errno::Inval)?;
                self.put_number(at, (*case).into(), variant.tag)?;
                match (&known.payload, payload) {
                    (None, None) => Ok(()),
                    (Some(ty), Some(value)) => self.write(ty, at + variant.payload, value),
                    _ => Err(Errno::Inval),
                }
            }
            _ => Err(Errno::Inval),
        }
    }

    fn write_bytes(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let count = u32::try_from(bytes.len()).map_err(|_| Errno::TooBig)?;
        let start = self.room(count, 1)?;
        self.put(start, bytes)?;
        self.put_number(at, start.into(), 4)?;
        self.put_number(at + 4, count.into(), 4)
    }

    fn read(&mut self, ty: &Type, at: u32) -> Result<TypedValue, Errno> {
        let bytes = self.at(at, ty.shape().size)?;
        match ty {
            Type::String | Type::List(_) => {
                let (start, count) = pair(bytes);
                self.list(ty, start, count)
            }
            Type::Record(record) => {
                self.count()?;
                let fields = record.fields.iter();
                let fields = fields.map(|field| self.read(&field.ty, at + field.offset));
                Ok(TypedValue::Record(fields.collect::<Result<_, _>>()?))
            }
            Type::Variant(variant) => {
                self.count()?;
                let tag = short(number(self.at(at, variant.tag)?))?;
                let case = variant.cases.get(tag as usize).ok_or(Errno::Inval)?;
                let payload = case.payload.as_ref();
                let payload = payload.map(|ty| self.read(ty, at + variant.payload));
                Ok(TypedValue::Case(tag, payload.transpose()?.map(Box::new)))
            }
            _ => {
                let bits = number(bytes);
                self.scalar(ty, widened(ty, bits))
            }
        }
    }

    fn list(&mut self, ty: &Type, start: u32, count: u32) -> Result<TypedValue, Errno> {
        self.count()?;
        let Type::List(list) = ty else {
            let text = self.at(start, count)?.to_vec();
            let text = String::from_utf8(text).map_err(|_| Errno::Ilseq)?;
            return Ok(TypedValue::String(text));
        };
        if list.element == Type::Number(Number::U8) {
            return Ok(TypedValue::Bytes(self.at(start, count)?.to_vec()));
        }
        let size = list.element.shape().size;
        let values = (0..count).map(|index| {
            let offset = index.checked_mul(size).ok_or(Errno::TooBig)?;
            self.read(&list.element, start.saturating_add(offset))
        });
        Ok(TypedValue::List(values.collect::<Result<_, _>>()?))
    }

    fn scalar(&mut self, ty: &Type, bits: u64) -> Result<TypedValue, Errno> {
        self.count()?;
        Ok(match ty {
            Type::Number(Number::F32) => TypedValue::F32(f32::from_bits(short(bits)?)),
            Type::Number(Number::F64) => TypedValue::F64(f64::from_bits(bits)),
            Type::Number(Number::Char) => {
                TypedValue::Char(char::from_u32(short(bits)?).ok_or(Errno::Inval)?)
            }
            Type::Number(Number::S64) => TypedValue::Signed(i64::from_ne_bytes(bits.to_ne_bytes())),
            Type::Number(Number::S8 | Number::S16 | Number::S32) => {
                let bits = short(bits)?;
                TypedValue::Signed(i32::from_ne_bytes(bits.to_ne_bytes()).into())
            }
            Type::Enum(_) => TypedValue::Enum(short(bits)?),
            Type::Flags(_) => TypedValue::Flags(bits),
            Type::Handle => {
                let cap = self.handles.get(short(bits)? as usize);
                TypedValue::Handle(Arc::clone(cap.ok_or(Errno::Badf)?))
            }
            _ => TypedValue::Unsigned(bits),
        })
    }

    /// Counts a value that takes memory of the host's.
    fn count(&mut self) -> Result<(), Errno> {
        self.values += 1;
        match self.values <= MOST_VALUES {
            true => Ok(()),
            false => Err(Errno::TooBig),
        }
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

/// What a Rust function does that modules call.
pub(crate) type Run = dyn Fn(&[TypedValue]) -> Result<TypedValue, Stop> + Send + Sync;

/// A Rust function that is called.
pub(crate) struct RustSide<'a> {
    image: Image,
    function: &'a Function,
    run: &'a Run,
}

impl<'a> RustSide<'a> {
    pub(crate) fn new(function: &'a Function, run: &'a Run) -> Self {
        Self {
            image: Image::default(),
            function,
            run,
        }
    }
}

impl Side for RustSide<'_> {
    fn memory(&mut self) -> Result<&mut [u8], Failed> {
        self.image.memory()
    }

    fn alloc(&mut self, from: &mut dyn Side, size: u32, align: u32) -> Result<u32, Failed> {
        self.image.alloc(from, size, align)
    }

    fn free(&mut self, from: &mut dyn Side, room: Room) -> Result<(), Stop> {
        self.image.free(from, room)
    }

    fn handle(&mut self, number: u32) -> Result<Grant, Errno> {
        self.image.handle(number)
    }

    fn receive(&mut self, grant: Grant) -> Result<u32, Errno> {
        self.image.receive(grant)
    }

    fn forget(&mut self, number: u32) {
        self.image.forget(number);
    }
}

impl Callee for RustSide<'_> {
    fn call(
        &mut self,
        _caller: &mut dyn Side,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        let refused = |errno: Errno| {
            let message = format!(
                "a value of the function {} does not fit its type or takes too much room: {}",
                self.function,
                errno.name()
            );
            Stop::from(Trap::new(TrapKind::Host, message))
        };
        let values = self.image.read_args(self.function, args).map_err(refused)?;
        let answer = (self.run)(&values)?;
        let written = self.image.write_answer(self.function, args, &answer);
        let result = written.map_err(refused)?;
        for (place, result) in results.iter_mut().zip(result) {
            *place = result;
        }
        Ok(())
    }
}
