//! Calling a child.

use super::child::Child;
use super::deadline::Deadline;
use super::entered::Entered;
use super::keep::Keep;
use super::level::Level;
use super::outcome::Outcome;
use turnkey_snapshots::engine::{FuncType, Instance, Value};
use turnkey_wasi_common::{Errno, Stop};

impl Child {
    /// Calls an export, and waits for its end. The instance is made by the first call, which runs
    /// the module's start function before anything else; with an empty name nothing is called
    /// beyond that.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function.
    /// - `INVAL`: the arguments do not fit it.
    /// - `NOTSUP`: its results are none that cross.
    /// - `NOMEM`: too many calls are nested.
    /// - `NOEXEC`: the engine makes no instance within the limits.
    ///
    /// ```
    /// use turnkey_snapshots::engine::Value;
    /// use turnkey_virt::nanoprocess::{Family, Outcome};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module (func (export "double") (param i32) (result i32)
    ///     (i32.add (local.get 0) (local.get 0))))"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.link()?;
    /// let called = child.call("double", &[Value::I32(21)])?;
    /// assert_eq!(called, Outcome::Returned(vec![Value::I32(42)]));
    /// assert_eq!(child.call("triple", &[]), Err(Errno::Noent));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn call(&self, export: &str, args: &[Value]) -> Result<Outcome, Errno> {
        self.call_with(export, |ty| {
            let types = ty.params.iter().copied();
            match args.iter().map(|value| value.ty()).eq(types) {
                true => Ok(args.to_vec()),
                false => Err(Errno::Inval),
            }
        })
    }

    /// The same with arguments that depend on the function's type.
    pub(super) fn call_with(
        &self,
        export: &str,
        args: impl FnOnce(&FuncType) -> Result<Vec<Value>, Errno>,
    ) -> Result<Outcome, Errno> {
        let called = self.enter(|instance, _keep| {
            if export.is_empty() {
                return Ok(Ok(Vec::new()));
            }
            let handler = instance.export(export).ok_or(Errno::Noent)?;
            let ty = instance.export_type(handler);
            let args = args(&ty)?;
            let mut results = ty.zero_results().ok_or(Errno::Notsup)?;
            Ok(instance
                .call(handler, &args, &mut results)
                .map(|()| results))
        });
        Ok(match called? {
            Ok(values) => Outcome::Returned(values),
            Err(ended) => ended,
        })
    }

    /// Runs a step in the child. A step that fails with an errno leaves it as it is; one that stops
    /// ends it.
    ///
    /// # Errors
    /// Those of the step and of a child that cannot be entered.
    pub(super) fn enter<R>(
        &self,
        step: impl FnOnce(&mut dyn Instance, &Keep) -> Result<Result<R, Stop>, Errno>,
    ) -> Result<Result<R, Outcome>, Errno> {
        let _level = Level::enter(self.held.stack, self.module.own_stack())?;
        let mut entered = Entered::enter(self)?;
        if let Some(reason) = self.interrupt().fired() {
            entered.end();
            return Ok(Err(reason.into()));
        }
        let deadline = match entered.deadline() {
            Some(span) => Deadline::after(span, self.interrupt().clone())?,
            None => None,
        };
        let result = entered.run(&*self.module, step);
        drop(deadline);
        match (result?, self.interrupt().fired()) {
            (Ok(result), None) => Ok(Ok(result)),
            (Ok(_), Some(reason)) => {
                entered.end();
                Ok(Err(reason.into()))
            }
            (Err(ended), reason) => {
                entered.end();
                // A guest that fails because it is being ended may trap by itself first.
                Ok(Err(match (ended, reason) {
                    (Outcome::Trapped(_), Some(reason)) => reason.into(),
                    (ended, _) => ended,
                }))
            }
        }
    }
}
