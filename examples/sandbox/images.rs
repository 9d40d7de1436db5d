//! Images to decode, and what becomes of them on a bad way.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use turnkey_examples::Failure;

/// Images of all sizes up to 64 pixels, with and without transparency: flat, in stripes, a gradient,
/// noise.
pub(crate) fn all(count: usize) -> Result<Vec<Vec<u8>>, Failure> {
    let images = (0..count).map(|number| {
        let mut random = ChaCha8Rng::seed_from_u64(number as u64);
        let (width, height) = (1 + random.next_u32() % 64, 1 + random.next_u32() % 64);
        let channels = 3 + number % 2;
        let length = width as usize * height as usize * channels;
        let pixels: Vec<u8> = match number % 5 {
            0 => vec![number.to_le_bytes()[0]; length],
            1 => (0..length).map(|at| at.to_le_bytes()[0] & 0xf0).collect(),
            2 => (0..length).map(|at| (at / 7).to_le_bytes()[0]).collect(),
            3 => (0..length)
                .map(|at| if at / 30 % 3 == 0 { 255 } else { 7 })
                .collect(),
            _ => {
                let mut noise = vec![0; length];
                random.fill_bytes(&mut noise);
                noise
            }
        };
        Ok(qoi::encode_to_vec(pixels, width, height)?)
    });
    images.collect()
}

/// An image of which some bytes were changed, and perhaps the end cut off.
pub(crate) fn damage(image: &[u8], seed: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut image = image.to_vec();
    for _ in 0..1 + random.next_u32() % 8 {
        let at = random.next_u32() as usize % image.len();
        if let Some(byte) = image.get_mut(at) {
            *byte = random.next_u32().to_le_bytes()[0];
        }
    }
    if random.next_u32() % 4 == 0 {
        image.truncate(random.next_u32() as usize % image.len());
    }
    image
}
