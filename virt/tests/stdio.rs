//! Streams over streams: nothing is lost, nothing doubled, whatever the one beneath accepts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use turnkey_virt::stdio::{LineFilter, Lines, Prefix, Swap, Tee};
use turnkey_wasi_common::{
    Errno, FileType, Interest, Null, Pipe, Pollable, Ready, Result, Stat, Stream,
};

const PIECES: &[&[u8]] = &[
    b"one\n",
    b"",
    b"two",
    b" and a half",
    b"\n\n",
    b"three\nfour\n",
    b"a line that is longer\n",
    b"\n",
    b"rest",
];

/// Accepts so many bytes at a time, and nothing each other time.
struct Choppy {
    most: usize,
    written: Mutex<(Vec<u8>, bool)>,
}

impl Choppy {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            written: Mutex::default(),
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().0.clone()).unwrap()
    }
}

impl Pollable for Choppy {
    fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
        Ok(Some(Ready::default()))
    }
}

impl Stream for Choppy {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let (written, full) = &mut *self.written.lock().unwrap();
        *full = !*full;
        if *full {
            return Err(Errno::Again.into());
        }
        let bytes = buffers.iter().flat_map(|buffer| buffer.iter());
        let before = written.len();
        written.extend(bytes.take(self.most));
        Ok(written.len() - before)
    }
}

/// Fails as long as it has something to fail with.
struct Failing(Mutex<Vec<Errno>>);

impl Pollable for Failing {
    fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
        Ok(Some(Ready::default()))
    }
}

impl Stream for Failing {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        match self.0.lock().unwrap().pop() {
            Some(errno) => Err(errno.into()),
            None => Null.write(buffers),
        }
    }
}

/// Writes as a guest does that repeats what was not accepted, several buffers at once.
fn write_all(stream: &dyn Stream, pieces: &[&[u8]]) {
    let mut bytes = pieces.concat();
    let mut split = 0;
    while !bytes.is_empty() {
        split = (split + 3) % 7;
        let (front, back) = bytes.split_at(split.min(bytes.len()));
        match stream.write(&[IoSlice::new(front), IoSlice::new(b""), IoSlice::new(back)]) {
            Ok(accepted) => drop(bytes.drain(..accepted)),
            Err(error) => assert!(error.would_block(), "{error}"),
        }
    }
}

fn write(stream: &dyn Stream, bytes: &[u8]) -> Result<usize> {
    stream.write(&[IoSlice::new(bytes)])
}

fn prefixed(text: &str, prefix: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.flat_map(|line| [prefix, line]).collect()
}

#[test]
fn prefix_whatever_is_accepted_at_a_time_nothing_lost_or_doubled() {
    let text = String::from_utf8(PIECES.concat()).unwrap();
    for prefix in ["[child] ", ">", "", "line\nfeed"] {
        for most in 1..30 {
            let inner = Choppy::new(most);
            let stream = Prefix::new(Arc::clone(&inner) as _, prefix);
            for piece in PIECES {
                write_all(&stream, &[piece]);
            }
            assert_eq!(
                inner.text(),
                prefixed(&text, prefix),
                "{most} of {prefix:?}"
            );
        }
    }
}

#[test]
fn prefix_more_lines_than_pieces_all_written() {
    let (inner, output) = Pipe::new(1 << 20);
    let stream = Prefix::new(Arc::new(inner), "> ");
    let text = "\n".repeat(1000) + &"x\n".repeat(1000) + &"y".repeat(5000);
    assert_eq!(write(&stream, text.as_bytes()), Ok(text.len()));
    assert_eq!(output.drain(), prefixed(&text, "> ").as_bytes());
    assert_eq!(write(&stream, b""), Ok(0));
    assert_eq!(
        output.drain(),
        b"",
        "a prefix comes with a byte of its line"
    );
}

#[test]
fn prefix_half_written_then_again_counts_the_guests_bytes() {
    let (inner, output) = Pipe::new(6);
    let stream = Prefix::new(Arc::new(inner), "abcd");
    assert_eq!(write(&stream, b"1\n2"), Ok(2), "abcd1 and the newline");
    assert_eq!(write(&stream, b"2"), Err(Errno::Again.into()));
    assert_eq!(output.drain(), b"abcd1\n");
    assert_eq!(write(&stream, b"234"), Ok(2));
    assert_eq!(output.drain(), b"abcd23");
    assert_eq!(write(&stream, b"4"), Ok(1));
    assert_eq!(output.drain(), b"4");
    drop(output);
    assert_eq!(write(&stream, b"5"), Err(Errno::Pipe.into()));
}

