//! Programs inside parents, as an engine that puts whatever it compiles inside them.

use std::sync::{Arc, Mutex, PoisonError};
use turnkey_cap_backends::{HostClocks, HostRandom, HostWait, ambient_authority, builder};
use turnkey_snapshots::engine::{
    CompileError, Engine, EngineOptions, Export, Import, Instance, InstantiateError, Limits,
    Module, Node,
};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Builder, Pipe, Stop};
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;

pub(crate) const READONLY_DIR: &[u8] = include_bytes!("../../guests/parents/readonly_dir.wasm");
pub(crate) const SERVE: &[u8] = include_bytes!("../../guests/parents/serve.wasm");
pub(crate) const LOG: &[u8] = include_bytes!("../../guests/parents/log.wasm");
pub(crate) const CLOCK_AND_DIR: &[u8] = include_bytes!("../../guests/parents/clock_and_dir.wasm");
pub(crate) const FEWER_DIRS: &[u8] = include_bytes!("../../guests/parents/fewer_dirs.wasm");

/// What a guest may take of the stack is multiplied by how many are nested.
const STACK: usize = 32 << 20;

pub(crate) fn engines() -> [Arc<dyn Engine>; 2] {
    let options = EngineOptions {
        fuel: false,
        interruptible: true,
    };
    [
        Arc::new(WasmtimeEngine::new(options).unwrap()),
        Arc::new(WasmiEngine::new(options)),
    ]
}

/// An engine, and the parents that stand around whatever it compiles, the outermost first.
pub(crate) struct Inside {
    engine: Arc<dyn Engine>,
    parents: Vec<Arc<dyn Module>>,
}

impl Inside {
    pub(crate) fn new(engine: &Arc<dyn Engine>, parents: &[&[u8]]) -> Self {
        let compiled = parents.iter().map(|wasm| engine.compile(wasm).unwrap());
        Self {
            engine: Arc::clone(engine),
            parents: compiled.map(Arc::from).collect(),
        }
    }
}

impl Engine for Inside {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError> {
        let child = self.engine.compile(wasm)?.into();
        Ok(Box::new(Nested {
            all: self.parents.iter().cloned().chain([child]).collect(),
        }))
    }
}

/// A program and its parents, the outermost first.
struct Nested {
    all: Vec<Arc<dyn Module>>,
}

impl Module for Nested {
    fn imports(&self) -> Vec<Import> {
        self.all.last().unwrap().imports()
    }

    fn exports(&self) -> Vec<Export> {
        self.all.last().unwrap().exports()
    }

    fn instantiate(&self, mut node: Node) -> Result<Box<dyn Instance>, InstantiateError> {
        let mut family = Family::builder()
            .clocks(Arc::new(HostClocks::new(ambient_authority())))
            .random(Arc::new(HostRandom::new(ambient_authority())))
            .waiter(Arc::new(HostWait));
        if let Some(interrupt) = node.ctx.interrupt() {
            family = family.interrupt(interrupt.clone());
        }
        for module in self.all.iter().skip(1) {
            family = family.module(Arc::clone(module));
        }
        node.functions.extend(family.build().functions());
        self.all[0].instantiate(node)
    }
}

/// What became of a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: u32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program in WAT inside parents.
pub(crate) fn run(
    engine: &Arc<dyn Engine>,
    parents: &[&[u8]],
    wat: &str,
    given: impl FnOnce(Builder) -> Builder,
) -> Ended {
    let wasm = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let module = Inside::new(engine, parents).compile(&wasm).unwrap();
    let (stdout, output) = Pipe::new(1 << 16);
    let (stderr, complaints) = Pipe::new(1 << 16);
    let ctx = given(builder())
        .stdout(Arc::new(stdout))
        .stderr(Arc::new(stderr))
        .build()
        .unwrap();
    let node = Node {
        ctx,
        functions: Vec::new(),
        limits: Limits::default(),
    };
    let code = Mutex::new(0);
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                let mut parent = module.instantiate(node).unwrap();
                let start = parent.export("_start").unwrap();
                *code.lock().unwrap() = match parent.call(start, &[], &mut []) {
                    Ok(()) => 0,
                    Err(Stop::Exit(code)) => code,
                    Err(Stop::Trap(trap)) => panic!("{trap}"),
                };
            })
            .unwrap();
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code: code.into_inner().unwrap_or_else(PoisonError::into_inner),
        stdout: text(output.drain()),
        stderr: text(complaints.drain()),
    }
}
