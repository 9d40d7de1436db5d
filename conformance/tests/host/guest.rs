//! The guest.

use super::Tree;
use super::records::{Dirent, Event, Fdstat, Filestat, Subscription};
use turnkey_snapshots::{Call, Memory, complete, function, preview_1};
use turnkey_wasi_common::{Errno, Rights, Stop, WasiCtx};

/// A directory's descriptor, and a path from there.
pub type Place<'a> = (u32, &'a str);

pub struct Guest {
    pub ctx: WasiCtx,
    pub memory: Vec<u8>,
    /// What is to live as long as the guest.
    pub kept: Option<Tree>,
}

/// Where results go.
const RESULT: u32 = 0;
const SECOND_RESULT: u32 = 8;
/// Where a path, and a second one, is written.
const PATH: u32 = 1 << 12;
const SECOND_PATH: u32 = 1 << 14;
/// Where a list of buffers is written.
const IOVECS: u32 = 1 << 15;
/// Where bytes are written and read.
pub const BUFFER: u32 = 1 << 18;
/// Where events are told.
const EVENTS: u32 = 3 << 18;
const MEMORY: usize = 1 << 20;

/// A number as the word of core WebAssembly that stands for it.
trait Word<C> {
    fn word(self) -> C;
}

impl Word<i32> for u32 {
    fn word(self) -> i32 {
        self as i32
    }
}

impl Word<i32> for usize {
    fn word(self) -> i32 {
        u32::try_from(self).unwrap().word()
    }
}

impl Word<i32> for u16 {
    fn word(self) -> i32 {
        self.into()
    }
}

impl Word<i32> for u8 {
    fn word(self) -> i32 {
        self.into()
    }
}

impl Word<i32> for bool {
    fn word(self) -> i32 {
        self.into()
    }
}

impl Word<i64> for u64 {
    fn word(self) -> i64 {
        self as i64
    }
}

impl Word<Self> for i64 {
    fn word(self) -> Self {
        self
    }
}

/// Makes one call; numbers become the words that the function takes.
macro_rules! call {
    ($guest:ident.$function:ident($($word:expr),*)) => {
        $guest.errno(|call, memory| {
            preview_1::$function(call, memory, $(Word::word($word)),*)
        })
    };
}

impl Guest {
    pub fn new(ctx: WasiCtx) -> Self {
        Self {
            ctx,
            memory: vec![0; MEMORY],
            kept: None,
        }
    }

    /// Completes a call.
    pub fn run<R>(
        &mut self,
        mut attempt: impl FnMut(&mut Call<'_>, &mut Memory<'_>) -> Result<R, Stop>,
    ) -> Result<R, Stop> {
        let Self { ctx, memory, .. } = self;
        complete(ctx, |call| attempt(call, &mut Memory::new(memory)))
    }

    /// Completes the call of a function that is named, with these words.
    pub fn invoke(&mut self, name: &str, words: &[u64]) -> Result<Errno, Stop> {
        let index = function(preview_1::MODULE, name).unwrap().index;
        let number = self.run(|call, memory| preview_1::invoke(index, call, memory, words))?;
        Ok(Errno::from_number(u16::try_from(number).unwrap()).unwrap())
    }

    fn errno(
        &mut self,
        attempt: impl FnMut(&mut Call<'_>, &mut Memory<'_>) -> Result<i32, Stop>,
    ) -> Result<(), Errno> {
        let number = self.run(attempt).unwrap();
        match Errno::from_number(u16::try_from(number).unwrap()).unwrap() {
            Errno::Success => Ok(()),
            errno => Err(errno),
        }
    }

    pub fn put(&mut self, at: u32, bytes: &[u8]) {
        self.bytes_mut(at, bytes.len()).copy_from_slice(bytes);
    }

    pub fn bytes(&self, at: u32, length: usize) -> &[u8] {
        &self.memory[at as usize..][..length]
    }

