//! Numbers for what has none of its own.

/// The number of the place where a tree begins.
pub(super) const ROOT: u64 = 1;

/// The number of the place that `name` is in the place with the number `parent`. The same in every
/// process, so that what guests see can be told again.
pub(super) fn beneath(parent: u64, name: &str) -> u64 {
    let start = mix(parent.wrapping_add(name.len() as u64));
    let hash = name.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // Apart from numbers that are counted, and never 0.
    mix(hash) | DERIVED
}

/// Another number for what a lower layer numbers itself, so that the lower number is not told.
pub(super) fn derived(number: u64) -> u64 {
    mix(number) | DERIVED
}

/// Another number for what one of several layers numbers itself, so that numbers of different layers
/// and devices do not meet.
pub(super) fn in_layer(layer: u64, device: u64, inode: u64) -> u64 {
    derived(inode ^ mix(device ^ mix(layer)))
}

const DERIVED: u64 = 1 << 63;

/// Spreads a number over all bits; different numbers stay different.
fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let number = (number ^ number >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    number ^ number >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn beneath_100000_places_all_different() {
        let numbers: HashSet<u64> = (0..1000)
            .flat_map(|dir| {
                let dir = beneath(ROOT, &format!("d{dir}"));
                (0..100).map(move |name| beneath(dir, &name.to_string()))
            })
            .collect();
        assert_eq!(numbers.len(), 100_000);
        assert_ne!(beneath(ROOT, "ab"), beneath(beneath(ROOT, "a"), "b"));
    }

    #[test]
    fn in_layer_same_numbers_in_10_layers_of_10_devices_all_different() {
        let numbers: HashSet<u64> = (0..10)
            .flat_map(|layer| (0..10).map(move |device| (layer, device)))
            .flat_map(|(layer, device)| (1..1000).map(move |inode| in_layer(layer, device, inode)))
            .collect();
        assert_eq!(numbers.len(), 99_900);
    }

    #[test]
    fn beneath_pinned() {
        assert_eq!(beneath(ROOT, "hello.txt"), beneath(1, "hello.txt"));
        assert!(beneath(0, "") >= DERIVED);
    }
}
