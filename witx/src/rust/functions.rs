//! The table of every function, and a macro that hands it to another macro.

use super::{doc_comment, names};
use crate::{
    Builtin, Case, CoreType, Function, Member, Name, Outcome, Param, Role, Snapshot, Type,
};
use std::fmt::Write;

/// The text that a build script writes for `include!`: every type and every function of a
/// snapshot as descriptors of `turnkey_wasi_common::function`, and a macro over the functions.
///
/// - `pub mod types` holds a `static` for each named type, as `types::FILESTAT`.
/// - `pub static FUNCTIONS` is an array of all functions, in the order of the document.
/// - `macro_name!` calls another macro with one group for each function. Tokens that follow the
///   name of that macro are handed on before the groups:
///
/// ```text
/// preview_1_functions!(register linker);
/// // becomes
/// register! {
///     linker
///     { "wasi_snapshot_preview1" "args_get" 0 args_get (argv: i32, argv_buf: i32) -> i32 }
///     …
///     { "wasi_snapshot_preview1" "proc_exit" 38 proc_exit (rval: i32) -> () }
/// }
/// ```
///
/// A string or list gives two parameters, `path` and `path_len`; return pointers come last, as
/// `retptr0` and `retptr1`. The macro is exported, so another crate names it by its path. The crate
/// that includes the text reaches it by its name alone, below the `include!`, because the compiler
/// refuses paths to macros that come out of a macro.
///
/// ```
/// use turnkey_witx::{Snapshot, rust};
///
/// let text = rust::functions(&Snapshot::preview_1()?, "preview_1_functions");
/// assert!(text.contains(r#""sched_yield" 40 sched_yield () -> i32 }"#));
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
#[must_use]
pub fn functions(snapshot: &Snapshot, macro_name: &str) -> String {
    [
        types(snapshot),
        table(snapshot),
        callback(snapshot, macro_name),
    ]
    .join("\n")
}

fn types(snapshot: &Snapshot) -> String {
    let statics: String = snapshot
        .types
        .iter()
        .map(|named| {
            let docs = match named.docs.as_str() {
                "" => doc_comment(&format!("`{}`.", named.name), 4),
                docs => doc_comment(docs, 4),
            };
            let name = names::shouty(&named.name);
            let ty = describe(&named.name, named.ty.resolved());
            format!("{docs}    pub static {name}: Type = {ty};\n")
        })
        .collect();
    format!(
        "/// The types of `{}`.\n\
         pub mod types {{\n    \
         #[allow(unused_imports, reason = \"not every snapshot has types of every kind\")]\n    \
         use ::turnkey_wasi_common::function::{{Case, Kind, Member, Type}};\n\n\
         {statics}}}\n",
        snapshot.module
    )
}

/// A reference to the descriptor of a type. Names are found where `types` is in scope.
fn reference(ty: &Type) -> String {
    match ty {
        Type::Named(named) => format!("&{}", names::shouty(&named.name)),
        other => format!("&{}", describe(&other.to_string().replace('$', ""), other)),
    }
}

fn describe(name: &str, ty: &Type) -> String {
    let layout = ty.layout();
    format!(
        "Type {{ name: {name:?}, size: {}, align: {}, kind: Kind::{} }}",
        layout.size,
        layout.align,
        kind(ty)
    )
}

fn kind(ty: &Type) -> String {
    match ty {
        Type::Named(named) => kind(&named.ty),
        Type::Builtin(builtin) => format!("Int {{ signed: {} }}", signed(*builtin)),
        Type::Handle => "Handle".to_owned(),
        Type::Enum(cases) => format!("Enum {{ cases: &[{}] }}", joined(&cases.cases, quoted)),
        Type::Flags(flags) => format!("Flags {{ flags: &[{}] }}", joined(&flags.flags, quoted)),
        Type::String => "String".to_owned(),
        Type::List(element) => format!("List {{ element: {} }}", reference(element)),
        Type::Pointer { mutable, pointee } => {
            let pointee = reference(pointee);
            format!("Pointer {{ pointee: {pointee}, mutable: {mutable} }}")
        }
        Type::Record(record) => {
            format!(
                "Record {{ members: &[{}] }}",
                joined(&record.members, member)
            )
        }
        Type::Variant(variant) => format!(
            "Variant {{ tag_size: {}, payload_offset: {}, cases: &[{}] }}",
            variant.tag.layout().size,
            variant.payload_offset,
            joined(&variant.cases, case)
        ),
    }
}