    pub fn bytes_mut(&mut self, at: u32, length: usize) -> &mut [u8] {
        &mut self.memory[at as usize..][..length]
    }

    fn u32_result(&self) -> u32 {
        u32::from_le_bytes(self.bytes(RESULT, 4).try_into().unwrap())
    }

    fn u64_result(&self) -> u64 {
        u64::from_le_bytes(self.bytes(RESULT, 8).try_into().unwrap())
    }

    fn put_path(&mut self, at: u32, path: impl AsRef<[u8]>) -> (u32, usize) {
        self.put(at, path.as_ref());
        (at, path.as_ref().len())
    }

    /// Writes a list of buffers, each an address and a length.
    pub fn put_iovecs(&mut self, buffers: &[(u32, u32)]) -> (u32, usize) {
        for (at, (start, length)) in (IOVECS..).step_by(8).zip(buffers) {
            self.put(at, &start.to_le_bytes());
            self.put(at + 4, &length.to_le_bytes());
        }
        (IOVECS, buffers.len())
    }

    fn one_buffer(&mut self, length: usize) -> (u32, usize) {
        self.put_iovecs(&[(BUFFER, u32::try_from(length).unwrap())])
    }

    pub fn clock_time_get(&mut self, id: u32) -> Result<u64, Errno> {
        call!(self.clock_time_get(id, 0_u64, RESULT))?;
        Ok(self.u64_result())
    }

    pub fn clock_res_get(&mut self, id: u32) -> Result<u64, Errno> {
        call!(self.clock_res_get(id, RESULT))?;
        Ok(self.u64_result())
    }

    pub fn random_get(&mut self, length: usize) -> Result<&[u8], Errno> {
        call!(self.random_get(BUFFER, length))?;
        Ok(self.bytes(BUFFER, length))
    }

    pub fn fd_advise(
        &mut self,
        fd: u32,
        offset: u64,
        length: u64,
        advice: u8,
    ) -> Result<(), Errno> {
        call!(self.fd_advise(fd, offset, length, advice))
    }

    pub fn fd_allocate(&mut self, fd: u32, offset: u64, length: u64) -> Result<(), Errno> {
        call!(self.fd_allocate(fd, offset, length))
    }

    pub fn fd_close(&mut self, fd: u32) -> Result<(), Errno> {
        call!(self.fd_close(fd))
    }

    pub fn fd_datasync(&mut self, fd: u32) -> Result<(), Errno> {
        call!(self.fd_datasync(fd))
    }

    pub fn fd_sync(&mut self, fd: u32) -> Result<(), Errno> {
        call!(self.fd_sync(fd))
    }

    pub fn fd_fdstat_get(&mut self, fd: u32) -> Result<Fdstat, Errno> {
        call!(self.fd_fdstat_get(fd, RESULT))?;
        Ok(Fdstat::of(self.bytes(RESULT, Fdstat::SIZE)))
    }

    pub fn fd_fdstat_set_flags(&mut self, fd: u32, flags: u16) -> Result<(), Errno> {
        call!(self.fd_fdstat_set_flags(fd, flags))
    }

    pub fn fd_fdstat_set_rights(
        &mut self,
        fd: u32,
        base: Rights,
        inheriting: Rights,
    ) -> Result<(), Errno> {
        call!(self.fd_fdstat_set_rights(fd, base.bits(), inheriting.bits()))
    }

    pub fn fd_filestat_get(&mut self, fd: u32) -> Result<Filestat, Errno> {
        call!(self.fd_filestat_get(fd, RESULT))?;
        Ok(Filestat::of(self.bytes(RESULT, Filestat::SIZE)))
    }

    pub fn fd_filestat_set_size(&mut self, fd: u32, size: u64) -> Result<(), Errno> {
        call!(self.fd_filestat_set_size(fd, size))
    }

    pub fn fd_filestat_set_times(
        &mut self,
        fd: u32,
        atim: u64,
        mtim: u64,
        flags: u16,
    ) -> Result<(), Errno> {
        call!(self.fd_filestat_set_times(fd, atim, mtim, flags))
    }

