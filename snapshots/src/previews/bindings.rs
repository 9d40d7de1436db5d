//! A snapshot's functions on the operations.
//!
//! Every snapshot has this file as a module of its own: what wiggle makes from one document is of
//! other types than what it makes from another, but of the same names. What only one snapshot has
//! is added by the macro `only_here`, which each defines.

use super::calls::{Prestat, PrestatDir};
use super::convert::{
    advice, clock, fd, fd_flags, fdstat, file_type, filestat, follow, iovecs, receive_flags,
    rights, shutdown, times, whence,
};
use super::generated::{Functions, types};
use super::table::types::{EVENT, SUBSCRIPTION};
use crate::call::Call;
use crate::error::Error;
use crate::memory::Bytes;
use crate::operations::poll::{Event, Few, Kind, Subscription};
use crate::operations::{descriptor, file, io, listing, path, poll, socket, strings};
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Durability, Errno, Interest, Stop};
use wiggle::{GuestMemory, GuestPtr};

impl wiggle::GuestErrorType for types::Errno {
    fn success() -> Self {
        Self::Success
    }
}

impl<T: Table> types::UserErrorConversion for Call<'_, T> {
    /// An attempt that must wait tells nothing to the guest: its caller sees the state and tries
    /// again, so any errno will do.
    fn errno_from_error(&mut self, error: Error) -> wiggle::anyhow::Result<types::Errno> {
        match error {
            Error::Errno(errno) => Ok(super::convert::errno(errno)),
            Error::Host(error) => {
                if let Some(told) = error.told() {
                    self.remark(|| told.to_owned());
                }
                Ok(super::convert::errno(error.errno()))
            }
            Error::Wait => Ok(types::Errno::Again),
            Error::Stop(stop) => Err(stop.into()),
        }
    }
}

type Memory<'a, 'b> = &'a mut GuestMemory<'b>;
type Bytes8 = GuestPtr<u8>;

