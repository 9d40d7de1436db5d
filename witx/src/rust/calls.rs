//! A structure for the arguments of every function, and the types that they are made of.

use super::names;
use crate::{Builtin, Function, Member, Name, NamedType, Role, Snapshot, Type};
use std::fmt::Write;

/// The text that a build script writes for `include!`: invocations of the macros `enumeration!`,
/// `flags!`, `record!`, `variant!` and `call!`, which are to be in scope together with what they
/// name (`turnkey-snapshots` has them in its module `typed`).
///
/// ```text
/// enumeration! { … Whence u8 { … SET = 0, … CUR = 1, … END = 2, } }
/// record! { … Filestat 64 8 { … dev: u64 = 0, … } }
/// call! { … FdSeek 24 (a0, a1, a2, a3) {
///     … fd: Fd = Scalar::of_word(a0),
///     … offset: i64 = Scalar::of_word(a1),
///     … whence: Whence = Scalar::of_word(a2),
/// } (a3) -> (filesize: u64) u64 }
/// ```
///
/// A number keeps its own type whatever its name is, a handle is an `Fd`, and `errno` and `rights`
/// are those of the core.
///
/// ```
/// use turnkey_witx::{Snapshot, rust};
///
/// let text = rust::calls(&Snapshot::preview_1()?);
/// assert!(text.contains("path: Text = Text::of_words(a2, a3),"));
/// assert!(text.contains("(a8) -> (fd: Fd) Fd }"));
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
#[must_use]
pub fn calls(snapshot: &Snapshot) -> String {
    let types = snapshot.types.iter().map(|named| definition(named));
    let functions = snapshot.functions.iter().enumerate();
    types
        .chain(functions.map(|(index, function)| call(index, function)))
        .collect()
}

/// Documentation as attributes, so that a macro can be handed it; `name` where there is none.
fn docs(docs: &str, name: &str) -> String {
    match docs {
        "" => format!("#[doc = \"`{name}`.\"] "),
        docs => format!("#[doc = {docs:?}] "),
    }
}

fn definition(named: &NamedType) -> String {
    let head = docs(&named.docs, &named.name);
    let name = names::camel(&named.name);
    match &named.ty {
        // The core has these.
        _ if matches!(named.name.as_str(), "errno" | "rights") => String::new(),
        Type::Enum(cases) => {
            let repr = number(cases.repr);
            let cases = constants(&cases.cases, |position| position);
            format!("enumeration! {{ {head}{name} {repr} {{\n{cases}}} }}\n")
        }
        Type::Flags(flags) => {
            let repr = number(flags.repr);
            let flags = constants(&flags.flags, |position| 1 << position);
            format!("flags! {{ {head}{name} {repr} {{\n{flags}}} }}\n")
        }
        Type::Record(record) => {
            let fields: String = record.members.iter().map(field).collect();
            let (size, align) = (record.layout.size, record.layout.align);
            let vector = if is_vector(&record.members) {
                "vector "
            } else {
                ""
            };
            format!("record! {{ {head}{vector}{name} {size} {align} {{\n{fields}}} }}\n")
        }
        Type::Variant(variant) => {
            let tag = number(variant.tag);
            let (size, align) = (variant.layout.size, variant.layout.align);
            let mut cases = String::new();
            for (position, case) in variant.cases.iter().enumerate() {
                let payload = case.payload.as_ref().map_or_else(|| "()".to_owned(), rust);
                let head = docs(&case.docs, &case.name);
                let name = names::camel(&case.name);
                // Writing to a string cannot fail.
                let _ = writeln!(cases, "    {head}{name}({payload}) = {position},");
            }
            let offset = variant.payload_offset;
            format!("variant! {{ {head}{name} {size} {align} {tag} {offset} {{\n{cases}}} }}\n")
        }
        _ => String::new(),
    }
}

fn constants(all: &[Name], value: impl Fn(usize) -> usize) -> String {
    let all = all.iter().enumerate();
    all.map(|(position, one)| {
        let (head, name) = (docs(&one.docs, &one.name), names::shouty(&one.name));
        format!("    {head}{name} = {},\n", value(position))
    })
    .collect()
}

fn field(member: &Member) -> String {
    format!(
        "    {}{}: {} = {},\n",
        docs(&member.docs, &member.name),
        names::snake(&member.name),
        rust(&member.ty),
        member.offset
    )
}

