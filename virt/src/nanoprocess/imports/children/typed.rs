//! Describing a child's functions, and calling them with text, lists and records.

use super::calls::{values, words};
use crate::nanoprocess::export::Export;
use crate::nanoprocess::imports::{Call, Failure};
use crate::nanoprocess::outcome::Outcome;
use crate::typed::{Broken, GuestSide, Interface, Party, allocates};
use std::sync::Arc;
use turnkey_snapshots::engine::Guest;
use turnkey_wasi_common::Errno;

impl Call<'_> {
    /// A description.
    ///
    /// # Errors
    /// - `INVAL`: it is none.
    fn interface(&mut self) -> Result<Interface, Failure> {
        let text = self.text("text")?;
        Interface::parse(&text).map_err(|_| Errno::Inval.into())
    }

    /// An export of the parent's own.
    ///
    /// # Errors
    /// - `NOENT`: there is none.
    fn own_export(&mut self, name: &str) -> Result<Party, Failure> {
        let interface = self.family.interface().clone();
        let guest = &mut *self.guest;
        let mut ty = |name: &str| {
            let handler = guest.export(name)?;
            Some(guest.export_type(handler))
        };
        let core = ty(name).ok_or(Errno::Noent)?;
        Ok(Party {
            described: interface
                .as_ref()
                .ok()
                .and_then(|interface| interface.exported(name).cloned()),
            core: Some(core),
            allocates: allocates(ty),
            unreadable: interface.err(),
        })
    }
}

pub(in super::super) fn child_describe(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    kid.child.describe(call.interface()?)?;
    Ok(())
}

pub(in super::super) fn child_expect(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    kid.child.expect(&call.interface()?)?;
    Ok(())
}

pub(in super::super) fn child_connect(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let (module, name) = (call.text("module")?, call.text("name")?);
    let export = call.text("export")?;
    let export = match call.args.word("to")? {
        u32::MAX => Export::of_parent(kid.serving.clone(), call.own_export(&export)?, &export),
        number => {
            let other = Arc::clone(call.family.tables().children.at(number)?);
            let (from, to) = (kid.serving.clone(), other.serving.clone());
            Export::of_served(&other.child, &export, from, to)
        }
    };
    kid.child.bind_export(&module, &name, &export)?;
    Ok(())
}

pub(in super::super) fn child_call_typed(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let export = call.text("export")?;
    let function = kid.child.exported(&export)?;
    let core = &function.core;
    let args = values(core, &words(call.bytes("args")?)?)?;
    if call.args.word("results_len")? as usize != core.results.len() {
        return Err(Errno::Inval.into());
    }
    let called = if kid.child.is_new() {
        // What runs when the instance is made needs its parent as well.
        kid.serving
            .lend(call.guest, || kid.child.enter(|_, _| Ok(Ok(()))))?
    } else {
        Ok(())
    };
    let called = called.map_err(Broken::Ended).and_then(|()| {
        let mut caller = GuestSide {
            guest: &mut *call.guest,
            export: None,
            counted: &|grant| grant,
            lend: None,
        };
        let lend = |parent: &mut dyn Guest, step: &mut dyn FnMut()| kid.serving.lend(parent, step);
        let child = &kid.child;
        child.call_lowered(&function, &export, &mut caller, &args, Some(&lend))
    });
    call.guest.ctx().check_interrupt()?;
    let outcome = match called {
        Ok(result) => Outcome::Returned(result.into_iter().collect()),
        Err(Broken::Ended(outcome)) => outcome,
        Err(Broken::Errno(errno)) => return Err(errno.into()),
        Err(Broken::Caller(stop) | Broken::Callee(stop)) => return Err(stop.into()),
    };
    call.answer_outcome(&kid, &outcome)
}
