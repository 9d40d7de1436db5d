//! What files in memory cost, beside what nobody can do without: copying the bytes.
//!
//! The forms take turns, and of each the shortest round counts, so that whatever else the machine
//! does falls on all of them alike.
//!
//! `cargo bench -p turnkey-virt --bench memory_fs`
#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "it reports to whoever runs it, on places and sizes that are small and known"
)]

use std::hint::black_box;
use std::io::IoSliceMut;
use std::time::{Duration, Instant};
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Access, Object, OpenOptions, WasiCtx};

const ROUNDS: u32 = 301;
const CALLS: u32 = 2_000;
const PAGE: usize = 4096;
/// Where the guest's memory holds a buffer's place and length, the count, a path, and the buffer.
const IOVEC: i32 = 0;
const COUNT: i32 = 8;
const PATH: i32 = 64;
const BUFFER: i32 = 4096;

type Failure = Box<dyn std::error::Error>;

/// Something that is measured, and its name.
type Form<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// The shortest of many rounds, in nanoseconds for each call.
fn shortest(mut forms: Vec<Form<'_>>) {
    let mut shortest = vec![Duration::MAX; forms.len()];
    for _ in 0..ROUNDS {
        for ((_, form), shortest) in forms.iter_mut().zip(&mut shortest) {
            let start = Instant::now();
            for _ in 0..CALLS {
                form();
            }
            *shortest = start.elapsed().min(*shortest);
        }
    }
    for ((name, _), shortest) in forms.iter().zip(shortest) {
        let each = shortest.as_secs_f64() * 1e9 / f64::from(CALLS);
        println!("{name:<32} {each:>8.1} ns");
    }
}

fn reads() -> Result<(), Failure> {
    let contents = vec![7; 1 << 20];
    let fs = MemoryFs::new().file("file", &contents)?;
    let ctx = WasiCtx::builder()
        .preopen("/", fs.root(), Access::ReadWrite)
        .build()?;
    let mut bytes = vec![0; 65536];
    bytes[PATH as usize..][..4].copy_from_slice(b"file");
    bytes[IOVEC as usize..][..4].copy_from_slice(&BUFFER.to_le_bytes());
    bytes[IOVEC as usize + 4..][..4].copy_from_slice(&(PAGE as u32).to_le_bytes());
    // Opened for reading and writing, as descriptor 4.
    let opened = complete(&ctx, |call| {
        let memory = &mut Memory::new(&mut bytes);
        preview_1::path_open(call, memory, 3, 0, PATH, 4, 0, 2 | 64, 0, 0, COUNT)
    })?;
    assert_eq!((opened, bytes[COUNT as usize]), (0, 4));
    let name = turnkey_wasi_common::GuestPath::new("file")?;
    let Object::File(file) = fs.root().open(name, &OpenOptions::READ)? else {
        return Err("`file` is a file".into());
    };
    let (mut copied, mut read) = (vec![0; PAGE], vec![0; PAGE]);
    let (mut none, mut one) = (bytes.clone(), bytes.clone());
    let (mut other, mut third) = (bytes.clone(), bytes);
    let (mut at, mut there, mut place) = (0, 0, 0);
    shortest(vec![
        (
            "copy 4 KiB",
            Box::new(|| {
                at = (at + PAGE) % contents.len();
                black_box(&mut copied).copy_from_slice(black_box(&contents[at..][..PAGE]));
            }),
        ),
        (
            "File::read_at 4 KiB",
            Box::new(|| {
                there = (there + PAGE as u64) % contents.len() as u64;
                let buffers = &mut [IoSliceMut::new(black_box(&mut read))];
                assert_eq!(file.read_at(buffers, there), Ok(PAGE));
            }),
        ),
        (
            "fd_pread 0 bytes",
            Box::new(|| {
                let read = complete(&ctx, |call| {
                    let memory = &mut Memory::new(black_box(&mut none));
                    preview_1::fd_pread(call, memory, 4, IOVEC, 0, 0, COUNT)
                });
                assert_eq!(black_box(read), Ok(0));
            }),
        ),
        (
            "fd_pread 4 KiB",
            Box::new(|| {
                place = (place + PAGE as i64) % contents.len() as i64;
                let read = complete(&ctx, |call| {
                    let memory = &mut Memory::new(black_box(&mut one));
                    preview_1::fd_pread(call, memory, 4, IOVEC, 1, place, COUNT)
                });
                assert_eq!(black_box(read), Ok(0));
            }),
        ),
        (
            "fd_pwrite 4 KiB",
            Box::new(|| {
                let written = complete(&ctx, |call| {
                    let memory = &mut Memory::new(black_box(&mut other));
                    preview_1::fd_pwrite(call, memory, 4, IOVEC, 1, 8192, COUNT)
                });
                assert_eq!(black_box(written), Ok(0));
            }),
        ),
        (
            "path_filestat_get, one name",
            Box::new(|| {
                let told = complete(&ctx, |call| {
                    let memory = &mut Memory::new(black_box(&mut third));
                    preview_1::path_filestat_get(call, memory, 3, 0, PATH, 4, 128)
                });
                assert_eq!(black_box(told), Ok(0));
            }),
        ),
    ]);
    Ok(())
}

/// Creates, lists and removes so many files.
fn many(count: usize) -> Result<[Duration; 3], Failure> {
    use turnkey_wasi_common::GuestPath;

    let fs = MemoryFs::new();
    let root = fs.root();
    let names: Vec<String> = (0..count).map(|n| format!("file {n}")).collect();
    let start = Instant::now();
    for name in &names {
        fs.write(name, b"")?;
    }
    let created = start.elapsed();
    let (mut listing, mut position, mut seen) = (root.listing()?, 0, 0);
    loop {
        let before = position;
        // As a guest does it, some at a time.
        let mut some = 0;
        listing.read(position, &mut |entry| {
            position = entry.next;
            some += 1;
            some < 100
        })?;
        seen += some;
        if position == before {
            break;
        }
    }
    let listed = start.elapsed() - created;
    assert_eq!(seen, count + 2);
    for name in &names {
        root.unlink(GuestPath::new(name)?)?;
    }
    Ok([created, listed, start.elapsed() - created - listed])
}

fn main() -> Result<(), Failure> {
    println!("the shortest of {ROUNDS} rounds of {CALLS} calls");
    reads()?;
    println!("\nfiles: create, list, remove");
    for count in [10_000, 100_000] {
        let [created, listed, removed] = many(count)?;
        println!("{count:>7}: {created:>9.1?} {listed:>9.1?} {removed:>9.1?}");
    }
    Ok(())
}
