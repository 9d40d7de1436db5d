//! How large the core with wasmi is for small devices: two programs are built for size, the one with
//! wasmi alone and the other with all of WASI, and run the same guest.

use crate::Failure;
use crate::instances::GUEST;
use crate::table::Table;
use std::path::Path;
use std::process::{Command, Stdio};

/// The programs: wasmi with one function by hand, and with all of WASI.
const PROGRAMS: [&str; 2] = ["engine", "turnkey"];

pub(crate) fn run() -> Result<Vec<Table>, Failure> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent);
    let target = target.ok_or("there is no target folder")?;
    build(target)?;
    let guest = tempfile::NamedTempFile::new()?;
    std::fs::write(&guest, wat::parse_str(GUEST)?)?;

    let title = "Built for size and stripped, with a guest of one page: bytes";
    let columns = ["what", "wasmi alone", "with Turnkey's core", "difference"];
    let mut table = Table::new(title, columns);
    let [alone, with_core] =
        PROGRAMS.map(|program| figures(&target.join("small").join(program), guest.path()));
    for ((what, alone), (_, with_core)) in alone?.into_iter().zip(with_core?) {
        let bytes = [alone, with_core, with_core - alone].map(|bytes| bytes.to_string());
        table.row([what].into_iter().chain(bytes));
    }
    Ok(vec![table])
}

/// The size of a program, and what it tells of the heap.
fn figures(program: &Path, guest: &Path) -> Result<Vec<(String, i64)>, Failure> {
    let size = std::fs::metadata(program)?.len();
    let mut figures = vec![("program".to_owned(), size.try_into()?)];
    let output = Command::new(program)
        .arg(guest)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", program.display(), output.status).into());
    }
    for line in String::from_utf8(output.stdout)?.lines() {
        let (what, bytes) = line.split_once('\t').ok_or("it tells something else")?;
        figures.push((format!("heap, {what}"), bytes.parse()?));
    }
    Ok(figures)
}

/// Builds the programs where this one was built.
fn build(target: &Path) -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--profile", "small", "--package", "turnkey-small"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err("the programs cannot be built".into()),
    }
}
