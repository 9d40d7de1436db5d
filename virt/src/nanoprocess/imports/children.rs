//! A parent's children.

mod calls;
mod fuel;
mod limits;
mod typed;

use super::{Call, Failure, Kid};
use crate::nanoprocess::MODULE;
use crate::nanoprocess::bindings::selected;
use crate::nanoprocess::outcome::LinkError;
use crate::nanoprocess::serve::{Kind, Serving, check};
use crate::nanoprocess::setup::{Bind, Place};
pub(super) use calls::{child_call, child_read, child_write};
pub(super) use limits::{child_limits, limits_left};
use std::sync::{Arc, Mutex};
use turnkey_wasi_common::{Errno, Fd, Stop};
pub(super) use typed::{child_call_typed, child_connect, child_describe, child_expect};

impl Call<'_> {
    fn kid(&self) -> Result<Arc<Kid>, Failure> {
        let number = self.args.word("child")?;
        Ok(Arc::clone(self.family.tables().children.at(number)?))
    }
}

pub(super) fn child_new(call: &mut Call<'_>) -> Result<(), Failure> {
    let family = call.family;
    let module = Arc::clone(family.tables().modules.at(call.args.word("module")?)?);
    let serving = family.serving();
    let child = family.spawn_with(Arc::clone(&module.module), Some(serving.clone()))?;
    let kid = Kid {
        child: Arc::new(child),
        serving,
        fuel: Mutex::default(),
    };
    let number = family.tables().children.insert(Arc::new(kid))?;
    call.answer_word(number)
}

pub(super) fn child_module(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let number = call.args.word("module")?;
    let module = Arc::clone(call.family.tables().modules.at(number)?);
    let number = kid.child.loaded(module)?;
    call.answer_word(number)
}

pub(super) fn child_bind(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let what = call.text("what")?;
    let tag = call.args.word("tag")?;
    let bind = match call.args.case("binding")? {
        "deny" => {
            let errno = match tag {
                0 => Some(Errno::Acces),
                number => u16::try_from(number).ok().and_then(Errno::from_number),
            };
            Bind::Deny(errno.ok_or(Errno::Inval)?)
        }
        "trap" => Bind::Trap,
        "pass" => Bind::Pass,
        "serve" => serve(call, &kid, &what, tag)?,
        _ => filter(call, &kid, &what, tag)?,
    };
    kid.child.bind(&what, bind)?;
    Ok(())
}

/// Has the parent's exports answer, which must be there.
fn serve(call: &mut Call<'_>, kid: &Kid, what: &str, tag: u32) -> Result<Bind, Failure> {
    let functions = selected(what)?;
    let all = |classes: &[&str]| {
        let mut functions = functions.iter();
        functions.all(|function| classes.iter().any(|class| function.in_class(class)))
    };
    if all(&["clock", "poll"]) {
        check(call.guest, Kind::Clocks)?;
        Ok(Bind::Clocks(kid.serving.clocks(tag)))
    } else if all(&["random"]) {
        check(call.guest, Kind::Random)?;
        Ok(Bind::Random(kid.serving.random(tag)))
    } else {
        Err(Errno::Notsup.into())
    }
}

/// Has the parent's exports see the calls, which must be there. Its own functions have none.
fn filter(call: &mut Call<'_>, kid: &Kid, what: &str, tag: u32) -> Result<Bind, Failure> {
    let functions = selected(what)?;
    if functions.iter().any(|function| function.module == MODULE) {
        return Err(Errno::Notsup.into());
    }
    Serving::check_filter(call.guest, &functions)?;
    Ok(Bind::Filter(kid.serving.filter(tag, functions)))
}

pub(super) fn child_grant(call: &mut Call<'_>) -> Result<(), Failure> {
    let (kid, cap) = (call.kid()?, call.cap()?);
    let name = call.text("name")?;
    let place = match call.args.word("at")? {
        u32::MAX => Place::Next,
        fd => Place::At(Fd(fd)),
    };
    let name = Some(name.as_str()).filter(|name| !name.is_empty());
    // A path in what the parent serves is walked by asking it.
    let serving = &kid.serving;
    let granted = serving.lend(call.guest, || {
        kid.child.grant_served(&cap, place, name, Some(serving))
    });
    call.answer_word(granted?.0)
}

pub(super) fn child_arg(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    kid.child.arg(&call.text("arg")?)?;
    Ok(())
}

pub(super) fn child_env(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let (name, value) = (call.text("name")?, call.text("value")?);
    kid.child.env(&name, &value)?;
    Ok(())
}

pub(super) fn child_link(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    if call.guest.fuel().is_some() && kid.child.limits()?.fuel == u64::MAX {
        return Err(Errno::Inval.into());
    }
    let missing = match kid.child.link() {
        Ok(()) => 0,
        Err(LinkError::Missing(missing)) => missing.len(),
        Err(LinkError::Errno(errno)) => return Err(errno.into()),
    };
    call.answer_word(u32::try_from(missing).unwrap_or(u32::MAX))
}

pub(super) fn child_missing(call: &mut Call<'_>) -> Result<(), Failure> {
    let need = call.kid()?.child.missing(call.args.word("index")?)?;
    call.answer_need(&need)
}

pub(super) fn child_kill(call: &mut Call<'_>) -> Result<(), Failure> {
    call.kid()?.child.kill();
    Ok(())
}

pub(super) fn child_drop(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    if kid.child.is_entered() {
        return Err(Errno::Busy.into());
    }
    let number = call.args.word("child")?;
    let removed = call.family.tables().children.remove(number)?;
    drop(removed);
    let serving = kid.serving.clone();
    // What the child held of the parent's, the parent is told of.
    let left = serving.lend(call.guest, || {
        let left = kid.close();
        serving.close(|| drop(kid));
        left
    });
    if let Some(has) = call.guest.fuel() {
        call.guest.set_fuel(has.saturating_add(left));
    }
    match serving.failure() {
        Some(exit @ Stop::Exit(_)) => Err(exit.into()),
        _ => Ok(()),
    }
}
