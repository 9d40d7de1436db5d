//! Builds the guests from the sources that lie beside them, or checks that they are current.
//!
//! Guests are committed as they are built, so that nobody needs a compiler for them to test.
//! What belongs to a suite is built, which is a folder of `guests` that has a `manifest.json`, what
//! is written in C or Rust in `guests/parents`, and what lies in the folder `guests` of an example.

mod c;
mod forward;
mod record;
mod rust;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "\
usage: build-guests           build every guest from its source
       build-guests --check   name those that are not current, and exit with 1
";

/// Where the suites lie.
const GUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/guests");

/// What sources end in.
const SOURCES: [&str; 3] = ["wat", "c", "rs"];

/// The folder of guests that are no suite, because they have children.
const PARENTS: &str = "parents";

/// Where the examples lie, from the folder of the guests on.
const EXAMPLES: &str = "../../examples";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let guests = Path::new(GUESTS);
    match arguments.as_slice() {
        [] => build(guests),
        ["--check"] => check(guests),
        _ => {
            io::stderr().write_all(USAGE.as_bytes())?;
            Ok(ExitCode::from(2))
        }
    }
}

fn build(guests: &Path) -> Result<ExitCode> {
    let (c, rust) = (c::Compiler::find(), rust::Compiler::find());
    let mut code = ExitCode::SUCCESS;
    let forward = forward::text(&fs::read_to_string(guests.join(forward::PASS))?)?;
    if !fs::read(guests.join(forward::FORWARD)).is_ok_and(|found| found == forward.as_bytes()) {
        fs::write(guests.join(forward::FORWARD), forward)?;
        writeln!(io::stdout(), "wrote {}", forward::FORWARD)?;
    }
    for source in files(guests, &SOURCES)? {
        let wasm = source.with_extension("wasm");
        let (built, missing) = match extension(&source) {
            "wat" => (Some(wat::parse_file(guests.join(&source))?), ""),
            "c" => (
                c.as_ref().map(|c| c.build(guests, &source)).transpose()?,
                c::MISSING,
            ),
            _ => (
                rust.as_ref()
                    .map(|rust| rust.build(guests, &source))
                    .transpose()?,
                rust::MISSING,
            ),
        };
        let Some(built) = built else {
            if !is_current(guests, &source)? {
                complain(&format!("{}: {missing}", source.display()))?;
                code = ExitCode::FAILURE;
            }
            continue;
        };
        let target = guests.join(&wasm);
        if !fs::read(&target).is_ok_and(|found| found == built) {
            fs::write(target, built)?;
            writeln!(io::stdout(), "wrote {}", wasm.display())?;
        }
    }
    Ok(code)
}

/// Whether a guest is what its source gives.
fn is_current(guests: &Path, source: &Path) -> Result<bool> {
    match extension(source) {
        "wat" => {
            let wasm = fs::read(guests.join(source.with_extension("wasm")));
            let given = wat::parse_file(guests.join(source));
            Ok(wasm.is_ok_and(|found| given.is_ok_and(|given| given == found)))
        }
        "c" => c::is_current(guests, source),
        _ => rust::is_current(guests, source),
    }
}

fn check(guests: &Path) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let mut fail = |path: &Path, what: &str| {
        code = ExitCode::FAILURE;
        complain(&format!("{} {what}", path.display()))
    };
    let forward = forward::text(&fs::read_to_string(guests.join(forward::PASS))?)?;
    if !fs::read(guests.join(forward::FORWARD)).is_ok_and(|found| found == forward.as_bytes()) {
        fail(Path::new(forward::FORWARD), "is not what pass.wat gives")?;
    }
    let sources = files(guests, &SOURCES)?;
    for source in &sources {
        if !is_current(guests, source)? {
            fail(
                &source.with_extension("wasm"),
                "is not what its source gives",
            )?;
        }
    }
    for wasm in files(guests, &["wasm"])? {
        let of_it = |source: &&PathBuf| source.with_extension("wasm") == wasm;
        match sources.iter().filter(of_it).count() {
            0 => fail(&wasm, "has no source")?,
            1 => {}
            _ => fail(&wasm, "has two sources")?,
        }
    }
    Ok(code)
}

fn extension(path: &Path) -> &str {
    let extension = path.extension().and_then(|it| it.to_str());
    extension.unwrap_or_default()
}

fn complain(what: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{what}")
}

/// The folders in which guests lie, from the folder of the guests on: the suites, the parents, and
/// what belongs to an example.
fn folders(guests: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = vec![PathBuf::from(PARENTS)];
    for suite in fs::read_dir(guests)? {
        let suite = suite?;
        if suite.path().join("manifest.json").is_file() {
            folders.push(suite.file_name().into());
        }
    }
    for example in fs::read_dir(guests.join(EXAMPLES))? {
        let folder = Path::new(EXAMPLES)
            .join(example?.file_name())
            .join("guests");
        if guests.join(&folder).is_dir() {
            folders.push(folder);
        }
    }
    Ok(folders)
}

/// The files in those folders that have one of these extensions.
fn files(guests: &Path, extensions: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in folders(guests)? {
        for file in fs::read_dir(guests.join(&folder))? {
            let path = folder.join(file?.file_name());
            // Parents in WAT are used as they are.
            if folder == Path::new(PARENTS) && extension(&path) == "wat" {
                continue;
            }
            if extensions.contains(&extension(&path)) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
