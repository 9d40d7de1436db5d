//! Finding the first difference between two calls, and telling it.

use super::Difference;
use crate::record::asked::Asked;
use crate::record::contents::{Content, Contents};
use crate::record::shape::{Shape, shape};
use crate::trace::place::argument;
use crate::trace::render::scalar;
use turnkey_wasi_common::function::{Function, Role};

/// The first difference between what was recorded and what a guest asks for. Parameters are looked
/// at in their order: first at what one leads to, which says more, then at where it leads.
pub(super) fn asked(recorded: &Asked, actual: &Asked) -> Option<Difference> {
    let (was, function) = (recorded.function?, actual.function?);
    if !std::ptr::eq(was, function) {
        return Some(Difference::Function { recorded: was });
    }
    let differs = |role| {
        let was = argument(function, &recorded.args, role)?;
        let is = argument(function, &actual.args, role)?;
        (was != is).then(|| value(function, role, was, is))
    };
    let mut position = 0;
    for (index, param) in function.params.iter().enumerate() {
        let kept = match shape(param) {
            Some(Shape::Given(elements)) => Some(elements.kept),
            Some(Shape::Buffers(list)) => Some(list.records.kept),
            _ => None,
        };
        if let Some(kept) = kept {
            let difference = content(
                function,
                index,
                (position, kept),
                [&recorded.contents, &actual.contents],
            );
            if difference.is_some() {
                return difference;
            }
            position += 1;
        }
        let difference = differs(Role::Value(index)).or_else(|| differs(Role::Length(index)));
        if difference.is_some() {
            return difference;
        }
    }
    (0..function.results.len()).find_map(|index| differs(Role::Return(index)))
}

/// The difference between what was taken from the buffers of a parameter, and what would be.
pub(super) fn data(
    function: &Function,
    param: usize,
    kept: u64,
    recorded: &Contents,
    actual: &Contents,
) -> Option<Difference> {
    let was = recorded.at(0, kept)?;
    let is = actual.at(0, kept)?;
    let name = function.params.get(param)?.name;
    (was != is).then(|| Difference::Argument {
        name,
        recorded: bytes(was),
        actual: bytes(is),
    })
}

/// The difference between what a parameter led to, and what it leads to.
fn content(
    function: &Function,
    param: usize,
    (position, kept): (usize, u64),
    [recorded, actual]: [&Contents; 2],
) -> Option<Difference> {
    let was = recorded.at(position, kept)?;
    let is = actual.at(position, kept)?;
    let param = function.params.get(param)?;
    let told = |content| match (shape(param), content) {
        (Some(Shape::Buffers(list)), Content::Whole(records)) => {
            let buffers = records.chunks_exact(list.stride.max(1));
            let told: Vec<String> = buffers
                .filter_map(|record| list.buffer(record))
                .map(|(start, length)| format!("{length} bytes at {start:#x}"))
                .collect();
            match told.is_empty() {
                true => "no buffer".to_owned(),
                false => told.join(", "),
            }
        }
        (_, content) => bytes(content),
    };
    (was != is).then(|| Difference::Argument {
        name: param.name,
        recorded: told(was),
        actual: told(is),
    })
}

/// The difference between two values of an argument.
fn value(function: &Function, role: Role, was: u64, is: u64) -> Difference {
    let (param, is_scalar) = match role {
        Role::Value(index) => {
            let param = function.params.get(index);
            (param, param.and_then(shape) == Some(Shape::Scalar))
        }
        Role::Length(index) => (function.params.get(index), false),
        Role::Return(index) => (function.results.get(index), false),
    };
    let told = |value| {
        let mut told = String::new();
        match (param, role) {
            (Some(param), Role::Value(_)) if is_scalar => scalar(&mut told, param.ty, value),
            (_, Role::Length(_)) => told = format!("{value} elements"),
            _ => told = format!("{value:#x}"),
        }
        told
    };
    Difference::Argument {
        name: param.map_or("", |param| param.name),
        recorded: told(was),
        actual: told(is),
    }
}

/// Bytes for a reader.
fn bytes(content: Content<'_>) -> String {
    match content {
        Content::Beyond => "bytes beyond its memory".to_owned(),
        Content::Whole(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => format!("{text:?}"),
            Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
        },
        Content::Sum { length, sum } => {
            format!("{length} bytes with the checksum {sum:#010x}")
        }
    }
}