    /// Reads into one buffer.
    pub fn fd_read(&mut self, fd: u32, length: usize) -> Result<Vec<u8>, Errno> {
        let (iovecs, count) = self.one_buffer(length);
        call!(self.fd_read(fd, iovecs, count, RESULT))?;
        Ok(self.bytes(BUFFER, self.u32_result() as usize).to_vec())
    }

    /// Reads into buffers wherever they lie; answers how many bytes came.
    pub fn fd_read_into(&mut self, fd: u32, buffers: &[(u32, u32)]) -> Result<u32, Errno> {
        let (iovecs, count) = self.put_iovecs(buffers);
        call!(self.fd_read(fd, iovecs, count, RESULT))?;
        Ok(self.u32_result())
    }

    pub fn fd_pread(&mut self, fd: u32, length: usize, offset: u64) -> Result<Vec<u8>, Errno> {
        let (iovecs, count) = self.one_buffer(length);
        call!(self.fd_pread(fd, iovecs, count, offset, RESULT))?;
        Ok(self.bytes(BUFFER, self.u32_result() as usize).to_vec())
    }

    pub fn fd_pread_into(
        &mut self,
        fd: u32,
        buffers: &[(u32, u32)],
        offset: u64,
    ) -> Result<u32, Errno> {
        let (iovecs, count) = self.put_iovecs(buffers);
        call!(self.fd_pread(fd, iovecs, count, offset, RESULT))?;
        Ok(self.u32_result())
    }

    /// Writes one buffer.
    pub fn fd_write(&mut self, fd: u32, bytes: impl AsRef<[u8]>) -> Result<u32, Errno> {
        self.put(BUFFER, bytes.as_ref());
        let (iovecs, count) = self.one_buffer(bytes.as_ref().len());
        call!(self.fd_write(fd, iovecs, count, RESULT))?;
        Ok(self.u32_result())
    }

    pub fn fd_write_from(&mut self, fd: u32, buffers: &[(u32, u32)]) -> Result<u32, Errno> {
        let (iovecs, count) = self.put_iovecs(buffers);
        call!(self.fd_write(fd, iovecs, count, RESULT))?;
        Ok(self.u32_result())
    }

    pub fn fd_pwrite(
        &mut self,
        fd: u32,
        bytes: impl AsRef<[u8]>,
        offset: u64,
    ) -> Result<u32, Errno> {
        self.put(BUFFER, bytes.as_ref());
        let (iovecs, count) = self.one_buffer(bytes.as_ref().len());
        call!(self.fd_pwrite(fd, iovecs, count, offset, RESULT))?;
        Ok(self.u32_result())
    }

    pub fn fd_pwrite_from(
        &mut self,
        fd: u32,
        buffers: &[(u32, u32)],
        offset: u64,
    ) -> Result<u32, Errno> {
        let (iovecs, count) = self.put_iovecs(buffers);
        call!(self.fd_pwrite(fd, iovecs, count, offset, RESULT))?;
        Ok(self.u32_result())
    }

    /// The length of a preopen's name.
    pub fn fd_prestat_get(&mut self, fd: u32) -> Result<u32, Errno> {
        self.put(RESULT, &[0xff; 8]);
        call!(self.fd_prestat_get(fd, RESULT))?;
        assert_eq!(self.bytes(RESULT, 1), [0], "the tag of a directory");
        Ok(u32::from_le_bytes(
            self.bytes(RESULT + 4, 4).try_into().unwrap(),
        ))
    }

    /// The buffer after a preopen's name was written to its beginning.
    pub fn fd_prestat_dir_name(&mut self, fd: u32, length: usize) -> Result<Vec<u8>, Errno> {
        self.bytes_mut(BUFFER, length).fill(b'.');
        call!(self.fd_prestat_dir_name(fd, BUFFER, length))?;
        Ok(self.bytes(BUFFER, length).to_vec())
    }

