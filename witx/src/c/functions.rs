//! The functions, as a guest imports them.

use super::{comment, declared, names};
use crate::{CoreParam, CoreType, Error, Function, Role, Snapshot, Type};

/// How long the line of a declaration may be without its end.
const WIDTH: usize = 78;

/// Every function of a snapshot.
pub(super) fn functions(snapshot: &Snapshot) -> Result<String, Error> {
    let functions = snapshot.functions.iter();
    let declarations = functions.map(|function| declaration(snapshot, function));
    Ok(declarations.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn declaration(snapshot: &Snapshot, function: &Function) -> Result<String, Error> {
    let name = &function.name;
    let attributes = match (snapshot.signed, &snapshot.module) {
        (true, _) => format!("export_name(\"{name}\")"),
        (false, module) => format!("import_module(\"{module}\"), import_name(\"{name}\")"),
    };
    let error = function.result.as_ref().and_then(|r| r.error.as_ref());
    let result = match (error, function.core.results.first()) {
        (Some(_), Some(CoreType::I64)) => "int64_t ".to_owned(),
        (Some(error), _) if !snapshot.signed => declared(name, error)?,
        (None, _) if function.noreturn => "_Noreturn void ".to_owned(),
        (None, None) => "void ".to_owned(),
        _ => "int32_t ".to_owned(),
    };
    Ok(format!(
        "{}__attribute__(({attributes}))\n{}",
        comment(&docs(snapshot, function), 0),
        prototype(
            &format!("{result}{}", names::function(name)),
            &parameters(function)?
        ),
    ))
}

/// A declaration behind its attributes.
pub(super) fn prototype(begin: &str, params: &[String]) -> String {
    let params = match params {
        [] => "void".to_owned(),
        params => match params.join(", ") {
            line if begin.len().saturating_add(line.len()) < WIDTH => line,
            _ => format!("\n    {}", params.join(",\n    ")),
        },
    };
    format!("{begin}({params});\n")
}

/// The parameters of a function, each declared.
pub(super) fn parameters(function: &Function) -> Result<Vec<String>, Error> {
    let params = function.core.params.iter();
    params.map(|param| parameter(function, param)).collect()
}

fn parameter(function: &Function, param: &CoreParam) -> Result<String, Error> {
    let name = names::identifier(&function.core_name(param.role, "_len"));
    let declared = match param.role {
        Role::Value(position) => match function.params.get(position).map(|p| &p.ty) {
            Some(ty) => value(&function.name, ty)?,
            None => String::new(),
        },
        Role::Length(_) => "uint32_t ".to_owned(),
        Role::Return(position) => {
            let written = function.result.as_ref().and_then(|r| r.ok.get(position));
            match written {
                Some(ty) => format!("{}*", declared(&function.name, ty)?),
                None => String::new(),
            }
        }
    };
    Ok(declared + &name)
}

/// The C type in which a parameter is handed over: its address if it has no core type of its own.
fn value(item: &str, ty: &Type) -> Result<String, Error> {
    match ty.resolved() {
        Type::String => Ok("const char *".to_owned()),
        Type::List(element) => Ok(format!("const {}*", declared(item, element)?)),
        Type::Record(_) | Type::Variant(_) => Ok(format!("const {}*", declared(item, ty)?)),
        _ => declared(item, ty),
    }
}

/// What the document says about the function, its parameters and its results.
fn docs(snapshot: &Snapshot, function: &Function) -> String {
    let mut docs = function.docs.clone();
    let mut tags = String::new();
    for param in &function.params {
        if !param.docs.is_empty() {
            let name = names::identifier(&param.name);
            tags += &tag(&format!("@param {name}"), &param.docs);
        }
    }
    if let Some(outcome) = &function.result {
        let pointers: Vec<_> = (0..outcome.ok.len())
            .map(|position| function.core_name(Role::Return(position), ""))
            .collect();
        if snapshot.signed && !outcome.docs.is_empty() {
            tags += &tag("@return", &outcome.docs);
        } else if !snapshot.signed && !pointers.is_empty() {
            tags += &tag(&format!("@param {}", pointers.join(", ")), &outcome.docs);
        }
    }
    if !tags.is_empty() {
        docs = format!("{docs}\n\n{}", tags.trim_end());
    }
    docs
}

fn tag(begin: &str, docs: &str) -> String {
    let docs = docs.lines().collect::<Vec<_>>().join("\n    ");
    format!("{begin} {docs}\n").replace(" \n", "\n")
}