impl<T: Table> Functions for Call<'_, T> {
    fn args_get(
        &mut self,
        memory: Memory<'_, '_>,
        argv: GuestPtr<Bytes8>,
        argv_buf: Bytes8,
    ) -> Result<(), Error> {
        let args = self.ctx().args();
        strings::copy_out(memory, args, argv.offset(), argv_buf.offset())
    }

    fn args_sizes_get(
        &mut self,
        _memory: Memory<'_, '_>,
    ) -> Result<(types::Size, types::Size), Error> {
        strings::sizes(self.ctx().args())
    }

    fn environ_get(
        &mut self,
        memory: Memory<'_, '_>,
        environ: GuestPtr<Bytes8>,
        environ_buf: Bytes8,
    ) -> Result<(), Error> {
        let env = self.ctx().env();
        strings::copy_out(memory, env, environ.offset(), environ_buf.offset())
    }

    fn environ_sizes_get(
        &mut self,
        _memory: Memory<'_, '_>,
    ) -> Result<(types::Size, types::Size), Error> {
        strings::sizes(self.ctx().env())
    }

    fn clock_res_get(
        &mut self,
        memory: Memory<'_, '_>,
        id: types::Clockid,
        answer: GuestPtr<types::Timestamp>,
    ) -> Result<(), Error> {
        let resolution = self.ctx().clocks().resolution(clock(id))?;
        memory.answer(answer, resolution)
    }

    fn clock_time_get(
        &mut self,
        memory: Memory<'_, '_>,
        id: types::Clockid,
        _precision: types::Timestamp,
        answer: GuestPtr<types::Timestamp>,
    ) -> Result<(), Error> {
        let now = self.ctx().clocks().now(clock(id))?;
        memory.answer(answer, now)
    }

    fn fd_advise(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        offset: types::Filesize,
        len: types::Filesize,
        how: types::Advice,
    ) -> Result<(), Error> {
        file::advise(self, fd(handle), offset, len, advice(how))
    }

    fn fd_allocate(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        offset: types::Filesize,
        len: types::Filesize,
    ) -> Result<(), Error> {
        file::allocate(self, fd(handle), offset, len)
    }

    fn fd_close(&mut self, _memory: Memory<'_, '_>, handle: types::Fd) -> Result<(), Error> {
        descriptor::close(self, fd(handle))
    }

    fn fd_datasync(&mut self, _memory: Memory<'_, '_>, handle: types::Fd) -> Result<(), Error> {
        file::sync(self, fd(handle), Durability::Data)
    }

    fn fd_fdstat_get(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        answer: GuestPtr<types::Fdstat>,
    ) -> Result<(), Error> {
        let stat = descriptor::fdstat(self, fd(handle))?;
        memory.answer(answer, fdstat(&stat))
    }

    fn fd_fdstat_set_flags(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        flags: types::Fdflags,
    ) -> Result<(), Error> {
        descriptor::set_flags(self, fd(handle), fd_flags(flags))
    }

    fn fd_fdstat_set_rights(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        base: types::Rights,
        inheriting: types::Rights,
    ) -> Result<(), Error> {
        descriptor::set_rights(self, fd(handle), rights(base), rights(inheriting))
    }

    fn fd_filestat_get(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        answer: GuestPtr<types::Filestat>,
    ) -> Result<(), Error> {
        let stat = descriptor::filestat(self, fd(handle))?;
        memory.answer(answer, filestat(&stat))
    }

    fn fd_filestat_set_size(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        size: types::Filesize,
    ) -> Result<(), Error> {
        file::set_size(self, fd(handle), size)
    }

    fn fd_filestat_set_times(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        atim: types::Timestamp,
        mtim: types::Timestamp,
        flags: types::Fstflags,
    ) -> Result<(), Error> {
        file::set_times(self, fd(handle), times(atim, mtim, flags))
    }

    fn fd_pread(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        iovs: types::IovecArray,
        offset: types::Filesize,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let read = io::read_at(self, memory, fd(handle), iovecs(iovs), offset)?;
        memory.answer(answer, read)
    }

    fn fd_prestat_get(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        answer: GuestPtr<types::Prestat>,
    ) -> Result<(), Error> {
        let pr_name_len = descriptor::preopen_length(self, fd(handle))?;
        memory.answer(answer, Prestat::Dir(PrestatDir { pr_name_len }))
    }

    fn fd_prestat_dir_name(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        name: Bytes8,
        length: types::Size,
    ) -> Result<(), Error> {
        descriptor::preopen_name(self, memory, fd(handle), name.offset(), length)
    }

    fn fd_pwrite(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        iovs: types::CiovecArray,
        offset: types::Filesize,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let written = io::write_at(self, memory, fd(handle), iovecs(iovs), offset)?;
        memory.answer(answer, written)
    }

    fn fd_read(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        iovs: types::IovecArray,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let read = io::read(self, memory, fd(handle), iovecs(iovs))?;
        memory.answer(answer, read)
    }

    fn fd_readdir(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        buf: Bytes8,
        buf_len: types::Size,
        cookie: types::Dircookie,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let buffer = (buf.offset(), buf_len);
        let number = |kind| file_type(kind).0;
        let filled = listing::read_dir(self, memory, fd(handle), buffer, cookie, number)?;
        memory.answer(answer, filled)
    }

    fn fd_renumber(
        &mut self,
        _memory: Memory<'_, '_>,
        from: types::Fd,
        to: types::Fd,
    ) -> Result<(), Error> {
        descriptor::renumber(self, fd(from), fd(to))
    }

    fn fd_seek(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        offset: types::Filedelta,
        from: types::Whence,
        answer: GuestPtr<types::Filesize>,
    ) -> Result<(), Error> {
        let at = io::seek(self, fd(handle), offset, whence(from))?;
        memory.answer(answer, at)
    }

    fn fd_sync(&mut self, _memory: Memory<'_, '_>, handle: types::Fd) -> Result<(), Error> {
        file::sync(self, fd(handle), Durability::All)
    }

    fn fd_tell(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        answer: GuestPtr<types::Filesize>,
    ) -> Result<(), Error> {
        let at = io::tell(self, fd(handle))?;
        memory.answer(answer, at)
    }

    fn fd_write(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        iovs: types::CiovecArray,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let written = io::write(self, memory, fd(handle), iovecs(iovs))?;
        memory.answer(answer, written)
    }

    fn path_create_directory(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        name: GuestPtr<str>,
    ) -> Result<(), Error> {
        path::create_dir(self, memory, (fd(dir), name))
    }

    fn path_filestat_get(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        flags: types::Lookupflags,
        name: GuestPtr<str>,
        answer: GuestPtr<types::Filestat>,
    ) -> Result<(), Error> {
        let stat = path::stat(self, memory, (fd(dir), name), follow(flags))?;
        memory.answer(answer, filestat(&stat))
    }

    fn path_filestat_set_times(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        flags: types::Lookupflags,
        name: GuestPtr<str>,
        atim: types::Timestamp,
        mtim: types::Timestamp,
        which: types::Fstflags,
    ) -> Result<(), Error> {
        let place = (fd(dir), name);
        path::set_times(self, memory, place, follow(flags), times(atim, mtim, which))
    }

    fn path_link(
        &mut self,
        memory: Memory<'_, '_>,
        old_dir: types::Fd,
        old_flags: types::Lookupflags,
        old_name: GuestPtr<str>,
        new_dir: types::Fd,
        new_name: GuestPtr<str>,
    ) -> Result<(), Error> {
        let (from, to) = ((fd(old_dir), old_name), (fd(new_dir), new_name));
        path::link(self, memory, follow(old_flags), from, to)
    }

    fn path_open(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        flags: types::Lookupflags,
        name: GuestPtr<str>,
        oflags: types::Oflags,
        base: types::Rights,
        _inheriting: types::Rights,
        fdflags: types::Fdflags,
        answer: GuestPtr<types::Fd>,
    ) -> Result<(), Error> {
        let opening = path::Opening {
            follow: follow(flags),
            create: oflags.contains(types::Oflags::CREAT),
            directory: oflags.contains(types::Oflags::DIRECTORY),
            exclusive: oflags.contains(types::Oflags::EXCL),
            truncate: oflags.contains(types::Oflags::TRUNC),
            rights: rights(base),
            flags: fd_flags(fdflags),
        };
        let opened = path::open(self, memory, fd(dir), name, &opening)?;
        memory.answer(answer, opened)
    }

    fn path_readlink(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        name: GuestPtr<str>,
        buf: Bytes8,
        buf_len: types::Size,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let buffer = (buf.offset(), buf_len);
        let read = path::read_link(self, memory, (fd(dir), name), buffer)?;
        memory.answer(answer, read)
    }

    fn path_remove_directory(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        name: GuestPtr<str>,
    ) -> Result<(), Error> {
        path::remove_dir(self, memory, (fd(dir), name))
    }

    fn path_rename(
        &mut self,
        memory: Memory<'_, '_>,
        old_dir: types::Fd,
        old_name: GuestPtr<str>,
        new_dir: types::Fd,
        new_name: GuestPtr<str>,
    ) -> Result<(), Error> {
        path::rename(
            self,
            memory,
            (fd(old_dir), old_name),
            (fd(new_dir), new_name),
        )
    }

    fn path_symlink(
        &mut self,
        memory: Memory<'_, '_>,
        target: GuestPtr<str>,
        dir: types::Fd,
        name: GuestPtr<str>,
    ) -> Result<(), Error> {
        path::symlink(self, memory, target, (fd(dir), name))
    }

    fn path_unlink_file(
        &mut self,
        memory: Memory<'_, '_>,
        dir: types::Fd,
        name: GuestPtr<str>,
    ) -> Result<(), Error> {
        path::unlink(self, memory, (fd(dir), name))
    }

    fn poll_oneoff(
        &mut self,
        memory: Memory<'_, '_>,
        subscriptions: GuestPtr<types::Subscription>,
        events: GuestPtr<types::Event>,
        count: types::Size,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let (subscription_size, event_size) = (SUBSCRIPTION.size, EVENT.size);
        memory.check_array(subscriptions.offset(), count, subscription_size, 8)?;
        memory.check_array(events.offset(), count, event_size, 8)?;
        poll::check_count(self.ctx(), count)?;
        let subscribed: Few<Subscription> = subscriptions
            .as_array(count)
            .iter()
            .map(|at| subscription(memory.read(at?)?))
            .collect::<Result<_, _>>()?;
        let come = poll::poll(self, &subscribed)?;
        let told = u32::try_from(come.len()).map_err(|_| Errno::Overflow)?;
        for (at, come) in events.as_array(told).iter().zip(&come) {
            memory.write(at?, event(come))?;
        }
        memory.answer(answer, told)
    }

    fn proc_exit(
        &mut self,
        _memory: Memory<'_, '_>,
        code: types::Exitcode,
    ) -> wiggle::anyhow::Error {
        Stop::Exit(code).into()
    }

    fn proc_raise(&mut self, _memory: Memory<'_, '_>, signal: types::Signal) -> Result<(), Error> {
        Ok(self.ctx().raise(signal.into())?)
    }

    fn sched_yield(&mut self, _memory: Memory<'_, '_>) -> Result<(), Error> {
        self.ctx().yield_now();
        Ok(())
    }

    fn random_get(
        &mut self,
        memory: Memory<'_, '_>,
        buf: Bytes8,
        length: types::Size,
    ) -> Result<(), Error> {
        let random = self.ctx().random();
        let bytes = memory.slice_mut(buf.offset(), length)?;
        if length > self.ctx().limits().transfer {
            return Err(Errno::Nomem.into());
        }
        for chunk in bytes.chunks_mut(RANDOM) {
            random.fill(chunk)?;
            self.ctx().check_interrupt()?;
        }
        Ok(())
    }

    only_here!();

    fn sock_recv(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        iovs: types::IovecArray,
        flags: types::Riflags,
    ) -> Result<(types::Size, types::Roflags), Error> {
        let flags = receive_flags(flags);
        let (bytes, truncated) = socket::receive(self, memory, fd(handle), iovecs(iovs), flags)?;
        let mut told = types::Roflags::empty();
        told.set(types::Roflags::RECV_DATA_TRUNCATED, truncated);
        Ok((bytes, told))
    }

    fn sock_send(
        &mut self,
        memory: Memory<'_, '_>,
        handle: types::Fd,
        iovs: types::CiovecArray,
        flags: types::Siflags,
        answer: GuestPtr<types::Size>,
    ) -> Result<(), Error> {
        let sent = socket::send(self, memory, fd(handle), iovecs(iovs), flags)?;
        memory.answer(answer, sent)
    }

    fn sock_shutdown(
        &mut self,
        _memory: Memory<'_, '_>,
        handle: types::Fd,
        how: types::Sdflags,
    ) -> Result<(), Error> {
        socket::shutdown(self, fd(handle), shutdown(how))
    }
}