#[test]
fn line_filter_whatever_is_accepted_at_a_time_nothing_lost_or_doubled() {
    for most in 1..30 {
        let inner = Choppy::new(most);
        let stream = LineFilter::new(Arc::clone(&inner) as _, 64, |line: &[u8]| {
            let told = [b"<", line, b">"].concat();
            (line != b"two and a half").then_some(told)
        });
        for piece in PIECES {
            write_all(&stream, &[piece]);
        }
        let whole = "<one>\n<>\n<three>\n<four>\n<a line that is longer>\n<>\n";
        assert_eq!(
            inner.text(),
            whole,
            "{most}: all of it is written when the guest is told so"
        );
        drop(stream);
        // At the end only what there is room for can be written.
        assert!("<rest>".starts_with(&inner.text()[whole.len()..]));
    }
}

#[test]
fn line_filter_line_longer_than_the_limit_in_pieces() {
    for most in [1, 2, 100] {
        let inner = Choppy::new(most);
        let stream = LineFilter::new(Arc::clone(&inner) as _, 3, |line: &[u8]| {
            Some([line, b"."].concat())
        });
        write_all(&stream, &[b"abcdefgh\nabc\n"]);
        assert_eq!(inner.text(), "abc.def.gh.\nabc.\n", "{most}");
    }
}

#[test]
fn line_filter_newline_held_until_its_line_is_written() {
    let (inner, output) = Pipe::new(4);
    let stream = LineFilter::new(Arc::new(inner), 64, |line: &[u8]| Some(line.to_vec()));
    assert_eq!(write(&stream, b"abcdef\nxy\n"), Ok(6));
    assert_eq!(write(&stream, b"\nxy\n"), Err(Errno::Again.into()));
    assert_eq!(stream.readiness(Interest::Write), Ok(None));
    assert_eq!(output.drain(), b"abcd");
    assert_eq!(write(&stream, b"\nxy\n"), Ok(3));
    assert_eq!(output.drain(), b"ef\nx");
    // A guest that gives up its newline loses nothing: its line is written as if it had not.
    assert_eq!(write(&stream, b"new\n"), Ok(3));
    assert_eq!(output.drain(), b"y\nne");
    drop(stream);
    assert_eq!(output.drain(), b"w\n");
}

#[test]
fn line_filter_and_prefix_error_in_the_middle_told_by_the_next_write() {
    let failing = |errnos: &[Errno]| Arc::new(Failing(Mutex::new(errnos.to_vec())));
    let stream = LineFilter::new(failing(&[Errno::Io, Errno::Pipe]), 64, |line| {
        Some(line.to_vec())
    });
    assert_eq!(write(&stream, b"a\nb\n"), Ok(1));
    assert_eq!(write(&stream, b"\nb\n"), Err(Errno::Io.into()));
    assert_eq!(write(&stream, b"\nb\n"), Ok(3));
    let stream = Prefix::new(failing(&[Errno::Io]), "> ");
    assert_eq!(write(&stream, b"a"), Err(Errno::Io.into()));
    assert_eq!(write(&stream, b"a"), Ok(1));
}

#[test]
fn lines_told_whole_in_pieces_and_at_the_end() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let stream = Lines::new(8, move |line: &[u8]| {
        teller
            .lock()
            .unwrap()
            .push(String::from_utf8(line.to_vec()).unwrap());
    });
    for piece in PIECES {
        write_all(&stream, &[piece]);
    }
    assert_eq!(stream.readiness(Interest::Read), Err(Errno::Badf.into()));
    assert!(stream.readiness(Interest::Write).unwrap().is_some());
    drop(stream);
    let expected = [
        "one", "two and ", "a half", "", "three", "four", "a line t", "hat is l", "onger", "",
        "rest",
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[test]
fn lines_and_prefix_from_threads_whole_writes_stay_whole() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let lines = Lines::new(64, move |line: &[u8]| {
        teller
            .lock()
            .unwrap()
            .push(String::from_utf8(line.to_vec()).unwrap());
    });
    let stream = Prefix::new(Arc::new(lines), "> ");
    scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let stream = &stream;
            scope.spawn(move || {
                for count in 0..250 {
                    write(stream, format!("{name}{count}\n").as_bytes()).unwrap();
                }
            });
        }
    });
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1000);
    for name in ["a", "b", "c", "d"] {
        let expected = (0..250).map(|count| format!("> {name}{count}"));
        let mine = told.iter().filter(|line| line[2..].starts_with(name));
        assert!(mine.eq(expected.collect::<Vec<_>>().iter()), "{name}");
    }
}

