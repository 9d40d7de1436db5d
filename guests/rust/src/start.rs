//! Starting a child the common way.

use crate::raw::imports::{self, say};
use crate::raw::nanoprocess_0 as nano;
use crate::{Cap, Child, Errno, Module, Outcome, Result};
use core::fmt::{self, Write};

/// What the parent exits with if the child asks for what it is not given. Nothing has run.
pub const REFUSED: u32 = 3;

/// What the parent exits with if the child was ended, as a shell tells of an abort.
pub const ENDED: u32 = 134;

/// What the parent exits with if it cannot do what it is there for.
pub const FAILED: u32 = 125;

/// As many descriptors as a guest has that nobody limits.
const USUAL_FILES: u32 = 4096;

/// Variables whose names begin so are for the parent, and are not handed on.
pub const OWN_ENV: &str = "TURNKEY_PARENT_";

/// Makes a child of module 0, which is handed the modules behind that in their order, the
/// arguments, the environment and the standard streams; has `give` bind it and grant it the rest;
/// links it, calls its `_start`, and exits as it did. What goes wrong is said on standard error.
pub fn run(give: impl FnOnce(&Child) -> Result<()>) -> ! {
    match start(give) {
        Ok(code) => imports::exit(code),
        Err(errno) => {
            line(format_args!(
                "error: the parent cannot do its work: {errno}"
            ));
            imports::exit(FAILED)
        }
    }
}

fn start(give: impl FnOnce(&Child) -> Result<()>) -> Result<u32> {
    let child = child()?;
    give(&child)?;
    if child.link()? != 0 {
        say_missing(&child);
        return Ok(REFUSED);
    }
    let ended = match child.call("_start", &[], &mut [])? {
        Outcome::Returned => return Ok(0),
        Outcome::Exited(code) => return Ok(code),
        Outcome::Trapped => "the child trapped",
        Outcome::Killed => "the child was killed",
        Outcome::Deadline => "the child took too long",
        Outcome::Fuel => "the child had no fuel left",
        Outcome::Unserved => "the parent failed to serve the child",
    };
    line(format_args!("error: {ended}"));
    Ok(ENDED)
}

/// A child of module 0 with the modules behind that, the arguments, the environment and the
/// standard streams of the parent. It is bound to nothing, and granted no directory.
///
/// # Errors
/// - `BADF`: the parent was given no module.
/// - those of [`Child::arg`] and [`Child::env`].
pub fn child() -> Result<Child> {
    let child = Child::new(&Module::given(0))?;
    let mut inside = 0;
    loop {
        match child.module(&Module::given(inside + 1)) {
            Ok(_) => inside += 1,
            Err(Errno::BADF) => break,
            Err(errno) => return Err(errno),
        }
    }
    limit(&child, inside > 0)?;
    imports::args(&mut |arg| child.arg(arg))?;
    imports::environ(&mut |variable| {
        let at = variable.iter().position(|byte| *byte == b'=');
        let (name, value) = variable.split_at(at.unwrap_or(variable.len()));
        match value.split_first() {
            Some((_, value)) if !name.starts_with(OWN_ENV.as_bytes()) => child.env(name, value),
            _ => Ok(()),
        }
    })?;
    for fd in 0..3 {
        if let Ok(cap) = Cap::from_fd(fd, u64::MAX) {
            child.stream(&cap, fd)?;
        }
    }
    Ok(child)
}

/// Limits a child to what is left. A sixteenth of the fuel stays here; a child that has children
/// itself keeps a sixteenth of the memory and a quarter of the descriptors, and has the rest for
/// those.
fn limit(child: &Child, has_children: bool) -> Result<()> {
    let left = imports::limits_left()?;
    let mut limits = left;
    if left.fuel != u64::MAX {
        limits.fuel -= left.fuel / 16;
    }
    if left.files == u32::MAX {
        limits.files = USUAL_FILES;
    }
    if !has_children {
        limits.memory_below = 0;
        limits.code = 0;
        limits.files_below = 0;
        limits.children = 0;
    }
    if has_children && left.memory != u64::MAX {
        limits.memory = left.memory / 16;
        limits.memory_below = left.memory - limits.memory;
    }
    if has_children && left.files != u32::MAX {
        limits.files = left.files / 4;
        limits.files_below = left.files - limits.files;
    }
    child.limits(&limits)
}

/// Hands on everything that the parent has open behind the standard streams, with these rights:
/// what it is, and preopens under their names.
///
/// # Errors
/// Those of [`Child::grant`].
pub fn grant_all(child: &Child, rights: u64) -> Result<()> {
    for fd in 3.. {
        let granted = imports::preopen(fd, |name| {
            let cap = Cap::from_fd(fd.unsigned_abs(), rights)?;
            child.grant_bytes(&cap, name)
        });
        match granted {
            Ok(_) => {}
            Err(Errno::BADF) => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn say_missing(child: &Child) {
    say(b"error: the child asks for what it is not given\n");
    let mut room = [0; 1024];
    for index in 0.. {
        let need = match child.missing(index, &mut room) {
            Ok(need) => need,
            Err(_) => break,
        };
        for (before, text) in [
            (&b"  + "[..], need.module),
            (b".", need.name),
            (b" ", need.ty),
            (b"  [", need.class),
        ] {
            if !text.is_empty() {
                say(before);
                say(text);
            }
        }
        say(if need.class.is_empty() { b"  " } else { b"]  " });
        line(format_args!(
            "{}",
            match (need.why, need.held) {
                (nano::WHY_UNBOUND, 0) => "nobody holds it",
                (nano::WHY_UNBOUND, 1) => "its parent holds it, and does not give it",
                (nano::WHY_UNBOUND, _) => "its parent does not hold it",
                (nano::WHY_MISTYPED, _) => "there is one of another type",
                _ => "there is nothing of this name",
            }
        ));
    }
    say(b"nothing was run\n");
}

/// Standard error.
struct Stderr;

impl Write for Stderr {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        say(text.as_bytes());
        Ok(())
    }
}

fn line(text: fmt::Arguments<'_>) {
    // It always succeeds.
    let _ = Stderr.write_fmt(text);
    say(b"\n");
}