/// Random bytes that are made before anybody looks whether the guest is to be ended.
const RANDOM: usize = 1 << 20;

fn subscription(subscription: types::Subscription) -> Result<Subscription, Error> {
    let kind = match subscription.u {
        types::SubscriptionU::Clock(wanted) => Kind::Clock {
            clock: clock(wanted.id),
            timeout: wanted.timeout,
            absolute: wanted
                .flags
                .contains(types::Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME),
        },
        types::SubscriptionU::FdRead(wanted) => Kind::Descriptor {
            fd: fd(wanted.file_descriptor),
            interest: Interest::Read,
        },
        types::SubscriptionU::FdWrite(wanted) => Kind::Descriptor {
            fd: fd(wanted.file_descriptor),
            interest: Interest::Write,
        },
    };
    Ok(Subscription {
        userdata: subscription.userdata,
        kind,
    })
}

fn event(event: &Event) -> types::Event {
    let type_ = match event.subscription.kind {
        Kind::Clock { .. } => types::Eventtype::Clock,
        Kind::Descriptor {
            interest: Interest::Read,
            ..
        } => types::Eventtype::FdRead,
        Kind::Descriptor {
            interest: Interest::Write,
            ..
        } => types::Eventtype::FdWrite,
    };
    let ready = event.outcome.unwrap_or_default();
    let mut flags = types::Eventrwflags::empty();
    flags.set(types::Eventrwflags::FD_READWRITE_HANGUP, ready.hangup);
    types::Event {
        userdata: event.subscription.userdata,
        error: match event.outcome {
            Ok(_) => types::Errno::Success,
            Err(errno) => super::convert::errno(errno),
        },
        type_,
        fd_readwrite: types::EventFdReadwrite {
            nbytes: ready.bytes,
            flags,
        },
    }
}