fn member(member: &Member) -> String {
    format!(
        "Member {{ name: {:?}, ty: {}, offset: {}, count: {:?} }}",
        member.name,
        reference(&member.ty),
        member.offset,
        member.count
    )
}

fn case(case: &Case) -> String {
    let payload = match &case.payload {
        Some(ty) => format!("Some({})", reference(ty)),
        None => "None".to_owned(),
    };
    format!("Case {{ name: {:?}, payload: {payload} }}", case.name)
}

fn signed(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::S8 | Builtin::S16 | Builtin::S32 | Builtin::S64
    )
}

fn quoted(name: &Name) -> String {
    format!("{:?}", name.name)
}

fn table(snapshot: &Snapshot) -> String {
    let functions = snapshot.functions.iter().enumerate();
    let entries: String = functions
        .map(|(index, f)| entry(&snapshot.module, index, f))
        .collect();
    format!(
        "/// The functions of `{}`, in the order of the document.\n\
         pub static FUNCTIONS: [::turnkey_wasi_common::function::Function; {}] = {{\n    \
         #[allow(unused_imports, reason = \"not every snapshot uses every type\")]\n    \
         use {{self::types::*, ::turnkey_wasi_common::function::*}};\n    \
         [\n{entries}    ]\n}};\n",
        snapshot.module,
        snapshot.functions.len()
    )
}

fn entry(module: &str, index: usize, function: &Function) -> String {
    let core = &function.core;
    let fields = [
        format!("module: {module:?}"),
        format!("name: {:?}", function.name),
        format!("index: {index}"),
        format!("params: &[{}]", joined(&function.params, param)),
        format!("results: &[{}]", results(function.result.as_ref())),
        format!(
            "core: Signature {{ params: &[{}], results: &[{}] }}",
            joined(&core.params, |p| core_type(p.ty)),
            joined(&core.results, |ty| core_type(*ty))
        ),
        format!("roles: &[{}]", joined(&core.params, |p| role(p.role))),
        format!("class: {:?}", function.class),
        format!("may_wait: {}", function.waits),
        format!("noreturn: {}", function.noreturn),
    ];
    format!(
        "        Function {{\n            {},\n        }},\n",
        fields.join(",\n            ")
    )
}

fn joined<T>(elements: &[T], text: impl Fn(&T) -> String) -> String {
    let elements: Vec<_> = elements.iter().map(text).collect();
    elements.join(", ")
}

fn param(param: &Param) -> String {
    format!(
        "Param {{ name: {:?}, ty: {}, count: {:?} }}",
        param.name,
        reference(&param.ty),
        param.count
    )
}

fn results(outcome: Option<&Outcome>) -> String {
    let types = outcome.map_or_else(Default::default, |outcome| outcome.ok.as_slice());
    let types = types.iter().enumerate();
    let params: Vec<_> = types
        .map(|(position, ty)| {
            let ty = reference(ty);
            format!("Param {{ name: \"retptr{position}\", ty: {ty}, count: None }}")
        })
        .collect();
    params.join(", ")
}

fn core_type(ty: CoreType) -> String {
    format!("CoreType::{ty:?}")
}

fn role(role: Role) -> String {
    format!("Role::{role:?}")
}

fn callback(snapshot: &Snapshot, macro_name: &str) -> String {
    let mut groups = String::new();
    for (index, function) in snapshot.functions.iter().enumerate() {
        let core = &function.core;
        let params = joined(&core.params, |param| {
            let name = function.core_name(param.role, "_len");
            format!("{}: {}", names::snake(&name), param.ty.name())
        });
        let result = match core.results.first() {
            Some(ty) => ty.name(),
            None => "()",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            groups,
            "            {{ {:?} {:?} {index} {} ({params}) -> {result} }}",
            snapshot.module,
            function.name,
            names::snake(&function.name)
        );
    }
    format!(
        "/// Calls a macro with the module, name, index, identifier and core signature of every\n\
         /// function of `{}`.\n\
         #[macro_export]\n\
         macro_rules! {macro_name} {{\n    \
         ($callback:ident $($context:tt)*) => {{\n        \
         $callback! {{\n            \
         $($context)*\n{groups}        \
         }}\n    }};\n}}\n",
        snapshot.module
    )
}
