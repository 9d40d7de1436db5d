//! `turnkey audit`: what modules ask for.

use crate::failure::Failure;
use crate::lock_file::LockFile;
use crate::named::FORMS;
use crate::target::{self, Target};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use turnkey_virt::policy::{Need, printable};

/// What `turnkey audit` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{FORMS}
A TREE.toml names all modules of a tree.

The classes of authority are those that --deny of `turnkey run` knows; `foreign` is what is none of
WASI's, and `children` the functions by which a module has children of its own.

Exit codes:
  0  it is told
  2  a module cannot be read
  3  --lock was said, and a module asks for more than is locked; nothing has run"))]
pub(crate) struct Audit {
    /// Tell it as JSON
    #[arg(long)]
    json: bool,

    /// Compare it with a lock as `turnkey check` does
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,

    /// The modules
    #[arg(required = true, value_name = "MODULE")]
    modules: Vec<String>,
}

impl Audit {
    /// Tells what the modules ask for.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let none = LockFile::default();
        let lock = self.lock.as_deref().map(LockFile::read).transpose()?;
        let lock = lock.as_ref();
        let path = self.lock.as_deref().unwrap_or(Path::new(""));
        let targets = target::all(&self.modules, path, lock.unwrap_or(&none))?;
        let told = match self.json {
            true => format!("{:#}\n", json(&targets)),
            false => table(&targets),
        };
        let written = io::stdout().lock().write_all(told.as_bytes());
        written.map_err(|error| Failure::output(&error))?;
        let checked = lock.into_iter().flat_map(|lock| {
            let checked = targets.iter().map(move |target| target.check(path, lock));
            checked.filter_map(Result::err)
        });
        let refused: Vec<_> = checked.collect();
        match refused.is_empty() {
            true => Ok(ExitCode::SUCCESS),
            false => Err(Failure::refused(&refused)),
        }
    }
}

/// What a module imports, by class of authority.
fn by_class(target: &Target) -> BTreeMap<&'static str, Vec<&Need>> {
    let mut classes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for need in &target.needs.imports {
        classes.entry(need.class()).or_default().push(need);
    }
    classes
}

fn table(targets: &[Target]) -> String {
    let mut lines = Vec::new();
    for target in targets {
        lines.push(headline(target));
        let classes = by_class(target);
        let width = classes
            .keys()
            .map(|class| class.len())
            .max()
            .unwrap_or_default();
        for (class, needs) in &classes {
            let mut class = *class;
            for need in needs {
                let (module, name) = (printable(&need.module), printable(&need.name));
                lines.push(format!(
                    "  {class:width$}  {module}.{name}: {}",
                    printable(&need.ty)
                ));
                class = "";
            }
        }
        if classes.is_empty() {
            lines.push("  nothing".to_owned());
        }
        if target.needs.starts {
            lines.push("  a function of it runs as soon as it is instantiated".to_owned());
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn headline(target: &Target) -> String {
    let module = &target.module;
    let version = module.version.as_ref().map(|version| format!(" {version}"));
    format!(
        "{}{} ({}), sha256 {}",
        module.name,
        version.unwrap_or_default(),
        module.path.display(),
        target.needs.sha256
    )
}

fn json(targets: &[Target]) -> serde_json::Value {
    let need = |need: &&Need| serde_json::json!({ "module": need.module, "name": need.name, "type": need.ty });
    let modules = targets.iter().map(|target| {
        let classes: serde_json::Map<_, _> = by_class(target)
            .iter()
            .map(|(class, needs)| ((*class).to_owned(), needs.iter().map(need).collect()))
            .collect();
        let exports = target
            .needs
            .exports
            .iter()
            .map(|offer| serde_json::json!({ "name": offer.name, "type": offer.ty }));
        serde_json::json!({
            "name": target.module.name,
            "version": target.module.version,
            "file": target.module.path.display().to_string(),
            "sha256": target.needs.sha256.to_string(),
            "imports": classes,
            "exports": exports.collect::<Vec<_>>(),
            "starts": target.needs.starts,
        })
    });
    serde_json::json!({ "modules": modules.collect::<Vec<_>>() })
}
