//! Lending a parent to its child for the length of a call, and a child's call to its parent for the
//! length of a look at it.
//!
//! The host functions of the one must reach the other, but a store's data cannot hold a borrow: it
//! outlives the call. So the borrow is kept here without its lifetime, and only while the frame
//! that owns it is on the stack.
#![expect(
    unsafe_code,
    reason = "what is lent is kept without its lifetime for the length of one frame"
)]

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use turnkey_snapshots::engine::Guest;
use turnkey_wasi_common::Errno;

/// A call of a child's that a filter of its parent's is looking at.
pub(super) trait Looked {
    /// The number by which the parent knows it.
    fn number(&self) -> u32;

    /// Copies from what an argument leads to, and answers how many bytes.
    ///
    /// # Errors
    /// - `INVAL`: it leads nowhere.
    fn read(&self, arg: u32, offset: u32, bytes: &mut [u8]) -> Result<usize, Errno>;

    /// Writes to what an argument leads to.
    ///
    /// # Errors
    /// - `INVAL`: the call writes nothing there.
    /// - `FAULT`: it leads not so far.
    /// - `NOMEM`: the call writes more than can be kept.
    fn write(
        &mut self,
        parent: &mut dyn Guest,
        arg: u32,
        offset: u32,
        bytes: &[u8],
    ) -> Result<(), Errno>;

    /// Carries it out, and answers its errno.
    ///
    /// # Errors
    /// - `ALREADY`: it has been carried out.
    /// - `CANCELED`: the child has ended with it.
    /// - `NOMEM`: the call writes more than can be kept.
    fn forward(&mut self, parent: &mut dyn Guest) -> Result<Errno, Errno>;
}

/// A place in which something lies while it is lent. One thread at a time lends here.
pub(super) struct Lent<T: ?Sized> {
    /// The thread that lends, or 0.
    lender: AtomicUsize,
    /// What it lends, while nobody borrows it.
    loan: Cell<Option<NonNull<T>>>,
}

// SAFETY: the pointer is used on the lender's thread alone, and whoever is not the lender does not
// look at `loan`. To become the lender acquires what the last one released.
unsafe impl<T: ?Sized> Send for Lent<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized> Sync for Lent<T> {}

impl<T: ?Sized> Default for Lent<T> {
    fn default() -> Self {
        Self {
            lender: AtomicUsize::new(0),
            loan: Cell::new(None),
        }
    }
}

impl Lent<dyn Guest> {
    /// Lends `guest` while `step` runs. A loan that was there before is set aside for that time.
    pub(super) fn lend<R>(&self, guest: &mut dyn Guest, step: impl FnOnce() -> R) -> R {
        let guest: NonNull<dyn Guest + '_> = NonNull::from(guest);
        // SAFETY: only the lifetime changes, and the pointer is kept no longer than `guest` is
        // borrowed here. A guest hands nothing out that lives as long as itself.
        let guest: NonNull<dyn Guest> = unsafe { std::mem::transmute(guest) };
        // SAFETY: `guest` is borrowed for as long as this runs.
        unsafe { self.lend_for(guest, step) }
    }
}

impl Lent<dyn Looked> {
    /// Lends `call` while `step` runs. A loan that was there before is set aside for that time.
    pub(super) fn lend<R>(&self, call: &mut dyn Looked, step: impl FnOnce() -> R) -> R {
        let call: NonNull<dyn Looked + '_> = NonNull::from(call);
        // SAFETY: only the lifetime changes, and the pointer is kept no longer than `call` is
        // borrowed here. A call hands nothing out that is borrowed.
        let call: NonNull<dyn Looked> = unsafe { std::mem::transmute(call) };
        // SAFETY: `call` is borrowed for as long as this runs.
        unsafe { self.lend_for(call, step) }
    }
}