    /// The bytes that a listing fills a buffer with.
    pub fn fd_readdir(&mut self, fd: u32, length: usize, cookie: u64) -> Result<Vec<u8>, Errno> {
        call!(self.fd_readdir(fd, BUFFER, length, cookie, RESULT))?;
        Ok(self.bytes(BUFFER, self.u32_result() as usize).to_vec())
    }

    /// Lists a directory as a guest's library does: with a buffer of this size, again and again
    /// from the last entry that was complete.
    pub fn entries(&mut self, fd: u32, length: usize) -> Result<Vec<Dirent>, Errno> {
        let (mut entries, mut cookie) = (Vec::new(), 0);
        loop {
            let bytes = self.fd_readdir(fd, length, cookie)?;
            let (some, _) = Dirent::all(&bytes);
            let ended = bytes.len() < length;
            assert!(
                ended || !some.is_empty(),
                "a buffer of {length} bytes is too small for the entry"
            );
            cookie = some.last().map_or(cookie, |last| last.next);
            entries.extend(some);
            if ended {
                return Ok(entries);
            }
        }
    }

    pub fn fd_renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        call!(self.fd_renumber(from, to))
    }

    pub fn fd_seek(&mut self, fd: u32, delta: i64, whence: u8) -> Result<u64, Errno> {
        call!(self.fd_seek(fd, delta, whence, RESULT))?;
        Ok(self.u64_result())
    }

    pub fn fd_tell(&mut self, fd: u32) -> Result<u64, Errno> {
        call!(self.fd_tell(fd, RESULT))?;
        Ok(self.u64_result())
    }

    pub fn path_create_directory(&mut self, (fd, path): Place<'_>) -> Result<(), Errno> {
        let (path, length) = self.put_path(PATH, path);
        call!(self.path_create_directory(fd, path, length))
    }

    pub fn path_filestat_get(
        &mut self,
        (fd, path): Place<'_>,
        follow: bool,
    ) -> Result<Filestat, Errno> {
        let (path, length) = self.put_path(PATH, path);
        call!(self.path_filestat_get(fd, follow, path, length, RESULT))?;
        Ok(Filestat::of(self.bytes(RESULT, Filestat::SIZE)))
    }

    pub fn path_filestat_set_times(
        &mut self,
        (fd, path): Place<'_>,
        follow: bool,
        (atim, mtim): (u64, u64),
        flags: u16,
    ) -> Result<(), Errno> {
        let (path, length) = self.put_path(PATH, path);
        call!(self.path_filestat_set_times(fd, follow, path, length, atim, mtim, flags))
    }

    pub fn path_link(
        &mut self,
        (from_fd, from): Place<'_>,
        (to_fd, to): Place<'_>,
        follow: bool,
    ) -> Result<(), Errno> {
        let (from, from_length) = self.put_path(PATH, from);
        let (to, to_length) = self.put_path(SECOND_PATH, to);
        call!(self.path_link(from_fd, follow, from, from_length, to_fd, to, to_length))
    }

    /// Opens a path with every choice that there is. The inheriting rights that are asked for are
    /// every right, as in most guests.
    pub fn path_open_with(
        &mut self,
        (fd, path): (u32, &[u8]),
        follow: bool,
        oflags: u16,
        rights: Rights,
        fdflags: u16,
    ) -> Result<u32, Errno> {
        let (path, length) = self.put_path(PATH, path);
        let (base, inheriting) = (rights.bits(), Rights::all().bits());
        call!(self.path_open(
            fd, follow, path, length, oflags, base, inheriting, fdflags, RESULT
        ))?;
        Ok(self.u32_result())
    }

    /// Opens a path; a link in the last place is followed.
    pub fn path_open(
        &mut self,
        (fd, path): Place<'_>,
        oflags: u16,
        rights: Rights,
    ) -> Result<u32, Errno> {
        self.path_open_with((fd, path.as_bytes()), true, oflags, rights, 0)
    }

    /// What a link holds, as far as the buffer reaches.
    pub fn path_readlink(
        &mut self,
        (fd, path): Place<'_>,
        length: usize,
    ) -> Result<Vec<u8>, Errno> {
        let (path, path_length) = self.put_path(PATH, path);
        call!(self.path_readlink(fd, path, path_length, BUFFER, length, RESULT))?;
        Ok(self.bytes(BUFFER, self.u32_result() as usize).to_vec())
    }

    pub fn path_remove_directory(&mut self, (fd, path): Place<'_>) -> Result<(), Errno> {
        let (path, length) = self.put_path(PATH, path);
        call!(self.path_remove_directory(fd, path, length))
    }

    pub fn path_rename(
        &mut self,
        (from_fd, from): Place<'_>,
        (to_fd, to): Place<'_>,
    ) -> Result<(), Errno> {
        let (from, from_length) = self.put_path(PATH, from);
        let (to, to_length) = self.put_path(SECOND_PATH, to);
        call!(self.path_rename(from_fd, from, from_length, to_fd, to, to_length))
    }

    pub fn path_symlink(&mut self, target: &str, (fd, path): Place<'_>) -> Result<(), Errno> {
        let (target, target_length) = self.put_path(PATH, target);
        let (path, length) = self.put_path(SECOND_PATH, path);
        call!(self.path_symlink(target, target_length, fd, path, length))
    }

    pub fn path_unlink_file(&mut self, (fd, path): Place<'_>) -> Result<(), Errno> {
        let (path, length) = self.put_path(PATH, path);
        call!(self.path_unlink_file(fd, path, length))
    }

    /// Writes subscriptions, whose userdata are 100, 101 and so on.
    pub fn put_subscriptions(&mut self, subscriptions: &[Subscription]) -> (u32, u32, usize) {
        for ((at, userdata), subscription) in (BUFFER..)
            .step_by(Subscription::SIZE)
            .zip(100..)
            .zip(subscriptions)
        {
            self.put(at, &subscription.bytes(userdata));
        }
        (BUFFER, EVENTS, subscriptions.len())
    }

    pub fn poll_oneoff(&mut self, subscriptions: &[Subscription]) -> Result<Vec<Event>, Errno> {
        let (from, to, count) = self.put_subscriptions(subscriptions);
        call!(self.poll_oneoff(from, to, count, RESULT))?;
        let told = self.u32_result() as usize;
        assert!((1..=count).contains(&told));
        let events = self.bytes(EVENTS, told * Event::SIZE);
        Ok(events.chunks_exact(Event::SIZE).map(Event::of).collect())
    }

    pub fn sock_accept(&mut self, fd: u32, flags: u16) -> Result<u32, Errno> {
        call!(self.sock_accept(fd, flags, RESULT))?;
        Ok(self.u32_result())
    }

    /// What was received, and whether more than fitted was there.
    pub fn sock_recv(
        &mut self,
        fd: u32,
        length: usize,
        flags: u16,
    ) -> Result<(Vec<u8>, bool), Errno> {
        let (iovecs, count) = self.one_buffer(length);
        call!(self.sock_recv(fd, iovecs, count, flags, RESULT, SECOND_RESULT))?;
        let bytes = self.bytes(BUFFER, self.u32_result() as usize).to_vec();
        let truncated = self.bytes(SECOND_RESULT, 2) == [1, 0];
        Ok((bytes, truncated))
    }

    pub fn sock_send(
        &mut self,
        fd: u32,
        bytes: impl AsRef<[u8]>,
        flags: u16,
    ) -> Result<u32, Errno> {
        self.put(BUFFER, bytes.as_ref());
        let (iovecs, count) = self.one_buffer(bytes.as_ref().len());
        call!(self.sock_send(fd, iovecs, count, flags, RESULT))?;
        Ok(self.u32_result())
    }

    pub fn sock_shutdown(&mut self, fd: u32, how: u8) -> Result<(), Errno> {
        call!(self.sock_shutdown(fd, how))
    }
}
