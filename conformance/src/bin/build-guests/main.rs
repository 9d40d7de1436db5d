//! Builds the guests from the sources that lie beside them, or checks that they are current.
//!
//! Guests are committed as they are built, so that nobody needs a compiler for C to test with them.
//! What belongs to a folder of `guests` that has a `manifest.json` is built.

mod c;
mod forward;
mod record;

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
    let compiler = c::Compiler::find();
    let mut code = ExitCode::SUCCESS;
    let forward = forward::text(&fs::read_to_string(guests.join(forward::PASS))?)?;
    if !fs::read(guests.join(forward::FORWARD)).is_ok_and(|found| found == forward.as_bytes()) {
        fs::write(guests.join(forward::FORWARD), forward)?;
        writeln!(io::stdout(), "wrote {}", forward::FORWARD)?;
    }
    for source in files(guests, &["wat", "c"])? {
        let wasm = source.with_extension("wasm");
        let path = guests.join(&source);
        let built = match (is_wat(&source), &compiler) {
            (true, _) => wat::parse_file(&path)?,
            (false, Some(compiler)) => compiler.build(guests, &source)?,
            (false, None) => {
                if !c::is_current(guests, &source)? {
                    complain(&format!("{}: {}", source.display(), c::MISSING))?;
                    code = ExitCode::FAILURE;
                }
                continue;
            }
        };
        let target = guests.join(&wasm);
        if !fs::read(&target).is_ok_and(|found| found == built) {
            fs::write(target, built)?;
            writeln!(io::stdout(), "wrote {}", wasm.display())?;
        }
    }
    Ok(code)
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
    let sources = files(guests, &["wat", "c"])?;
    for source in &sources {
        let wasm = source.with_extension("wasm");
        let is_current = match is_wat(source) {
            true => fs::read(guests.join(&wasm))
                .is_ok_and(|found| wat::parse_file(guests.join(source)).is_ok_and(|w| w == found)),
            false => c::is_current(guests, source)?,
        };
        if !is_current {
            fail(&wasm, "is not what its source gives")?;
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

fn is_wat(source: &Path) -> bool {
    source.extension().is_some_and(|it| it == "wat")
}

fn complain(what: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{what}")
}

/// The files of all suites that have one of these extensions, from the folder of the guests on.
fn files(guests: &Path, extensions: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for suite in fs::read_dir(guests)? {
        let suite = suite?;
        if !suite.path().join("manifest.json").is_file() {
            continue;
        }
        for file in fs::read_dir(suite.path())? {
            let path = Path::new(&suite.file_name()).join(file?.file_name());
            let extension = path.extension().and_then(|it| it.to_str());
            if extension.is_some_and(|it| extensions.contains(&it)) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