impl<T: ?Sized> Lent<T> {
    /// The pointer lies in this place no longer than `_ended` lives, which is within this call:
    /// whoever borrows does so on this thread, in a frame above this one, and has given the pointer
    /// back when `step` returns. While another thread lends, nothing is lent here.
    ///
    /// # Safety
    /// What `lent` points to must live until this returns, and nobody else may use it meanwhile.
    unsafe fn lend_for<R>(&self, lent: NonNull<T>, step: impl FnOnce() -> R) -> R {
        let me = this_thread();
        let lender = self
            .lender
            .compare_exchange(0, me, Ordering::Acquire, Ordering::Relaxed);
        if lender.is_err_and(|lender| lender != me) {
            return step();
        }
        let _ended = PutBack {
            place: self,
            loan: self.loan.replace(Some(lent)),
            is_last: lender.is_ok(),
        };
        step()
    }

    /// Borrows what is lent here; `None` if there is nothing, if it is borrowed already, or if
    /// another thread lends it.
    pub(super) fn borrow<R>(&self, step: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.lender.load(Ordering::Relaxed) != this_thread() {
            return None;
        }
        let mut lent = self.loan.take()?;
        let _given_back = PutBack {
            place: self,
            loan: Some(lent),
            is_last: false,
        };
        // SAFETY: the frame that lends it is on this thread's stack and has not ended, so it lives.
        // The pointer was taken out of its place, so this is the only reference made from it until
        // it is put back, which is after `step`.
        Some(step(unsafe { lent.as_mut() }))
    }
}

/// A number that no other thread has at the same time, and that is not 0.
fn this_thread() -> usize {
    thread_local! {
        static HERE: u8 = const { 0 };
    }
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// Restores what lay in a place, even when a panic passes by.
struct PutBack<'a, T: ?Sized> {
    place: &'a Lent<T>,
    loan: Option<NonNull<T>>,
    /// Then this thread lends nothing more.
    is_last: bool,
}