#[test]
fn tee_copies_receive_what_the_first_accepted_and_lose_what_they_cannot_take() {
    let (first, shown) = Pipe::new(5);
    let (small, kept) = Pipe::new(3);
    let (gone, nobody) = Pipe::new(8);
    drop(nobody);
    let choppy = Choppy::new(2);
    let tee = Tee::new(Arc::new(first))
        .copy_to(Arc::new(small))
        .copy_to(Arc::new(gone))
        .copy_to(Arc::clone(&choppy) as _);
    let written = tee.write(&[
        IoSlice::new(b"abc"),
        IoSlice::new(b""),
        IoSlice::new(b"def"),
    ]);
    assert_eq!(written, Ok(5));
    assert_eq!(
        (shown.drain(), kept.drain()),
        (b"abcde".to_vec(), b"abc".to_vec())
    );
    // Two of the small one's, all of the one that nobody reads, and what the last refused.
    assert_eq!(tee.lost(), 2 + 5 + (5 - choppy.text().len() as u64));
    let lost = tee.lost();
    write(&tee, b"12345").unwrap();
    assert_eq!(write(&tee, b"x"), Err(Errno::Again.into()));
    assert_eq!(shown.drain(), b"12345");
    assert!(tee.lost() > lost);
    assert_eq!(
        tee.readiness(Interest::Write),
        Ok(Some(Ready {
            bytes: 5,
            hangup: false
        }))
    );
}

#[test]
fn tee_from_threads_all_in_the_same_order() {
    let (first, shown) = Pipe::new(1 << 16);
    let (copy, logged) = Pipe::new(1 << 16);
    let tee = Tee::new(Arc::new(first)).copy_to(Arc::new(copy));
    scope(|scope| {
        for name in *b"abcd" {
            let tee = &tee;
            scope.spawn(move || (0..500).for_each(|_| drop(write(tee, &[name]))));
        }
    });
    let shown = shown.drain();
    assert_eq!((shown.len(), tee.lost()), (2000, 0));
    assert_eq!(shown, logged.drain());
}

#[test]
fn wrappers_type_attributes_input_and_readiness_of_the_stream_beneath() {
    struct Terminal;
    impl Pollable for Terminal {
        fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
            match interest {
                Interest::Read => Ok(None),
                Interest::Write => Err(Errno::Io.into()),
            }
        }
        fn host(&self) -> Option<&dyn std::any::Any> {
            Some(&7)
        }
    }
    impl Stream for Terminal {
        fn file_type(&self) -> FileType {
            FileType::CharacterDevice
        }
        fn stat(&self) -> Result<Stat> {
            Err(Errno::Acces.into())
        }
        fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
            Ok(buffers.len())
        }
    }
    let inner = || Arc::new(Terminal);
    let wrappers: [Arc<dyn Stream>; 4] = [
        Arc::new(Tee::new(inner())),
        Arc::new(Prefix::new(inner(), "> ")),
        Arc::new(LineFilter::new(inner(), 8, |_| None)),
        Arc::new(Swap::new(inner())),
    ];
    for (index, stream) in wrappers.iter().enumerate() {
        assert_eq!(stream.file_type(), FileType::CharacterDevice);
        assert_eq!(stream.stat(), Err(Errno::Acces.into()));
        assert_eq!(stream.read(&mut [IoSliceMut::new(&mut [0])]), Ok(1));
        assert_eq!(stream.readiness(Interest::Read), Ok(None));
        assert_eq!(stream.readiness(Interest::Write), Err(Errno::Io.into()));
        // One that can be replaced tells what is behind it instead.
        assert_eq!(stream.host().is_some(), index < 3);
        assert_eq!(
            stream.behind(Interest::Read).len(),
            if index < 3 { 0 } else { 2 }
        );
    }
}
