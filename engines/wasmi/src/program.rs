//! Modules whose calls find their memory without looking for it.

use crate::Wasi;
use crate::linker::{Wanted, define, define_resumable};
use crate::memory::{self, OfInstance, OfNode};
use std::fmt;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::{OwnedTable, Table};
use wasmi::{AsContextMut, Error, Instance, Linker, Memory, Module};

/// Finds the guest's context in the data of its store.
type Access<S, T> = Box<dyn Fn(&mut S) -> &mut Wasi<T> + Send + Sync>;

/// Links a module with functions that act for one instance.
type Link<S> = Box<dyn Fn(&OfInstance) -> Result<Linker<S>, Error> + Send + Sync>;

/// A module, linked with WASI once and instantiated any number of times.
///
/// The functions that an instance imports are bound to it, and to the context in its store: its
/// memory is found once and not in each call. What a module's start function calls before that
/// acts on the memory that the caller exports. Every instance acts on its own memory alone, also
/// if a store holds several.
///
/// ```
/// use turnkey_wasi_common::WasiCtx;
/// use turnkey_wasmi::{Program, Wasi, outcome};
/// use wasmi::{Engine, Linker, Module, Store};
///
/// let engine = Engine::default();
/// let wasm = wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
///     (import "env" "answer" (func $answer (result i32)))
///     (memory (export "memory") 1)
///     (func (export "_start") (call $exit (call $answer))))"#)?;
/// let module = Module::new(&engine, wasm)?;
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("env", "answer", || 42)?;
/// let program = Program::new(&linker, &module, |wasi: &mut Wasi| wasi)?;
///
/// let mut store = Store::new(&engine, Wasi::from(WasiCtx::builder().build()?));
/// let instance = program.instantiate(&mut store)?;
/// let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
/// let stop = outcome(start.call(&mut store, ())).unwrap_err();
/// assert_eq!(stop.to_string(), "exit with code 42");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Program<S: 'static, T: 'static = OwnedTable> {
    module: Module,
    /// Its functions act for the node in the store's data.
    of_node: Linker<S>,
    /// The same with functions that act for the instance alone that is made next.
    of_instance: Link<S>,
    wasi: Access<S, T>,
}

impl<S: 'static, T: Table + 'static> Program<S, T> {
    /// Links a module: what the linker defines comes first, functions of WASI that it does not
    /// define are added. `wasi` finds the guest's context in the data of its store. The linker is
    /// left as it is.
    ///
    /// # Errors
    /// A function could not be defined. What the module imports beside is asked for when it is
    /// instantiated.
    pub fn new(
        linker: &Linker<S>,
        module: &Module,
        wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let of_node =
            move |linker: &mut _, wanted: Wanted<'_>| define(linker, wasi, &OfNode, wanted);
        let of_instance = move |linker: &mut _, memory: &OfInstance, wanted: Wanted<'_>| {
            define(linker, wasi, memory, wanted)
        };
        Self::link(linker, module, wasi, of_node, of_instance)
    }

    /// Links a module as [`new`](Self::new) does, for guests that come back to the embedder when
    /// they have to wait: see [`add_to_linker_resumable`](crate::add_to_linker_resumable). What a
    /// module's start function waits for blocks the thread, as wasmi cannot leave it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_resumable(
        linker: &Linker<S>,
        module: &Module,
        wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let of_node = move |linker: &mut _, wanted: Wanted<'_>| {
            define_resumable(linker, wasi, &OfNode, wanted)
        };
        let of_instance = move |linker: &mut _, memory: &OfInstance, wanted: Wanted<'_>| {
            define_resumable(linker, wasi, memory, wanted)
        };
        Self::link(linker, module, wasi, of_node, of_instance)
    }

    /// Links a module with what the linker defines, and with the functions that act for a node or
    /// for an instance.
    fn link(
        linker: &Linker<S>,
        module: &Module,
        wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
        define_for_node: impl Fn(&mut Linker<S>, Wanted<'_>) -> Result<(), Error>,
        define_for_instance: impl Fn(&mut Linker<S>, &OfInstance, Wanted<'_>) -> Result<(), Error>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, Error> {
        let imported: Vec<&'static Function> = module
            .imports()
            .filter_map(|import| turnkey_snapshots::function(import.module(), import.name()))
            .collect();
        let mut given = linker.clone();
        given.allow_shadowing(false);

        let mut of_node = given.clone();
        define_for_node(&mut of_node, Wanted::Undefined(&imported))?;
        let of_instance = move |memory: &OfInstance| {
            let mut linker = given.clone();
            define_for_instance(&mut linker, memory, Wanted::Undefined(&imported))?;
            Ok(linker)
        };
        Ok(Self {
            module: module.clone(),
            of_node,
            of_instance: Box::new(of_instance),
            wasi: Box::new(wasi),
        })
    }

    /// Makes an instance, and runs the module's start function.
    ///
    /// # Errors
    /// The module imports what neither the linker nor WASI defines, or imports it with another
    /// type; the store's limits do not allow it; or the start function exited or trapped, which
    /// [`outcome`](crate::outcome) tells.
    ///
    /// # Panics
    /// As [`Linker::instantiate_and_start`]: the store is of another engine.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = S>) -> Result<Instance, Error> {
        let mut store = store.as_context_mut();
        if (self.wasi)(store.data_mut()).take() {
            let instance = self
                .of_node
                .instantiate_and_start(&mut store, &self.module)?;
            if let Some(memory) = usable(&instance, &store) {
                (self.wasi)(store.data_mut()).bind(memory);
            }
            Ok(instance)
        } else {
            let functions = OfInstance::default();
            let linker = (self.of_instance)(&functions)?;
            let instance = linker.instantiate_and_start(&mut store, &self.module)?;
            if let Some(memory) = usable(&instance, &store) {
                functions.bind(memory);
            }
            Ok(instance)
        }
    }

    /// The module that was linked.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

/// The memory that an instance's calls act on. If it has none that could be used, it stays unbound,
/// and each of its calls says why it cannot be carried out.
fn usable(instance: &Instance, store: impl wasmi::AsContext) -> Option<Memory> {
    memory::usable(instance.get_export(&store, memory::NAME), &store).ok()
}

impl<S: 'static, T: 'static> fmt::Debug for Program<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}
