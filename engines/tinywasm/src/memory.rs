//! The guest's memory, so that the host can borrow it.
//!
//! tinywasm lends nobody the bytes of its own memories: the host may only have them copied. So
//! memories are made here, of bytes that a guest's thread shares with the functions that it
//! imports. Each access borrows them for its own length, and so does each attempt at a call.

use crate::gauge::Gauge;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use tinywasm::types::MemoryType;
use tinywasm::{LinearMemory, MemoryBackend};
use turnkey_wasi_common::{Trap, TrapKind};

/// The bytes of one memory.
pub(crate) type Bytes = Rc<RefCell<Vec<u8>>>;

/// Borrows a memory for the host.
pub(crate) fn borrow(bytes: &Bytes) -> Result<RefMut<'_, Vec<u8>>, Trap> {
    bytes
        .try_borrow_mut()
        .map_err(|_| Trap::new(TrapKind::Host, "the guest's memory is in use already"))
}

/// What is known while the memories of an instance are made.
struct Making {
    gauge: Rc<Gauge>,
    /// How many memories the guest has. What is made after these is the gauge's.
    own: usize,
    made: Vec<Bytes>,
}

thread_local! {
    /// tinywasm's factory of memories has to be good for any thread, and so can hold nothing that
    /// belongs to one. An instance stays on the thread on which it was made.
    static MAKING: RefCell<Option<Making>> = const { RefCell::new(None) };
}

/// Makes the memories of instances that are made by [`with_memories`].
pub(crate) fn backend() -> MemoryBackend {
    MemoryBackend::custom(make)
}

/// Makes an instance by `make`, and tells the memories that were made with it, in their order. The
/// first `own` of them are the guest's.
pub(crate) fn with_memories<R>(
    gauge: &Rc<Gauge>,
    own: usize,
    make: impl FnOnce() -> R,
) -> (R, Vec<Bytes>) {
    let gauge = Rc::clone(gauge);
    let made = Vec::new();
    MAKING.set(Some(Making { gauge, own, made }));
    let result = make();
    let made = MAKING.take().map_or_else(Vec::new, |making| making.made);
    (result, made)
}

fn make(ty: MemoryType) -> tinywasm::Result<Shared> {
    MAKING.with_borrow_mut(|making| {
        let refused = || tinywasm::Error::Other("a memory was made for no instance".to_owned());
        let making = making.as_mut().ok_or_else(refused)?;
        let mut memory = Shared {
            bytes: Bytes::default(),
            gauge: Rc::clone(&making.gauge),
            is_own: making.made.len() < making.own,
        };
        let length = usize::try_from(ty.initial_size()).unwrap_or(usize::MAX);
        memory.grow_to(length)?;
        making.made.push(Rc::clone(&memory.bytes));
        Ok(memory)
    })
}

/// A memory as tinywasm sees it.
struct Shared {
    bytes: Bytes,
    gauge: Rc<Gauge>,
    /// It is the guest's, and not the one by which it reaches the gauge.
    is_own: bool,
}

impl Shared {
    /// Acts on the bytes. `None` as well if the host holds them, which it never does while the
    /// guest runs.
    #[inline]
    fn with<R>(&self, act: impl FnOnce(&[u8]) -> Option<R>) -> Option<R> {
        act(&self.bytes.try_borrow().ok()?)
    }

    #[inline]
    fn with_mut<R>(&self, act: impl FnOnce(&mut [u8]) -> Option<R>) -> Option<R> {
        act(&mut self.bytes.try_borrow_mut().ok()?)
    }

    #[inline]
    fn load<const N: usize>(&self, addr: usize) -> Option<[u8; N]> {
        self.with(|bytes| bytes.get(addr..)?.first_chunk().copied())
    }

    #[inline]
    fn store<const N: usize>(&self, addr: usize, from: &[u8]) -> Option<()> {
        let from: &[u8; N] = from.first_chunk()?;
        self.with_mut(|bytes| {
            *bytes.get_mut(addr..)?.first_chunk_mut()? = *from;
            Some(())
        })
    }

    /// The trap of an access to what is not there.
    fn beyond(&self, offset: usize, len: usize) -> tinywasm::Trap {
        let max = self.len();
        tinywasm::Trap::MemoryOutOfBounds { offset, len, max }
    }

    /// The gauge, which answers for what is not there if this memory is its own.
    fn gauge(&self, offset: usize, len: usize) -> Result<&Gauge, tinywasm::Trap> {
        match self.is_own {
            true => Err(self.beyond(offset, len)),
            false => Ok(&self.gauge),
        }
    }

    /// A guest has come to a piece of code that costs so much.
    #[cold]
    fn charge(&self, cost: usize) -> Result<[u8; 1], tinywasm::Trap> {
        self.gauge(cost, 1)?.charge(cost as u64)?;
        Ok([0])
    }

    /// A guest wants to know whether the table that it asked for may grow.
    #[cold]
    fn granted(&self, addr: usize) -> Result<[u8; 2], tinywasm::Trap> {
        let granted = self.gauge(addr, 2)?.granted();
        Ok([u8::from(granted), 0])
    }

