//! What the programs have in common: which guest they run, and how they tell what it took.
#![forbid(unsafe_code)]

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Whatever can go wrong.
pub type Failure = Box<dyn std::error::Error>;

/// The guest that the first argument leads to.
///
/// # Errors
/// There is none.
pub fn guest() -> Result<Vec<u8>, Failure> {
    let path = std::env::args_os().nth(1).ok_or("which guest?")?;
    Ok(std::fs::read(path)?)
}

/// Tells how much of the heap is taken.
pub fn now(what: &str) {
    println!("{what}\t{}", HEAP.current_usage());
}

/// Tells how much of it was taken at most.
pub fn at_most() {
    println!("at most\t{}", HEAP.peak_usage());
}
