//! The functions that an instance imports.

use crate::local::{Entered, Shared};
use crate::stop::error;
use crate::value::{of_func_type, to_value, to_wasm};
use std::rc::Rc;
use std::sync::Arc;
use tinywasm::types::WasmValue;
use tinywasm::{FuncContext, Function, HostFunction, Imports, Store};
use turnkey_snapshots::engine::{Refusal, Value};
use turnkey_snapshots::{
    Call, Memory, complete, preview_0, preview_0_functions, preview_1, preview_1_functions,
};
use turnkey_wasi_common::{Stop, function};

/// Defines what a module imports: the embedder's functions come before WASI's.
///
/// # Errors
/// A function has a type whose values do not cross.
pub(crate) fn imports(
    store: &mut Store,
    module: &tinywasm::Module,
    functions: &[turnkey_snapshots::engine::HostFunction],
    shared: &Rc<Shared>,
) -> tinywasm::Result<Imports> {
    let mut imports = Imports::new();
    // One function for each import, in their order: `table.fill` and its like take the place of a
    // function in the store for its index in the module.
    for import in module.imports() {
        let own = functions
            .iter()
            .find(|function| function.module == import.module && function.name == import.name);
        let function = match own {
            Some(function) => Some(embedders(store, function, shared)?),
            None => wasi(store, import.module, import.name, shared),
        };
        // That something is missing has been told before.
        if let Some(function) = function {
            imports.define(import.module, import.name, function);
        }
    }
    Ok(imports)
}

/// A function of WASI's.
fn wasi(store: &mut Store, module: &str, name: &str, shared: &Rc<Shared>) -> Option<Function> {
    macro_rules! find {
        ($snapshot:ident; $({
            $module:literal $name:literal $index:literal
            $function:ident ($($arg:ident: $type:ty),* $(,)?) -> $result:ty
        })*) => {
            match (module, name) {
                $(
                    ($module, $name) => {
                        let shared = Rc::clone(shared);
                        let function = move |_: FuncContext<'_>, ($($arg,)*): ($($type,)*)| {
                            let known = &$snapshot::FUNCTIONS[$index];
                            call(&shared, known, move |call, memory| -> Result<$result, Stop> {
                                $snapshot::$function(call, memory, $($arg),*)
                            })
                        };
                        return Some(HostFunction::from(store, function));
                    }
                )*
                _ => {}
            }
        };
    }
    preview_0_functions!(find preview_0;);
    preview_1_functions!(find preview_1;);
    None
}

/// Carries out one call of a guest.
fn call<R>(
    shared: &Shared,
    function: &function::Function,
    attempt: impl Fn(&mut Call<'_>, &mut Memory<'_>) -> Result<R, Stop>,
) -> tinywasm::Result<R> {
    let ctx = shared.ctx().map_err(error)?;
    let result = complete(&ctx, |call| match shared.memory() {
        Ok(mut bytes) => attempt(call, &mut Memory::new(&mut bytes)),
        Err(_) if !function.touches_memory() => attempt(call, &mut Memory::new(&mut [])),
        Err(trap) => Err(trap.into()),
    });
    result.map_err(error)
}

/// A function of the embedder's.
fn embedders(
    store: &mut Store,
    function: &turnkey_snapshots::engine::HostFunction,
    shared: &Rc<Shared>,
) -> tinywasm::Result<Function> {
    let types = of_func_type(&function.ty).zip(function.ty.zero_results());
    let (ty, zeros) = types.ok_or_else(|| error(Refusal::NoNumber))?;
    let run = Arc::clone(&function.run);
    let shared = Rc::clone(shared);
    let call = move |context: FuncContext<'_>, args: &[WasmValue]| {
        let args = args
            .iter()
            .map(|value| to_value(value).ok_or(Refusal::NoNumber));
        let args: Result<Vec<Value>, Refusal> = args.collect();
        let mut answers = zeros.clone();
        let mut entered = Entered::new(context, &shared).map_err(error)?;
        run(&mut entered, &args.map_err(error)?, &mut answers).map_err(error)?;
        let mut pairs = answers.iter().zip(&zeros);
        if pairs.any(|(answer, zero)| answer.ty() != zero.ty()) {
            return Err(error(Refusal::OtherType));
        }
        Ok(answers.into_iter().map(to_wasm).collect())
    };
    Ok(HostFunction::from_untyped(store, &ty, call))
}
