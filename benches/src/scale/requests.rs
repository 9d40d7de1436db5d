//! Requests, each served by a child of its own.

use super::stopwatch::Stopwatch;
use super::{Named, compile, family, guests, limits};
use crate::Failure;
use crate::table::Table;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_virt::fs::MemoryFs;
use turnkey_virt::nanoprocess::{Bind, Cap, Outcome, Place};
use turnkey_wasi_common::{Access, Fd, Grant, GuestPath, Object, OpenOptions, Pipe, Rights};

/// What one request found of another, by the number that a child answers.
const FOUND: [&str; 6] = [
    "memory",
    "size",
    "global",
    "offset",
    "descriptor",
    "contents",
];

/// Serves requests, and fails as soon as one sees anything of another.
pub(super) fn table(engines: &[Named], count: u32) -> Result<Table, Failure> {
    let title = format!("{count} requests, of which none sees anything of another");
    let mut table = Table::new(title, ["engine", "each, µs", "of the processor, µs"]);
    let fs = MemoryFs::new().file("input", b"input")?;
    let input = fs
        .root()
        .open(GuestPath::new("input")?, &OpenOptions::READ)?;
    let file = Cap::new(Grant::new(input));
    let dir = Cap::new(Grant::new(Object::Dir(fs.root())).access(Access::ReadOnly));
    let (writer, output) = Pipe::new(64);
    let stdout = Cap::new(Grant::new(Object::Stream(Arc::new(writer))));
    let stdout = stdout.weaker(Access::Only(Rights::FD_WRITE));
    for (name, engine) in engines {
        let module = compile(&**engine, &guests::request())?;
        let family = family();
        let stopwatch = Stopwatch::start();
        for request in 0..count {
            let child = family.spawn(Arc::clone(&module))?;
            child
                .bind("class:fd", Bind::Pass)?
                .bind("class:files", Bind::Pass)?;
            child.bind("class:clock", Bind::Pass)?.limit(limits())?;
            child.grant(&stdout, Place::At(Fd(1)), None)?;
            child.grant(&dir, Place::Next, Some("/"))?;
            child.grant(&file, Place::Next, None)?;
            child.link()?;
            let token = u64::from(request) | 0x5eed << 32;
            match child.call("serve", &[Value::from(token)])? {
                Outcome::Returned(values) if values == [Value::I32(0)] => {}
                Outcome::Returned(values) => {
                    let found = match values[..] {
                        [Value::I32(code)] => FOUND.get(code as usize - 1),
                        _ => None,
                    };
                    return Err(
                        format!("{name}: request {request} found another's {found:?}").into(),
                    );
                }
                other => return Err(format!("{name}: request {request} ended as {other:?}").into()),
            }
            if output.drain() != token.to_le_bytes() {
                return Err(
                    format!("{name}: request {request} was answered with another's").into(),
                );
            }
        }
        let [each, busy] = stopwatch.micros(count);
        table.row([(*name).to_owned(), each, busy]);
    }
    Ok(table)
}
