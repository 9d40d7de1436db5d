//! Values of a Rust program that calls, or is called.

use crate::nanoprocess::Cap;
use std::sync::Arc;

/// A value that crosses between a Rust program and a module.
///
/// ```
/// use turnkey_virt::typed::TypedValue;
///
/// let place = TypedValue::Record(vec![TypedValue::from(3_u32), TypedValue::from("here")]);
/// assert_eq!(place, TypedValue::Record(vec![TypedValue::Unsigned(3), "here".into()]));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum TypedValue {
    /// What a function answers that has nothing to say.
    Nothing,
    /// `u8` to `u64`.
    Unsigned(u64),
    /// `s8` to `s64`.
    Signed(i64),
    /// An `f32`.
    F32(f32),
    /// An `f64`.
    F64(f64),
    /// A `char`.
    Char(char),
    /// A name of an enumeration, by its position; of a `bool`, 0 is false.
    Enum(u32),
    /// A set of flags; the first is the lowest bit.
    Flags(u64),
    /// A handle that is granted.
    Handle(Arc<Cap>),
    /// Text.
    String(String),
    /// A `(list u8)`.
    Bytes(Vec<u8>),
    /// Any other list.
    List(Vec<Self>),
    /// The members of a record, in their order.
    Record(Vec<Self>),
    /// A case of a variant, by its position, and what it carries.
    Case(u32, Option<Box<Self>>),
    /// The error that a function answers, as a number other than 0.
    Error(u32),
}

impl From<u32> for TypedValue {
    fn from(number: u32) -> Self {
        Self::Unsigned(number.into())
    }
}

impl From<&str> for TypedValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<&[u8]> for TypedValue {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}
