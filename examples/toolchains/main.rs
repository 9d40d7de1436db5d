//! Modules from three toolchains pass each other text and records, each in a memory of its own.
//!
//! `tell.c` is built by clang, `counts.rs` by rustc, and `capitals.wat` is written by hand. Each
//! describes its functions in a section of its own; this program is the parent of all three, and
//! binds what one imports to what another exports, though they run on different engines.
//!
//! `cargo run -p turnkey-examples --bin toolchains`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

use std::sync::Arc;
use turnkey_examples::{Failure, compile, engines};
use turnkey_snapshots::engine::Engine;
use turnkey_virt::nanoprocess::{Child, Export, Family, LinkError, TypedOutcome};
use turnkey_virt::typed::TypedValue;

const TELL: &[u8] = include_bytes!("guests/tell.wasm");
const COUNTS: &[u8] = include_bytes!("guests/counts.wasm");
const CAPITALS: &[u8] = include_bytes!("guests/capitals.wasm");

/// Texts, and what is told of them.
const TEXTS: [(&str, &str); 3] = [
    (
        "each module is handed exactly the keys it needs",
        "9 words of 39 letters, the longest EXACTLY",
    ),
    (
        "naïve façades",
        "2 words of 12 letters, the longest FAçADES",
    ),
    ("", "0 words of 0 letters, the longest "),
];

fn main() -> Result<(), Failure> {
    let [wasmtime, wasmi] = engines()?;
    for (one, other) in [
        (&wasmtime, &wasmtime),
        (&wasmtime, &wasmi),
        (&wasmi, &wasmtime),
        (&wasmi, &wasmi),
    ] {
        println!("C and WAT on {}, Rust on {}:", one.name(), other.name());
        let tree = Tree::new(&**one, &**other)?;
        for (text, expected) in TEXTS {
            let told = tree.tell(text)?;
            println!("  {text:?}: {told}");
            if told != expected {
                return Err(format!("that is not {expected:?}").into());
            }
        }
    }
    println!("\nbound to a function of another type:");
    println!("  {}", other_type(&*wasmtime)?);
    Ok(())
}

/// A child of each toolchain. Whoever calls holds no other: they are kept here.
struct Tree {
    tell: Child,
    _called: [Arc<Child>; 2],
}

impl Tree {
    fn new(one: &dyn Engine, other: &dyn Engine) -> Result<Self, Failure> {
        let family = Family::builder().build();
        let counts = Arc::new(family.spawn(compile(other, COUNTS)?)?);
        let capitals = Arc::new(family.spawn(compile(one, CAPITALS)?)?);
        let tell = family.spawn(compile(one, TELL)?)?;
        tell.bind_export("counts", "count", &Export::of(&counts, "count"))?;
        tell.bind_export("capitals", "shout", &Export::of(&capitals, "shout"))?;
        for child in [&*counts, &*capitals, &tell] {
            child.link()?;
        }
        Ok(Self {
            tell,
            _called: [counts, capitals],
        })
    }

    fn tell(&self, text: &str) -> Result<String, Failure> {
        match self.tell.call_typed("tell", &[text.into()])? {
            TypedOutcome::Returned(TypedValue::String(told)) => Ok(told),
            outcome => Err(format!("it came otherwise: {outcome:?}").into()),
        }
    }
}

/// What is told of a child whose import is bound to a function of another type.
fn other_type(engine: &dyn Engine) -> Result<LinkError, Failure> {
    let family = Family::builder().build();
    let counts = Arc::new(family.spawn(compile(engine, COUNTS)?)?);
    let tell = family.spawn(compile(engine, TELL)?)?;
    for (module, name) in [("counts", "count"), ("capitals", "shout")] {
        tell.bind_export(module, name, &Export::of(&counts, "count"))?;
    }
    match tell.link() {
        Err(error) => Ok(error),
        Ok(()) => Err("it was linked all the same".into()),
    }
}
