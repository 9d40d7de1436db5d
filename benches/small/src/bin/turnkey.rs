//! wasmi, and all of WASI by Turnkey's core, without a host beneath it.
#![forbid(unsafe_code)]

use std::sync::Arc;
use turnkey_small::{Failure, at_most, guest, now};
use turnkey_wasi_common::{Pipe, WasiCtx};
use turnkey_wasmi::{Wasi, add_to_linker};
use wasmi::{Engine, Linker, Module, Store};

fn main() -> Result<(), Failure> {
    let wasm = guest()?;
    now("the guest as it is read");
    let engine = Engine::default();
    let module = Module::new(&engine, &wasm)?;
    now("and compiled");
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut Wasi| wasi)?;
    now("and functions linked");
    let (stdout, output) = Pipe::new(64);
    let ctx = WasiCtx::builder().stdout(Arc::new(stdout)).build()?;
    let mut store = Store::new(&engine, Wasi::from(ctx));
    now("and a context");
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    now("and an instance");
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    start.call(&mut store, ())?;
    at_most();
    match output.drain().len() {
        0 => Err("nothing was written".into()),
        _ => Ok(()),
    }
}
