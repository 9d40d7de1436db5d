//! A program that extracts archives without a thought is handed one directory, and can do no harm.
//!
//! `guests/unzip.c` takes each name of an archive as it is. Its parent holds all of `app`, and grants it
//! `app/uploads`. An archive that leads out of there in every way that is known is extracted on two
//! engines and three file systems: what belongs in the directory is written, all else is refused, and
//! nothing beside it changes. Ordinary archives by two independent programs come out as they were
//! packed.
//!
//! `cargo run -p turnkey-examples --bin zip_slip`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

mod app;
mod archive;

use app::{App, Place};
use std::collections::BTreeMap;
use std::sync::Arc;
use turnkey_examples::{Failure, compile, engines};
use turnkey_snapshots::engine::Module;
use turnkey_virt::Audit;
use turnkey_virt::nanoprocess::{Bind, Cap, Family, Outcome, Place as At};
use turnkey_wasi_common::{Errno, Fd, Grant, Object, Pipe, PipeReader};

const UNZIP: &[u8] = include_bytes!("guests/unzip.wasm");

/// What became of an archive.
struct Extracted {
    code: u32,
    /// The members that were refused, and why.
    refused: BTreeMap<String, Errno>,
    audit: Arc<Audit>,
}

fn main() -> Result<(), Failure> {
    let hostile = archive::hostile()?;
    for engine in engines()? {
        let unzip = compile(&*engine, UNZIP)?;
        for (place_name, place) in Place::ALL {
            let app = App::new(place)?;
            let before = app.beside()?;
            let extracted = extract(&app, &unzip, &hostile)?;
            look_at_each(&app, &extracted)?;
            if app.beside()? != before {
                return Err("something beside `uploads` has changed".into());
            }
            let all = archive::hostile_members().count();
            let refused = extracted.refused.len();
            println!(
                "{}, {place_name}: {} members written, {refused} refused, nothing beside changed",
                engine.name(),
                all - refused,
            );
            for (by, bytes) in archive::BY_OTHERS {
                let app = App::new(place)?;
                let code = extract(&app, &unzip, bytes)?.code;
                let packed = archive::packed();
                for (name, contents) in &packed {
                    if code != 0 || app.extracted(name)? != *contents {
                        return Err(format!("{name}, packed by {by}, is something else").into());
                    }
                }
                println!("  {} files packed by {by} are what they were", packed.len());
            }
        }
    }
    println!("\nwhat is refused, and why:");
    let app = App::new(Place::Memory)?;
    let [engine, ..] = engines()?;
    let extracted = extract(&app, &compile(&*engine, UNZIP)?, &hostile)?;
    for (name, errno) in &extracted.refused {
        let name = name.escape_debug().to_string();
        println!("  {name:<44} {}", errno.name());
    }
    Ok(())
}

/// Has the program extract an archive into `uploads`, and nothing else.
fn extract(app: &App, unzip: &Arc<dyn Module>, archive: &[u8]) -> Result<Extracted, Failure> {
    let audit = Arc::new(Audit::new(1_000));
    let parent = Family::builder().filter(audit.clone()).build();
    let child = parent.spawn(Arc::clone(unzip))?;
    let all_of_it = Cap::new(Grant::new(Object::Dir(Arc::clone(&app.root))));
    child.grant(&all_of_it.subtree("app/uploads")?, At::At(Fd(3)), Some("/"))?;
    let (stderr, said) = Pipe::new(1 << 16);
    let stdin = Object::Stream(Arc::new(PipeReader::of(archive)));
    child.grant(&Cap::new(Grant::new(stdin)), At::At(Fd(0)), None)?;
    let stderr = Object::Stream(Arc::new(stderr));
    child.grant(&Cap::new(Grant::new(stderr)), At::At(Fd(2)), None)?;
    child.bind("class:*", Bind::Pass)?;
    child.link()?;
    match child.call("_start", &[])? {
        Outcome::Exited(code) => Ok(Extracted {
            code,
            refused: refused(&said.drain())?,
            audit,
        }),
        outcome => Err(format!("the program ended otherwise: {outcome:?}").into()),
    }
}

/// What the program says of members that it could not write: a line of `NAME: errno NUMBER` each.
fn refused(said: &[u8]) -> Result<BTreeMap<String, Errno>, Failure> {
    let said = std::str::from_utf8(said)?;
    let lines = said.lines().map(|line| {
        let (name, number) = line.rsplit_once(": errno ").ok_or(line)?;
        let errno = Errno::from_number(number.parse()?).ok_or(line)?;
        Ok((name.to_owned(), errno))
    });
    lines.collect()
}

/// Whether what had to be refused was, nothing else, and each refusal is in the audit.
fn look_at_each(app: &App, extracted: &Extracted) -> Result<(), Failure> {
    let expected = archive::hostile_members().filter_map(|member| {
        let errno = member.answer.err()?;
        Some((member.name.to_owned(), errno))
    });
    if extracted.refused != expected.collect() {
        return Err(format!("something else was refused: {:?}", extracted.refused).into());
    }
    let records = extracted.audit.records();
    for (name, errno) in &extracted.refused {
        let told = records.iter().any(|record| {
            let mut strings = record.strings.iter();
            record.errno == Some(*errno) && strings.any(|(_, text)| text.as_ref() == Some(name))
        });
        if !told {
            return Err(format!("{name:?} is not in the audit").into());
        }
    }
    match app.extracted("ok.txt")? == archive::CONTENTS {
        true => Ok(()),
        false => Err("`ok.txt` holds something else".into()),
    }
}