    /// A guest has not grown the table that it asked for.
    #[cold]
    fn give_back(&self, addr: usize) -> Result<(), tinywasm::Trap> {
        self.gauge(addr, 2)?.give_back();
        Ok(())
    }

    /// A guest asks whether a table of `current` elements may have so many more.
    #[cold]
    fn ask(&self, current: usize, more: &[u8]) -> Result<(), tinywasm::Trap> {
        let gauge = self.gauge(current, more.len())?;
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(more) {
            *to = *from;
        }
        gauge.grow_table(current, u64::from_le_bytes(bytes));
        Ok(())
    }
}

impl LinearMemory for Shared {
    fn len(&self) -> usize {
        self.bytes.try_borrow().map_or(0, |bytes| bytes.len())
    }

    fn grow_to(&mut self, new_len: usize) -> Result<(), tinywasm::Trap> {
        let refused = || tinywasm::Trap::OutOfMemory;
        let mut bytes = self.bytes.try_borrow_mut().map_err(|_| refused())?;
        let more = new_len.checked_sub(bytes.len()).ok_or_else(refused)?;
        if !self.gauge.grow_memory(bytes.len(), new_len) {
            return Err(refused());
        }
        if bytes.try_reserve_exact(more).is_err() {
            self.gauge.give_back();
            return Err(refused());
        }
        bytes.resize(new_len, 0);
        Ok(())
    }

    fn read(&self, addr: usize, dst: &mut [u8]) -> usize {
        let read = self.with(|bytes| {
            let from = bytes.get(addr..)?;
            let length = from.len().min(dst.len());
            dst.get_mut(..length)?.copy_from_slice(from.get(..length)?);
            Some(length)
        });
        read.unwrap_or(0)
    }

    fn write(&mut self, addr: usize, src: &[u8]) -> usize {
        let written = self.with_mut(|bytes| {
            let to = bytes.get_mut(addr..)?;
            let length = to.len().min(src.len());
            to.get_mut(..length)?.copy_from_slice(src.get(..length)?);
            Some(length)
        });
        written.unwrap_or(0)
    }

    fn fill(&mut self, addr: usize, len: usize, val: u8) -> Option<()> {
        self.with_mut(|bytes| {
            bytes.get_mut(addr..addr.checked_add(len)?)?.fill(val);
            Some(())
        })
    }

    fn copy_within(&mut self, dst: usize, src: usize, len: usize) -> Option<()> {
        self.with_mut(|bytes| {
            let from = src..src.checked_add(len)?;
            bytes.get(from.clone())?;
            bytes.get(dst..dst.checked_add(len)?)?;
            bytes.copy_within(from, dst);
            Some(())
        })
    }

    #[inline]
    fn read_8(&self, addr: usize) -> Result<[u8; 1], tinywasm::Trap> {
        self.load(addr).map_or_else(|| self.charge(addr), Ok)
    }

    #[inline]
    fn read_16(&self, addr: usize) -> Result<[u8; 2], tinywasm::Trap> {
        self.load(addr).map_or_else(|| self.granted(addr), Ok)
    }

    #[inline]
    fn read_32(&self, addr: usize) -> Result<[u8; 4], tinywasm::Trap> {
        self.load(addr).ok_or_else(|| self.beyond(addr, 4))
    }

    #[inline]
    fn read_64(&self, addr: usize) -> Result<[u8; 8], tinywasm::Trap> {
        self.load(addr).ok_or_else(|| self.beyond(addr, 8))
    }

    #[inline]
    fn read_128(&self, addr: usize) -> Result<[u8; 16], tinywasm::Trap> {
        self.load(addr).ok_or_else(|| self.beyond(addr, 16))
    }

    #[inline]
    fn write_8(&mut self, addr: usize, bytes: &[u8]) -> Result<(), tinywasm::Trap> {
        let stored = self.store::<1>(addr, bytes);
        stored.ok_or_else(|| self.beyond(addr, 1))
    }

    #[inline]
    fn write_16(&mut self, addr: usize, bytes: &[u8]) -> Result<(), tinywasm::Trap> {
        let stored = self.store::<2>(addr, bytes);
        stored.map_or_else(|| self.give_back(addr), Ok)
    }

    #[inline]
    fn write_32(&mut self, addr: usize, bytes: &[u8]) -> Result<(), tinywasm::Trap> {
        let stored = self.store::<4>(addr, bytes);
        stored.map_or_else(|| self.ask(addr, bytes), Ok)
    }

    #[inline]
    fn write_64(&mut self, addr: usize, bytes: &[u8]) -> Result<(), tinywasm::Trap> {
        let stored = self.store::<8>(addr, bytes);
        stored.map_or_else(|| self.ask(addr, bytes), Ok)
    }

    #[inline]
    fn write_128(&mut self, addr: usize, bytes: &[u8]) -> Result<(), tinywasm::Trap> {
        let stored = self.store::<16>(addr, bytes);
        stored.ok_or_else(|| self.beyond(addr, 16))
    }
}
