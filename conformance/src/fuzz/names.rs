//! Paths that have a chance to mean something in a scratch tree.

use super::source::Source;

/// What lies in the tree, what may come into being there, and what leads elsewhere.
const NAMES: [&str; 16] = [
    "a", "d", "e", "l", "ld", "up", "upd", "abs", "loop", "fifo", "n", "m", "..", ".", "secret",
    "outside",
];

/// A path of a few names with all the slashes that there can be.
pub(super) fn path(source: &mut Source<'_>) -> String {
    let shape = source.byte();
    let mut path = String::new();
    if shape >= 250 {
        path.push('/');
    }
    for index in 0..=shape % 4 {
        if index > 0 {
            path.push('/');
        }
        let choice = source.byte();
        path.push_str(NAMES[usize::from(choice) % NAMES.len()]);
        if choice >= 240 {
            path.push('/');
        }
    }
    if shape & 0b11100 == 0b11100 {
        path.push('/');
    }
    path
}

/// A path, or what no path is.
pub(super) fn any_path(source: &mut Source<'_>) -> Vec<u8> {
    match source.byte() {
        0 => Vec::new(),
        1 => vec![b'n'; 256],
        2 => b"d/".repeat(2048),
        3 => b"a\0".to_vec(),
        4 => b"\xff".to_vec(),
        5 => {
            let count = source.below(16);
            source.take(count).to_vec()
        }
        _ => path(source).into_bytes(),
    }
}
