//! Bindings for guests that are written in Rust.

use super::{PREAMBLE, doc_comment, names, unfit};
use crate::{
    Builtin, CoreParam, CoreType, Enum, Error, Flags, Function, NamedType, Record, Role, Snapshot,
    Type, Variant,
};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The text of a module of `guests/rust/src/raw`: the types of a snapshot as they lie in memory,
/// their constants, and the functions that a guest imports. Functions that guests export
/// ([`Snapshot::signed`]) are not declared. If names are given, there are these functions alone,
/// and the types that they use.
///
/// ```
/// use turnkey_witx::{Snapshot, rust};
///
/// let text = rust::guest(&Snapshot::nanoprocess_0()?, None)?;
/// assert!(text.contains("pub const BINDING_SERVE: Binding = 3;\n"));
/// assert!(text.contains("    pub fn child_drop(child: Child) -> i32;\n"));
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsupported`] if there is no function of a name that is given, or a type is written in
/// place where Rust needs a name for it.
pub fn guest(snapshot: &Snapshot, wanted: Option<&[&str]>) -> Result<String, Error> {
    let functions = match wanted {
        None => snapshot.functions.iter().collect(),
        Some(names) => {
            let named = names.iter().map(|name| {
                let found = snapshot.function(name);
                found.ok_or_else(|| unfit(name, "a snapshot without this function"))
            });
            named.collect::<Result<Vec<_>, _>>()?
        }
    };
    let used = wanted.map(|_| used(&functions));
    // A list is handed over as the address of its elements.
    let types = snapshot.types.iter();
    let types = types.filter(|ty| !matches!(ty.ty, Type::List(_)));
    let types = types.filter(|ty| used.as_ref().is_none_or(|used| used.contains(&ty.name)));
    let types: String = types
        .map(|ty| named_type(ty))
        .collect::<Result<Vec<_>, _>>()?
        .join("\n");
    let mut text = format!(
        "{PREAMBLE}\n\n//! {}\n\n{types}",
        first_sentence(&snapshot.docs)
    );
    if !snapshot.signed {
        let imports = functions.iter().map(|function| import(function));
        let imports: String = imports.collect::<Result<_, _>>()?;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n#[cfg(target_family = \"wasm\")]\n\
             #[link(wasm_import_module = \"{}\")]\nextern \"C\" {{\n{imports}}}\n",
            snapshot.module,
        );
    }
    Ok(text)
}

fn first_sentence(docs: &str) -> &str {
    docs.lines().next().unwrap_or_default()
}

/// The names of the types that functions use.
fn used(functions: &[&Function]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for function in functions {
        for param in &function.params {
            add(&param.ty, &mut used);
        }
        if let Some(outcome) = &function.result {
            for ty in outcome.ok.iter().chain(&outcome.error) {
                add(ty, &mut used);
            }
        }
    }
    used
}

fn add(ty: &Type, used: &mut BTreeSet<String>) {
    match ty {
        Type::Named(named) => {
            used.insert(named.name.clone());
            add(&named.ty, used);
        }
        Type::List(element)
        | Type::Pointer {
            pointee: element, ..
        } => add(element, used),
        Type::Record(record) => record
            .members
            .iter()
            .for_each(|member| add(&member.ty, used)),
        Type::Variant(variant) => {
            let payloads = variant
                .cases
                .iter()
                .filter_map(|case| case.payload.as_ref());
            payloads.for_each(|payload| add(payload, used));
        }
        Type::Builtin(_) | Type::Handle | Type::Enum(_) | Type::Flags(_) | Type::String => {}
    }
}

fn named_type(named: &NamedType) -> Result<String, Error> {
    let docs = doc_comment(&named.docs, 0);
    let name = names::camel(&named.name);
    Ok(docs
        + &match &named.ty {
            Type::Record(record) => members(&name, named, record)?,
            Type::Variant(variant) => bytes(&name, named, variant),
            Type::Enum(cases) => alias(&name, named)? + &enum_constants(named, cases),
            Type::Flags(flags) => alias(&name, named)? + &flag_constants(named, flags),
            _ => alias(&name, named)?,
        })
}

fn alias(name: &str, named: &NamedType) -> Result<String, Error> {
    let ty = written(&named.name, &named.ty)?;
    Ok(format!("pub type {name} = {ty};\n"))
}

fn enum_constants(named: &NamedType, cases: &Enum) -> String {
    let numbered = cases.cases.iter().enumerate();
    numbered
        .map(|(number, case)| constant(named, &case.name, &case.docs, &number.to_string()))
        .collect()
}

fn flag_constants(named: &NamedType, flags: &Flags) -> String {
    let numbered = flags.flags.iter().enumerate();
    numbered
        .map(|(bit, flag)| constant(named, &flag.name, &flag.docs, &format!("1 << {bit}")))
        .collect()
}

fn constant(named: &NamedType, name: &str, docs: &str, value: &str) -> String {
    let docs = doc_comment(docs, 0);
    let ty = names::camel(&named.name);
    let (of, name) = (names::shouty(&named.name), names::shouty(name));
    format!("{docs}pub const {of}_{name}: {ty} = {value};\n")
}

fn members(name: &str, named: &NamedType, record: &Record) -> Result<String, Error> {
    let mut members = String::new();
    for member in &record.members {
        let item = format!("{}.{}", named.name, member.name);
        // Writing to a string cannot fail.
        let _ = writeln!(
            members,
            "{}    pub {}: {},",
            doc_comment(&member.docs, 4),
            names::snake(&member.name),
            written(&item, &member.ty)?,
        );
    }
    Ok(format!(
        "#[repr(C)]\n#[derive(Debug, Clone, Copy)]\npub struct {name} {{\n{members}}}\n{}",
        layout(name, named)
    ))
}

/// A variant, which is read and written by its bytes.
fn bytes(name: &str, named: &NamedType, variant: &Variant) -> String {
    let (size, align) = (named.layout.size, named.layout.align);
    format!(
        "#[repr(C, align({align}))]\n#[derive(Debug, Clone, Copy)]\n\
         pub struct {name}(pub [u8; {size}]);\n\
         impl {name} {{\n    /// Where the payload begins, behind the tag.\n    \
         pub const PAYLOAD: usize = {};\n}}\n{}",
        variant.payload_offset,
        layout(name, named)
    )
}

/// A compiler that lays a type out otherwise refuses it.
fn layout(name: &str, named: &NamedType) -> String {
    format!(
        "#[cfg(target_pointer_width = \"32\")]\nconst _: () = assert!(\n    \
         core::mem::size_of::<{name}>() == {} && core::mem::align_of::<{name}>() == {}\n);\n",
        named.layout.size, named.layout.align
    )
}

fn import(function: &Function) -> Result<String, Error> {
    let params = function.core.params.iter();
    let params = params
        .map(|param| parameter(function, param))
        .collect::<Result<Vec<_>, _>>()?;
    let result = match (function.noreturn, function.core.results.first()) {
        (true, _) => " -> !",
        (false, None) => "",
        (false, Some(CoreType::I32)) => " -> i32",
        (false, Some(CoreType::I64)) => " -> i64",
    };
    Ok(format!(
        "{}    pub fn {}({}){result};\n",
        doc_comment(&function.docs, 4),
        names::snake(&function.name),
        params.join(", ")
    ))
}

fn parameter(function: &Function, param: &CoreParam) -> Result<String, Error> {
    let name = names::snake(&function.core_name(param.role, "_len"));
    let ty = match param.role {
        Role::Value(position) => match function.params.get(position).map(|p| &p.ty) {
            Some(ty) => handed(&function.name, ty)?,
            None => String::new(),
        },
        Role::Length(_) => "u32".to_owned(),
        Role::Return(position) => {
            let written_to = function.result.as_ref().and_then(|r| r.ok.get(position));
            match written_to {
                Some(ty) => format!("*mut {}", written(&function.name, ty)?),
                None => String::new(),
            }
        }
    };
    Ok(format!("{name}: {ty}"))
}

/// The type in which a parameter is handed over: its address if it has no core type of its own.
fn handed(item: &str, ty: &Type) -> Result<String, Error> {
    match ty.resolved() {
        Type::String => Ok("*const u8".to_owned()),
        Type::List(element) => Ok(format!("*const {}", written(item, element)?)),
        Type::Record(_) | Type::Variant(_) => Ok(format!("*const {}", written(item, ty)?)),
        _ => written(item, ty),
    }
}

fn written(item: &str, ty: &Type) -> Result<String, Error> {
    Ok(match ty {
        Type::Named(named) => names::camel(&named.name),
        Type::Builtin(builtin) => int(*builtin).to_owned(),
        Type::Handle => "i32".to_owned(),
        Type::Enum(cases) => int(cases.repr).to_owned(),
        Type::Flags(flags) => int(flags.repr).to_owned(),
        Type::Pointer { mutable, pointee } => {
            let access = if *mutable { "mut" } else { "const" };
            format!("*{access} {}", written(item, pointee)?)
        }
        Type::String | Type::List(_) | Type::Record(_) | Type::Variant(_) => {
            return Err(unfit(item, "a type without a name that Rust needs one for"));
        }
    })
}

fn int(builtin: Builtin) -> &'static str {
    match builtin {
        Builtin::U8 | Builtin::CChar => "u8",
        Builtin::U16 => "u16",
        Builtin::U32 | Builtin::Usize | Builtin::Char => "u32",
        Builtin::U64 => "u64",
        Builtin::S8 => "i8",
        Builtin::S16 => "i16",
        Builtin::S32 => "i32",
        Builtin::S64 => "i64",
    }
}

/// The text of `guests/rust/src/filter/exports.rs`: a macro that exports `filter_…` and `after_…`
/// for each function of a snapshot.
///
/// ```
/// use turnkey_witx::{Snapshot, rust};
///
/// let text = rust::guest_filters(&Snapshot::preview_1()?);
/// assert!(text.contains(r#"fd_close "filter_fd_close" "after_fd_close" (fd: i32);"#));
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
#[must_use]
pub fn guest_filters(snapshot: &Snapshot) -> String {
    let each = snapshot.functions.iter().map(|function| {
        let params = function.core.params.iter().map(|param| {
            let name = names::snake(&function.core_name(param.role, "_len"));
            format!("{name}: {}", param.ty.name())
        });
        let params = params.collect::<Vec<_>>().join(", ");
        let name = &function.name;
        format!("            {name} \"filter_{name}\" \"after_{name}\" ({params});\n")
    });
    let each: String = each.collect();
    FILTERS
        .replace("{preamble}", PREAMBLE)
        .replace("{each}", &each)
}

const FILTERS: &str = r#"{preamble}

/// Exports a [`Filter`](crate::Filter): what its parent binds children to by
/// [`Binding::Filter`](crate::Binding::Filter) asks it. The argument is the filter, an expression
/// that borrows it for good, as the name of a static does.
#[macro_export]
macro_rules! export_filter {
    ($filter:expr) => {
        $crate::__export_filters! {
            $filter;
{each}        }
    };
}
"#;
