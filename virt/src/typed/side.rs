//! A side of a call: whose memory values are copied from, or to.

use super::copy::{Fault, Room, place};
use turnkey_snapshots::engine::{FuncType, Guest, Handler, Value, ValueType};
use turnkey_wasi_common::{Entry, Errno, Fd, Grant, Stop, Table, Trap, TrapKind};

/// Why a side does not do what it is asked to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failed {
    /// It goes on, and the call does not.
    Errno(Errno),
    /// It does not go on.
    Stop(Stop),
}

impl From<Errno> for Failed {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Stop> for Failed {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Trap> for Failed {
    fn from(trap: Trap) -> Self {
        Self::Stop(trap.into())
    }
}

/// The side whose value it is does not go on if the value leads nowhere.
impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Errno(errno) => Self::Errno(errno),
            Fault::Place { address, bytes } => {
                let message = format!(
                    "a value leads to {bytes} bytes at {address:#x}, which is beyond the memory or \
                     not aligned"
                );
                Trap::new(TrapKind::Fault, message).into()
            }
        }
    }
}

/// One who calls or is called. What makes a side run is told who the other one is.
pub(crate) trait Side {
    fn memory(&mut self) -> Result<&mut [u8], Failed>;

    /// Room in the memory, of so many bytes and with that alignment, for what the other hands over.
    ///
    /// # Errors
    /// - `NOMEM`: there is none.
    /// - `NOSYS`: nothing allocates.
    fn alloc(&mut self, other: &mut dyn Side, size: u32, align: u32) -> Result<u32, Failed>;

    /// Gives back such room.
    fn free(&mut self, other: &mut dyn Side, room: Room) -> Result<(), Stop>;

    /// What is handed over of a handle.
    ///
    /// # Errors
    /// - `BADF`: there is none of this number, or it was taken back.
    fn handle(&mut self, number: u32) -> Result<Grant, Errno>;

    /// Receives a handle, and answers its number here.
    ///
    /// # Errors
    /// - `MFILE`: there is room for no more.
    fn receive(&mut self, grant: Grant) -> Result<u32, Errno>;

    /// Lets go of a handle that was received in a call which does not come about.
    fn forget(&mut self, number: u32);

    /// The guest that it is, if it is one.
    fn guest(&mut self) -> Option<&mut dyn Guest> {
        None
    }
}

/// One who is called.
pub(crate) trait Callee: Side {
    fn call(
        &mut self,
        caller: &mut dyn Side,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop>;
}

/// What allocates in a guest, and gives back.
pub(crate) const ALLOC: &str = "virt_alloc";
pub(crate) const REALLOC: &str = "cabi_realloc";
pub(crate) const FREE: &str = "virt_free";

/// Whether exports of these types allocate.
pub(crate) fn allocates(ty: impl Fn(&str) -> Option<FuncType>) -> bool {
    let is = |name: &str, params: usize| {
        ty(name)
            == Some(FuncType::new(
                vec![ValueType::I32; params],
                [ValueType::I32],
            ))
    };
    is(ALLOC, 2) || is(REALLOC, 4)
}

/// How a guest runs that is called by its own parent: the parent is lent to it for that time.
pub(crate) type Lend<'a> = dyn Fn(&mut dyn Guest, &mut dyn FnMut()) + 'a;

/// A guest that has been entered.
pub(crate) struct GuestSide<'a> {
    pub(crate) guest: &'a mut dyn Guest,
    /// What is called, if the guest is.
    pub(crate) export: Option<Handler>,
    /// What becomes of handles before the guest has them.
    pub(crate) counted: &'a dyn Fn(Grant) -> Grant,
    /// By what it is lent its parent, if that is who calls.
    pub(crate) lend: Option<&'a Lend<'a>>,
}

impl GuestSide<'_> {
    fn export(&mut self, name: &str, params: usize, results: usize) -> Option<Handler> {
        let handler = self.guest.export(name)?;
        let words = |count| vec![ValueType::I32; count];
        let ty = FuncType::new(words(params), words(results));
        (self.guest.export_type(handler) == ty).then_some(handler)
    }

    fn run(
        &mut self,
        other: &mut dyn Side,
        handler: Handler,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        match (self.lend, other.guest()) {
            (Some(lend), Some(parent)) => {
                let mut called = Ok(());
                lend(parent, &mut || {
                    called = self.guest.call(handler, args, results);
                });
                called
            }
            _ => self.guest.call(handler, args, results),
        }
    }
}

impl Side for GuestSide<'_> {
    fn memory(&mut self) -> Result<&mut [u8], Failed> {
        Ok(self.guest.memory()?)
    }

    fn alloc(&mut self, other: &mut dyn Side, size: u32, align: u32) -> Result<u32, Failed> {
        let (size_value, align_value) = (Value::from(size), Value::from(align));
        let mut results = [Value::I32(0)];
        if let Some(alloc) = self.export(ALLOC, 2, 1) {
            self.run(other, alloc, &[size_value, align_value], &mut results)?;
        } else if let Some(realloc) = self.export(REALLOC, 4, 1) {
            let zero = Value::I32(0);
            let args = [zero, zero, align_value, size_value];
            self.run(other, realloc, &args, &mut results)?;
        } else {
            return Err(Errno::Nosys.into());
        }
        let [result] = results;
        let start = result.as_u32().unwrap_or(0);
        if start == 0 {
            return Err(Errno::Nomem.into());
        }
        place(self.memory()?, start, size.into(), align)?;
        Ok(start)
    }

    fn free(&mut self, other: &mut dyn Side, room: Room) -> Result<(), Stop> {
        match self.export(FREE, 3, 0) {
            Some(free) => {
                let args = [room.start, room.size, room.align].map(Value::from);
                self.run(other, free, &args, &mut [])
            }
            None => Ok(()),
        }
    }

    fn handle(&mut self, number: u32) -> Result<Grant, Errno> {
        let table = self.guest.ctx().table();
        let grant = table.with(Fd(number), |entry: &Entry| {
            entry.is_alive().then(|| Grant::of(entry))
        })?;
        grant.ok_or(Errno::Badf)
    }

    fn receive(&mut self, grant: Grant) -> Result<u32, Errno> {
        let grant = (self.counted)(grant);
        let fd = self.guest.ctx().table().insert(grant.into_entry())?;
        Ok(fd.0)
    }

    fn forget(&mut self, number: u32) {
        // Whoever received it may have closed it already.
        let _closed = self.guest.ctx().table().remove(Fd(number));
    }

    fn guest(&mut self) -> Option<&mut dyn Guest> {
        Some(self.guest)
    }
}

impl Callee for GuestSide<'_> {
    fn call(
        &mut self,
        caller: &mut dyn Side,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        match self.export {
            Some(export) => self.run(caller, export, args, results),
            None => Ok(()),
        }
    }
}
