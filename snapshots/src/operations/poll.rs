//! Waiting for several things at once.

use super::{require, with_entry};
use crate::call::Call;
use crate::error::Error;
use smallvec::SmallVec;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{
    Clock, Entry, Errno, Fd, Interest, Object, Ready, Rights, Wait, WasiCtx,
};

/// One thing that a guest waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subscription {
    pub(crate) userdata: u64,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Clock {
        clock: Clock,
        timeout: u64,
        absolute: bool,
    },
    Descriptor {
        fd: Fd,
        interest: Interest,
    },
}

/// One thing that has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) subscription: Subscription,
    pub(crate) outcome: Result<Ready, Errno>,
}

/// The subscriptions and events of most calls find room without the heap.
pub(crate) type Few<T> = SmallVec<[T; 4]>;

/// Answers what has come; waits if nothing has.
pub(crate) fn poll<T: Table>(
    call: &mut Call<'_, T>,
    subscriptions: &[Subscription],
) -> Result<Few<Event>, Error> {
    let mut events = Few::new();
    let mut wait = Wait::default();
    for subscription in subscriptions {
        let ready = match subscription.kind {
            Kind::Clock {
                clock,
                timeout,
                absolute,
            } => clock_has_come(call, clock, timeout, absolute, &mut wait)?,
            Kind::Descriptor { fd, interest } => {
                descriptor_is_ready(call, fd, interest, &mut wait)?
            }
        };
        if let Some(outcome) = ready {
            events.push(Event {
                subscription: *subscription,
                outcome,
            });
        }
    }
    if events.is_empty() {
        return Err(call.wait(wait));
    }
    Ok(events)
}

type Outcome = Option<Result<Ready, Errno>>;

/// Whether a moment has come; if not, the wait ends with it.
fn clock_has_come<T: Table>(
    call: &mut Call<'_, T>,
    clock: Clock,
    timeout: u64,
    absolute: bool,
    wait: &mut Wait,
) -> Result<Outcome, Error> {
    let come = Some(Ok(Ready::default()));
    if !matches!(clock, Clock::Monotonic | Clock::Realtime) {
        return Err(Errno::Inval.into());
    }
    if timeout == 0 {
        return Ok(come);
    }
    let clocks = call.ctx().clocks();
    let deadline = match (absolute, clock) {
        // A span of time is measured by the clock that nobody sets.
        (false, _) => call.began()?.saturating_add(timeout),
        (true, Clock::Realtime) => {
            let left = timeout.saturating_sub(clocks.now(Clock::Realtime)?);
            if left == 0 {
                return Ok(come);
            }
            clocks.now(Clock::Monotonic)?.saturating_add(left)
        }
        (true, _) => timeout,
    };
    if deadline <= clocks.now(Clock::Monotonic)? {
        return Ok(come);
    }
    wait.end_at(deadline);
    Ok(None)
}

/// Whether a descriptor is ready; if not, the wait ends with it.
fn descriptor_is_ready<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    interest: Interest,
    wait: &mut Wait,
) -> Result<Outcome, Error> {
    with_entry(call, fd, |call, entry| {
        if let Object::Dir(_) = entry.object() {
            return Err(Errno::Badf.into());
        }
        require(entry, mode(entry, interest), Errno::Badf)?;
        require(entry, Rights::POLL_FD_READWRITE, Errno::Perm)?;
        let readiness = match entry.object() {
            Object::File(_) => file_readiness(entry, interest).map(Some),
            object => object.readiness(interest),
        };
        match (readiness, entry.object().pollable()) {
            (Ok(None), Some(object)) => {
                wait.objects.push((object, interest));
                if let Some(lease) = entry.lease() {
                    wait.end_with(lease, call.ctx().clocks());
                }
                Ok(None)
            }
            (Ok(ready), _) => Ok(ready.map(Ok)),
            (Err(error), _) => Ok(Some(Err(error.errno()))),
        }
    })
}

/// The right without which a descriptor cannot be waited for in this way.
fn mode(entry: &Entry, interest: Interest) -> Rights {
    match (entry.object(), interest) {
        (Object::Listener(_), Interest::Read) => Rights::SOCK_ACCEPT,
        (_, Interest::Read) => Rights::FD_READ,
        (_, Interest::Write) => Rights::FD_WRITE,
    }
}

/// Files never wait; what is left of them can be read.
fn file_readiness(entry: &Entry, interest: Interest) -> Result<Ready, turnkey_wasi_common::Error> {
    Ok(match interest {
        Interest::Write => Ready {
            bytes: 1,
            hangup: false,
        },
        Interest::Read => {
            let size = entry.object().stat()?.size;
            let left = size.saturating_sub(entry.description().offset());
            Ready {
                bytes: left,
                hangup: left == 0,
            }
        }
    })
}

/// Sees that a guest does not subscribe to more than its limits allow.
pub(crate) fn check_count<T: Table>(ctx: &WasiCtx<T>, count: u32) -> Result<(), Error> {
    if count == 0 {
        return Err(Errno::Inval.into());
    }
    if count > ctx.limits().subscriptions {
        return Err(Errno::Nomem.into());
    }
    Ok(())
}
