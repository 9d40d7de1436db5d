//! A tree's file.

use super::application::{Application, Clocks, Described, Granted, Limits, Link, Random, Unit};
use super::{links, sound};
use crate::document::{Document, Fields, Found};
use crate::engine::EngineName;
use crate::failure::Failure;
use crate::lock_file::folder;
use crate::named::Named;
use crate::near::did_you_mean;
use crate::size;
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use turnkey_virt::policy::Sha256;
use turnkey_virt::typed::Interface;

/// The version of the form.
const FORM: u64 = 1;

/// The highest of the standard streams' numbers.
const STDERR: u64 = 2;

/// Reads an application from its file, and of its modules what they import and export.
///
/// # Errors
/// Every mistake in the file, each with its line: those of the form first, then how the modules
/// stand to each other, then what the modules themselves say.
pub(crate) fn read(path: &Path) -> Result<Application, Failure> {
    read_with(path, |_, application| Some(application))
}

/// Reads an application as [`read`] does. If no mistake is found, `step` makes something of it, or
/// notes what is wrong.
///
/// # Errors
/// As [`read`], and what `step` has noted.
pub(super) fn read_with<T>(
    path: &Path,
    step: impl FnOnce(&Document, Application) -> Option<T>,
) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::set_up(format_args!(
            "{}: the tree cannot be read: {error}",
            path.display()
        ))
    })?;
    Document::read(path, &text, |fields| {
        let units = units(fields, folder(path))?;
        let application = sound::ordered(fields.document(), units)?;
        links::check(fields.document(), &application);
        match fields.document().is_sound() {
            true => step(fields.document(), application),
            false => None,
        }
    })
}

fn units(fields: &Fields<'_>, folder: &Path) -> Option<Vec<Unit>> {
    let document = fields.document();
    match fields.number("version") {
        None => document.wrong(fields.at(), "`version = 1` is missing"),
        Some(Found { at, value }) if value != FORM => {
            let what = format!("this tree is of version {value}, and this command knows {FORM}");
            document.wrong(at, what);
        }
        Some(_) => {}
    }
    let units: Vec<_> = fields
        .tables("module")
        .iter()
        .map(|fields| unit(fields, folder))
        .collect();
    fields.end();
    units.into_iter().collect()
}

fn unit(fields: &Fields<'_>, folder: &Path) -> Option<Unit> {
    let module = module(fields, folder);
    let unit = Unit {
        at: fields.at(),
        module: module.clone().unwrap_or_else(|| Named::of_file(folder)),
        sha256: parsed(fields, "sha256", |text| {
            let hash = text.parse::<Sha256>();
            hash.map_err(|error| error.to_string())
        }),
        parent: fields.text("parent").map(|parent| parent.value),
        engine: parsed(fields, "engine", engine),
        args: values(fields.texts("args")),
        takes_args: fields.flag("takes-args").is_some_and(|takes| takes.value),
        env: env(fields),
        dirs: fields.tables("dir").iter().filter_map(dir).collect(),
        fds: fds(fields),
        clocks: parsed(fields, "clocks", clocks).unwrap_or_default(),
        random: parsed(fields, "random", random).unwrap_or_default(),
        witx: witx(fields, folder),
        links: fields.tables("link").iter().filter_map(link).collect(),
        limits: limits(fields),
    };
    fields.end();
    module.map(|_| unit)
}

fn module(fields: &Fields<'_>, folder: &Path) -> Option<Named> {
    let version = fields.text("version").map(|version| version.value);
    let (name, file) = (fields.needed("name"), fields.needed("file"));
    let (name, file) = (name?, file?);
    let path = found_in(folder, &file.value);
    if name.value.is_empty() {
        fields.document().wrong(name.at, "`name` is empty");
        return None;
    }
    Some(Named {
        name: name.value,
        version,
        given: file.value,
        path,
    })
}

/// A file that the tree names.
fn found_in(folder: &Path, file: &str) -> PathBuf {
    match folder == Path::new(".") {
        true => file.into(),
        false => folder.join(file),
    }
}

fn witx(fields: &Fields<'_>, folder: &Path) -> Option<Described> {
    let Found { at, value: given } = fields.text("witx")?;
    let path = found_in(folder, &given);
    let read = match std::fs::read_to_string(&path) {
        Ok(text) => {
            Interface::parse(&text).map_err(|error| format!("{}: {}", error.line, error.what))
        }
        Err(error) => Err(format!(" it cannot be read: {error}")),
    };
    let wrong = |why| {
        let what = format!("{}:{why}", path.display());
        fields.document().wrong(at, what);
    };
    Some(Described {
        given,
        interface: read.map_err(wrong).ok(),
    })
}

