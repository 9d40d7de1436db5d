//! Values and types, ours and tinywasm's.

use tinywasm::types::{ExportType, ImportType, WasmType, WasmValue};
use turnkey_snapshots::engine::{ExternType, FuncType, Value, ValueType};

pub(crate) fn to_wasm(value: Value) -> WasmValue {
    match value {
        Value::I32(value) => WasmValue::I32(value),
        Value::I64(value) => WasmValue::I64(value),
        Value::F32(value) => WasmValue::F32(value),
        Value::F64(value) => WasmValue::F64(value),
    }
}

/// `None` for a vector or a reference.
pub(crate) fn to_value(value: &WasmValue) -> Option<Value> {
    match value {
        WasmValue::I32(value) => Some(Value::I32(*value)),
        WasmValue::I64(value) => Some(Value::I64(*value)),
        WasmValue::F32(value) => Some(Value::F32(*value)),
        WasmValue::F64(value) => Some(Value::F64(*value)),
        WasmValue::V128(_) | WasmValue::RefExtern(_) | WasmValue::RefFunc(_) => None,
    }
}

fn to_value_type(ty: &WasmType) -> ValueType {
    match ty {
        WasmType::I32 => ValueType::I32,
        WasmType::I64 => ValueType::I64,
        WasmType::F32 => ValueType::F32,
        WasmType::F64 => ValueType::F64,
        WasmType::V128 | WasmType::RefExtern | WasmType::RefFunc => ValueType::Other,
    }
}

/// `None` for a type whose values do not cross.
fn to_wasm_type(ty: ValueType) -> Option<WasmType> {
    match ty {
        ValueType::I32 => Some(WasmType::I32),
        ValueType::I64 => Some(WasmType::I64),
        ValueType::F32 => Some(WasmType::F32),
        ValueType::F64 => Some(WasmType::F64),
        ValueType::Other => None,
    }
}

fn to_func_type(ty: &tinywasm::types::FuncType) -> FuncType {
    let types = |types: &[WasmType]| types.iter().map(to_value_type).collect::<Vec<_>>();
    FuncType::new(types(ty.params()), types(ty.results()))
}

/// `None` if values of one of the types do not cross.
pub(crate) fn of_func_type(ty: &FuncType) -> Option<tinywasm::types::FuncType> {
    let types = |types: &[ValueType]| types.iter().map(|ty| to_wasm_type(*ty)).collect();
    let params: Option<Vec<WasmType>> = types(&ty.params);
    let results: Option<Vec<WasmType>> = types(&ty.results);
    Some(tinywasm::types::FuncType::new(&params?, &results?))
}

pub(crate) fn of_import(ty: &ImportType<'_>) -> ExternType {
    match ty {
        ImportType::Func(ty) => ExternType::Function(to_func_type(ty)),
        ImportType::Table(_) => ExternType::Table,
        ImportType::Memory(_) => ExternType::Memory,
        ImportType::Global(_) => ExternType::Global,
    }
}

pub(crate) fn of_export(ty: &ExportType<'_>) -> ExternType {
    match ty {
        ExportType::Func(ty) => ExternType::Function(to_func_type(ty)),
        ExportType::Table(_) => ExternType::Table,
        ExportType::Memory(_) => ExternType::Memory,
        ExportType::Global(_) => ExternType::Global,
    }
}
