//! The model as JSON, to compare it with what others make of the same documents.

use crate::{Builtin, Function, Name, NamedType, Outcome, Snapshot, Type};
use serde_json::{Map, Value, json};

/// The version of the form of the JSON value.
const FORMAT: u32 = 1;

/// The whole model as one JSON value: every name, number, offset and signature, without prose.
///
/// A reference to a type is a string: `$name`, or `u8`, `string`, `list<T>`, `pointer<T>`,
/// `const_pointer<T>`, `tuple<A,B>`, `expected<OK,ERR>`, with `_` where nothing is carried.
///
/// ```
/// use turnkey_witx::{Snapshot, dump};
/// let dump = dump::snapshot(&Snapshot::preview_1()?);
/// assert_eq!(dump["types"][0]["name"], "size");
/// assert_eq!(dump["modules"][0]["functions"][0]["name"], "args_get");
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
#[must_use]
pub fn snapshot(snapshot: &Snapshot) -> Value {
    let imports = snapshot.memories.iter();
    let functions = snapshot.functions.iter();
    json!({
        "snapshot": snapshot.name,
        "format": FORMAT,
        "type_count": snapshot.types.len(),
        "types": snapshot.types.iter().map(|t| named_type(t)).collect::<Vec<_>>(),
        "constants": [],
        "modules": [{
            "name": snapshot.module,
            "imports": imports
                .map(|name| json!({ "name": name, "kind": "memory" }))
                .collect::<Vec<_>>(),
            "func_count": snapshot.functions.len(),
            "functions": functions.map(function).collect::<Vec<_>>(),
        }],
    })
}

fn named_type(named: &NamedType) -> Value {
    let mut entry = describe(named.ty.resolved());
    entry.insert("name".to_owned(), json!(named.name));
    entry.insert("size".to_owned(), json!(named.layout.size));
    entry.insert("align".to_owned(), json!(named.layout.align));
    if let Type::Named(other) = &named.ty {
        entry.insert("alias_of".to_owned(), json!(other.name));
    }
    Value::Object(entry)
}

/// What a type of this kind has beside its name, size and alignment.
fn describe(ty: &Type) -> Map<String, Value> {
    let description = match ty {
        Type::Named(named) => return describe(&named.ty),
        Type::Builtin(builtin) => json!({ "kind": "builtin", "repr": builtin.name() }),
        Type::Handle => json!({ "kind": "handle", "repr": Builtin::S32.name() }),
        Type::String => json!({ "kind": "string", "repr": "pointer+length" }),
        Type::Pointer { .. } => json!({ "kind": "pointer", "type": ty.to_string() }),
        Type::List(element) => json!({
            "kind": "list",
            "repr": "pointer+length",
            "element": element.to_string(),
            "element_size": element.layout().size,
            "element_align": element.layout().align,
        }),
        Type::Enum(cases) => json!({
            "kind": "enum",
            "repr": cases.repr.name(),
            "count": cases.cases.len(),
            "cases": numbered(&cases.cases),
        }),
        Type::Flags(flags) => json!({
            "kind": "flags",
            "repr": flags.repr.name(),
            "count": flags.flags.len(),
            "all": (0..flags.flags.len()).map(bit).sum::<u64>(),
            "flags": bits(&flags.flags),
        }),
        Type::Record(record) => json!({
            "kind": "record",
            "members": record.members.iter().map(|member| json!({
                "name": member.name,
                "type": member.ty.to_string(),
                "offset": member.offset,
                "size": member.ty.layout().size,
                "align": member.ty.layout().align,
            })).collect::<Vec<_>>(),
        }),
        Type::Variant(variant) => json!({
            "kind": "variant",
            "repr": variant.tag.name(),
            "tag_size": variant.tag.layout().size,
            "payload_offset": variant.payload_offset,
            "count": variant.cases.len(),
            "cases": variant.cases.iter().enumerate().map(|(value, case)| json!({
                "name": case.name,
                "value": value,
                "type": case.payload.as_ref().map(Type::to_string),
                "size": case.payload.as_ref().map(|ty| ty.layout().size),
                "align": case.payload.as_ref().map(|ty| ty.layout().align),
            })).collect::<Vec<_>>(),
        }),
    };
    match description {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}

fn numbered(cases: &[Name]) -> Vec<Value> {
    let cases = cases.iter().enumerate();
    cases
        .map(|(value, case)| json!({ "name": case.name, "value": value }))
        .collect()
}

fn bits(flags: &[Name]) -> Vec<Value> {
    let flags = flags.iter().enumerate();
    flags
        .map(|(position, flag)| {
            json!({ "name": flag.name, "bit": position, "value": bit(position) })
        })
        .collect()
}

fn bit(position: usize) -> u64 {
    u32::try_from(position)
        .ok()
        .and_then(|position| 1_u64.checked_shl(position))
        .unwrap_or(0)
}

fn function(function: &Function) -> Value {
    let params = function.params.iter();
    let result = function.result.iter();
    let error = function.result.as_ref().and_then(|r| r.error.as_ref());
    let core = &function.core;
    json!({
        "name": function.name,
        "params": params
            .map(|param| json!({ "name": param.name, "type": param.ty.to_string() }))
            .collect::<Vec<_>>(),
        "results": result.map(outcome).collect::<Vec<_>>(),
        "error": error.map(Type::to_string),
        "noreturn": function.noreturn,
        "lowered": {
            "params": core.params.iter().map(|p| p.ty.name()).collect::<Vec<_>>(),
            "param_roles": core
                .params
                .iter()
                .map(|p| function.core_name(p.role, ".len"))
                .collect::<Vec<_>>(),
            "results": core.results.iter().map(|ty| ty.name()).collect::<Vec<_>>(),
        },
    })
}

fn outcome(outcome: &Outcome) -> Value {
    let ok: Vec<_> = outcome.ok.iter().map(Type::to_string).collect();
    let written = match ok.as_slice() {
        [] => "_".to_owned(),
        [ty] => ty.clone(),
        types => format!("tuple<{}>", types.join(",")),
    };
    let error = match &outcome.error {
        None => "_".to_owned(),
        Some(ty) => ty.to_string(),
    };
    json!({
        "name": outcome.name,
        "type": format!("expected<{written},{error}>"),
        "ok": ok,
    })
}
