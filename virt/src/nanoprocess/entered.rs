//! A child that is on the stack.

use super::child::{Child, State};
use super::keep::Keep;
use super::outcome::Outcome;
use turnkey_snapshots::engine::{Instance, InstantiateError, Module, Node};
use turnkey_wasi_common::{Errno, Stop};

/// What an instance needs to be made, or the instance.
enum Ready {
    Node(Box<(Node, Keep)>),
    Instance(Box<(Box<dyn Instance>, Keep)>),
}

/// A child that is on the stack. When this is dropped, it is idle again, or has ended.
pub(super) struct Entered<'a> {
    child: &'a Child,
    ready: Option<Ready>,
    fuel: Option<u64>,
}

impl<'a> Entered<'a> {
    pub(super) fn enter(child: &'a Child) -> Result<Self, Errno> {
        let mut state = child.state();
        let ready = match std::mem::replace(&mut *state, State::Entered) {
            State::Linked(linked) => Ready::Node(linked),
            State::Idle(running) => Ready::Instance(running),
            other => {
                let errno = match &other {
                    State::Entered => Errno::Busy,
                    State::Ended(_) => Errno::Srch,
                    _ => Errno::Inval,
                };
                *state = other;
                return Err(errno);
            }
        };
        Ok(Self {
            child,
            ready: Some(ready),
            fuel: None,
        })
    }

    pub(super) fn deadline(&self) -> Option<std::time::Duration> {
        match self.ready.as_ref()? {
            Ready::Node(linked) => linked.1.limits.deadline,
            Ready::Instance(running) => running.1.limits.deadline,
        }
    }

    /// Nothing is left of the child but its fuel.
    pub(super) fn end(&mut self) {
        let Some(ready) = self.ready.take() else {
            return;
        };
        self.fuel = self.child.closing(|| match ready {
            Ready::Node(linked) => {
                let (node, keep) = *linked;
                let fuel = node.limits.fuel;
                drop(node);
                give_back(keep, fuel)
            }
            Ready::Instance(running) => {
                let (instance, keep) = *running;
                let fuel = instance.fuel();
                let lent = keep.disband();
                drop(instance);
                give_back(keep, fuel.map(|fuel| fuel.saturating_add(lent)))
            }
        });
    }

    /// The instance, which is made if there is none.
    fn instance(&mut self, module: &dyn Module) -> Result<Result<(), Outcome>, Errno> {
        let linked = match self.ready.take() {
            Some(Ready::Node(linked)) => linked,
            other => {
                self.ready = other;
                return Ok(Ok(()));
            }
        };
        let (node, keep) = *linked;
        // Where the start function ends the child, the engine lets go of what it holds.
        let made = self.child.closing(|| module.instantiate(node));
        match made {
            Ok(instance) => {
                self.ready = Some(Ready::Instance(Box::new((instance, keep))));
                Ok(Ok(()))
            }
            Err(InstantiateError::Stop(stop)) => {
                let lent = keep.disband();
                self.fuel = give_back(keep, Some(lent));
                Ok(Err(stop.into()))
            }
            Err(InstantiateError::Missing(_) | InstantiateError::Link(_)) => {
                self.fuel = Some(keep.limits.fuel).filter(|fuel| *fuel != u64::MAX);
                Err(Errno::Noexec)
            }
        }
    }

    /// Runs a step in the instance, which is made if there is none.
    pub(super) fn run<R>(
        &mut self,
        module: &dyn Module,
        step: impl FnOnce(&mut dyn Instance, &Keep) -> Result<Result<R, Stop>, Errno>,
    ) -> Result<Result<R, Outcome>, Errno> {
        if let Err(ended) = self.instance(module)? {
            return Ok(Err(ended));
        }
        let Some(Ready::Instance(running)) = &mut self.ready else {
            return Err(Errno::Srch);
        };
        let (instance, keep) = &mut **running;
        Ok(step(&mut **instance, keep)?.map_err(Outcome::from))
    }
}

/// Gives back what a child had, with the fuel that is left, and answers that.
fn give_back(mut keep: Keep, fuel: Option<u64>) -> Option<u64> {
    if let Some(left) = fuel {
        keep.reserved.fuel.keep(left);
    }
    fuel
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let state = match self.ready.take() {
            Some(Ready::Node(linked)) => State::Linked(linked),
            Some(Ready::Instance(running)) => State::Idle(running),
            None => State::Ended(self.fuel),
        };
        *self.child.state() = state;
    }
}