/// Whether a record is an address of bytes and their number, and nothing else.
fn is_vector(members: &[Member]) -> bool {
    let [buffer, _length] = members else {
        return false;
    };
    buffer.count == Some(1) && matches!(buffer.ty.resolved(), Type::Pointer { .. })
}

/// The name of a type in Rust. A string or list is named where it is a parameter; an address whose
/// elements are counted elsewhere is a number.
fn rust(ty: &Type) -> String {
    match (ty, ty.resolved()) {
        (_, Type::Builtin(builtin)) => number(*builtin).to_owned(),
        (_, Type::Handle) => "Fd".to_owned(),
        (_, Type::String) => "Text".to_owned(),
        (_, Type::List(element)) => format!("Array<{}>", rust(element)),
        (_, Type::Pointer { .. }) => "u32".to_owned(),
        (Type::Named(named), _) => match &named.ty {
            renamed @ Type::Named(_) => rust(renamed),
            _ => names::camel(&named.name),
        },
        (other, _) => other.to_string(),
    }
}

fn number(builtin: Builtin) -> &'static str {
    match builtin {
        Builtin::U8 | Builtin::CChar => "u8",
        Builtin::U16 => "u16",
        Builtin::U32 | Builtin::Char | Builtin::Usize => "u32",
        Builtin::U64 => "u64",
        Builtin::S8 => "i8",
        Builtin::S16 => "i16",
        Builtin::S32 => "i32",
        Builtin::S64 => "i64",
    }
}

fn call(index: usize, function: &Function) -> String {
    let head = docs(&function.docs, &function.name);
    let name = names::camel(&function.name);
    let words: Vec<_> = (0..function.core.params.len())
        .map(|position| format!("a{position}"))
        .collect();
    let returned: Vec<_> = of_role(function, |role| matches!(role, Role::Return(_)));
    format!(
        "call! {{ {head}{name} {index} ({}) {{\n{}}} ({}) {} }}\n",
        words.join(", "),
        fields(function),
        returned.join(", "),
        results(function)
    )
}

/// The names of the words that have such a role.
fn of_role(function: &Function, fits: impl Fn(Role) -> bool) -> Vec<String> {
    let params = function.core.params.iter().enumerate();
    params
        .filter(|(_, param)| fits(param.role))
        .map(|(position, _)| format!("a{position}"))
        .collect()
}

fn fields(function: &Function) -> String {
    let params = function.params.iter().enumerate();
    params
        .map(|(position, param)| {
            let of = |role| of_role(function, |known| known == role).join("");
            let word = of(Role::Value(position));
            let (ty, value) = match (param.ty.resolved(), param.count) {
                (Type::Pointer { pointee, .. }, Some(count)) => {
                    let ty = format!("Array<{}>", rust(pointee));
                    let value = format!("Array::of_words({word}, {})", of(Role::Value(count)));
                    (ty, value)
                }
                (Type::String, _) => {
                    let length = of(Role::Length(position));
                    (
                        "Text".to_owned(),
                        format!("Text::of_words({word}, {length})"),
                    )
                }
                (Type::List(_), _) => {
                    let length = of(Role::Length(position));
                    (
                        rust(&param.ty),
                        format!("Array::of_words({word}, {length})"),
                    )
                }
                _ => (rust(&param.ty), format!("Scalar::of_word({word})")),
            };
            let head = docs(&param.docs, &param.name);
            let name = names::snake(&param.name);
            format!("    {head}{name}: {ty} = {value},\n")
        })
        .collect()
}

/// `-> (name: Type, …) Type`, where the last is what all of them are together; `noreturn` if the
/// call does not come back.
fn results(function: &Function) -> String {
    if function.noreturn {
        return "noreturn".to_owned();
    }
    let outcome = function.result.as_ref();
    let ok = outcome.map_or_else(Default::default, |outcome| outcome.ok.as_slice());
    let types: Vec<_> = ok.iter().map(rust).collect();
    let several = types.len() > 1;
    let named = ok
        .iter()
        .zip(&types)
        .enumerate()
        .map(|(position, (ty, rust))| {
            let name = match ty {
                Type::Named(named) => names::snake(&named.name),
                _ => "result".to_owned(),
            };
            match several {
                true => format!("{name}_{position}: {rust}"),
                false => format!("{name}: {rust}"),
            }
        });
    let named: Vec<_> = named.collect();
    let together = match types.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    format!("-> ({}) {together}", named.join(", "))
}
