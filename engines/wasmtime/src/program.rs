//! Modules whose calls find their memory without looking for it.

use crate::Wasi;
use crate::linker::{Wanted, define, define_async};
use crate::memory::{self, OfInstance, OfNode};
use std::fmt;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::{OwnedTable, Table};
use wasmtime::{
    AsContextMut, Instance, InstancePre, Linker, Module, ModuleExport, Result, StoreContextMut,
};

/// Finds the guest's context in the data of its store.
type Access<S, T> = Box<dyn Fn(&mut S) -> &mut Wasi<T> + Send + Sync>;

/// Links a module with functions that act for one instance.
type Link<S> = Box<dyn Fn(&OfInstance) -> Result<InstancePre<S>> + Send + Sync>;

/// A module, linked with WASI once and instantiated any number of times.
///
/// The functions that an instance imports are bound to it, and to the context in its store: its
/// memory is found once and not in each call. What a module's start function calls before that
/// acts on the memory that the caller exports. Every instance acts on its own memory alone, also
/// if a store holds several; the first of a store is made without allocating functions for it.
///
/// ```
/// use turnkey_wasi_common::WasiCtx;
/// use turnkey_wasmtime::{Program, Wasi, outcome};
/// use wasmtime::{Engine, Linker, Module, Store};
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
/// let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
/// let stop = outcome(start.call(&mut store, ())).unwrap_err();
/// assert_eq!(stop.to_string(), "exit with code 42");
/// # Ok::<(), wasmtime::Error>(())
/// ```
pub struct Program<S: 'static, T: 'static = OwnedTable> {
    /// Its functions act for the node in the store's data.
    of_node: InstancePre<S>,
    /// The same with functions that act for the instance alone that is made next.
    of_instance: Link<S>,
    wasi: Access<S, T>,
    memory: Option<ModuleExport>,
}

impl<S: 'static, T: Table + 'static> Program<S, T> {
    /// Links a module: what the linker defines comes first, functions of WASI that it does not
    /// define are added. `wasi` finds the guest's context in the data of its store. The linker is
    /// left as it is.
    ///
    /// # Errors
    /// The module imports what neither the linker nor WASI defines, or imports it with another
    /// type.
    pub fn new(
        linker: &Linker<S>,
        module: &Module,
        wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    ) -> Result<Self> {
        let of_node =
            move |linker: &mut _, wanted: Wanted<'_>| define(linker, wasi, &OfNode, wanted);
        let of_instance = move |linker: &mut _, memory: &OfInstance, wanted: Wanted<'_>| {
            define(linker, wasi, memory, wanted)
        };
        Self::link(linker, module, wasi, of_node, of_instance)
    }

    /// Links a module as [`new`](Self::new) does, for guests that leave the thread to others while
    /// they wait: see [`add_to_linker_async`](crate::add_to_linker_async). The linker may hold
    /// asynchronous functions too. Instances are made by
    /// [`instantiate_async`](Self::instantiate_async).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_async(
        linker: &Linker<S>,
        module: &Module,
        wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    ) -> Result<Self>
    where
        S: Send,
    {
        let of_node =
            move |linker: &mut _, wanted: Wanted<'_>| define_async(linker, wasi, &OfNode, wanted);
        let of_instance = move |linker: &mut _, memory: &OfInstance, wanted: Wanted<'_>| {
            define_async(linker, wasi, memory, wanted)
        };
        Self::link(linker, module, wasi, of_node, of_instance)
    }

    /// Links a module with what the linker defines, and with the functions that act for a node or
    /// for an instance.
    fn link(
        linker: &Linker<S>,
        module: &Module,
        wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
        define_for_node: impl Fn(&mut Linker<S>, Wanted<'_>) -> Result<()>,
        define_for_instance: impl Fn(&mut Linker<S>, &OfInstance, Wanted<'_>) -> Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self> {
        let imported: Vec<&'static Function> = module
            .imports()
            .filter_map(|import| turnkey_snapshots::function(import.module(), import.name()))
            .collect();
        let mut given = linker.clone();
        given.allow_shadowing(false);

        let mut linker = given.clone();
        define_for_node(&mut linker, Wanted::Undefined(&imported))?;
        let of_node = linker.instantiate_pre(module)?;

        let linked = module.clone();
        let of_instance = move |memory: &OfInstance| {
            let mut linker = given.clone();
            define_for_instance(&mut linker, memory, Wanted::Undefined(&imported))?;
            linker.instantiate_pre(&linked)
        };
        Ok(Self {
            of_node,
            of_instance: Box::new(of_instance),
            wasi: Box::new(wasi),
            memory: module.get_export_index(memory::NAME),
        })
    }

    /// Makes an instance, and runs the module's start function.
    ///
    /// # Errors
    /// The store's limits do not allow it, or the start function exited or trapped, which
    /// [`outcome`](crate::outcome) tells.
    ///
    /// # Panics
    /// As [`InstancePre::instantiate`]: the store is of another engine, or the linker holds
    /// definitions that belong to another store.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = S>) -> Result<Instance> {
        let mut store = store.as_context_mut();
        if (self.wasi)(store.data_mut()).take() {
            let instance = self.of_node.instantiate(&mut store)?;
            self.bind_node(&instance, store);
            Ok(instance)
        } else {
            let functions = OfInstance::default();
            let instance = (self.of_instance)(&functions)?.instantiate(&mut store)?;
            self.bind_instance(&functions, &instance, store);
            Ok(instance)
        }
    }

    /// Makes an instance as [`instantiate`](Self::instantiate) does, of a program made by
    /// [`new_async`](Self::new_async).
    ///
    /// # Errors
    /// As [`instantiate`](Self::instantiate).
    ///
    /// # Panics
    /// As [`instantiate`](Self::instantiate).
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = S>,
    ) -> Result<Instance>
    where
        S: Send,
    {
        let mut store = store.as_context_mut();
        if (self.wasi)(store.data_mut()).take() {
            let instance = self.of_node.instantiate_async(&mut store).await?;
            self.bind_node(&instance, store);
            Ok(instance)
        } else {
            let functions = OfInstance::default();
            let linked = (self.of_instance)(&functions)?;
            let instance = linked.instantiate_async(&mut store).await?;
            self.bind_instance(&functions, &instance, store);
            Ok(instance)
        }
    }

    /// Tells the node's functions the memory of the instance that has taken the node.
    fn bind_node(&self, instance: &Instance, mut store: StoreContextMut<'_, S>) {
        if let Some(memory) = self.memory(instance, &mut store) {
            (self.wasi)(store.data_mut()).bind(memory);
        }
    }

    /// Tells the functions of one instance alone its memory.
    fn bind_instance(
        &self,
        functions: &OfInstance,
        instance: &Instance,
        store: StoreContextMut<'_, S>,
    ) {
        if let Some(memory) = self.memory(instance, store) {
            functions.bind(memory);
        }
    }

    /// The memory that an instance's calls act on. If it has none that could be used, it stays
    /// unbound, and each of its calls says why it cannot be carried out.
    fn memory(
        &self,
        instance: &Instance,
        mut store: impl AsContextMut<Data = S>,
    ) -> Option<wasmtime::Memory> {
        let export = instance.get_module_export(&mut store, self.memory.as_ref()?);
        memory::usable(export, store).ok()
    }

    /// The module that was linked.
    pub fn module(&self) -> &Module {
        self.of_node.module()
    }
}

impl<S: 'static, T: 'static> fmt::Debug for Program<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("module", &self.of_node.module().name())
            .finish_non_exhaustive()
    }
}
