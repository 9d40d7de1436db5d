//! Parents in WebAssembly on every engine, asked through the traits and through preview 1.

mod dirs;
mod filters;
mod flaws;
mod names;
mod preview_1;
mod streams;
mod times;

use super::Serving;
use crate::fs::Tree;
use turnkey_snapshots::engine::{Engine, EngineOptions, Guest, Instance, Limits, Node};
use turnkey_wasi_common::{Errno, GuestPath, Result, WasiCtx};

const READ_ONLY: &str = include_str!("tests/read_only.wat");
const READ_WRITE: &str = include_str!("tests/read_write.wat");

/// The context in which the parents serve.
const TAG: u32 = 7;

fn engines() -> Vec<Box<dyn Engine>> {
    let options = EngineOptions {
        fuel: false,
        interruptible: true,
    };
    vec![
        Box::new(turnkey_wasmtime::WasmtimeEngine::new(options).unwrap()),
        Box::new(turnkey_wasmi::WasmiEngine::new(options)),
    ]
}

fn instance(engine: &dyn Engine, wat: &str) -> Box<dyn Instance> {
    let module = engine.compile(&wat::parse_str(wat).unwrap()).unwrap();
    let node = Node {
        ctx: WasiCtx::builder().build().unwrap(),
        functions: Vec::new(),
        limits: Limits::default(),
    };
    module.instantiate(node).unwrap()
}

/// Runs `check` with a parent on each engine.
fn on_every_engine(wat: &str, check: impl Fn(&Serving, &mut dyn Guest)) {
    for engine in engines() {
        println!("parent on {}", engine.name());
        let mut parent = instance(&*engine, wat);
        check(&Serving::default(), &mut *parent);
    }
}

/// A parent with a memory, 64 KiB of room, and these exports.
fn parent(exports: &str) -> String {
    format!(
        r#"(module (memory (export "memory") 2)
            (func (export "virt_scratch") (result i64) (i64.const 0x1_0000_0001_0000))
            {exports})"#
    )
}

/// The directory with the number 1.
fn tree(serving: &Serving) -> Tree {
    Tree::new(serving.dir(TAG, 1))
}

fn path(text: &str) -> GuestPath<'_> {
    GuestPath::new(text).unwrap()
}

fn errno<T>(result: Result<T>) -> Errno {
    match result {
        Ok(_) => Errno::Success,
        Err(error) => error.errno(),
    }
}
