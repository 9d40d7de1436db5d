//! Several buffers in one call: in order, overlapping, beyond the memory.

use crate::host::{BUFFER, Backend, Guest, Tree, on_every_backend};
use crate::{FILE, assert_fault, contents, guest};
use std::sync::Arc;
use turnkey_wasi_common::{Access, Pipe, PipeReader, Stop, Trap};

on_every_backend![
    fd_write_and_fd_read_several_buffers_all_moved_in_order,
    fd_read_file_ends_within_the_buffers_short,
    fd_read_overlapping_buffers_filled_one_after_the_other,
    fd_write_overlapping_buffers_each_written,
    fd_write_one_buffer_beyond_memory_trap_and_nothing_written,
    fault_names_what_the_guest_did,
];

/// Buffers that lie behind each other from the last to the first, of 1, 2, 3 … bytes, with an
/// empty one between any two; and the bytes that they hold together.
fn scattered(count: u32) -> (Vec<(u32, u32)>, Vec<u8>) {
    let mut at = BUFFER + count * (count + 1);
    let mut buffers = Vec::new();
    for length in 1..=count {
        at -= length + 1;
        buffers.extend([(at, length), (u32::MAX, 0)]);
    }
    let total = count * (count + 1) / 2;
    let bytes = (0..total).map(|n| (n % 251).to_le_bytes()[0]).collect();
    (buffers, bytes)
}

fn fill(guest: &mut Guest, buffers: &[(u32, u32)], bytes: &[u8]) {
    let mut rest = bytes;
    for (at, length) in buffers.iter().filter(|(_, length)| *length > 0) {
        let (these, others) = rest.split_at(*length as usize);
        guest.put(*at, these);
        rest = others;
    }
}

fn gathered(guest: &Guest, buffers: &[(u32, u32)]) -> Vec<u8> {
    let filled = buffers.iter().filter(|(_, length)| *length > 0);
    filled
        .flat_map(|(at, length)| guest.bytes(*at, *length as usize).to_vec())
        .collect()
}

fn fd_write_and_fd_read_several_buffers_all_moved_in_order(on: Backend) {
    for count in [1, 2, 15, 16, 17, 40] {
        let (buffers, bytes) = scattered(count);
        let total = u32::try_from(bytes.len()).unwrap();
        let mut guest = guest(on);
        fill(&mut guest, &buffers, &bytes);
        assert_eq!(guest.fd_write_from(FILE, &buffers), Ok(total), "{count}");
        assert_eq!(
            guest.fd_pwrite_from(FILE, &buffers, total.into()),
            Ok(total),
            "{count}"
        );
        assert_eq!(guest.fd_tell(FILE), Ok(total.into()));
        assert_eq!(
            guest.fd_pread(FILE, bytes.len(), 0).unwrap(),
            bytes,
            "{count}"
        );

        guest.memory[BUFFER as usize..].fill(0xee);
        assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(total), "{count}");
        assert_eq!(gathered(&guest, &buffers), bytes, "{count}");
        let between = buffers[0].0 + 1;
        assert_eq!(
            guest.bytes(between, 1),
            [0xee],
            "the byte between two buffers"
        );
        guest.memory[BUFFER as usize..].fill(0);
        assert_eq!(guest.fd_pread_into(FILE, &buffers, 0), Ok(total), "{count}");
        assert_eq!(gathered(&guest, &buffers), bytes, "{count}");
    }
}

fn fd_read_file_ends_within_the_buffers_short(on: Backend) {
    let mut guest = guest(on);
    let buffers: Vec<(u32, u32)> = (0..20).map(|n| (BUFFER + 10 * n, 3)).collect();
    assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(8));
    assert_eq!(gathered(&guest, &buffers)[..9], *b"contents\0");
    assert_eq!(guest.fd_read_into(FILE, &buffers), Ok(0));
}

fn fd_read_overlapping_buffers_filled_one_after_the_other(on: Backend) {
    let mut guest = guest(on);
    let overlapping = [(BUFFER, 3), (BUFFER + 1, 3), (BUFFER + 1, 1)];
    assert_eq!(guest.fd_read_into(FILE, &overlapping), Ok(7));
    assert_eq!(guest.bytes(BUFFER, 4), b"cten");
    assert_eq!(guest.fd_tell(FILE), Ok(7));
    assert_eq!(guest.fd_pread_into(FILE, &overlapping, 1), Ok(7));
    assert_eq!(guest.bytes(BUFFER, 4), b"osnt");

    // A stream is read in the same way, and does not wait for what is not there.
    let stdin = Arc::new(PipeReader::of(b"contents"));
    let mut guest = Guest::new(
        Tree::on(on)
            .builder(Access::ReadWrite)
            .stdin(stdin)
            .build()
            .unwrap(),
    );
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(7));
    assert_eq!(guest.bytes(BUFFER, 4), b"cten");
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(1));
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(0));
}

#[test]
fn fd_read_overlapping_buffers_of_a_pipe_that_stays_open_what_is_there() {
    let (writer, reader) = Pipe::new(64);
    writer.send(b"abcd").unwrap();
    let builder = Tree::new()
        .builder(Access::ReadWrite)
        .stdin(Arc::new(reader));
    let mut guest = Guest::new(builder.build().unwrap());
    let overlapping = [(BUFFER, 3), (BUFFER, 3), (BUFFER, 3)];
    assert_eq!(guest.fd_read_into(0, &overlapping), Ok(4));
    assert_eq!(guest.bytes(BUFFER, 3), b"dbc");
}

fn fd_write_overlapping_buffers_each_written(on: Backend) {
    let mut guest = guest(on);
    guest.put(BUFFER, b"abcd");
    let overlapping = [(BUFFER, 3), (BUFFER + 1, 3), (BUFFER, 3)];
    assert_eq!(guest.fd_write_from(FILE, &overlapping), Ok(9));
    assert_eq!(contents(&mut guest), b"abcbcdabc");
}

fn fd_write_one_buffer_beyond_memory_trap_and_nothing_written(on: Backend) {
    let mut guest = guest(on);
    let end = u32::try_from(guest.memory.len()).unwrap();
    for bad in [(end, 1), (end - 1, 2), (u32::MAX, 1), (1, u32::MAX)] {
        let (iovecs, _) = guest.put_iovecs(&[(BUFFER, 4), bad]);
        let iovecs = u64::from(iovecs);
        for (name, words) in [
            ("fd_write", vec![4, iovecs, 2, 0]),
            ("fd_pwrite", vec![4, iovecs, 2, 0, 0]),
            ("fd_read", vec![4, iovecs, 2, 0]),
            ("fd_pread", vec![4, iovecs, 2, 0, 0]),
        ] {
            guest.bytes_mut(BUFFER, 4).fill(b'x');
            assert_fault(guest.invoke(name, &words));
            assert_eq!(guest.bytes(BUFFER, 4), b"xxxx", "{name} {bad:?}");
        }
        assert_eq!(contents(&mut guest), b"contents", "{bad:?}");
        assert_eq!(guest.fd_tell(FILE), Ok(0), "{bad:?}");
    }
}

fn fault_names_what_the_guest_did(on: Backend) {
    let mut guest = guest(on);
    let outcome = guest.invoke("fd_write", &[4, u64::from(u32::MAX) - 3, 1, 0]);
    let Err(Stop::Trap(trap)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(Trap::to_string(&trap).contains("0xfffffffc"), "{trap}");
}
