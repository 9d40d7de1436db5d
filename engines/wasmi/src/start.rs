//! Start functions that can be called like any other.
//!
//! wasmi runs a module's start function while it makes the instance, where nobody could interrupt
//! it. So the function is exported instead, under a name of our own, and called afterwards.

/// A module whose start function is exported.
pub(crate) struct Deferred {
    pub(crate) wasm: Vec<u8>,
    /// The name of the export. No other export has it.
    pub(crate) name: String,
}

const EXPORT: u8 = 7;
const START: u8 = 8;
const FUNCTION: u8 = 0;

/// Bytes before the first section: the magic number and the version.
const HEADER: usize = 8;

/// Exports a module's start function. `None` if there is none, or if the module cannot be read,
/// which is left for wasmi to say.
pub(crate) fn defer(wasm: &[u8]) -> Option<Deferred> {
    let sections = sections(wasm.get(HEADER..)?)?;
    let mut starts = sections.iter().filter(|section| section.id == START);
    let start = starts.next()?;
    let mut exports = sections.iter().filter(|section| section.id == EXPORT);
    let exported = exports.next().map_or(&[0][..], |section| section.content);
    if starts.next().is_some() || exports.next().is_some() {
        return None;
    }
    let (count, entries) = number(exported)?;
    let name = free_name(entries);

    let mut content = Vec::new();
    push_number(&mut content, count.checked_add(1)?);
    content.extend_from_slice(entries);
    push_number(&mut content, u32::try_from(name.len()).ok()?);
    content.extend_from_slice(name.as_bytes());
    content.push(FUNCTION);
    // The whole of a start section is the function's index.
    content.extend_from_slice(start.content);

    // The two stand side by side in the order of sections, so the exports may take either place.
    let mut wasm = wasm.get(..HEADER)?.to_vec();
    let place = if exported == [0] { START } else { EXPORT };
    for section in &sections {
        match section.id {
            id if id == place => push_section(&mut wasm, EXPORT, &content)?,
            START | EXPORT => {}
            id => push_section(&mut wasm, id, section.content)?,
        }
    }
    Some(Deferred { wasm, name })
}

/// A name that none of these exports has: one that occurs nowhere among their bytes.
fn free_name(entries: &[u8]) -> String {
    let mut name = "_start function".to_owned();
    while contains(entries, name.as_bytes()) {
        name.push('\'');
    }
    name
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

struct Section<'a> {
    id: u8,
    content: &'a [u8],
}

fn sections(mut bytes: &[u8]) -> Option<Vec<Section<'_>>> {
    let mut sections = Vec::new();
    while let Some((&id, rest)) = bytes.split_first() {
        let (length, rest) = number(rest)?;
        let (content, rest) = rest.split_at_checked(length as usize)?;
        sections.push(Section { id, content });
        bytes = rest;
    }
    Some(sections)
}

fn push_section(wasm: &mut Vec<u8>, id: u8, content: &[u8]) -> Option<()> {
    wasm.push(id);
    push_number(wasm, u32::try_from(content.len()).ok()?);
    wasm.extend_from_slice(content);
    Some(())
}

/// A number in LEB128, and what follows it.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(number).ok()?, bytes.get(index + 1..)?));
        }
    }
    None
}

fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = (number & 0x7f).to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmi::{Engine, ExternType, Module};

    fn exports(text: &str) -> Vec<String> {
        let wasm = wat::parse_str(text).unwrap();
        let deferred = defer(&wasm).unwrap();
        let module = Module::new(&Engine::default(), &deferred.wasm).unwrap();
        let exported = module.get_export(&deferred.name);
        assert!(matches!(exported, Some(ExternType::Func(_))), "{text}");
        let names = module.exports().map(|export| export.name().to_owned());
        names.collect()
    }

    #[test]
    fn defer_start_functions_are_exported_beside_the_others() {
        let cases: &[(&str, &[&str])] = &[
            ("(module (func $f) (start $f))", &["_start function"]),
            (
                r#"(module (func $f) (memory (export "m") 1) (start $f) (data (i32.const 0) "x"))"#,
                &["_start function", "m"],
            ),
            (
                r#"(module (func $f) (func (export "_start function")) (start $f))"#,
                &["_start function", "_start function'"],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(exports(text), *expected, "{text}");
        }
    }

    #[test]
    fn defer_many_exports_lengths_of_several_bytes() {
        let mut text = "(module (func $f) (start $f)".to_owned();
        for index in 0..200 {
            text.push_str(&format!(r#"(export "number {index}" (func $f))"#));
        }
        text.push(')');
        assert_eq!(exports(&text).len(), 201);
    }

    #[test]
    fn defer_no_start_function_none() {
        let wasm = wat::parse_str("(module (func))").unwrap();
        assert!(defer(&wasm).is_none());
    }

    #[test]
    fn defer_broken_modules_none_or_refused() {
        let whole = wat::parse_str(
            r#"(module (func $f) (memory (export "m") 1) (start $f) (data (i32.const 0) "x"))"#,
        )
        .unwrap();
        for length in 0..whole.len() {
            if let Some(deferred) = defer(&whole[..length]) {
                let cut = Module::new(&Engine::default(), &deferred.wasm);
                let honest = Module::new(&Engine::default(), &whole[..length]);
                assert_eq!(cut.is_ok(), honest.is_ok(), "{length}");
            }
        }
        // Two start sections.
        let mut twice = whole[..8].to_vec();
        twice.extend([8, 1, 0, 8, 1, 0]);
        assert!(defer(&twice).is_none());
        // A length of more than 32 bits.
        let mut long = whole[..8].to_vec();
        long.extend([8, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        assert!(defer(&long).is_none());
    }
}
