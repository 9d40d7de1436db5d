//! Objects that move few bytes at a time, or fail in between.

use crate::READ_WRITE;
use crate::host::{BUFFER, Guest, fdflags, whence};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{
    Access, Appended, Dir, Errno, File, FileType, Follow, GuestPath, Object, OpenOptions,
    Result as CoreResult, Stat,
};

/// How many bytes it moves before it fails for once.
const BETWEEN_FAILURES: usize = 10;

/// A file that moves at most 3 bytes at a time, and answers `INTR` once in a while.
#[derive(Default)]
struct Slow {
    contents: Mutex<Vec<u8>>,
    moved: Mutex<usize>,
}

impl Slow {
    /// How much is moved now of so much.
    fn turn(&self, wanted: usize) -> CoreResult<usize> {
        let mut moved = self.moved.lock().unwrap();
        if *moved >= BETWEEN_FAILURES {
            *moved = 0;
            return Err(Errno::Intr.into());
        }
        let now = wanted.min(3);
        *moved += now;
        Ok(now)
    }
}

impl File for Slow {
    fn stat(&self) -> CoreResult<Stat> {
        Ok(Stat {
            file_type: FileType::RegularFile,
            size: self.contents.lock().unwrap().len() as u64,
            ..Stat::default()
        })
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> CoreResult<usize> {
        let contents = self.contents.lock().unwrap();
        let from = usize::try_from(offset).unwrap().min(contents.len());
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum::<usize>();
        let count = self.turn(wanted.min(contents.len() - from))?;
        let room = buffers.iter_mut().flat_map(|buffer| buffer.iter_mut());
        for (to, byte) in room.zip(&contents[from..from + count]) {
            *to = *byte;
        }
        Ok(count)
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> CoreResult<usize> {
        let mut contents = self.contents.lock().unwrap();
        let bytes: Vec<u8> = buffers.iter().flat_map(|buffer| buffer.to_vec()).collect();
        let count = self.turn(bytes.len())?;
        let from = usize::try_from(offset).unwrap();
        let end = contents.len().max(from + count);
        contents.resize(end, 0);
        contents[from..from + count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> CoreResult<Appended> {
        let end = self.contents.lock().unwrap().len() as u64;
        let written = self.write_at(buffers, end)?;
        Ok(Appended {
            written,
            end: end + written as u64,
        })
    }
}

/// A directory in which everything is that file.
struct Everywhere(Arc<Slow>);

impl Dir for Everywhere {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> CoreResult<Stat> {
        Ok(Stat::default())
    }

    fn open(&self, _path: GuestPath<'_>, _how: &OpenOptions) -> CoreResult<Object> {
        Ok(Object::File(Arc::clone(&self.0) as Arc<dyn File>))
    }

    fn stat_at(&self, _path: GuestPath<'_>, _follow: Follow) -> CoreResult<Stat> {
        self.0.stat()
    }
}

/// A guest that goes on where it was told that it stands, as guests' libraries do.
///
/// Broken on purpose: `operations::io::write` moves the offset by what was asked for.
#[test]
fn short_reads_and_writes_are_told_and_nothing_is_lost() {
    let text: Vec<u8> = (0..200).collect();
    for flags in [0, fdflags::APPEND] {
        let slow = Arc::new(Slow::default());
        let dir = Arc::new(Everywhere(Arc::clone(&slow)));
        let ctx = builder().preopen("/", dir, Access::ReadWrite).build();
        let mut guest = Guest::new(ctx.unwrap());
        let place = (3, b"file".as_slice());
        let file = guest
            .path_open_with(place, true, 0, READ_WRITE, flags)
            .unwrap();
        let (mut told, mut failures) = (0, 0);
        while told < text.len() {
            match guest.fd_write(file, &text[told..]) {
                Ok(count) => told += count as usize,
                Err(errno) => {
                    assert_eq!(errno, Errno::Intr);
                    failures += 1;
                }
            }
            assert_eq!(
                guest.fd_tell(file),
                Ok(told as u64),
                "after {failures} failures"
            );
            assert_eq!(*slow.contents.lock().unwrap(), text[..told]);
        }
        assert!(failures > 10, "{failures}");

        // Read into two buffers, side by side and overlapping.
        for second in [BUFFER + 2, BUFFER + 1] {
            guest.fd_seek(file, 0, whence::SET).unwrap();
            let mut at = 0;
            while at < text.len() {
                match guest.fd_read_into(file, &[(BUFFER, 2), (second, 2)]) {
                    Ok(count) => {
                        let count = count as usize;
                        assert!((1..=4).contains(&count), "{count}");
                        let last = match count {
                            1 => BUFFER,
                            2 => BUFFER + 1,
                            _ => second + u32::try_from(count).unwrap() - 3,
                        };
                        assert_eq!(guest.bytes(last, 1), [text[at + count - 1]]);
                        at += count;
                    }
                    Err(errno) => assert_eq!(errno, Errno::Intr),
                }
                assert_eq!(guest.fd_tell(file), Ok(at as u64));
            }
            let at_the_end = guest.fd_read(file, 4);
            assert!(
                matches!(&at_the_end, Ok(bytes) if bytes.is_empty())
                    || at_the_end == Err(Errno::Intr)
            );
        }
    }
}
