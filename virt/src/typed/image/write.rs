//! Values of a Rust program, written as a module's lie in its memory.

use super::Image;
use crate::typed::types::{Number, Type};
use crate::typed::value::TypedValue;
use std::sync::Arc;
use turnkey_wasi_common::Errno;

impl Image {
    /// # Errors
    /// - `INVAL`: the value does not fit the type.
    /// - `2BIG`: it takes too much room.
    pub(super) fn write(&mut self, ty: &Type, at: u32, value: &TypedValue) -> Result<(), Errno> {
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
            ) if is_within(*value, size) => self.put(
                at,
                value.to_le_bytes().get(..size as usize).unwrap_or_default(),
            ),
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
}

/// Whether a number has so many bytes at most.
fn is_within(value: i64, bytes: u32) -> bool {
    let unused = 64 - 8 * bytes.min(8);
    (value << unused) >> unused == value
}
