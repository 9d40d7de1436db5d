//! A parent's handles to grant.

use super::{Call, Failure};
use crate::nanoprocess::cap::{Cap, Served};
use crate::nanoprocess::serve::{Kind, check};
use std::sync::Arc;
use std::time::Duration;
use turnkey_wasi_common::{Access, Entry, Errno, Fd, Lease, Rights, Table};

impl Call<'_> {
    pub(super) fn cap(&self) -> Result<Arc<Cap>, Failure> {
        let number = self.args.word("cap")?;
        Ok(Arc::clone(self.family.tables().caps.at(number)?))
    }

    fn rights(&self) -> Result<Access, Failure> {
        let bits = self.args.number("rights")?;
        Ok(Access::Only(Rights::from_bits_truncate(bits)))
    }

    fn answer_cap(&mut self, cap: Cap) -> Result<(), Failure> {
        let number = self.family.tables().caps.insert(Arc::new(cap))?;
        self.answer_word(number)
    }
}

pub(super) fn cap_from_fd(call: &mut Call<'_>) -> Result<(), Failure> {
    let fd = Fd(call.args.word("fd")?);
    let rights = call.rights()?;
    let cap = call.guest.ctx().table().with(fd, |entry: &Entry| {
        entry.is_alive().then(|| Cap::from(entry).weaker(rights))
    })?;
    call.answer_cap(cap.ok_or(Errno::Badf)?)
}

pub(super) fn cap_serve(call: &mut Call<'_>) -> Result<(), Failure> {
    let kind = match call.args.case("kind")? {
        "file" => Kind::File,
        "dir" => Kind::Dir,
        _ => Kind::Stream,
    };
    let served = Served {
        kind,
        tag: call.args.word("tag")?,
        object: call.args.number("object")?,
        rights: Rights::from_bits_truncate(call.args.number("rights")?),
        lease: Lease::new(),
        below: Vec::new(),
    };
    check(call.guest, kind)?;
    call.answer_cap(Cap::serve(served))
}

pub(super) fn cap_attenuate(call: &mut Call<'_>) -> Result<(), Failure> {
    let cap = call.cap()?;
    if !cap.is_alive() {
        return Err(Errno::Badf.into());
    }
    let path = call.text("subtree")?;
    let mut weaker = match path.as_str() {
        "" => cap.weaker(call.rights()?),
        path => cap.subtree(path)?.weaker(call.rights()?),
    };
    if call.args.number("weakening")? & 1 != 0 {
        weaker = weaker.weaker(Access::ReadOnly);
    }
    match call.args.number("expiry")? {
        u64::MAX => {}
        span => {
            let clocks = call.family.held().clocks.clone().ok_or(Errno::Inval)?;
            weaker = weaker.expires_in(clocks, Duration::from_nanos(span))?;
        }
    }
    call.answer_cap(weaker)
}

pub(super) fn cap_revoke(call: &mut Call<'_>) -> Result<(), Failure> {
    call.cap()?.revoke();
    Ok(())
}

pub(super) fn cap_drop(call: &mut Call<'_>) -> Result<(), Failure> {
    let number = call.args.word("cap")?;
    let cap = call.family.tables().caps.remove(number)?;
    drop(cap);
    Ok(())
}

pub(super) fn obj_wake(call: &mut Call<'_>) -> Result<(), Failure> {
    let object = call.args.number("object")?;
    let kids: Vec<_> = call.family.tables().children.iter().cloned().collect();
    for kid in kids {
        kid.wake(object);
    }
    Ok(())
}
