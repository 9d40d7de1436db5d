//! Guests in C.

use crate::{Result, record};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The one version of the compiler that is used, so that everybody builds the same bytes. It is
/// clang and wasm-ld with headers and flags in one package: `pip install ziglang==0.17.1`.
const VERSION: &str = "0.17.1";

/// What to do when it is not there.
pub(crate) const MISSING: &str = "has to be built, which takes zig 0.17.1: `pip install \
    ziglang==0.17.1`, or name another way to call it with the environment variable ZIG";

/// Freestanding, with no feature beyond the first version of WebAssembly, so that every host runs
/// it; and nothing in it about the machine that it was built on.
const FLAGS: &str = "--target=wasm32-freestanding -mcpu=mvp -std=c11 -Wall -Wextra -Werror -Os \
    -fno-builtin -fno-sanitize=undefined -nostdlib -Wl,--no-entry -s -I include -I ../../guests/c";

/// The folders of what guests in C include beside what lies beside them: the headers of snapshots,
/// and the library of parents.
const INCLUDE: [&str; 2] = ["include", "../../guests/c"];

/// The compiler, found on this machine.
pub(crate) struct Compiler {
    program: Vec<String>,
}

impl Compiler {
    /// The compiler, if it is there in the right version.
    pub(crate) fn find() -> Option<Self> {
        let ways = match std::env::var("ZIG") {
            Ok(way) => vec![way],
            Err(_) => vec!["zig".to_owned(), "python3 -m ziglang".to_owned()],
        };
        ways.into_iter().find_map(|way| {
            let program: Vec<String> = way.split_whitespace().map(str::to_owned).collect();
            let compiler = Self { program };
            let output = compiler.command()?.arg("version").output().ok()?;
            (output.stdout.trim_ascii() == VERSION.as_bytes()).then_some(compiler)
        })
    }

    fn command(&self) -> Option<Command> {
        let (program, args) = self.program.split_first()?;
        let mut command = Command::new(program);
        command.args(args);
        Some(command)
    }

    /// Builds a guest and adds the record of what it was built from.
    pub(crate) fn build(&self, guests: &Path, source: &Path) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir()?;
        let out = folder.path().join("guest.wasm");
        let files = files(guests, source)?;
        let compiled = |path: &&PathBuf| path.extension().is_some_and(|it| it == "c");
        let mut command = self.command().ok_or("ZIG is empty")?;
        command.arg("cc").args(FLAGS.split_whitespace());
        command
            .arg("-o")
            .arg(&out)
            .args(files.iter().filter(compiled));
        let status = command.current_dir(guests).status()?;
        if !status.success() {
            return Err(format!("{}: the compiler failed", source.display()).into());
        }
        let mut wasm = fs::read(out)?;
        let record = record::section(&inputs(guests, source)?, &wasm);
        wasm.extend(record);
        Ok(wasm)
    }
}

/// Whether a guest is as it was built, and was built from what there is now.
pub(crate) fn is_current(guests: &Path, source: &Path) -> Result<bool> {
    Ok(record::is_current(guests, source, &inputs(guests, source)?))
}

/// All that goes into a guest.
fn inputs(guests: &Path, source: &Path) -> Result<String> {
    let how = format!("zig {VERSION} cc {FLAGS}");
    record::inputs(&how, guests, &files(guests, source)?)
}

/// A source, what it includes, and so on. A header brings the source of the same name that lies
/// beside it, which is compiled as well.
fn files(guests: &Path, source: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut known = BTreeSet::new();
    let mut left = vec![source.to_owned()];
    while let Some(path) = left.pop() {
        if known.insert(path.clone()) {
            let contents = fs::read_to_string(guests.join(&path))
                .map_err(|why| format!("{}: {why}", path.display()))?;
            left.extend(includes(guests, &path, &contents));
            let other_half = path.with_extension("c");
            if guests.join(&other_half).is_file() {
                left.push(other_half);
            }
        }
    }
    Ok(known)
}

/// The files that a file includes by `#include "…"`, each from the folder of the guests on.
fn includes(guests: &Path, path: &Path, contents: &str) -> Vec<PathBuf> {
    let names = contents.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("#include")?;
        rest.trim_start().strip_prefix('"')?.split('"').next()
    });
    names
        .map(|name| match path.with_file_name(name) {
            beside if guests.join(&beside).is_file() => beside,
            _ => included(guests, name),
        })
        .collect()
}

/// Where a header lies that does not lie beside what includes it.
fn included(guests: &Path, name: &str) -> PathBuf {
    let mut places = INCLUDE.iter().map(|folder| Path::new(folder).join(name));
    let found = places.find(|path| guests.join(path).is_file());
    found.unwrap_or_else(|| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_name_every_header_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
        fs::create_dir(folder.path().join("include")).unwrap();
        fs::create_dir(folder.path().join("suite")).unwrap();
        write("include/a.h", "#include <stdint.h>\n  #include \"b.h\"\n");
        write("include/b.h", "");
        write("include/b.c", "#include \"b.h\"\n");
        write("suite/own.h", "#include \"a.h\"\n");
        write("suite/guest.c", "#include \"a.h\"\n#include \"own.h\"\n");
        let inputs = || inputs(folder.path(), Path::new("suite/guest.c")).unwrap();
        let before = inputs();
        let paths: Vec<_> = before.lines().skip(1).map(|line| &line[66..]).collect();
        let expected = [
            "include/a.h",
            "include/b.c",
            "include/b.h",
            "suite/guest.c",
            "suite/own.h",
        ];
        assert_eq!(paths, expected);
        write("include/b.h", "// changed\n");
        assert_ne!(inputs(), before);
    }
}
