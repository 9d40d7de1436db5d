//! A parent in Rust that serves its child a directory of two files and a link, a stream that takes a
//! byte at a time, a clock that counts how often it was read, random numbers that are none, and
//! refuses it to make links.
#![no_std]
#![no_main]

use turnkey_parent::{
    export_clock, export_files, export_filter, export_random, start, Binding, Call, Cap, Clock,
    Clockid, Durability, Entry, Errno, FileType, Files, Filter, Interest, Kind, Listing, Random,
    Readiness, Result, Shared, Verdict,
};

const DIR: u64 = 0;
const LINK: u64 = 8;
const STREAM: u64 = 9;

/// What the link says.
const OVER: &str = "moon.txt";

static TEXTS: [(&str, &str); 2] = [
    ("hello.txt", "Hello from a parent.\n"),
    ("moon.txt", "The moon is made of green cheese.\n"),
];

struct Texts;

/// The text of a file, whose number is its place counted from 1.
fn text(object: u64) -> Option<&'static str> {
    let place = usize::try_from(object).ok()?.checked_sub(1)?;
    TEXTS.get(place).map(|(_, text)| *text)
}

impl Files for Texts {
    fn open(&self, _dir: u64, name: &str) -> Result<Entry> {
        if name == "over" {
            return self.stat(LINK);
        }
        let place = TEXTS.iter().position(|(known, _)| *known == name);
        self.stat(place.ok_or(Errno::NOENT)? as u64 + 1)
    }

    fn list(&self, _dir: u64, listing: &mut Listing<'_>) -> Result<()> {
        for (name, _) in &TEXTS {
            listing.add(name, FileType::RegularFile, 0);
        }
        listing.add("over", FileType::SymbolicLink, 0);
        Ok(())
    }

    fn read_link(&self, _dir: u64, name: &str, text: &mut [u8]) -> Result<usize> {
        match name {
            "over" => {
                for (to, from) in text.iter_mut().zip(OVER.as_bytes()) {
                    *to = *from;
                }
                Ok(OVER.len())
            }
            _ => Err(Errno::INVAL),
        }
    }

    fn stat(&self, object: u64) -> Result<Entry> {
        Ok(match (object, text(object)) {
            (_, Some(text)) => Entry::new(object, FileType::RegularFile, text.len() as u64),
            (LINK, _) => Entry::new(LINK, FileType::SymbolicLink, OVER.len() as u64),
            (STREAM, _) => Entry::new(STREAM, FileType::Stream, 0),
            _ => Entry::new(DIR, FileType::Directory, 0),
        })
    }

    fn read(&self, object: u64, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let text = text(object).ok_or(Errno::ISDIR)?.as_bytes();
        let offset = usize::try_from(offset).unwrap_or(text.len());
        let rest = text.get(offset..).unwrap_or(&[]);
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(count)
    }

    fn write(&self, object: u64, _offset: u64, bytes: &[u8]) -> Result<usize> {
        match object {
            STREAM => Ok(bytes.len().min(1)),
            _ => Err(Errno::ROFS),
        }
    }

    fn sync(&self, _object: u64, durability: Durability) -> Result<()> {
        match durability {
            Durability::Data => Ok(()),
            Durability::All => Err(Errno::NOSPC),
        }
    }

    fn poll(&self, _object: u64, interest: Interest) -> Result<Readiness> {
        match interest {
            Interest::Read => Ok(Readiness::Wait),
            Interest::Write => Ok(Readiness::Hangup),
        }
    }
}

export_files!(&Texts);

/// How often the clock was read.
static READ: Shared<u64> = Shared::new(0);

struct Counting;

impl Clock for Counting {
    fn now(&self, _clock: Clockid) -> Result<u64> {
        READ.with(|read| {
            *read += 1;
            Ok(*read)
        })
    }
}

export_clock!(&Counting);

struct Sevens;

impl Random for Sevens {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(7);
        Ok(())
    }
}

export_random!(&Sevens);

struct NoLinks;

impl Filter for NoLinks {
    fn before(&self, call: &Call<'_>) -> Verdict {
        match call.function {
            "path_symlink" | "path_link" => Verdict::Deny(Errno::PERM),
            _ => Verdict::Continue,
        }
    }
}

export_filter!(&NoLinks);

#[no_mangle]
extern "C" fn _start() {
    start::run(|child| {
        child.bind("class:*", Binding::Pass)?;
        child.bind("class:files", Binding::Filter(0))?;
        child.bind("class:clock", Binding::Serve(0))?;
        child.bind("class:random", Binding::Serve(0))?;
        let dir = Cap::serve(Kind::Dir, 0, DIR, u64::MAX)?;
        child.grant(&dir, "/")?;
        let stream = Cap::serve(Kind::Stream, 0, STREAM, u64::MAX)?;
        child.grant(&stream, "")?;
        Ok(())
    })
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
