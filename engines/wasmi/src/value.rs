//! Values and types, ours and wasmi's.

use turnkey_snapshots::engine::{ExternType, FuncType, Value, ValueType};
use wasmi::{F32, F64, Val, ValType};

pub(crate) fn to_val(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(value) => Val::F32(F32::from_float(value)),
        Value::F64(value) => Val::F64(F64::from_float(value)),
    }
}

/// `None` for a vector or a reference.
pub(crate) fn to_value(val: &Val) -> Option<Value> {
    match val {
        Val::I32(value) => Some(Value::I32(*value)),
        Val::I64(value) => Some(Value::I64(*value)),
        Val::F32(value) => Some(Value::F32(value.to_float())),
        Val::F64(value) => Some(Value::F64(value.to_float())),
        Val::V128(_) | Val::FuncRef(_) | Val::ExternRef(_) => None,
    }
}

fn to_value_type(ty: &ValType) -> ValueType {
    match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 | ValType::FuncRef | ValType::ExternRef => ValueType::Other,
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

pub(crate) fn to_func_type(ty: &wasmi::FuncType) -> FuncType {
    let types = |types: &[ValType]| types.iter().map(to_value_type).collect::<Vec<_>>();
    FuncType::new(types(ty.params()), types(ty.results()))
}

/// `None` if values of one of the types do not cross.
pub(crate) fn of_func_type(ty: &FuncType) -> Option<wasmi::FuncType> {
    let types = |types: &[ValueType]| types.iter().map(|ty| to_val_type(*ty)).collect();
    let params: Option<Vec<ValType>> = types(&ty.params);
    let results: Option<Vec<ValType>> = types(&ty.results);
    Some(wasmi::FuncType::new(params?, results?))
}

pub(crate) fn to_extern_type(ty: &wasmi::ExternType) -> ExternType {
    match ty {
        wasmi::ExternType::Func(ty) => ExternType::Function(to_func_type(ty)),
        wasmi::ExternType::Memory(_) => ExternType::Memory,
        wasmi::ExternType::Table(_) => ExternType::Table,
        wasmi::ExternType::Global(_) => ExternType::Global,
    }
}
