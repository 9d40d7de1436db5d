//! Values of a Rust program, made of what lies in its image.

use super::{Image, MOST_VALUES, short, widened};
use crate::typed::copy::{number, pair};
use crate::typed::types::{Number, Type};
use crate::typed::value::TypedValue;
use std::sync::Arc;
use turnkey_wasi_common::Errno;

impl Image {
    /// # Errors
    /// - `2BIG`: there are too many values.
    /// - `INVAL`, `ILSEQ`: it is none of the type's.
    pub(super) fn read(&mut self, ty: &Type, at: u32) -> Result<TypedValue, Errno> {
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

    /// A string or a list, of which the parts are known.
    pub(super) fn list(&mut self, ty: &Type, start: u32, count: u32) -> Result<TypedValue, Errno> {
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

    /// A number that crosses by value.
    pub(super) fn scalar(&mut self, ty: &Type, bits: u64) -> Result<TypedValue, Errno> {
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
