//! What the modules of a tree ask for and offer, beside what the tree's file says of them.

use super::application::{Application, Link, Unit};
use crate::document::Document;
use crate::failure::Failure;
use crate::{module, named};
use std::collections::{HashMap, HashSet};
use turnkey_virt::policy::{FOREIGN, Needs, printable};
use turnkey_virt::typed::{Interface, InterfaceError};

/// Reads every module, and notes what does not fit: its hash, its links, and what it imports that
/// nobody provides.
pub(super) fn check(document: &Document, application: &Application) {
    let mut known = HashMap::new();
    for unit in &application.units {
        match Said::of(unit) {
            Ok(said) => {
                hash(document, unit, &said.needs);
                known.insert(&*unit.module.name, said);
            }
            Err(failure) => document.wrong(unit.at, failure.to_string()),
        }
    }
    for unit in &application.units {
        for link in &unit.links {
            if let Err(why) = fits(unit, link, application, &known) {
                document.wrong(link.at, why);
            }
        }
        unprovided(document, unit, &known);
    }
    circles(document, application);
}

/// What a module says of itself.
struct Said {
    needs: Needs,
    /// `None` if it was told already that it cannot be read.
    interface: Option<Result<Interface, InterfaceError>>,
}

impl Said {
    fn of(unit: &Unit) -> Result<Self, Failure> {
        let path = &unit.module.path;
        let bytes = module::read(path)?;
        let interface = match &unit.witx {
            Some(witx) => witx.interface.clone().map(Ok),
            None => Some(Interface::of_wasm(&module::to_binary(path, &bytes)?)),
        };
        Ok(Self {
            needs: named::needs(path, &bytes)?,
            interface,
        })
    }

    fn interface(&self, unit: &Unit) -> Result<Option<&Interface>, String> {
        let interface = self.interface.as_ref().map(Result::as_ref);
        interface
            .transpose()
            .map_err(|error| format!("what {} says of its functions: {error}", unit.module.name))
    }
}

fn hash(document: &Document, unit: &Unit, read: &Needs) {
    if let Some(wanted) = unit.sha256.filter(|wanted| *wanted != read.sha256) {
        let file = unit.module.path.display();
        let what = format!("{file} has the SHA-256 {}, not {wanted}", read.sha256);
        document.wrong(unit.at, what);
    }
}

/// Why a link cannot be made.
fn fits(
    unit: &Unit,
    link: &Link,
    application: &Application,
    known: &HashMap<&str, Said>,
) -> Result<(), String> {
    let (module, name) = &link.import;
    let from = application
        .unit(&link.from)
        .ok_or_else(|| format!("there is no module `{}` to link to", link.from))?;
    let is_parent = unit.parent.as_ref() == Some(&link.from);
    let is_child = from.parent.as_ref() == Some(&unit.module.name);
    let is_sibling = unit.parent == from.parent && unit.module.name != from.module.name;
    if !is_parent && !is_child && !is_sibling {
        return Err(format!(
            "`{}` is neither the parent of {} nor one of its children or siblings",
            link.from, unit.module.name
        ));
    }
    // A module that could not be read was told of.
    let (Some(asks), Some(offers)) = (known.get(&*unit.module.name), known.get(&*link.from)) else {
        return Ok(());
    };
    let import = asks
        .needs
        .imports
        .iter()
        .find(|import| import.module == *module && import.name == *name)
        .ok_or_else(|| format!("{} does not import `{module}.{name}`", unit.module.name))?;
    let export = offers
        .needs
        .exports
        .iter()
        .find(|export| export.name == link.export)
        .ok_or_else(|| format!("{} exports no `{}`", link.from, link.export))?;
    let misfit = |wants: &str, has: &str| {
        Err(format!(
            "{} imports `{module}.{name}` as {wants}, and {} exports `{}` as {has}",
            unit.module.name, link.from, link.export
        ))
    };
    let (Some(wants), Some(has)) = (asks.interface(unit)?, offers.interface(from)?) else {
        return Ok(());
    };
    if link.is_described(wants, has) && !wants.fits((module, name), has, &link.export) {
        let text = |described: Option<String>, ty: &str| {
            described.unwrap_or_else(|| format!("{ty}, which is not described"))
        };
        let (wants, has) = (wants.import(module, name), has.export(&link.export));
        return misfit(&text(wants, &import.ty), &text(has, &export.ty));
    }
    match import.ty.starts_with("func ") && import.ty == export.ty {
        true => Ok(()),
        false => misfit(&import.ty, &export.ty),
    }
}

/// Notes what a module imports that is neither WASI's nor linked.
fn unprovided(document: &Document, unit: &Unit, known: &HashMap<&str, Said>) {
    let mut linked = HashSet::new();
    for link in &unit.links {
        let (module, name) = &link.import;
        if !linked.insert((&**module, &**name)) {
            document.wrong(link.at, format!("`{module}.{name}` is linked already"));
        }
    }
    let imports = known
        .get(&*unit.module.name)
        .map_or(&[][..], |said| &said.needs.imports);
    for import in imports {
        let is_linked = linked.contains(&(&*import.module, &*import.name));
        if import.class() == FOREIGN && !is_linked {
            let what = format!(
                "{} imports `{}.{}` ({}), which nobody provides; add a `[[module.link]]`",
                unit.module.name,
                printable(&import.module),
                printable(&import.name),
                printable(&import.ty),
            );
            document.wrong(unit.at, what);
        }
    }
}

/// Notes links into a circle of siblings, none of which can be made first.
fn circles(document: &Document, application: &Application) {
    let mut left: Vec<&Unit> = application.units.iter().collect();
    loop {
        let names: HashSet<&str> = left.iter().map(|unit| &*unit.module.name).collect();
        let waits_for = |unit: &Unit| {
            let mut links = unit.links.iter();
            let of_sibling = |link: &&Link| unit.parent.as_ref() != Some(&link.from);
            let waits = |link: &&Link| of_sibling(link) && names.contains(&*link.from);
            links.find(waits).map(|link| link.at)
        };
        let waiting: Vec<(&Unit, usize)> = left
            .iter()
            .filter_map(|unit| Some((*unit, waits_for(unit)?)))
            .collect();
        if waiting.len() == left.len() {
            for (unit, at) in waiting {
                let name = &unit.module.name;
                let what = format!("{name} waits for a circle of siblings that link to each other");
                document.wrong(at, what);
            }
            return;
        }
        left = waiting.into_iter().map(|(unit, _)| unit).collect();
    }
}
