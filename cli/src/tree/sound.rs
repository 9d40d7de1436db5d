//! How the modules of a tree stand to each other: each has one parent, and holds no more than that.

use super::application::{Application, Clocks, Granted, Random, Unit};
use crate::document::Document;
use crate::near::did_you_mean;
use std::collections::{HashMap, HashSet};

/// How many generations a tree has at most.
const DEEPEST: usize = 16;

/// The modules with each parent before its children; `None` if they are no tree. What one holds and
/// its parent does not is noted too.
pub(super) fn ordered(document: &Document, units: Vec<Unit>) -> Option<Application> {
    names_are_their_own(document, &units);
    let application = in_order(document, units)?;
    for unit in &application.units {
        match unit
            .parent
            .as_deref()
            .and_then(|name| application.unit(name))
        {
            Some(parent) => {
                narrower(document, unit, parent);
                less(document, unit, parent, &application);
                not_too_deep(document, unit, &application);
            }
            None => named_once(document, unit),
        }
    }
    Some(application)
}

fn names_are_their_own(document: &Document, units: &[Unit]) {
    let mut names = HashSet::new();
    for unit in units {
        let name = &unit.module.name;
        if !names.insert(name) {
            document.wrong(unit.at, format!("there are two modules of the name {name}"));
        }
    }
}

/// Takes generation after generation from the modules that are left.
fn in_order(document: &Document, units: Vec<Unit>) -> Option<Application> {
    let names: HashSet<String> = units.iter().map(|unit| unit.module.name.clone()).collect();
    let mut whole = true;
    let mut by_parent: HashMap<Option<String>, Vec<Unit>> = HashMap::new();
    for unit in units {
        if let Some(parent) = unit
            .parent
            .as_ref()
            .filter(|parent| !names.contains(*parent))
        {
            let known = names.iter().map(String::as_str);
            let hint = did_you_mean(parent, known);
            document.wrong(
                unit.at,
                format!("there is no module `{parent}` to be its parent{hint}"),
            );
            whole = false;
        }
        by_parent.entry(unit.parent.clone()).or_default().push(unit);
    }
    let mut generation = by_parent.remove(&None).unwrap_or_default();
    match generation.as_slice() {
        [] => document.wrong(0, "no module is the root: one has no `parent`"),
        [_] => {}
        [_, others @ ..] => {
            for unit in others {
                document.wrong(
                    unit.at,
                    "there is a root already; name this module's `parent`",
                );
            }
        }
    }
    whole &= generation.len() == 1;
    let mut ordered = Vec::new();
    let mut depth = 0;
    while !generation.is_empty() {
        depth += 1;
        if depth > DEEPEST {
            let at = generation.first().map_or(0, |unit| unit.at);
            document.wrong(at, format!("the tree has more than {DEEPEST} generations"));
            return None;
        }
        let children = generation.iter().flat_map(|unit| {
            let children = by_parent.remove(&Some(unit.module.name.clone()));
            children.unwrap_or_default()
        });
        let children = children.collect();
        ordered.append(&mut generation);
        generation = children;
    }
    // Those of unknown parents were told of; what is left besides are circles.
    for unit in by_parent.values().flatten() {
        let known = unit
            .parent
            .as_ref()
            .is_some_and(|parent| names.contains(parent));
        if known && whole {
            document.wrong(unit.at, "its ancestors are a circle, and lead to no root");
        }
    }
    (whole && by_parent.is_empty()).then_some(Application { units: ordered })
}

/// That a child holds nothing which its parent does not.
fn narrower(document: &Document, unit: &Unit, parent: &Unit) {
    let name = &parent.module.name;
    for dir in &unit.dirs {
        if let Err(why) = beneath(dir, &parent.dirs) {
            let what = format!("its parent {name} {why}");
            document.wrong(dir.at, what);
        }
    }
    named_once(document, unit);
    let fds = unit.fds.iter().filter(|fd| !parent.fds.contains(fd));
    for fd in fds {
        document.wrong(
            unit.at,
            format!("it is granted fd {fd}, which its parent {name} has not"),
        );
    }
    if unit.clocks == Clocks::Real && parent.clocks != Clocks::Real {
        let what = format!("it is granted the real clocks, and its parent {name} has not got them");
        document.wrong(unit.at, what);
    }
    if unit.random == Random::Real && parent.random != Random::Real {
        let what = format!(
            "it is granted the real random numbers, and its parent {name} has not got them"
        );
        document.wrong(unit.at, what);
    }
}

/// That a child is limited to no more than its parent.
fn less(document: &Document, unit: &Unit, parent: &Unit, application: &Application) {
    let (own, above) = (unit.limits, application.limits(parent));
    let more = [
        ("fuel", exceeds(own.fuel, above.fuel)),
        ("memory", exceeds(own.memory, above.memory)),
        ("files", exceeds(own.files, above.files)),
        ("time", exceeds(own.time, above.time)),
    ];
    for (what, _) in more.iter().filter(|(_, more)| *more) {
        let name = &parent.module.name;
        let what = format!("its limit `{what}` is more than that of its parent {name}");
        document.wrong(unit.at, what);
    }
}

fn exceeds<T: PartialOrd>(own: Option<T>, above: Option<T>) -> bool {
    own.zip(above).is_some_and(|(own, above)| own > above)
}

/// Why a directory is none that can be granted from these.
fn beneath(dir: &Granted, held: &[Granted]) -> Result<(), String> {
    let wanted = components(&dir.from);
    if wanted.contains(&"..") {
        return Err(format!(
            "cannot grant `{}`: a name with `..` leads elsewhere",
            dir.from
        ));
    }
    match holder(&dir.from, held).map(|(holder, _)| holder) {
        None => Err(format!("has no directory `{}` lies in", dir.from)),
        Some(holder) if holder.read_only && !dir.read_only => Err(format!(
            "may only read {}; write `read-only = true`",
            holder.name
        )),
        Some(_) => Ok(()),
    }
}

/// Which of these directories a path lies in, and the path from there on. Of several it is the one
/// that a path is resolved in: the longest.
pub(super) fn holder<'h>(path: &str, held: &'h [Granted]) -> Option<(&'h Granted, String)> {
    let wanted = components(path);
    let is_absolute = |path: &str| path.starts_with('/');
    let holders = held.iter().filter_map(|held| {
        let name = components(&held.name);
        let rest = wanted.strip_prefix(&*name)?;
        let same = is_absolute(&held.name) == is_absolute(path);
        same.then(|| (name.len(), held, rest.join("/")))
    });
    let (_, holder, rest) = holders.max_by_key(|(length, ..)| *length)?;
    Some((holder, rest))
}

fn components(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts.filter(|part| !matches!(*part, "" | ".")).collect()
}

/// That no two directories of a module have one name.
fn named_once(document: &Document, unit: &Unit) {
    let mut names = HashSet::new();
    for dir in &unit.dirs {
        if !names.insert(&dir.name) {
            document.wrong(
                dir.at,
                format!("another directory is called {} already", dir.name),
            );
        }
    }
}

/// That no ancestor has fewer generations beneath it than there are.
fn not_too_deep(document: &Document, unit: &Unit, application: &Application) {
    let above = |unit: &Unit| application.unit(unit.parent.as_deref()?);
    let ancestors = std::iter::successors(above(unit), |unit| above(unit));
    for (generations, ancestor) in (1..).zip(ancestors) {
        if let Some(depth) = ancestor.limits.depth.filter(|depth| *depth < generations) {
            let what = format!(
                "it is {generations} generations beneath {}, whose limit is {depth}",
                ancestor.module.name
            );
            document.wrong(unit.at, what);
        }
    }
}
