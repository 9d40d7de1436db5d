//! An application, as people read it.

use super::application::{Application, Unit};
use clap::ValueEnum;

/// The tree with what each module is given, its children further to the right.
pub(super) fn show(application: &Application) -> String {
    let mut lines = Vec::new();
    for root in application.children(None) {
        branch(application, root, 0, &mut lines);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn branch(application: &Application, unit: &Unit, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let module = &unit.module;
    let version = module.version.as_ref().map(|version| format!(" {version}"));
    let version = version.unwrap_or_default();
    let file = module.path.display();
    lines.push(format!("{indent}{}{version} ({file})", module.name));
    lines.extend(told(unit).map(|(what, told)| format!("{indent}    {what:8} {told}")));
    for child in application.children(Some(&module.name)) {
        branch(application, child, depth + 1, lines);
    }
}

/// What a module is given, each with what it is.
fn told(unit: &Unit) -> impl Iterator<Item = (&'static str, String)> {
    let mut told = Vec::new();
    if let Some(engine) = unit.engine.and_then(|engine| engine.to_possible_value()) {
        told.push(("engine", engine.get_name().to_owned()));
    }
    let more = unit.takes_args.then_some("ARGS");
    let args: Vec<&str> = unit.args.iter().map(String::as_str).chain(more).collect();
    if !args.is_empty() {
        told.push(("args", args.join(" ")));
    }
    told.extend(
        unit.env
            .iter()
            .map(|(name, value)| ("env", format!("{name}={value}"))),
    );
    told.extend(unit.fds.iter().map(|fd| ("fd", fd.to_string())));
    told.extend(unit.dirs.iter().map(|dir| ("dir", dir.to_string())));
    told.push(("clocks", unit.clocks.to_string()));
    told.push(("random", unit.random.to_string()));
    told.extend(unit.witx.iter().map(|witx| ("witx", witx.given.clone())));
    told.extend(unit.links.iter().map(|link| ("link", link.to_string())));
    let limits = &unit.limits;
    let limits = [
        limits.fuel.map(|fuel| format!("fuel {fuel}")),
        limits.memory.map(|bytes| format!("memory {bytes} bytes")),
        limits.files.map(|files| format!("files {files}")),
        limits
            .time
            .map(|time| format!("time {}", humantime::format_duration(time))),
        limits.depth.map(|depth| format!("depth {depth}")),
    ];
    told.extend(limits.into_iter().flatten().map(|limit| ("limit", limit)));
    told.into_iter()
}
