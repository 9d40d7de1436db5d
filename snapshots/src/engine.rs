//! What Turnkey asks of an engine, and what it hands to one.
//!
//! An embedder who has chosen an engine uses that engine's adapter directly. These traits are for
//! whoever must not care: the command line, the conformance runner, and parents whose children may
//! run on another engine than they do themselves.
//!
//! A [`Module`] is instantiated with a [`Node`]: the context on which its WASI calls act, the host
//! functions that it finds beside them, and its limits. The node is the instance's alone, so no
//! other instance's memory or context can be mistaken for it.

mod handlers;
mod import;
mod interface;
mod memory_use;
mod options;
mod refusal;
mod value;

pub use handlers::Handlers;
pub use import::{Export, ExternType, Import, Missing, Why, missing};
pub use interface::interface_of;
pub use memory_use::MemoryUse;
pub use options::EngineOptions;
pub use refusal::Refusal;
pub use value::{FuncType, Value, ValueType};

use std::fmt;
use std::sync::Arc;
use turnkey_wasi_common::{Stop, Trap, WasiCtx};

/// A WebAssembly engine.
///
/// The least that there can be to one, and somebody who does not care which it is:
///
/// ```
/// use turnkey_snapshots::engine::{CompileError, Engine, Limits, Module, Node};
/// use turnkey_wasi_common::WasiCtx;
///
/// struct Refusing;
///
/// impl Engine for Refusing {
///     fn name(&self) -> &'static str {
///         "refusing"
///     }
///
///     fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError> {
///         Err(CompileError(format!("{} bytes, and none is liked here", wasm.len())))
///     }
/// }
///
/// fn run(engine: &dyn Engine, wasm: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
///     let mut instance = engine.compile(wasm)?.instantiate(Node {
///         ctx: WasiCtx::builder().build()?,
///         functions: Vec::new(),
///         limits: Limits::default(),
///     })?;
///     let start = instance.export("_start").ok_or("it is no command")?;
///     Ok(instance.call(start, &[], &mut [])?)
/// }
///
/// let refused = run(&Refusing, b"\0asm").unwrap_err();
/// assert_eq!(refused.to_string(), "4 bytes, and none is liked here");
/// ```
pub trait Engine: Send + Sync {
    /// The name by which users choose it.
    fn name(&self) -> &'static str;

    /// Compiles a module from its binary form.
    ///
    /// # Errors
    /// The bytes are no valid module, or the module needs what the engine does not have.
    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError>;
}

/// A compiled module. It can be instantiated any number of times.
pub trait Module: Send + Sync {
    /// What the module asks for, in an order of the engine's.
    fn imports(&self) -> Vec<Import>;

    /// What the module offers, in an order of the engine's.
    fn exports(&self) -> Vec<Export>;

    /// What the module says about the types of its functions: the text of its custom sections named
    /// `witx`, if it has any ([`interface_of`]).
    fn interface(&self) -> Option<&[u8]> {
        None
    }

    /// Bytes of the native stack of its own on which each call of an instance runs, where it does not
    /// run on its caller's.
    fn own_stack(&self) -> Option<usize> {
        None
    }

    /// Makes an instance in a store of its own, and runs its start function if it has one.
    ///
    /// # Errors
    /// - [`InstantiateError::Missing`]: the module asks for what nobody provides. Everything that
    ///   is missing is named, and nothing has run.
    /// - [`InstantiateError::Link`]: the engine refuses, a limit on memory being one reason.
    /// - [`InstantiateError::Stop`]: the start function exited or trapped.
    fn instantiate(&self, node: Node) -> Result<Box<dyn Instance>, InstantiateError>;
}

/// What an instance is made with.
pub struct Node {
    /// What its WASI calls act on. The context's interrupt ends the instance even when it
    /// computes.
    pub ctx: WasiCtx,
    /// Functions that it may import beside WASI's.
    pub functions: Vec<HostFunction>,
    /// How much it may use.
    pub limits: Limits,
}

impl Node {
    /// Its functions that a module with these imports asks for; of several with one name, the
    /// first. They stand before WASI's.
    pub fn asked_for<'a>(
        &'a self,
        imports: &'a [Import],
    ) -> impl Iterator<Item = &'a HostFunction> {
        let same = |one: &HostFunction, other: &HostFunction| {
            one.name == other.name && one.module == other.module
        };
        let functions = self.functions.iter().enumerate();
        let asked_for = functions.filter(move |(index, function)| {
            let asked = imports
                .iter()
                .any(|import| import.name == function.name && import.module == function.module);
            let mut earlier = self.functions.iter().take(*index);
            asked && !earlier.any(|earlier| same(earlier, function))
        });
        asked_for.map(|(_, function)| function)
    }
}

