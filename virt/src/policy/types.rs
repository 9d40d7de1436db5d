//! The types of imports and exports, as text.

use super::needs::NeedsError;
use std::fmt::{Display, Write};
use wasmparser::{
    CompositeInnerType, FuncType, GlobalType, MemoryType, SubType, TableType, TypeRef,
};

/// The types that a module declares; `None` for one that is no function's.
#[derive(Default)]
pub(super) struct Types(Vec<Option<FuncType>>);

impl Types {
    pub(super) fn push(&mut self, ty: SubType) {
        self.0.push(match ty.composite_type.inner {
            CompositeInnerType::Func(func) => Some(func),
            _ => None,
        });
    }

    /// What is imported, as text.
    pub(super) fn text(&self, ty: TypeRef) -> Result<String, NeedsError> {
        match ty {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => self.func("func", index),
            TypeRef::Tag(tag) => self.func("tag", tag.func_type_idx),
            TypeRef::Memory(memory) => Ok(memory_text(memory)),
            TypeRef::Table(table) => Ok(table_text(table)),
            TypeRef::Global(global) => Ok(global_text(global)),
        }
    }

    /// A function's type, written as `func (i32, i64) -> (i32)`.
    pub(super) fn func(&self, what: &str, index: u32) -> Result<String, NeedsError> {
        let found = usize::try_from(index).ok().and_then(|at| self.0.get(at));
        let Some(Some(func)) = found else {
            return Err(NeedsError::new(format!(
                "type {index} is none of a function"
            )));
        };
        let (params, results) = (list(func.params()), list(func.results()));
        Ok(format!("{what} ({params}) -> ({results})"))
    }
}

fn list<T: Display>(types: &[T]) -> String {
    let names: Vec<String> = types.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn limits(what: &str, least: u64, most: Option<u64>) -> String {
    match most {
        Some(most) => format!("{what} {least}..{most}"),
        None => format!("{what} {least}.."),
    }
}

fn memory_text(memory: MemoryType) -> String {
    let mut text = limits("memory", memory.initial, memory.maximum);
    if let Some(log2) = memory.page_size_log2 {
        // Writing to a string cannot fail.
        let _written = write!(text, " of pages of 2^{log2} bytes");
    }
    if memory.memory64 {
        text.push_str(", 64-bit");
    }
    if memory.shared {
        text.push_str(", shared");
    }
    text
}

fn table_text(table: TableType) -> String {
    let mut text = limits("table", table.initial, table.maximum);
    let _written = write!(text, " of {}", table.element_type);
    if table.table64 {
        text.push_str(", 64-bit");
    }
    if table.shared {
        text.push_str(", shared");
    }
    text
}

fn global_text(global: GlobalType) -> String {
    let shared = if global.shared { "shared " } else { "" };
    let mutable = if global.mutable { "mutable " } else { "" };
    format!("global {shared}{mutable}{}", global.content_type)
}
