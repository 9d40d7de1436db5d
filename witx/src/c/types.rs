//! The types, their constants, and what is asserted about their layout.

use super::{comment, declared, int, names, unfit};
use crate::{Builtin, Enum, Error, Flags, NamedType, Record, Snapshot, Type, Variant};
use std::fmt::Write;

/// Every type of a snapshot, each before those that use it.
pub(super) fn types(snapshot: &Snapshot) -> Result<String, Error> {
    let types = snapshot.types.iter().map(|named| named_type(named));
    Ok(types.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn named_type(named: &NamedType) -> Result<String, Error> {
    let name = names::type_name(&named.name);
    let docs = comment(&named.docs, 0);
    let definition = match &named.ty {
        Type::Enum(cases) => alias(&name, &named.ty, named)? + &enum_constants(named, cases),
        Type::Flags(flags) => alias(&name, &named.ty, named)? + &flag_constants(named, flags),
        Type::List(element) => format!(
            "typedef struct {name} {{\n    \
             /** The first of them. */\n    const {}*elements;\n    \
             /** How many there are. */\n    uint32_t len;\n\
             }} {name};\n",
            declared(&named.name, element)?
        ),
        Type::Record(record) => members(&name, named, record)? + &offsets(&name, record),
        Type::Variant(variant) => cases(&name, named, variant)? + &payload_offsets(&name, variant),
        Type::String => return Err(unfit(&named.name, "a name for a string")),
        _ => alias(&name, &named.ty, named)?,
    };
    let layout = named.layout;
    Ok(format!(
        "{docs}{definition}\
         _Static_assert(sizeof({name}) == {}, \"size\");\n\
         _Static_assert(_Alignof({name}) == {}, \"alignment\");\n",
        layout.size, layout.align
    ))
}

fn alias(name: &str, ty: &Type, named: &NamedType) -> Result<String, Error> {
    Ok(format!("typedef {}{name};\n", declared(&named.name, ty)?))
}

fn enum_constants(named: &NamedType, cases: &Enum) -> String {
    let numbered = cases.cases.iter().enumerate();
    let constants: String = numbered
        .map(|(number, case)| {
            let value = literal(cases.repr, &number.to_string());
            let constant = names::constant(&named.name, &case.name);
            format!("{}#define {constant} {value}\n", comment(&case.docs, 0))
        })
        .collect();
    let each = names::each(&named.name);
    let names = cases.cases.iter().map(|case| case.name.as_str());
    let names: String = names.map(|name| format!(" \\\n    X({name})")).collect();
    format!(
        "{constants}{}#define {each}(X){names}\n",
        comment(
            "`X(name)` for each of them, in the order of their numbers.",
            0
        )
    )
}

fn flag_constants(named: &NamedType, flags: &Flags) -> String {
    let flags_ = flags.flags.iter().enumerate();
    flags_
        .map(|(bit, flag)| {
            let one = literal(flags.repr, "1");
            let constant = names::constant(&named.name, &flag.name);
            format!(
                "{}#define {constant} ({one} << {bit})\n",
                comment(&flag.docs, 0)
            )
        })
        .collect()
}

/// A number that is fit for `#if` too. `stdint.h` knows how to write each width.
fn literal(repr: Builtin, digits: &str) -> String {
    let width = repr.layout().size.saturating_mul(8);
    format!("UINT{width}_C({digits})")
}

fn members(name: &str, named: &NamedType, record: &Record) -> Result<String, Error> {
    let mut text = format!("typedef struct {name} {{\n");
    for member in &record.members {
        let item = format!("{}.{}", named.name, member.name);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}    {}{};",
            comment(&member.docs, 4),
            declared(&item, &member.ty)?,
            names::identifier(&member.name)
        );
    }
    Ok(text + &format!("}} {name};\n"))
}

fn offsets(name: &str, record: &Record) -> String {
    let members = record.members.iter();
    members
        .map(|member| offset(name, &member.name, member.offset))
        .collect()
}

fn offset(name: &str, member: &str, offset: u32) -> String {
    format!(
        "_Static_assert(offsetof({name}, {}) == {offset}, \"offset\");\n",
        names::identifier(member)
    )
}

/// A tag, and an anonymous union of what the cases carry.
fn cases(name: &str, named: &NamedType, variant: &Variant) -> Result<String, Error> {
    let mut payloads = String::new();
    for (number, case) in variant.cases.iter().enumerate() {
        let Some(payload) = &case.payload else {
            continue;
        };
        let item = format!("{}.{}", named.name, case.name);
        let docs = format!("If the tag is {number}. {}", case.docs);
        // Writing to a string cannot fail.
        let _ = writeln!(
            payloads,
            "{}        {}{};",
            comment(&docs, 8),
            declared(&item, payload)?,
            names::identifier(&case.name)
        );
    }
    let tag = int(variant.tag);
    let union = match payloads.as_str() {
        "" => String::new(),
        payloads => format!("    union {{\n{payloads}    }};\n"),
    };
    Ok(format!(
        "typedef struct {name} {{\n    \
         /** Which of them it is. */\n    {tag} tag;\n{union}}} {name};\n"
    ))
}

fn payload_offsets(name: &str, variant: &Variant) -> String {
    let carrying = variant.cases.iter().filter(|case| case.payload.is_some());
    carrying
        .map(|case| offset(name, &case.name, variant.payload_offset))
        .collect()
}
