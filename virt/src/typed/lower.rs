//! The core WebAssembly behind a function.

use super::types::{Answer, Function, Number, Type};
use turnkey_snapshots::engine::{FuncType, Value, ValueType};

impl Type {
    /// The core type of a value that crosses by value, or of a pointer to one.
    pub(crate) fn core(&self) -> ValueType {
        match self {
            Self::Number(Number::F32) => ValueType::F32,
            Self::Number(Number::F64) => ValueType::F64,
            Self::Number(_) | Self::Enum(_) | Self::Flags(_) if self.shape().size == 8 => {
                ValueType::I64
            }
            _ => ValueType::I32,
        }
    }
}

impl Function {
    /// The type in core WebAssembly: for each parameter its value, or where it lies and for strings
    /// and lists how long it is; then, if the answer is written, where to. An error is returned.
    pub(crate) fn core(&self) -> FuncType {
        let mut params = Vec::new();
        for (_, ty) in &self.params {
            params.push(ty.core());
            if matches!(ty, Type::String | Type::List(_)) {
                params.push(ValueType::I32);
            }
        }
        if self.answer.written().is_some() {
            params.push(ValueType::I32);
        }
        let results = match &self.answer {
            Answer::Expected { error, .. } => vec![error.core()],
            Answer::Value(_, ty) if ty.is_scalar() => vec![ty.core()],
            Answer::Value(..) | Answer::Nothing => Vec::new(),
        };
        FuncType::new(params, results)
    }

    /// What a core function is that nobody has described: numbers in, at most one out. `None` if it
    /// has more, or what is no number.
    pub(crate) fn of_core(name: &str, core: &FuncType) -> Option<Self> {
        let number = |ty: &ValueType| match ty {
            ValueType::I32 => Some(Type::Number(Number::U32)),
            ValueType::I64 => Some(Type::Number(Number::U64)),
            ValueType::F32 => Some(Type::Number(Number::F32)),
            ValueType::F64 => Some(Type::Number(Number::F64)),
            ValueType::Other => None,
        };
        let params = core.params.iter().enumerate();
        let params = params.map(|(index, ty)| Some((index.to_string(), number(ty)?)));
        let answer = match core.results.as_slice() {
            [] => Answer::Nothing,
            [result] => Answer::Value("result".to_owned(), number(result)?),
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            params: params.collect::<Option<_>>()?,
            answer,
        })
    }

    /// Whether something is copied to whom the function belongs: arguments, or the place for what it
    /// writes. It needs an allocator then.
    pub(crate) fn fills_callee(&self) -> bool {
        self.answer.written().is_some() || self.params.iter().any(|(_, ty)| !ty.is_scalar())
    }

    /// Whether what is answered leads to bytes that have to be put somewhere in the caller's memory.
    /// The caller needs an allocator then.
    pub(crate) fn fills_caller(&self) -> bool {
        let written = self.answer.written();
        written.is_some_and(|written| written.shape().leads)
    }
}

/// The bits of a core value.
pub(crate) fn bits(value: Value) -> u64 {
    match value {
        Value::F32(value) => value.to_bits().into(),
        Value::F64(value) => value.to_bits(),
        other => {
            let short = other.as_u32().map(u64::from);
            short.or(other.as_u64()).unwrap_or(0)
        }
    }
}

/// The core value of a type that has these bits.
pub(crate) fn of_bits(ty: ValueType, bits: u64) -> Value {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    let lower = u32::from_le_bytes([a, b, c, d]);
    match ty {
        ValueType::I64 => Value::from(bits),
        ValueType::F32 => Value::F32(f32::from_bits(lower)),
        ValueType::F64 => Value::F64(f64::from_bits(bits)),
        ValueType::I32 | ValueType::Other => Value::from(lower),
    }
}
