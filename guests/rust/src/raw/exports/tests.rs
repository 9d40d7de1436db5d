use super::*;
use crate::{Clockid, FileType};

struct One;

impl Files for One {
    fn open(&self, dir: u64, name: &str) -> Result<crate::Entry> {
        match (dir, name) {
            (1, "one") => self.stat(2),
            _ => Err(Errno::NOENT),
        }
    }

    fn list(&self, _dir: u64, listing: &mut Listing<'_>) -> Result<()> {
        listing.add("one", FileType::RegularFile, 0);
        Ok(())
    }

    fn stat(&self, object: u64) -> Result<crate::Entry> {
        Ok(crate::Entry::new(object, FileType::RegularFile, 3))
    }

    fn read(&self, _object: u64, _offset: u64, buffer: &mut [u8]) -> Result<usize> {
        buffer.fill(7);
        Ok(buffer.len())
    }
}

fn text(text: &str) -> Bytes {
    (text.as_ptr(), u32::try_from(text.len()).unwrap())
}

#[test]
fn exports_answer_values_and_errnos() {
    let mut entry = crate::Entry::new(0, FileType::Stream, 0).raw();
    let mut room = [0; 32];
    let at = (room.as_mut_ptr(), 32);
    // SAFETY: every address is that of something of this frame.
    unsafe {
        assert_eq!(found(text("one"), &mut entry, |name| One.open(1, name)), 0);
        assert_eq!((entry.object, entry.size, entry.filetype), (2, 3, 4));
        assert_eq!(
            found(text("two"), &mut entry, |name| One.open(1, name)),
            -44
        );
        assert_eq!(
            found(text("two"), &mut entry, |name| One.create(1, name)),
            -69
        );
        assert_eq!(dir_list(&One, 1, text(""), at), 19);
        assert_eq!(dir_list(&One, 1, text("one"), at), 0);
        assert_eq!(obj_read(&One, 2, 0, at), 32);
        assert_eq!(obj_write(&One, 2, 0, text("x")), -69);
        let invalid = [0xff_u8];
        assert_eq!(
            found((invalid.as_ptr(), 1), &mut entry, |name| One.open(1, name)),
            -25
        );
        let rename = |from: &str, to: &str| One.rename(1, from, 1, to);
        assert_eq!(moved(text("one"), text("two"), rename), -69);
        assert_eq!(moved((invalid.as_ptr(), 1), text("two"), rename), -25);
        assert_eq!(dir_symlink(&One, 1, text("one"), text("two")), -69);
        assert_eq!(dir_readlink(&One, 1, text("one"), at), -28);
        assert_eq!(dir_times(&One, 1, text("one"), 0, 0, 0), -69);
        assert_eq!(dir_times(&One, 1, text("one"), 0, 0, 1 << 16), -28);
        assert_eq!(obj_append(&One, 2, text("x")), -69);
        assert_eq!(obj_append(&One, 2, text("")), 3);
    }
    assert_eq!(room, [7; 32]);
    assert_eq!(obj_resize(&One, 2, 0), -69);
    assert_eq!(obj_times(&One, 2, 0, 0, 1 << 16), -28);
    assert_eq!((obj_sync(&One, 2, 0), obj_sync(&One, 2, 2)), (0, -28));
    assert_eq!((obj_poll(&One, 2, 1), obj_poll(&One, 2, 2)), (1, -28));
    assert_eq!((-1_i32).word(), u64::from(u32::MAX));
}

/// A link, a file that takes two bytes at a time and grows, and a stream that has ended.
#[derive(Default)]
struct More(core::cell::RefCell<(usize, [u8; 8])>);

impl Files for More {
    fn open(&self, _dir: u64, _name: &str) -> Result<crate::Entry> {
        Err(Errno::NOENT)
    }

    fn list(&self, _dir: u64, _listing: &mut Listing<'_>) -> Result<()> {
        Ok(())
    }