/// How much an instance may use. `None` is no limit beyond the engine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Units of fuel, which are about an instruction each. Used up, the instance is ended.
    pub fuel: Option<u64>,
    /// Bytes of memory: all linear memories, and 16 bytes for each element of a table. Beyond it,
    /// `memory.grow` and `table.grow` fail.
    pub memory: Option<u64>,
}

/// A function of the embedder's that an instance can import.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::engine::{FuncType, Guest, HostFunction, Limits, Node, Value, ValueType};
/// use turnkey_wasi_common::WasiCtx;
///
/// // How many zeros the guest's memory begins with.
/// let zeros = HostFunction {
///     module: "env".to_owned(),
///     name: "zeros".to_owned(),
///     ty: FuncType::new([], [ValueType::I32]),
///     run: Arc::new(|guest: &mut dyn Guest, _args: &[Value], results: &mut [Value]| {
///         let zeros = guest.memory()?.iter().take_while(|byte| **byte == 0).count();
///         results[0] = Value::I32(zeros as i32);
///         Ok(())
///     }),
/// };
/// let node = Node {
///     ctx: WasiCtx::builder().build()?,
///     functions: vec![zeros],
///     limits: Limits { fuel: Some(1_000_000), memory: Some(16 << 20) },
/// };
/// assert_eq!(node.asked_for(&[]).count(), 0);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[derive(Clone)]
pub struct HostFunction {
    /// The module it is imported from.
    pub module: String,
    /// The name it is imported by.
    pub name: String,
    /// Its type.
    pub ty: FuncType,
    /// What it does.
    pub run: Arc<HostRun>,
}

/// What a host function does: it is lent the guest that called it, reads the arguments, and fills
/// in the results, which are there already with values of the right types.
pub type HostRun = dyn Fn(&mut dyn Guest, &[Value], &mut [Value]) -> Result<(), Stop> + Send + Sync;

/// A guest that has been entered: an instance between its calls, or one that is in the middle of a
/// call to the host and lends itself for its length.
pub trait Guest {
    /// An exported function, to be called any number of times while the guest is entered; `None`
    /// if there is none of this name.
    fn export(&mut self, name: &str) -> Option<Handler>;

    /// The type of an exported function.
    fn export_type(&mut self, handler: Handler) -> FuncType;

    /// Calls an exported function. `results` has a place for each of its results.
    ///
    /// # Errors
    /// - the guest's exit, or the trap that ended it.
    /// - a trap of the kind `Host`: arguments or results do not fit the function's type.
    fn call(&mut self, handler: Handler, args: &[Value], results: &mut [Value])
    -> Result<(), Stop>;

    /// The memory that the guest exports as `memory`.
    ///
    /// # Errors
    /// A trap: it exports none, or one that it shares with threads.
    fn memory(&mut self) -> Result<&mut [u8], Trap>;

    /// The context on which the guest's WASI calls act.
    fn ctx(&self) -> &WasiCtx;

    /// The fuel that is left, if it is counted.
    fn fuel(&self) -> Option<u64>;

    /// Sets the fuel that is left. Answers whether that could be done: it cannot where fuel is not
    /// counted.
    fn set_fuel(&mut self, fuel: u64) -> bool {
        let _ = fuel;
        false
    }
}

/// An instance that nobody is in.
pub trait Instance: Guest + Send {}

/// An exported function that was looked up. It belongs to the guest that it came from, and to the
/// time for which that guest is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handler(pub usize);

/// Why a module could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError(pub String);

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CompileError {}

/// Why a module could not be instantiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstantiateError {
    /// It asks for what nobody provides. Nothing has run.
    Missing(Vec<Missing>),
    /// The engine refuses. Nothing has run.
    Link(String),
    /// Its start function exited or trapped.
    Stop(Stop),
}

impl fmt::Display for InstantiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(missing) => {
                for (index, one) in missing.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{one}")?;
                }
                Ok(())
            }
            Self::Link(message) => f.write_str(message),
            Self::Stop(stop) => write!(f, "the start function ended the guest: {stop}"),
        }
    }
}

impl std::error::Error for InstantiateError {}
