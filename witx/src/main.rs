//! Writes or checks the generated files that are committed, and prints the model.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use turnkey_witx::{Snapshot, committed, dump};

const USAGE: &str = "\
usage: turnkey-witx generate           write every generated file of the workspace
       turnkey-witx generate --check   name those that are not current, and exit with 1
       turnkey-witx dump [DOCUMENT]    print the model of a document as JSON, preview 1 by default
";

/// The workspace that this program was built in.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["generate"] => write(),
        ["generate", "--check"] => check(),
        ["dump"] => print(&Snapshot::preview_1()?),
        ["dump", document] => print(&Snapshot::load(document)?),
        _ => {
            io::stderr().write_all(USAGE.as_bytes())?;
            Ok(ExitCode::from(2))
        }
    }
}

fn write() -> Result<ExitCode, Box<dyn Error>> {
    let workspace = Path::new(WORKSPACE);
    for file in committed::files()? {
        if !file.is_current(workspace) {
            file.write(workspace)?;
            writeln!(io::stdout(), "wrote {}", file.path)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check() -> Result<ExitCode, Box<dyn Error>> {
    let mut code = ExitCode::SUCCESS;
    for file in committed::files()? {
        if !file.is_current(Path::new(WORKSPACE)) {
            writeln!(io::stderr(), "{} is not current", file.path)?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn print(snapshot: &Snapshot) -> Result<ExitCode, Box<dyn Error>> {
    let json = serde_json::to_string_pretty(&dump::snapshot(snapshot))?;
    writeln!(io::stdout(), "{json}")?;
    Ok(ExitCode::SUCCESS)
}
