//! Parents written for tests, and the engines that they run on.
#![allow(
    clippy::cast_possible_truncation,
    dead_code,
    reason = "each test takes what it needs, and the numbers of tests are small"
)]

pub(crate) mod scene;

use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Module, Node};
use turnkey_virt::nanoprocess::{ChildLimits, FUNCTIONS, Family};
use turnkey_wasi_common::function::{CoreType, Function, Kind, Role};
use turnkey_wasi_common::{Pipe, PipeReader, PipeWriter, Stop, WasiCtx};

pub(crate) const BADF: u32 = 8;
pub(crate) const BUSY: u32 = 10;
pub(crate) const DQUOT: u32 = 19;
pub(crate) const EXIST: u32 = 20;
pub(crate) const FAULT: u32 = 21;
pub(crate) const FBIG: u32 = 22;
pub(crate) const ILSEQ: u32 = 25;
pub(crate) const INVAL: u32 = 28;
pub(crate) const NAMETOOLONG: u32 = 37;
pub(crate) const NOENT: u32 = 44;
pub(crate) const NOEXEC: u32 = 45;
pub(crate) const NOMEM: u32 = 48;
pub(crate) const NOSYS: u32 = 52;
pub(crate) const NOTDIR: u32 = 54;
pub(crate) const NOTSUP: u32 = 58;
pub(crate) const SRCH: u32 = 71;
pub(crate) const NOTCAPABLE: u32 = 76;

/// Bindings as the document numbers them.
pub(crate) const DENY: u32 = 0;
pub(crate) const TRAP: u32 = 1;
pub(crate) const PASS: u32 = 2;
pub(crate) const SERVE: u32 = 3;
pub(crate) const FILTER: u32 = 4;

pub(crate) fn engines_with(options: EngineOptions) -> Vec<Arc<dyn Engine>> {
    vec![
        Arc::new(turnkey_wasmtime::WasmtimeEngine::new(options).unwrap()),
        Arc::new(turnkey_wasmi::WasmiEngine::new(options)),
    ]
}

pub(crate) fn engines() -> Vec<Arc<dyn Engine>> {
    engines_with(EngineOptions {
        fuel: false,
        interruptible: true,
    })
}

/// Engines that count fuel.
pub(crate) fn counting() -> Vec<Arc<dyn Engine>> {
    engines_with(EngineOptions {
        fuel: true,
        interruptible: true,
    })
}

/// Runs `check` with every pair of a parent's and a child's engine.
pub(crate) fn on_every_pair(check: impl Fn(&Arc<dyn Engine>, &Arc<dyn Engine>)) {
    for parent in engines() {
        for child in engines() {
            println!("parent on {}, child on {}", parent.name(), child.name());
            check(&parent, &child);
        }
    }
}

pub(crate) fn compile(engine: &Arc<dyn Engine>, wat: &str) -> Arc<dyn Module> {
    let wasm = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    engine.compile(&wasm).unwrap().into()
}

/// The imports of every function that parents have, each with its name.
pub(crate) fn imports() -> String {
    imports_of(&FUNCTIONS)
}

/// The imports of these functions, each with its name.
pub(crate) fn imports_of(functions: &[Function]) -> String {
    let imports = functions.iter().map(|function| {
        format!(
            "(import \"{}\" \"{name}\" (func ${name} (param{}) (result{})))\n",
            function.module,
            types(function.core.params),
            types(function.core.results),
            name = function.name,
        )
    });
    imports.collect()
}

/// Types of a core signature, as they are written.
pub(crate) fn types(types: &[CoreType]) -> String {
    let types = types.iter().map(|ty| match ty {
        CoreType::I32 => " i32",
        CoreType::I64 => " i64",
    });
    types.collect()
}

/// A parent with every import, whose `_start` does `body`. `$must` exits with an errno that it is
/// handed, `$exit` with whatever it is handed.
pub(crate) fn parent(exports: &str, body: &str) -> String {
    format!(
        r#"(module
            {imports}
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            {exports}
            (func $must (param i32)
                (if (local.get 0) (then (call $exit (local.get 0)))))
            (func (export "_start") {body}))"#,
        imports = imports(),
    )
}

