//! An application that runs: calls into its modules, from outside and from each other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use turnkey_snapshots::engine::{FuncType, HostFunction, Value};
use turnkey_virt::nanoprocess::{Child, Export, Outcome};
use turnkey_wasi_common::{Errno, Stop, Trap, TrapKind};

/// What the module of a command exports.
pub(super) const START: &str = "_start";

/// What the module of a reactor exports if it has to be initialized.
pub(super) const INITIALIZE: &str = "_initialize";

/// The modules of an application, parents before their children.
pub(super) struct Stage {
    pub(super) parts: Vec<Part>,
    /// The trap that ended somebody first. It passes whoever waits for that call as it is.
    trap: Mutex<Option<Trap>>,
}

/// A module of an application.
pub(super) struct Part {
    /// The names of its ancestors and its own, the root's first.
    pub(super) path: String,
    pub(super) child: OnceLock<Arc<Child>>,
    pub(super) is_command: OnceLock<bool>,
    /// Whether it has to be initialized before it is called first.
    pub(super) initialize: AtomicBool,
    pub(super) children: Vec<usize>,
}

/// What stands for a function that a module imports.
#[derive(Clone)]
pub(super) struct Linked {
    pub(super) stage: Weak<Stage>,
    /// The place of the module that imports it.
    pub(super) caller: usize,
    /// The place of the module that exports it.
    pub(super) part: usize,
    pub(super) export: String,
}

impl Stage {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self {
            parts,
            trap: Mutex::default(),
        }
    }

    /// The commands that are run: the root if it is one, else those of its children, or of theirs,
    /// in the order of the file.
    pub(super) fn commands(&self) -> Vec<usize> {
        let mut commands = Vec::new();
        self.commands_from(0, &mut commands);
        commands
    }

    /// Whether a module exports what a command does.
    pub(super) fn is_command(&self, at: usize) -> bool {
        let part = self.parts.get(at);
        part.is_some_and(|part| part.is_command.get() == Some(&true))
    }

    fn commands_from(&self, at: usize, commands: &mut Vec<usize>) {
        match self.parts.get(at) {
            Some(_) if self.is_command(at) => commands.push(at),
            Some(part) => {
                for child in &part.children {
                    self.commands_from(*child, commands);
                }
            }
            None => {}
        }
    }

    /// Runs one command after the other, until one does not end well.
    ///
    /// # Errors
    /// How that one ended.
    pub(super) fn run(&self) -> Result<(), Stop> {
        for command in self.commands() {
            match self.call(command, START, &[]) {
                Ok(_) | Err(Stop::Exit(0)) => {}
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// Calls an export of a module, which is initialized before if that has not been done.
    fn call(&self, part: usize, export: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
        self.enter(self.ready(part)?, export, args)
    }

    /// A module that can be called: initialized, if it has to be.
    fn ready(&self, part: usize) -> Result<&Part, Stop> {
        let part = self.parts.get(part);
        let part = part.ok_or_else(|| host("the tree has no such module"))?;
        if part.initialize.swap(false, Ordering::Relaxed) {
            self.enter(part, INITIALIZE, &[])?;
        }
        Ok(part)
    }

    fn enter(&self, part: &Part, export: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
        let path = &part.path;
        let child = part.child.get();
        let child = child.ok_or_else(|| host(format!("{path} is not there")))?;
        let why = match child.call(export, args) {
            Ok(Outcome::Returned(results)) => return Ok(results),
            Ok(ended) => return Err(self.ended(path, ended)),
            Err(Errno::Busy) => format!("it is in a call already, and `{export}` cannot be called"),
            Err(Errno::Srch) => format!("it has ended, and `{export}` cannot be called"),
            Err(Errno::Nomem) => format!("too many calls are nested to call `{export}`"),
            Err(Errno::Noexec) => "the engine makes no instance of it within its limits".to_owned(),
            Err(errno) => format!("`{export}` cannot be called: {}", errno.name()),
        };
        Err(self.named(path, host(why)).into())
    }

    /// What whoever called a module is told when that has ended.
    fn ended(&self, path: &str, outcome: Outcome) -> Stop {
        let trap = match outcome {
            Outcome::Exited(code) => return Stop::Exit(code),
            Outcome::Trapped(trap) => trap,
            Outcome::Killed => host("it was ended with its caller or its parent"),
            Outcome::Deadline => host("its time was over"),
            Outcome::OutOfFuel => host("it ran out of fuel"),
            Outcome::Returned(_) => host("it returned"),
        };
        self.named(path, trap).into()
    }

    /// A trap with the name of the module that it ended first.
    fn named(&self, path: &str, trap: Trap) -> Trap {
        let mut first = self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        match &*first {
            Some(known) if *known == trap => trap,
            _ => {
                let kind = match trap.kind() {
                    // Whoever waits for the call has not been interrupted, nor has it used its fuel up.
                    TrapKind::Interrupted(_) | TrapKind::OutOfFuel => TrapKind::Host,
                    kind => kind,
                };
                first
                    .insert(Trap::new(kind, format!("{path}: {trap}")))
                    .clone()
            }
        }
    }
}

impl Linked {
    /// The function that a module imports under these names, if numbers alone cross.
    pub(super) fn function(self, (module, name): (String, String), ty: FuncType) -> HostFunction {
        HostFunction {
            module,
            name,
            ty,
            run: Arc::new(move |_guest, args, results| {
                self.call(&mut |stage| {
                    let values = stage.call(self.part, &self.export, args)?;
                    for (place, value) in results.iter_mut().zip(values) {
                        *place = value;
                    }
                    Ok(())
                })
            }),
        }
    }

    /// What an import of a function is bound to that has been described.
    pub(super) fn export(self, child: &Arc<Child>) -> Export {
        let export = Export::across(child, &self.export);
        export.around(move |call| {
            self.call(&mut |stage| {
                let part = stage.ready(self.part)?;
                call().map_err(|outcome| stage.ended(&part.path, outcome))
            })
        })
    }

    /// Has `step` call the module. What ends that ends the caller, and the other way round.
    fn call(&self, step: &mut dyn FnMut(&Stage) -> Result<(), Stop>) -> Result<(), Stop> {
        let stage = self.stage.upgrade();
        let stage = stage.ok_or_else(|| host("the application has ended"))?;
        let part = stage.parts.get(self.part);
        let interrupt = |part: Option<&Part>| Some(part?.child.get()?.interrupt().clone());
        let caller = interrupt(stage.parts.get(self.caller));
        let _hook = caller
            .as_ref()
            .zip(interrupt(part))
            .map(|(caller, called)| caller.pass_on(&called));
        let answered = step(&stage);
        if let Some(reason) = caller.and_then(|caller| caller.fired()) {
            return Err(Trap::interrupted(reason).into());
        }
        match answered {
            Err(Stop::Exit(0)) if self.export == START => Ok(()),
            Err(Stop::Exit(code)) => {
                let path = part.map_or("", |part| &part.path);
                Err(stage
                    .named(path, host(format!("it exited with {code}")))
                    .into())
            }
            answered => answered,
        }
    }
}

fn host(message: impl Into<Box<str>>) -> Trap {
    Trap::new(TrapKind::Host, message)
}