impl<T: ?Sized> Drop for PutBack<'_, T> {
    fn drop(&mut self) {
        self.place.loan.set(self.loan);
        if self.is_last {
            self.place.lender.store(0, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    //! An engine-free model, small enough to run under Miri: `cargo +nightly miri test -p
    //! turnkey-virt lend`.
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use turnkey_snapshots::engine::{FuncType, Handler, Value};
    use turnkey_wasi_common::{Stop, Trap, WasiCtx};

    struct Fake {
        memory: Vec<u8>,
        ctx: WasiCtx,
    }

    impl Fake {
        fn new(memory: &[u8]) -> Self {
            Self {
                memory: memory.to_vec(),
                ctx: WasiCtx::builder().build().unwrap(),
            }
        }
    }

    impl Guest for Fake {
        fn export(&mut self, _name: &str) -> Option<Handler> {
            None
        }

        fn export_type(&mut self, _handler: Handler) -> FuncType {
            FuncType::default()
        }

        fn call(&mut self, _: Handler, _: &[Value], _: &mut [Value]) -> Result<(), Stop> {
            Ok(())
        }

        fn memory(&mut self) -> Result<&mut [u8], Trap> {
            Ok(&mut self.memory)
        }

        fn ctx(&self) -> &WasiCtx {
            &self.ctx
        }

        fn fuel(&self) -> Option<u64> {
            None
        }
    }

    fn first_byte(lent: &Lent<dyn Guest>) -> Option<u8> {
        lent.borrow(|guest| guest.memory().unwrap()[0])
    }

    fn increment(lent: &Lent<dyn Guest>) -> Option<()> {
        lent.borrow(|guest| guest.memory().unwrap()[0] += 1)
    }

    #[test]
    fn borrow_only_while_lent() {
        let lent = Lent::<dyn Guest>::default();
        let mut parent = Fake::new(&[1]);
        assert_eq!(first_byte(&lent), None);
        lent.lend(&mut parent, || {
            assert_eq!(increment(&lent), Some(()));
            assert_eq!(increment(&lent), Some(()));
        });
        assert_eq!(first_byte(&lent), None);
        assert_eq!(parent.memory, [3]);
    }

    #[test]
    fn borrow_while_borrowed_none() {
        let lent = Lent::<dyn Guest>::default();
        let mut parent = Fake::new(&[1]);
        lent.lend(&mut parent, || {
            let inner = lent.borrow(|guest| {
                guest.memory().unwrap()[0] = 9;
                first_byte(&lent)
            });
            assert_eq!(inner, Some(None));
            assert_eq!(first_byte(&lent), Some(9));
        });
    }

    #[test]
    fn lend_again_inside_inner_then_outer() {
        let lent = Lent::<dyn Guest>::default();
        let (mut outer, mut inner) = (Fake::new(&[1]), Fake::new(&[2]));
        lent.lend(&mut outer, || {
            lent.lend(&mut inner, || assert_eq!(first_byte(&lent), Some(2)));
            assert_eq!(first_byte(&lent), Some(1));
            lent.borrow(|entered| {
                lent.lend(entered, || assert_eq!(increment(&lent), Some(())));
                assert_eq!(first_byte(&lent), None);
            });
            assert_eq!(first_byte(&lent), Some(2));
        });
    }

    #[test]
    fn panic_while_lent_loan_ends() {
        let lent = Lent::<dyn Guest>::default();
        let mut parent = Fake::new(&[1]);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            lent.lend(&mut parent, || lent.borrow(|_| panic!("on purpose")));
        }));
        assert!(caught.is_err());
        assert_eq!(first_byte(&lent), None);
    }

    #[test]
    fn borrow_from_another_thread_none() {
        let lent = Lent::<dyn Guest>::default();
        let mut parent = Fake::new(&[1]);
        lent.lend(&mut parent, || {
            std::thread::scope(|scope| {
                let seen = scope.spawn(|| first_byte(&lent)).join().unwrap();
                assert_eq!(seen, None);
            });
            assert_eq!(first_byte(&lent), Some(1));
        });
    }

    /// A call that is carried out by asking the parent, who looks at it meanwhile.
    struct Pending<'a>(&'a Lent<dyn Guest>);

    impl Looked for Pending<'_> {
        fn number(&self) -> u32 {
            5
        }

        fn read(&self, _: u32, _: u32, bytes: &mut [u8]) -> Result<usize, Errno> {
            Ok(bytes.len())
        }

        fn write(&mut self, _: &mut dyn Guest, _: u32, _: u32, _: &[u8]) -> Result<(), Errno> {
            Ok(())
        }

        fn forward(&mut self, parent: &mut dyn Guest) -> Result<Errno, Errno> {
            let asked = self.0.lend(parent, || increment(self.0));
            asked.map(|()| Errno::Success).ok_or(Errno::Io)
        }
    }

    #[test]
    fn call_lent_to_the_parent_who_is_lent_again_within() {
        let (lent, looking) = (Lent::<dyn Guest>::default(), Lent::<dyn Looked>::default());
        let mut parent = Fake::new(&[1]);
        let forward = |entered: &mut dyn Guest| looking.borrow(|call| call.forward(entered));
        lent.lend(&mut parent, || {
            lent.borrow(|entered| {
                let mut call = Pending(&lent);
                looking.lend(&mut call, || {
                    assert_eq!(looking.borrow(|call| call.number()), Some(5));
                    assert_eq!(forward(entered), Some(Ok(Errno::Success)));
                    entered.memory().unwrap()[0] += 1;
                    assert_eq!(forward(entered), Some(Ok(Errno::Success)));
                });
                assert!(looking.borrow(|call| call.number()).is_none());
            });
            assert_eq!(first_byte(&lent), Some(4));
        });
        assert_eq!(parent.memory, [4]);
    }

    #[test]
    fn lend_while_another_thread_lends_nothing_is_lent() {
        let lent = Lent::<dyn Guest>::default();
        let (mut first, mut second) = (Fake::new(&[1]), Fake::new(&[2]));
        let (lending, is_lending) = std::sync::mpsc::channel();
        let (ended, has_ended) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let place = &lent;
            lent.lend(&mut first, || {
                scope.spawn(move || {
                    place.lend(&mut second, || {
                        assert_eq!(first_byte(place), None);
                        lending.send(()).unwrap();
                        has_ended.recv().unwrap();
                        assert_eq!(first_byte(place), None);
                    });
                });
                is_lending.recv().unwrap();
                assert_eq!(first_byte(place), Some(1));
            });
            assert_eq!(first_byte(place), None);
            ended.send(()).unwrap();
        });
        let mut third = Fake::new(&[3]);
        assert_eq!(lent.lend(&mut third, || first_byte(&lent)), Some(3));
    }
}