/// Data at an address of a module's memory.
pub(crate) fn data(at: u32, text: &str) -> String {
    format!("(data (i32.const {at}) {text:?})\n")
}

/// Limits as they lie in a parent's memory, from an address.
pub(crate) fn limits_at(at: u32, limits: &ChildLimits) -> String {
    let deadline = limits
        .deadline
        .map_or(u64::MAX, |span| span.as_nanos() as u64);
    let long = [
        limits.fuel,
        limits.memory,
        limits.memory_below,
        limits.code,
        limits.fs_bytes,
        limits.inodes,
        deadline,
    ];
    let short = [
        limits.files as u32,
        limits.files_below as u32,
        limits.children as u32,
        limits.depth,
    ];
    let long = long.into_iter().flat_map(u64::to_le_bytes);
    let bytes = long.chain(short.into_iter().flat_map(u32::to_le_bytes));
    let bytes: String = bytes.map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {at}) \"{bytes}\")\n")
}

/// A call with constant arguments; those that hold `i64` or `(` are written as they are.
pub(crate) fn call(name: &str, args: &[&str]) -> String {
    let args = args.iter().map(|arg| match arg.contains('(') {
        true => format!(" {arg}"),
        false => format!(" (i32.const {arg})"),
    });
    format!("(call ${name}{})", args.collect::<String>())
}

/// The same, which has to succeed.
pub(crate) fn must(name: &str, args: &[&str]) -> String {
    format!("(call $must {})\n", call(name, args))
}

/// Runs a module's `_start` with a family's functions; answers how it ended.
pub(crate) fn run_in(
    engine: &Arc<dyn Engine>,
    wat: &str,
    ctx: WasiCtx,
    family: &Family,
    limits: Limits,
) -> Result<(), Stop> {
    let node = Node {
        ctx,
        functions: family.functions(),
        limits,
    };
    let mut parent = compile(engine, wat).instantiate(node).unwrap();
    let start = parent.export("_start").unwrap();
    parent.call(start, &[], &mut [])
}

pub(crate) fn run(engine: &Arc<dyn Engine>, wat: &str, family: &Family) -> Result<(), Stop> {
    let ctx = WasiCtx::builder().build().unwrap();
    run_in(engine, wat, ctx, family, Limits::default())
}

/// What a parent exits with.
pub(crate) fn code(engine: &Arc<dyn Engine>, wat: &str, family: &Family) -> u32 {
    match run(engine, wat, family) {
        Ok(()) => 0,
        Err(Stop::Exit(code)) => code,
        Err(Stop::Trap(trap)) => panic!("{trap}\n{wat}"),
    }
}

pub(crate) fn output() -> (Arc<PipeWriter>, PipeReader) {
    let (writer, reader) = Pipe::new(1 << 16);
    (Arc::new(writer), reader)
}

/// The core parameters of a function that are addresses, with the position of what counts there.
pub(crate) fn pointers(function: &Function) -> Vec<(usize, Option<usize>)> {
    let position = |role: Role| function.roles.iter().position(|known| *known == role);
    let mut pointers = Vec::new();
    for (at, role) in function.roles.iter().enumerate() {
        match *role {
            Role::Return(_) => pointers.push((at, None)),
            Role::Length(_) => {}
            Role::Value(param) => match function.params[param].ty.kind {
                Kind::String | Kind::List { .. } => {
                    pointers.push((at, position(Role::Length(param))));
                }
                Kind::Pointer { .. } => {
                    let count = function.params[param].count;
                    // Without a count it is the host that says how much it needs.
                    if let Some(count) = count {
                        pointers.push((at, position(Role::Value(count))));
                    }
                }
                Kind::Record { .. } | Kind::Variant { .. } => pointers.push((at, None)),
                _ => {}
            },
        }
    }
    pointers
}
