//! Values and types, ours and wasmtime's.

use turnkey_snapshots::engine::{ExternType, FuncType, Value, ValueType};
use wasmtime::{Engine, Val, ValType};

pub(crate) fn to_val(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(value) => Val::F32(value.to_bits()),
        Value::F64(value) => Val::F64(value.to_bits()),
    }
}

/// `None` for a vector or a reference.
pub(crate) fn to_value(val: &Val) -> Option<Value> {
    match val {
        Val::I32(value) => Some(Value::I32(*value)),
        Val::I64(value) => Some(Value::I64(*value)),
        Val::F32(bits) => Some(Value::F32(f32::from_bits(*bits))),
        Val::F64(bits) => Some(Value::F64(f64::from_bits(*bits))),
        _ => None,
    }
}

fn to_value_type(ty: &ValType) -> ValueType {
    match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 | ValType::Ref(_) => ValueType::Other,
    }
}

/// `None` for a type whose values do not cross.
fn to_val_type(ty: ValueType) -> Option<ValType> {
    match ty {
        ValueType::I32 => Some(ValType::I32),
        ValueType::I64 => Some(ValType::I64),
        ValueType::F32 => Some(ValType::F32),
        ValueType::F64 => Some(ValType::F64),
        ValueType::Other => None,
    }
}

pub(crate) fn to_func_type(ty: &wasmtime::FuncType) -> FuncType {
    FuncType::new(
        ty.params().map(|ty| to_value_type(&ty)).collect::<Vec<_>>(),
        ty.results()
            .map(|ty| to_value_type(&ty))
            .collect::<Vec<_>>(),
    )
}

/// `None` if values of one of the types do not cross.
pub(crate) fn of_func_type(engine: &Engine, ty: &FuncType) -> Option<wasmtime::FuncType> {
    let types = |types: &[ValueType]| types.iter().map(|ty| to_val_type(*ty)).collect();
    let params: Option<Vec<ValType>> = types(&ty.params);
    let results: Option<Vec<ValType>> = types(&ty.results);
    Some(wasmtime::FuncType::new(engine, params?, results?))
}

pub(crate) fn to_extern_type(ty: &wasmtime::ExternType) -> ExternType {
    match ty {
        wasmtime::ExternType::Func(ty) => ExternType::Function(to_func_type(ty)),
        wasmtime::ExternType::Memory(_) => ExternType::Memory,
        wasmtime::ExternType::Table(_) => ExternType::Table,
        wasmtime::ExternType::Global(_) => ExternType::Global,
        wasmtime::ExternType::Tag(_) => ExternType::Tag,
    }
}
