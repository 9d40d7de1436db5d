//! What a wasm parent imports, over the tree that a Rust parent uses.
//!
//! The functions are those of the table that is made from the document, so that none is listed
//! here. Each gets its arguments as the descriptors say: strings and lists are copied out of the
//! parent's memory, and every pointer has been checked before it begins.

mod arguments;
mod caps;
mod children;
mod filters;
mod modules;
mod needs;

use super::bindings::{Binding, refused};
use super::child::Child;
use super::family::Family;
use super::serve::Serving;
use super::table::FUNCTIONS;
use arguments::Arguments;
use caps::{cap_attenuate, cap_drop, cap_from_fd, cap_revoke, cap_serve, obj_wake};
use children::{
    child_arg, child_bind, child_call, child_call_typed, child_connect, child_describe, child_drop,
    child_env, child_expect, child_grant, child_kill, child_limits, child_link, child_missing,
    child_module, child_new, child_read, child_write, limits_left,
};
use filters::{call_arg, call_forward, call_ret};
use modules::{module_drop, module_load, module_need};
use std::sync::{Arc, Mutex};
use turnkey_snapshots::engine::{FuncType, Guest, HostFunction, Value};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Stop, Trap, TrapKind};

/// A child of a wasm parent.
pub(super) struct Kid {
    child: Arc<Child>,
    serving: Serving,
    /// What was taken of the parent's own fuel for it.
    fuel: Mutex<u64>,
}

impl Kid {
    /// Has whoever waits in the child for an object of the parent's look at it again.
    fn wake(&self, object: u64) {
        self.serving.wake(object);
    }
}

/// Why a function does not succeed.
pub(super) enum Failure {
    /// The parent is told.
    Errno(Errno),
    /// The parent does not go on.
    Stop(Stop),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<turnkey_wasi_common::Error> for Failure {
    fn from(error: turnkey_wasi_common::Error) -> Self {
        Self::Errno(error.errno())
    }
}

impl From<Trap> for Failure {
    fn from(trap: Trap) -> Self {
        Self::Stop(trap.into())
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A call of a parent's.
pub(super) struct Call<'a> {
    family: &'a Family,
    guest: &'a mut dyn Guest,
    args: Arguments<'a>,
}

/// What a function does.
type Run = fn(&mut Call<'_>) -> Result<(), Failure>;

macro_rules! in_order {
    ($({
        $module:literal $name:literal $index:literal
        $function:ident ($($arg:ident: $type:ty),* $(,)?) -> $result:ty
    })*) => {
        [$($function as Run),*]
    };
}

/// What each function of the table does, in its order.
const RUNS: [Run; FUNCTIONS.len()] = nanoprocess_0_functions!(in_order);

/// The functions of a family's parent.
pub(super) fn functions(family: &Family) -> Vec<HostFunction> {
    let functions = FUNCTIONS.iter().zip(RUNS);
    functions
        .map(|(function, run)| {
            let family = family.clone();
            HostFunction {
                module: function.module.to_owned(),
                name: function.name.to_owned(),
                ty: FuncType::from(&function.core),
                run: Arc::new(move |guest, args, results| {
                    let errno = invoke(&family, function, run, guest, args)?;
                    let [result] = results else {
                        return Err(mistyped(function));
                    };
                    *result = Value::I32(errno.number().into());
                    Ok(())
                }),
            }
        })
        .collect()
}

fn invoke(
    family: &Family,
    function: &'static Function,
    run: Run,
    guest: &mut dyn Guest,
    values: &[Value],
) -> Result<Errno, Stop> {
    match family.held().bindings.of(function) {
        Binding::Bound => {}
        Binding::Deny(errno) => return Ok(errno),
        Binding::Trap | Binding::Unbound => return Err(refused(function).into()),
    }
    let args = match Arguments::check(function, guest, values) {
        Ok(args) => args,
        Err(Failure::Errno(errno)) => return Ok(errno),
        Err(Failure::Stop(stop)) => return Err(stop),
    };
    let mut call = Call {
        family,
        guest,
        args,
    };
    match run(&mut call) {
        Ok(()) => Ok(Errno::Success),
        Err(Failure::Errno(errno)) => Ok(errno),
        Err(Failure::Stop(stop)) => Err(stop),
    }
}

fn mistyped(function: &Function) -> Stop {
    let message = format!(
        "the engine called `{}` with values of another type",
        function.name
    );
    Stop::Trap(Trap::new(TrapKind::Host, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_each_of_the_document_once() {
        let functions = functions(&Family::none());
        assert_eq!(functions.len(), FUNCTIONS.len());
        let mut names: Vec<_> = functions.iter().map(|function| &function.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), FUNCTIONS.len());
    }
}
