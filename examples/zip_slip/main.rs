//! A program that extracts archives without a thought is handed one directory, and can do no harm.
//!
//! `guests/unzip.c` takes each name of an archive as it is. Its parent holds all of `app`, and grants it
//! `app/uploads`. An archive that leads out of there in every way that is known is extracted on two
//! engines and three file systems: what belongs in the directory is written, all else is refused, and
//! nothing beside it changes. Ordinary archives by two independent programs come out as they were
//! packed.
//!
//! The parent is this program, then a wasm module that derives the handle of `uploads` from that of
//! `app` (`conformance/guests/parents/uploads.c`), and then that module inside another one, which
//! serves it `app` and carries out each request itself (`serve.c`).
//!
//! `cargo run -p turnkey-examples --bin zip_slip`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

mod app;
mod archive;
mod extract;

use app::{App, Place};
use extract::{Extracted, extract};
use std::sync::Arc;
use turnkey_conformance::parents::{SERVE, UPLOADS};
use turnkey_examples::{Failure, compile, engines};

const UNZIP: &[u8] = include_bytes!("guests/unzip.wasm");

fn main() -> Result<(), Failure> {
    let hostile = archive::hostile()?;
    for engine in engines()? {
        let unzip = compile(&*engine, UNZIP)?;
        let (uploads, serve) = (compile(&*engine, UPLOADS)?, compile(&*engine, SERVE)?);
        let parents = [
            ("a Rust parent", vec![]),
            ("a wasm parent", vec![Arc::clone(&uploads)]),
            ("a wasm parent that is served itself", vec![serve, uploads]),
        ];
        for (place_name, place) in Place::ALL {
            println!("{}, {place_name}", engine.name());
            for (parents_name, parents) in &parents {
                let app = App::new(place)?;
                let before = app.beside()?;
                let extracted = extract(&app, parents, &unzip, &hostile)?;
                look_at_each(&app, &extracted)?;
                if app.beside()? != before {
                    return Err("something beside `uploads` has changed".into());
                }
                let all = archive::hostile_members().count();
                let refused = extracted.refused.len();
                println!(
                    "  {parents_name}: {} members written, {refused} refused, nothing beside changed",
                    all - refused,
                );
                for (by, bytes) in archive::BY_OTHERS {
                    let app = App::new(place)?;
                    let code = extract(&app, parents, &unzip, bytes)?.code;
                    let packed = archive::packed();
                    for (name, contents) in &packed {
                        if code != 0 || app.extracted(name)? != *contents {
                            return Err(format!("{name}, packed by {by}, is something else").into());
                        }
                    }
                    println!(
                        "    {} files packed by {by} are what they were",
                        packed.len()
                    );
                }
            }
        }
    }
    println!("\nwhat is refused, and why:");
    let app = App::new(Place::Memory)?;
    let [engine, ..] = engines()?;
    let extracted = extract(&app, &[], &compile(&*engine, UNZIP)?, &hostile)?;
    for (name, errno) in &extracted.refused {
        let name = name.escape_debug().to_string();
        println!("  {name:<44} {}", errno.name());
    }
    Ok(())
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