fn env(fields: &Fields<'_>) -> Vec<(String, String)> {
    let Some(table) = fields.table("env") else {
        return Vec::new();
    };
    let variables = table.named_texts().into_iter();
    variables
        .map(|(name, value)| {
            if name.value.is_empty() || name.value.contains('=') {
                let what = format!("`{}` is no name of a variable", name.value);
                fields.document().wrong(name.at, what);
            }
            (name.value, value)
        })
        .collect()
}

fn dir(fields: &Fields<'_>) -> Option<Granted> {
    let from = fields.needed("from");
    let name = fields.text("name").or_else(|| from.clone());
    let read_only = fields.flag("read-only").is_some_and(|only| only.value);
    fields.end();
    Some(Granted {
        at: fields.at(),
        from: from?.value,
        name: name?.value,
        read_only,
    })
}

fn fds(fields: &Fields<'_>) -> Vec<u32> {
    let mut fds = Vec::new();
    for Found { at, value } in fields.numbers("fds") {
        match u32::try_from(value) {
            Ok(fd) if value <= STDERR && !fds.contains(&fd) => fds.push(fd),
            Ok(_) if value <= STDERR => {
                let what = format!("{value} is among `fds` twice");
                fields.document().wrong(at, what);
            }
            _ => {
                let what = format!("{value} is no standard stream: those are 0, 1 and 2");
                fields.document().wrong(at, what);
            }
        }
    }
    fds
}

fn link(fields: &Fields<'_>) -> Option<Link> {
    let (module, name) = (fields.needed("module"), fields.needed("name"));
    let (from, export) = (fields.needed("from"), fields.text("export"));
    fields.end();
    let name = name?.value;
    Some(Link {
        at: fields.at(),
        export: export.map_or_else(|| name.clone(), |export| export.value),
        import: (module?.value, name),
        from: from?.value,
    })
}

fn limits(fields: &Fields<'_>) -> Limits {
    let Some(table) = fields.table("limits") else {
        return Limits::default();
    };
    let small = |key| {
        let Found { at, value } = table.number(key)?;
        let number = u32::try_from(value);
        let what = || format!("`{key}` is {} at most", u32::MAX);
        number.map_err(|_| table.document().wrong(at, what())).ok()
    };
    let limits = Limits {
        fuel: table.number("fuel").map(|fuel| fuel.value),
        memory: parsed(&table, "memory", size::parse),
        files: small("files"),
        time: parsed(&table, "time", |text| {
            humantime::parse_duration(text).map_err(|error| error.to_string())
        }),
        depth: small("depth"),
    };
    table.end();
    limits
}

/// A text that says something in a form of its own.
fn parsed<T>(
    fields: &Fields<'_>,
    key: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let Found { at, value } = fields.text(key)?;
    let wrong = |why| fields.document().wrong(at, format!("`{key}`: {why}"));
    parse(&value).map_err(wrong).ok()
}

fn engine(name: &str) -> Result<EngineName, String> {
    EngineName::from_str(name, false).map_err(|_| {
        let all = EngineName::all().iter();
        let names: Vec<_> = all.filter_map(ValueEnum::to_possible_value).collect();
        let names = names.iter().map(clap::builder::PossibleValue::get_name);
        format!("there is no engine `{name}`{}", did_you_mean(name, names))
    })
}

fn clocks(text: &str) -> Result<Clocks, String> {
    match text.split_once(':') {
        None if text == "real" => Ok(Clocks::Real),
        None if text == "denied" => Ok(Clocks::Denied),
        Some(("virtual", moment)) => {
            let moment = moment.parse();
            moment
                .map(Clocks::Virtual)
                .map_err(|error| error.to_string())
        }
        _ => Err("write real, virtual:TIME or denied".to_owned()),
    }
}

fn random(text: &str) -> Result<Random, String> {
    let seed = text.strip_prefix("virtual:").map(str::parse);
    match (text, seed) {
        ("real", _) => Ok(Random::Real),
        ("denied", _) => Ok(Random::Denied),
        (_, Some(Ok(seed))) => Ok(Random::Virtual(seed)),
        _ => Err("write real, virtual:SEED with a number, or denied".to_owned()),
    }
}

fn values(found: Vec<Found<String>>) -> Vec<String> {
    found.into_iter().map(|found| found.value).collect()
}
