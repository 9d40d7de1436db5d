//! `--parent`: wasm modules that a program has as its parents.

use crate::engine::EngineName;
use crate::failure::Failure;
use crate::module;
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, Module};
use turnkey_virt::nanoprocess::{Family, MODULE, MOST_NESTED};

/// What is said of parents on a page of help.
pub(crate) const NOTES: &str = "\
A parent is a command that imports functions of `nanoprocess_0`. The outermost is given what is said \
here. Its module 0 is what lies next inside: the next parent or the program itself. Those further \
inside are its modules 1 and on, which it hands to its child in the same order (`child_module`), so \
that they are the child's modules 0 and on. It makes the child with what it decides, calls its \
`_start`, and ends as that does: with its exit code, or by a trap. One whose child asks for what it \
does not hold tells each import on standard error and exits with 3.";

/// A file, and what it holds.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Reads the files of parents, of which there may be so many and no more. One that is named several
/// times is read once.
pub(crate) fn read(paths: &[PathBuf], engine: EngineName) -> Result<Vec<Arc<Source>>, Failure> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    if !engine.serves_children() {
        let name = engine.to_possible_value();
        let name = name.as_ref().map_or("this engine", |name| name.get_name());
        return Err(Failure::set_up(format_args!(
            "--parent: {name} runs each guest on a thread of its own, where no parent can be asked; \
             choose another with --engine"
        )));
    }
    if paths.len() > MOST_NESTED as usize {
        return Err(Failure::set_up(format_args!(
            "--parent: there are {} parents, and {MOST_NESTED} at most can lie above each other",
            paths.len()
        )));
    }
    let mut sources: Vec<Arc<Source>> = Vec::new();
    for path in paths {
        let known = sources.iter().find(|source| source.path == *path).cloned();
        sources.push(match known {
            Some(source) => source,
            None => Arc::new(Source {
                path: path.clone(),
                bytes: module::read(path)?,
            }),
        });
    }
    Ok(sources)
}

/// Compiles parents, each once, and sees that each is one.
pub(crate) fn compile(
    sources: &[Arc<Source>],
    engine: &dyn Engine,
) -> Result<Vec<Arc<dyn Module>>, Failure> {
    let functions = Family::builder().build().functions();
    let mut compiled: Vec<Arc<dyn Module>> = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let same = |other: &Arc<Source>| Arc::ptr_eq(other, source);
        let first = sources.iter().position(same).unwrap_or(at);
        let known = compiled.get(first).cloned();
        compiled.push(match known {
            Some(module) => module,
            None => {
                let module = module::compile(&source.path, &source.bytes, engine)?;
                is_parent(&source.path, &*module)?;
                module::complete(&source.path, &*module, &functions)?;
                module.into()
            }
        });
    }
    Ok(compiled)
}

fn is_parent(path: &Path, module: &dyn Module) -> Result<(), Failure> {
    let imports = module.imports();
    match imports.iter().any(|import| import.module == MODULE) {
        true => Ok(()),
        false => Err(module::mistake(
            path,
            format_args!("this is no parent: it imports nothing of `{MODULE}`"),
        )),
    }
}
