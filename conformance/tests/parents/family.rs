//! Programs inside parents.

use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Module, Node};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Builder, Pipe, Stop};
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;

pub(crate) const READONLY_DIR: &[u8] = include_bytes!("../../guests/parents/readonly_dir.wasm");
pub(crate) const ECHO: &[u8] = include_bytes!("../../guests/parents/echo.wasm");
pub(crate) const LOG: &[u8] = include_bytes!("../../guests/parents/log.wasm");
pub(crate) const FEWER_DIRS: &[u8] = include_bytes!("../../guests/parents/fewer_dirs.wasm");
pub(crate) const CLOCK_AND_DIR: &[u8] = include_bytes!("../../guests/parents/clock_and_dir.wasm");

/// A guest may take so much of the stack.
const STACK: usize = 4 << 20;

pub(crate) fn engines() -> [Box<dyn Engine>; 2] {
    let options = EngineOptions {
        fuel: false,
        interruptible: true,
    };
    [
        Box::new(WasmtimeEngine::new(options).unwrap()),
        Box::new(WasmiEngine::new(options)),
    ]
}

pub(crate) fn compiled(engine: &dyn Engine, all: &[&[u8]]) -> Vec<Arc<dyn Module>> {
    let modules = all.iter().map(|wasm| engine.compile(wasm).unwrap());
    modules.map(Arc::from).collect()
}

/// What became of a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: u32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program in WAT inside parents, the outermost first.
pub(crate) fn run(
    engine: &dyn Engine,
    parents: &[&[u8]],
    wat: &str,
    given: impl FnOnce(Builder) -> Builder,
) -> Ended {
    let wasm = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let all = compiled(engine, &[parents, &[&wasm]].concat());
    let (stdout, output) = Pipe::new(1 << 16);
    let (stderr, complaints) = Pipe::new(1 << 16);
    let ctx = given(builder())
        .stdout(Arc::new(stdout))
        .stderr(Arc::new(stderr))
        .build()
        .unwrap();
    let inner = all.iter().skip(1).cloned();
    let family = Family::builder().parent(&ctx);
    let family = family.modules(inner);
    let node = Node {
        ctx,
        functions: family.build().functions(),
        limits: Limits::default(),
    };
    let code = std::thread::scope(|scope| {
        let outermost = &all[0];
        let thread = std::thread::Builder::new().stack_size(STACK * all.len());
        let running = thread.spawn_scoped(scope, move || {
            let mut outermost = outermost.instantiate(node).unwrap();
            let start = outermost.export("_start").unwrap();
            match outermost.call(start, &[], &mut []) {
                Ok(()) => 0,
                Err(Stop::Exit(code)) => code,
                Err(Stop::Trap(trap)) => panic!("{trap}"),
            }
        });
        running.unwrap().join().unwrap()
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code,
        stdout: text(output.drain()),
        stderr: text(complaints.drain()),
    }
}
