//! Small guests that show what a host does for them.
//!
//! Their sources lie in `guests/tour`. What each writes is the same on every run and on every
//! host that does as it should.

/// A guest, what it needs, and what it is expected to do.
///
/// It is run with a fresh directory of its own as its first preopen, fd 3, beside which a file
/// `outside.txt` lies on the host, and with clocks and randomness. Some of that is [virtual](Parts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TourGuest {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// The module, as text.
    pub source: &'static str,
    /// The module that it makes a child of, as text, if it is a parent. It knows it as module 0.
    pub child: Option<&'static str>,
    /// What it finds in its directory; a name that ends in a slash is a directory, and a file holds
    /// its own name.
    pub finds: &'static [&'static str],
    /// What takes the place of the host's own.
    pub parts: Parts,
    /// All that it writes to standard output.
    pub stdout: &'static str,
    /// Its exit code; 0 also if it just returns.
    pub exit: u32,
}

/// What takes the place of the host's own, and what there is to be seen then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parts {
    /// Nothing does.
    Host,
    /// A layer in memory over the directory. The guest is run twice, each time over a new layer;
    /// the directory stays as it was.
    Overlay,
    /// Clocks that stay at 2019-11-12, and randomness from the seed 7.
    Fixed,
    /// Time that jumps to what a guest waits for.
    VirtualTime,
    /// An archive of the directory.
    Archive,
    /// Nothing does, and an audit sees what is refused: each attempt to leave the directory.
    Audit,
    /// Nothing does, and what the guest is answered is recorded. It is run a second time with
    /// nothing but the record, and does the same.
    Record,
}

impl TourGuest {
    /// A guest that finds an empty directory, has no child, and exits with 0.
    const fn new(name: &'static str, about: &'static str, source: &'static str) -> Self {
        Self {
            name,
            about,
            source,
            child: None,
            finds: &[],
            parts: Parts::Host,
            stdout: "",
            exit: 0,
        }
    }
}

/// The guests of the tour, in its order.
///
/// ```
/// use turnkey_conformance::tour::TOUR;
///
/// for guest in TOUR {
///     assert!(wat::parse_str(guest.source).is_ok(), "{}", guest.name);
/// }
/// ```
pub const TOUR: &[TourGuest] = &[
    TourGuest {
        stdout: "wrote 5 bytes, read back `hello`\n\
                 renamed draft.txt to final.txt, which holds 5 bytes\n\
                 unlinked final.txt; it is gone\n",
        ..TourGuest::new(
            "files",
            "makes a file, writes and reads it, renames it, removes it",
            include_str!("../guests/tour/files.wat"),
        )
    },
    TourGuest {
        finds: &["apple.txt", "berries/", "cherry.txt"],
        stdout: "apple.txt\n\
                 berries/\n\
                 cherry.txt\n\
                 3 names beside . and ..\n",
        ..TourGuest::new(
            "list",
            "lists its directory",
            include_str!("../guests/tour/list.wat"),
        )
    },
    TourGuest {
        stdout: "realtime and monotonic: each tells its resolution\n\
                 realtime: later than 2020 began\n\
                 monotonic: 1000 readings, none before the last\n",
        ..TourGuest::new(
            "clocks",
            "reads the clocks",
            include_str!("../guests/tour/clocks.wat"),
        )
    },
    TourGuest {
        stdout: "two draws of 16 bytes differ\n\
                 16 bytes went where they were asked for, none beside\n\
                 a draw of 0 bytes succeeds\n",
        ..TourGuest::new(
            "random",
            "draws random bytes",
            include_str!("../guests/tour/random.wat"),
        )
    },
    TourGuest {
        stdout: "a timer of 20 ms fired, not before 20 ms had passed\n\
                 stdout is ready for writing, long before a timer of 10 s\n",
        ..TourGuest::new(
            "poll",
            "waits for a timer, then for whichever comes first",
            include_str!("../guests/tour/poll.wat"),
        )
    },
    TourGuest {
        stdout: "leaving with exit code 7\n",
        exit: 7,
        ..TourGuest::new(
            "exit",
            "leaves with an exit code",
            include_str!("../guests/tour/exit.wat"),
        )
    },
    TourGuest {
        parts: Parts::Audit,
        stdout: "../outside.txt: refused with errno 63\n\
                 /etc/passwd: refused with errno 63\n",
        ..TourGuest::new(
            "escape",
            "tries to leave its directory",
            include_str!("../guests/tour/escape.wat"),
        )
    },
    TourGuest {
        finds: &["draft"],
        parts: Parts::Overlay,
        stdout: "draft held `draft`, and holds `final` now\n\
                 draft held `draft`, and holds `final` now\n",
        ..TourGuest::new(
            "overlay",
            "changes a file of the host's, twice, each time in a new layer over it",
            include_str!("../guests/tour/overlay.wat"),
        )
    },
    TourGuest {
        finds: &["apple.txt", "berries/", "cherry.txt"],
        parts: Parts::Archive,
        stdout: "apple.txt\n\
                 berries/\n\
                 cherry.txt\n\
                 3 names beside . and ..\n",
        ..TourGuest::new(
            "archive",
            "lists a directory that is an archive",
            include_str!("../guests/tour/list.wat"),
        )
    },
    TourGuest {
        parts: Parts::Fixed,
        stdout: "the time is 1573516800000000000, and stays 1573516800000000000\n\
                 8 random bytes make the number 4942773595716951793\n",
        ..TourGuest::new(
            "moment",
            "reads a clock that stands still, and draws from a seed",
            include_str!("../guests/tour/moment.wat"),
        )
    },
    TourGuest {
        parts: Parts::VirtualTime,
        stdout: "slept for 365 days\n",
        ..TourGuest::new(
            "year",
            "sleeps for a year, by a clock that jumps to its end",
            include_str!("../guests/tour/year.wat"),
        )
    },
    TourGuest {
        parts: Parts::Record,
        stdout: "wrote 5 bytes, read back `hello`\n\
                 renamed draft.txt to final.txt, which holds 5 bytes\n\
                 unlinked final.txt; it is gone\n",
        ..TourGuest::new(
            "record",
            "does as the first one did, recorded; then again with nothing but the record",
            include_str!("../guests/tour/files.wat"),
        )
    },
    TourGuest {
        child: Some(include_str!("../guests/tour/child.wat")),
        stdout: "child: hello.txt holds `Hello from a parent.`\n\
                 child: the time is 1573516800000000000, then 1573516801000000000\n\
                 child: 8 random bytes are 0001020304050607\n\
                 parent: child returned\n\
                 parent: requests served: file 2, clock 2, random 1\n",
        ..TourGuest::new(
            "parent",
            "runs a child, and serves its files, its clock and its randomness",
            include_str!("../guests/tour/parent.wat"),
        )
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tour_children_are_modules() {
        let children: Vec<_> = TOUR.iter().filter_map(|guest| guest.child).collect();
        assert_eq!(children.len(), 1);
        for child in children {
            wat::parse_str(child).unwrap();
        }
    }
}
