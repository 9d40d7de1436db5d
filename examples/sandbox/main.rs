//! A program uses an image decoder that it does not trust, and gives it nothing but memory.
//!
//! `decoder` is the published crate `qoi`, compiled to WebAssembly behind a shim of two functions. It
//! imports nothing, so there is nothing that it could reach. What it decodes is what the same crate
//! decodes natively; images that were damaged in 100,000 ways end it at worst, and the next one is
//! made in its place.
//!
//! `cargo run --release -p turnkey-examples --bin sandbox [DAMAGED]`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

mod decoder;
mod images;

use decoder::{Decoded, Decoder};
use std::sync::Arc;
use std::time::{Duration, Instant};
use turnkey_examples::{Failure, compile, engines};
use turnkey_snapshots::engine::Module;

/// The program that is not trusted.
const DECODER: &[u8] = include_bytes!("decoder.wasm");

/// Images that are decoded whole, and those that were damaged unless it is said otherwise.
const IMAGES: usize = 50;
const DAMAGED: usize = 100_000;

fn main() -> Result<(), Failure> {
    let damaged_images = match std::env::args().nth(1) {
        Some(count) => count.parse()?,
        None => DAMAGED,
    };
    let images = images::all(IMAGES)?;
    for engine in engines()? {
        let module = compile(&*engine, DECODER)?;
        println!("{}:", engine.name());
        whole(&module, &images)?;
        damaged(&module, &images, damaged_images)?;
    }
    Ok(())
}

/// Decodes images that are whole, and compares the pixels with the native decoder's.
fn whole(module: &Arc<dyn Module>, images: &[Vec<u8>]) -> Result<(), Failure> {
    let mut decoder = Decoder::new(module)?;
    let (mut inside, mut native) = (Duration::ZERO, Duration::ZERO);
    for image in images {
        let start = Instant::now();
        let decoded = decoder.decode(image)?;
        inside += start.elapsed();
        let start = Instant::now();
        let (_, pixels) = qoi::decode_to_vec(image)?;
        native += start.elapsed();
        if decoded != Decoded::Pixels(pixels) {
            return Err("an image is another one inside".into());
        }
    }
    let times = inside.as_secs_f64() / native.as_secs_f64();
    println!(
        "  {} images are what they are natively, in {times:.1} times the time",
        images.len()
    );
    Ok(())
}

/// Decodes images of which bytes were changed, cut off or added. Whatever happens inside, this program
/// goes on; and what is said to be an image natively is the same inside.
fn damaged(module: &Arc<dyn Module>, images: &[Vec<u8>], count: usize) -> Result<(), Failure> {
    let mut decoder = Decoder::new(module)?;
    let (mut refused, mut ended) = (0, 0);
    for (number, image) in images.iter().cycle().take(count).enumerate() {
        let image = images::damage(image, number as u64);
        let native = qoi::decode_to_vec(&image).ok();
        match (decoder.decode(&image)?, native) {
            (Decoded::Pixels(pixels), Some((_, native))) if pixels == native => {}
            (Decoded::Refused, None) => refused += 1,
            // Larger than what it may have.
            (Decoded::NoRoom, _) => refused += 1,
            (Decoded::Ended, _) => {
                ended += 1;
                decoder = Decoder::new(module)?;
            }
            _ => return Err(format!("damaged image {number} is another one inside").into()),
        }
    }
    let decoded = count - refused - ended;
    println!("  {count} damaged images: {decoded} decoded, {refused} refused, {ended} ended it");
    Ok(())
}
