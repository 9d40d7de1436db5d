//! What a guest was built from, in a custom section at its end.

use crate::Result;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The section's name.
const NAME: &str = "sources";

/// All that goes into a guest, a line each: how it is compiled, then each file with its hash, as
/// `sha256sum` writes them.
pub(crate) fn inputs(how: &str, guests: &Path, files: &BTreeSet<PathBuf>) -> Result<String> {
    let mut text = format!("{how}\n");
    for path in files {
        let hash = hash(&fs::read(guests.join(path))?);
        let path = path.to_string_lossy().replace('\\', "/");
        text += &format!("{hash}  {path}\n");
    }
    Ok(text)
}

/// Whether a guest is as it was built, and was built from these inputs.
pub(crate) fn is_current(guests: &Path, source: &Path, inputs: &str) -> bool {
    let wasm = fs::read(guests.join(source.with_extension("wasm")));
    wasm.is_ok_and(|wasm| ends(&wasm, inputs))
}

/// A SHA-256 as text.
fn hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The section for a module that was built from these inputs. It ends with a hash of the module
/// without it.
pub(crate) fn section(inputs: &str, module: &[u8]) -> Vec<u8> {
    let text = format!("{inputs}{}  -\n", hash(module));
    let mut contents = Vec::new();
    length(&mut contents, NAME.len());
    contents.extend(NAME.as_bytes());
    contents.extend(text.as_bytes());
    let mut section = vec![0];
    length(&mut section, contents.len());
    section.extend(contents);
    section
}

/// Whether a module ends with the section that it must have if it was built from these inputs.
fn ends(wasm: &[u8], inputs: &str) -> bool {
    // The section is as long for every module.
    let len = section(inputs, &[]).len();
    let module = wasm.len().checked_sub(len).and_then(|at| wasm.get(..at));
    module.is_some_and(|module| wasm.ends_with(&section(inputs, module)))
}

/// A number in LEB128.
fn length(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_only_with_the_record_of_its_inputs_and_its_bytes() {
        let mut wasm = wat::parse_str("(module (func))").unwrap();
        assert!(!ends(&wasm, "inputs\n"));
        let section = section("inputs\n", &wasm);
        wasm.extend(section);
        assert!(ends(&wasm, "inputs\n"));
        assert!(!ends(&wasm, "other\n"));
        assert!(!ends(&wasm, ""));
        wasm[9] ^= 1;
        assert!(!ends(&wasm, "inputs\n"));
    }

    #[test]
    fn hash_of_nothing_is_the_one_that_everybody_knows() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(b""), expected);
    }
}
