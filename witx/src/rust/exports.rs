//! The functions that a guest exports, for whoever calls them.

use super::{PREAMBLE, doc_comment, names};
use crate::{CoreType, Function, NamedType, Snapshot, Type};

/// The text of `virt/src/nanoprocess/serve/exports.rs`: a name for each function, with its type in
/// core WebAssembly, and where the members of each record lie.
///
/// ```
/// use turnkey_witx::{Snapshot, rust};
///
/// let text = rust::exports(&Snapshot::nanoprocess_serve_0()?);
/// assert!(text.contains("Self::ClockNow => (&[I32, I32], I64),"));
/// # Ok::<(), turnkey_witx::Error>(())
/// ```
#[must_use]
pub fn exports(snapshot: &Snapshot) -> String {
    let each = |text: fn(&Function) -> String| snapshot.functions.iter().map(text).collect();
    let variants: String = each(|function| {
        let docs = doc_comment(&function.docs, 4);
        format!("{docs}    {},\n", names::camel(&function.name))
    });
    let all: String = each(|function| format!("        Self::{},\n", names::camel(&function.name)));
    let texts: String = each(|function| {
        let name = names::camel(&function.name);
        format!("            Self::{name} => {:?},\n", function.name)
    });
    let types: String = each(|function| {
        let name = names::camel(&function.name);
        let params: Vec<_> = function
            .core
            .params
            .iter()
            .map(|p| core_type(p.ty))
            .collect();
        let result = function
            .core
            .results
            .first()
            .copied()
            .map_or("I32", core_type);
        arm(&name, &params, result)
    });
    let records: String = snapshot.types.iter().filter_map(|ty| record(ty)).collect();
    TEMPLATE
        .replace("{preamble}", PREAMBLE)
        .replace("{variants}", &variants)
        .replace("{count}", &snapshot.functions.len().to_string())
        .replace("{all}", &all)
        .replace("{texts}", &texts)
        .replace("{types}", &types)
        .replace("{records}", &records)
}

fn core_type(ty: CoreType) -> &'static str {
    match ty {
        CoreType::I32 => "I32",
        CoreType::I64 => "I64",
    }
}

fn arm(name: &str, params: &[&str], result: &str) -> String {
    format!(
        "            Self::{name} => (&[{}], {result}),\n",
        params.join(", ")
    )
}

/// Where the members of a record lie.
fn record(named: &NamedType) -> Option<String> {
    let Type::Record(record) = &named.ty else {
        return None;
    };
    let members: String = record
        .members
        .iter()
        .map(|member| {
            let docs = doc_comment(&member.docs, 4);
            let name = names::shouty(&member.name);
            format!(
                "{docs}    pub(in super::super) const {name}: usize = {};\n",
                member.offset
            )
        })
        .collect();
    let docs = doc_comment(&named.docs, 0);
    let (name, size) = (names::snake(&named.name), named.layout.size);
    Some(format!(
        "\n{docs}pub(super) mod {name} {{\n    /// How many bytes one takes.\n    \
         pub(in super::super) const BYTES: usize = {size};\n{members}}}\n"
    ))
}

/// What does not depend on the document.
const TEMPLATE: &str = r#"{preamble}

//! What a parent may export to serve its children.

use turnkey_snapshots::engine::ValueType::{self, I32, I64};

/// What a parent may export to serve its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Export {
{variants}}

impl Export {
    /// All of them; each is at the place of its number.
    pub(super) const ALL: [Self; {count}] = [
{all}    ];

    /// The name by which it is exported.
    pub(super) const fn name(self) -> &'static str {
        match self {
{texts}        }
    }

    /// The types of its parameters and of its result.
    pub(super) const fn ty(self) -> (&'static [ValueType], ValueType) {
        match self {
{types}        }
    }
}
{records}"#;
