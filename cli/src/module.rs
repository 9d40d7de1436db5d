//! Modules in files.

use crate::failure::Failure;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Display;
use std::io;
use std::path::Path;
use turnkey_snapshots::engine::{Engine, HostFunction, Module, missing};

/// With these bytes the binary form begins.
const MAGIC: &[u8] = b"\0asm";

/// With these, behind the magic ones, the binary form of a core module goes on. A component has
/// others.
const VERSION: &[u8] = &[1, 0, 0, 0];

/// Reads a module's file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| mistake(path, unreadable(&error)))
}

/// By what a module is known again: the SHA-256 of its file.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Compiles a module that was read from a file. Everything that it imports is there.
pub(crate) fn load(
    path: &Path,
    bytes: &[u8],
    engine: &dyn Engine,
) -> Result<Box<dyn Module>, Failure> {
    let module = compile(path, bytes, engine)?;
    complete(path, &*module, &[])?;
    Ok(module)
}

/// Compiles a module in its binary form or as text.
pub(crate) fn compile(
    path: &Path,
    bytes: &[u8],
    engine: &dyn Engine,
) -> Result<Box<dyn Module>, Failure> {
    let wasm = to_binary(path, bytes)?;
    engine.compile(&wasm).map_err(|error| {
        let name = engine.name();
        mistake(path, format_args!("{name} refuses the module: {error}"))
    })
}

/// The binary form of a module that was read from a file, in that form or as text. Which of them it
/// is shows in what it holds, not in the name of its file.
pub(crate) fn to_binary<'a>(path: &Path, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Failure> {
    match bytes.strip_prefix(MAGIC) {
        Some(rest) if rest.starts_with(VERSION) => Ok(Cow::Borrowed(bytes)),
        Some(_) => {
            let what =
                "this is no core module; build it for wasm32-wasip1, which has no components";
            Err(mistake(path, what))
        }
        None => text_to_binary(path, bytes).map(Cow::Owned),
    }
}

/// A failure that is about a module: which one, then what.
pub(crate) fn mistake(path: &Path, what: impl Display) -> Failure {
    Failure::set_up(format_args!("{}: {what}", path.display()))
}

/// Why a file cannot be read, and what to do.
fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file; name a .wasm or .wat file".to_owned(),
        io::ErrorKind::IsADirectory => "this is a directory; name a .wasm or .wat file".to_owned(),
        _ => format!("the file cannot be read: {error}"),
    }
}

fn text_to_binary(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start().starts_with(['(', ';']) => text,
        _ => {
            let what = "this is not WebAssembly: a module begins with the bytes 00 61 73 6d, or as \
                        text with `(module`";
            return Err(mistake(path, what));
        }
    };
    wat::parse_str(text).map_err(|mut error| {
        error.set_path(path);
        Failure::set_up(syntax(&error.to_string()))
    })
}

/// A mistake in a module's text: where, then what. The text parser tells both in several lines,
/// the first of which says what; one that begins with an arrow says where.
fn syntax(told: &str) -> String {
    let what = told.lines().next().unwrap_or_default();
    let mut lines = told.lines().map(str::trim_start);
    match lines.find_map(|line| line.strip_prefix("--> ")) {
        Some(place) => format!("{place}: {what}"),
        None => what.to_owned(),
    }
}

/// That everything which the module imports is there, be it of WASI's or among these functions.
pub(crate) fn complete(
    path: &Path,
    module: &dyn Module,
    functions: &[HostFunction],
) -> Result<(), Failure> {
    let mut missing = missing(&module.imports(), functions);
    if missing.is_empty() {
        return Ok(());
    }
    // The order is the same on every engine.
    missing.sort_by(|a, b| {
        (&a.import.module, &a.import.name).cmp(&(&b.import.module, &b.import.name))
    });
    let mut parts: Vec<String> = missing.iter().map(ToString::to_string).collect();
    parts.push("build it for wasm32-wasip1 without that".to_owned());
    Err(mistake(path, parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_place_before_message() {
        let told = "expected `)`\n     --> bad.wat:1:9\n      |\n    1 | (module\n      |        ^";
        assert_eq!(syntax(told), "bad.wat:1:9: expected `)`");
        assert_eq!(syntax("no place"), "no place");
    }
}
