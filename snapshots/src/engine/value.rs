//! Values that cross between host and guest.

use std::fmt;
use turnkey_wasi_common::function::{CoreType, Signature};

/// A number of core WebAssembly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// An `f32`.
    F32(f32),
    /// An `f64`.
    F64(f64),
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// 32 bits of integer.
    I32,
    /// 64 bits of integer.
    I64,
    /// 32 bits of floating point.
    F32,
    /// 64 bits of floating point.
    F64,
    /// Vectors and references, which do not cross.
    Other,
}

/// The type of a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FuncType {
    /// Its parameters.
    pub params: Vec<ValueType>,
    /// Its results.
    pub results: Vec<ValueType>,
}

impl FuncType {
    /// A function's type.
    pub fn new(params: impl Into<Vec<ValueType>>, results: impl Into<Vec<ValueType>>) -> Self {
        Self {
            params: params.into(),
            results: results.into(),
        }
    }

    /// A zero for each result; `None` if one is of a type that does not cross.
    pub fn zero_results(&self) -> Option<Vec<Value>> {
        self.results.iter().map(|ty| ty.zero()).collect()
    }
}

impl ValueType {
    /// The zero of this type; `None` if its values do not cross.
    pub fn zero(self) -> Option<Value> {
        match self {
            Self::I32 => Some(Value::I32(0)),
            Self::I64 => Some(Value::I64(0)),
            Self::F32 => Some(Value::F32(0.0)),
            Self::F64 => Some(Value::F64(0.0)),
            Self::Other => None,
        }
    }
}

impl From<CoreType> for ValueType {
    fn from(ty: CoreType) -> Self {
        match ty {
            CoreType::I32 => Self::I32,
            CoreType::I64 => Self::I64,
        }
    }
}

/// A signature of a document as the type of a function.
impl From<&Signature> for FuncType {
    fn from(signature: &Signature) -> Self {
        let types = |types: &[CoreType]| -> Vec<ValueType> {
            types.iter().copied().map(ValueType::from).collect()
        };
        Self::new(types(signature.params), types(signature.results))
    }
}

/// The `i32` of the same bits.
impl From<u32> for Value {
    fn from(bits: u32) -> Self {
        Self::I32(i32::from_ne_bytes(bits.to_ne_bytes()))
    }
}

/// The `i64` of the same bits.
impl From<u64> for Value {
    fn from(bits: u64) -> Self {
        Self::I64(i64::from_ne_bytes(bits.to_ne_bytes()))
    }
}

impl Value {
    /// The bits of an `i32`; `None` for another type.
    pub fn as_u32(self) -> Option<u32> {
        match self {
            Self::I32(value) => Some(u32::from_ne_bytes(value.to_ne_bytes())),
            _ => None,
        }
    }

    /// The bits of an `i64`; `None` for another type.
    pub fn as_u64(self) -> Option<u64> {
        match self {
            Self::I64(value) => Some(u64::from_ne_bytes(value.to_ne_bytes())),
            _ => None,
        }
    }

    /// The value's type.
    pub fn ty(self) -> ValueType {
        match self {
            Self::I32(_) => ValueType::I32,
            Self::I64(_) => ValueType::I64,
            Self::F32(_) => ValueType::F32,
            Self::F64(_) => ValueType::F64,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::F32(value) => value.fmt(f),
            Self::F64(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Other => "another type",
        })
    }
}

/// Written as in a module's text: `(i32, i64) -> (i32)`.
impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[ValueType]| {
            f.write_str("(")?;
            for (index, ty) in types.iter().enumerate() {
                let separator = if index == 0 { "" } else { ", " };
                write!(f, "{separator}{ty}")?;
            }
            f.write_str(")")
        };
        list(f, &self.params)?;
        f.write_str(" -> ")?;
        list(f, &self.results)
    }
}
