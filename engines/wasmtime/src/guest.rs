//! An instance that the host calls, or that calls the host.

use crate::block_on::{BlockOn, Entrance};
use crate::engine::State;
use crate::memory::{self, usable};
use crate::stop;
use crate::typed::{Typed, typed};
use crate::value::{to_func_type, to_val, to_value};
use smallvec::{SmallVec, smallvec};
use turnkey_snapshots::engine::{FuncType, Guest, Handler, Instance, Refusal, Value};
use turnkey_wasi_common::{Stop, Trap, TrapKind, WasiCtx};
use wasmtime::{
    AsContext, AsContextMut, Caller, Extern, Func, Result, Store, StoreContext, StoreContextMut,
    ThrownException, Val,
};

/// A guest that has been entered.
pub(crate) struct Entered<P>(pub(crate) P);

/// An exported function that has been looked up.
pub(crate) struct Known {
    func: Func,
    way: Way,
}

/// How a function is entered. What there is to find out is found when it is called first.
#[derive(Default)]
enum Way {
    #[default]
    Unknown,
    Typed(Box<dyn Typed>),
    Values,
}

/// A store, and the instance of which the exports can be looked up.
pub(crate) trait Place: AsContextMut<Data = State> + Send {
    fn state(&self) -> &State;
    fn state_mut(&mut self) -> &mut State;
    fn export(&mut self, name: &str) -> Option<Extern>;
}

impl Place for Caller<'_, State> {
    fn state(&self) -> &State {
        self.data()
    }

    fn state_mut(&mut self) -> &mut State {
        self.data_mut()
    }

    fn export(&mut self, name: &str) -> Option<Extern> {
        self.get_export(name)
    }
}

/// An instance that nobody is in, and its store.
pub(crate) struct Running {
    pub(crate) store: Store<State>,
    pub(crate) instance: wasmtime::Instance,
}

impl AsContext for Running {
    type Data = State;

    fn as_context(&self) -> StoreContext<'_, State> {
        self.store.as_context()
    }
}

impl AsContextMut for Running {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, State> {
        self.store.as_context_mut()
    }
}

impl Place for Running {
    fn state(&self) -> &State {
        self.store.data()
    }

    fn state_mut(&mut self) -> &mut State {
        self.store.data_mut()
    }

    fn export(&mut self, name: &str) -> Option<Extern> {
        self.instance.get_export(&mut self.store, name)
    }
}

impl<P: Place> Guest for Entered<P> {
    fn export(&mut self, name: &str) -> Option<Handler> {
        let known = self.0.state().exports.find(name);
        known.or_else(|| {
            let func = self.0.export(name)?.into_func()?;
            let known = Known {
                func,
                way: Way::Unknown,
            };
            Some(self.0.state_mut().exports.insert(name, known))
        })
    }

    fn export_type(&mut self, handler: Handler) -> FuncType {
        let known = self.0.state_mut().exports.at_mut(handler);
        match known.map(|known| known.func) {
            Some(func) => to_func_type(&func.ty(&self.0)),
            None => FuncType::default(),
        }
    }

    fn call(
        &mut self,
        handler: Handler,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        let known = self.0.state_mut().exports.at_mut(handler);
        let known = known.ok_or(Refusal::NoHandler)?;
        let func = known.func;
        // Whoever enters the function from within itself does not find it here, and looks for a way
        // of his own.
        let way = match std::mem::take(&mut known.way) {
            Way::Unknown => self.way(func),
            known => known,
        };
        let typed = match &way {
            Way::Typed(typed) => typed.call(self.0.as_context_mut(), args, results),
            Way::Unknown | Way::Values => None,
        };
        if let Some(known) = self.0.state_mut().exports.at_mut(handler) {
            known.way = way;
        }
        match typed {
            Some(called) => called.map_err(|error| self.ended(&error)),
            None => self.call_with_values(func, args, results),
        }
    }

    fn memory(&mut self) -> Result<&mut [u8], Trap> {
        let memory = match self.0.state().wasi.memory() {
            Some(memory) => memory,
            None => usable(self.0.export(memory::NAME), &self.0)?,
        };
        Ok(memory.data_mut(&mut self.0))
    }

    fn ctx(&self) -> &WasiCtx {
        self.0.state().wasi.ctx()
    }

    fn fuel(&self) -> Option<u64> {
        match self.0.state().fuel {
            true => self.0.as_context().get_fuel().ok(),
            false => None,
        }
    }

    fn set_fuel(&mut self, fuel: u64) -> bool {
        self.0.state().fuel && self.0.as_context_mut().set_fuel(fuel).is_ok()
    }
}

impl<P: Place> Entered<P> {
    /// The way in which a function is entered.
    fn way(&self, func: Func) -> Way {
        match self.0.state().entrance {
            Entrance::Plain => {
                let ty = to_func_type(&func.ty(&self.0));
                typed(func, &ty, &self.0).map_or(Way::Values, Way::Typed)
            }
            Entrance::Future(_) => Way::Values,
        }
    }

    fn call_with_values(
        &mut self,
        func: Func,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        let args: SmallVec<[Val; 8]> = args.iter().copied().map(to_val).collect();
        let mut answers: SmallVec<[Val; 4]> = smallvec![Val::I32(0); results.len()];
        let entered = enter(&mut self.0, &func, &args, &mut answers);
        entered.map_err(|error| self.ended(&error))?;
        for (result, answer) in results.iter_mut().zip(&answers) {
            *result = to_value(answer).ok_or(Refusal::NoNumber)?;
        }
        Ok(())
    }

    fn ended(&mut self, error: &wasmtime::Error) -> Stop {
        if error.is::<ThrownException>() {
            self.0.as_context_mut().take_pending_exception();
        }
        stop(error)
    }
}

impl Instance for Entered<Running> {}

/// Calls a function in the way that the guest is made for.
fn enter(place: &mut impl Place, func: &Func, args: &[Val], results: &mut [Val]) -> Result<()> {
    match place.state().entrance.clone() {
        Entrance::Plain => func.call(place, args, results),
        Entrance::Future(block_on) => callback(place, |place| {
            block_on.run(func.call_async(place, args, results))
        }),
    }
}

/// Enters a guest that is made to be suspended. In the middle of another's future, or of its own,
/// it cannot be: what it waits for then blocks the thread.
///
/// # Errors
/// Those of `enter`, or a trap: the guest is entered too often within itself.
pub(crate) fn callback<P: AsContextMut<Data = State>, R>(
    place: &mut P,
    enter: impl FnOnce(&mut P) -> Result<R>,
) -> Result<R> {
    if !BlockOn::is_inside() {
        return enter(place);
    }
    if place
        .as_context_mut()
        .data_mut()
        .wasi
        .begin_callback()
        .is_none()
    {
        let message = "call stack exhausted: guest and host call each other too deeply";
        return Err(Stop::Trap(Trap::new(TrapKind::Wasm, message)).into());
    }
    let result = enter(place);
    place.as_context_mut().data_mut().wasi.end_callback();
    result
}
