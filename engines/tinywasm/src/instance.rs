//! An instance that nobody is in, for whoever holds it.
//!
//! What tinywasm makes cannot leave its thread, and an [`Instance`] can. So an instance lives on a
//! thread of its own, and is entered by a message. The context and the memory are not shared: they
//! travel with the message, and come back with the answer.

use crate::exports::Exports;
use crate::local::{Lent, Local, Plan};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use turnkey_snapshots::engine::{
    FuncType, Guest, Handler, Instance, InstantiateError, Refusal, Value,
};
use turnkey_wasi_common::{Stop, Trap, TrapKind, WasiCtx};

/// Bytes of stack for calls that go back and forth between a guest and its host. The guest's own
/// calls take none of it.
const STACK: usize = 16 << 20;

/// A call into the guest.
struct Enter {
    lent: Lent,
    handler: Handler,
    args: Vec<Value>,
}

/// How a call into the guest ended.
struct Left {
    lent: Option<Lent>,
    outcome: Result<Vec<Value>, Stop>,
}

/// An instance on a thread of its own.
pub(crate) struct TinywasmInstance {
    exports: Exports,
    lent: Lent,
    /// What stands in for the context while the guest has it; `None` once the guest has kept it.
    stand_in: Option<WasiCtx>,
    enter: Option<Sender<Enter>>,
    left: Receiver<Left>,
    thread: Option<JoinHandle<()>>,
}

impl TinywasmInstance {
    /// Makes an instance, and runs its start function.
    pub(crate) fn start(plan: Plan, ctx: WasiCtx) -> Result<Self, InstantiateError> {
        let stand_in = WasiCtx::builder().build();
        let stand_in = stand_in.map_err(|error| InstantiateError::Link(error.to_string()))?;
        let exports = plan.exports.clone();
        let (tell, told) = channel();
        let (enter, entered) = channel();
        let (leave, left) = channel();
        let thread = Builder::new()
            .name("guest".to_owned())
            .stack_size(STACK)
            .spawn(move || live(&plan, ctx, &tell, &entered, &leave))
            .map_err(|error| {
                InstantiateError::Link(format!("the instance has no thread: {error}"))
            })?;
        let Ok(made) = told.recv() else {
            return Err(InstantiateError::Stop(ended(thread)));
        };
        Ok(Self {
            exports,
            lent: made?,
            stand_in: Some(stand_in),
            enter: Some(enter),
            left,
            thread: Some(thread),
        })
    }

    /// Lends the guest what it needs, and waits until it has come back.
    fn enter(&mut self, handler: Handler, args: &[Value]) -> Result<Vec<Value>, Stop> {
        let (Some(enter), Some(stand_in)) = (&self.enter, self.stand_in.take()) else {
            return Err(gone());
        };
        let nothing = Lent {
            ctx: stand_in,
            memory: Err(Refusal::NoMemory),
            fuel: self.lent.fuel,
        };
        let call = Enter {
            lent: std::mem::replace(&mut self.lent, nothing),
            handler,
            args: args.to_vec(),
        };
        let sent = enter.send(call);
        match sent.ok().and_then(|()| self.left.recv().ok()) {
            Some(Left { lent, outcome }) => {
                let lent = lent.ok_or_else(gone)?;
                self.stand_in = Some(std::mem::replace(&mut self.lent, lent).ctx);
                outcome
            }
            None => Err(self.thread.take().map_or_else(gone, ended)),
        }
    }
}

/// How a thread ended that has not answered. Its panic goes on in the caller, as it would have had
/// there been no thread.
fn ended(thread: JoinHandle<()>) -> Stop {
    match thread.join() {
        Ok(()) => gone(),
        Err(panic) => resume_unwind(panic),
    }
}

fn gone() -> Stop {
    let message = "the guest was ended by a panic before";
    Trap::new(TrapKind::Host, message).into()
}

/// The life of an instance.
fn live(
    plan: &Plan,
    ctx: WasiCtx,
    tell: &Sender<Result<Lent, InstantiateError>>,
    entered: &Receiver<Enter>,
    leave: &Sender<Left>,
) {
    let made = Local::new(plan, ctx).and_then(|mut local| {
        let lent = local.give_out();
        let lent = lent.ok_or_else(|| InstantiateError::Stop(gone()))?;
        Ok((local, lent))
    });
    let (mut local, lent) = match made {
        Ok(made) => made,
        Err(error) => {
            // Whoever waits for it is there.
            drop(tell.send(Err(error)));
            return;
        }
    };
    let mut heard = tell.send(Ok(lent)).is_ok();
    while heard && let Ok(call) = entered.recv() {
        local.take_in(call.lent);
        let outcome = local.call(call.handler, &call.args);
        let lent = local.give_out();
        heard = leave.send(Left { lent, outcome }).is_ok();
    }
}

impl Drop for TinywasmInstance {
    fn drop(&mut self) {
        // The thread ends when nobody can enter any more.
        self.enter = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been passed on by the call in which it happened.
            drop(thread.join());
        }
    }
}

impl Guest for TinywasmInstance {
    fn export(&mut self, name: &str) -> Option<Handler> {
        self.exports.find(name)
    }

    fn export_type(&mut self, handler: Handler) -> FuncType {
        self.exports.ty(handler).cloned().unwrap_or_default()
    }

    fn call(
        &mut self,
        handler: Handler,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        self.exports.check(handler, args, results.len())?;
        let answers = self.enter(handler, args)?;
        for (result, answer) in results.iter_mut().zip(answers) {
            *result = answer;
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<&mut [u8], Trap> {
        match &mut self.lent.memory {
            Ok(bytes) => Ok(bytes),
            Err(refusal) => Err((*refusal).into()),
        }
    }

    fn ctx(&self) -> &WasiCtx {
        &self.lent.ctx
    }

    fn fuel(&self) -> Option<u64> {
        self.lent.fuel
    }
}

impl Instance for TinywasmInstance {}