    fn stat(&self, object: u64) -> Result<crate::Entry> {
        let size = self.0.borrow().0 as u64;
        Ok(crate::Entry::new(object, FileType::RegularFile, size))
    }

    fn read(&self, _object: u64, _offset: u64, _buffer: &mut [u8]) -> Result<usize> {
        Ok(0)
    }

    fn write(&self, _object: u64, offset: u64, bytes: &[u8]) -> Result<usize> {
        let (size, file) = &mut *self.0.borrow_mut();
        let at = usize::try_from(offset).unwrap();
        let count = bytes.len().min(2);
        let room = file.get_mut(at..at + count).ok_or(Errno::NOSPC)?;
        room.copy_from_slice(&bytes[..count]);
        *size = at + count;
        Ok(count)
    }

    fn read_link(&self, dir: u64, name: &str, buffer: &mut [u8]) -> Result<usize> {
        assert_eq!((dir, name), (1, "link"));
        let count = buffer.len().min(4);
        buffer[..count].copy_from_slice(&b"over"[..count]);
        Ok(4)
    }

    fn link(&self, dir: u64, name: &str, to_dir: u64, to_name: &str) -> Result<()> {
        assert_eq!((dir, name, to_dir, to_name), (1, "a", 2, "b"));
        Ok(())
    }

    fn symlink(&self, dir: u64, text: &str, name: &str) -> Result<()> {
        assert_eq!((dir, text, name), (1, "over", "link"));
        Ok(())
    }

    fn set_link_times(&self, dir: u64, name: &str, times: Times) -> Result<()> {
        let flags = 5;
        let (accessed, modified) = (7, 8);
        assert_eq!((dir, name), (1, "link"));
        assert_eq!(
            times,
            Times {
                accessed,
                modified,
                flags
            }
        );
        Ok(())
    }

    fn sync(&self, _object: u64, durability: Durability) -> Result<()> {
        match durability {
            Durability::Data => Ok(()),
            Durability::All => Err(Errno::IO),
        }
    }

    fn poll(&self, _object: u64, interest: Interest) -> Result<Readiness> {
        match interest {
            Interest::Read => Ok(Readiness::Hangup),
            Interest::Write => Ok(Readiness::Wait),
        }
    }
}

#[test]
fn exports_of_links_appending_syncing_and_polling() {
    let more = More::default();
    let mut room = [0; 3];
    let at = (room.as_mut_ptr(), 3);
    // SAFETY: every address is that of something of this frame.
    unsafe {
        assert_eq!(dir_readlink(&more, 1, text("link"), at), 4);
        assert_eq!(dir_symlink(&more, 1, text("over"), text("link")), 0);
        let link = |from: &str, to: &str| more.link(1, from, 2, to);
        assert_eq!(moved(text("a"), text("b"), link), 0);
        assert_eq!(dir_times(&more, 1, text("link"), 7, 8, 5), 0);
        assert_eq!(obj_append(&more, 3, text("abcde")), 5);
        assert_eq!(obj_append(&more, 3, text("fg")), 7);
        assert_eq!(obj_append(&more, 3, text("hi")), -51);
    }
    assert_eq!(&room, b"ove");
    assert_eq!(more.0.borrow().1, *b"abcdefg\0");
    assert_eq!((obj_sync(&more, 3, 0), obj_sync(&more, 3, 1)), (0, -29));
    assert_eq!((obj_poll(&more, 3, 0), obj_poll(&more, 3, 1)), (3, 0));
}

struct Noon;

impl Clock for Noon {
    fn now(&self, _clock: Clockid) -> Result<u64> {
        Ok(12)
    }
}

#[test]
fn clocks_of_a_number() {
    assert_eq!(clock_now(&Noon, 0), 12);
    assert_eq!(clock_now(&Noon, 4), -28);
    assert_eq!(clock_res(&Noon, 3), 1);
    assert_eq!(sleep_until(&Noon, 15), 3);
}
