//! Replaying guests that pass anything at all.
#![cfg(all(test, unix))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod taped;

use std::sync::Arc;
use taped::host::Host;
use taped::{Step, Tape, assert_same, invoke, open, put, table};
use turnkey_virt::Recorder;
use turnkey_wasi_common::WasiCtx;

/// Numbers that are no secret.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An argument that a hostile or a confused guest may pass.
    fn argument(&mut self) -> u64 {
        match self.below(8) {
            0 => self.below(8),
            1 | 2 => self.below(70),
            3 | 4 => self.below(65536) & !7,
            5 => 65536 - self.below(20),
            6 => u64::from(u32::MAX) - self.below(20),
            _ => self.below(1 << 32),
        }
    }
}

#[test]
fn replay_hostile_guests_byte_identical() {
    let mut seen = [0_usize; 3];
    for seed in 1..=60 {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ seed << 32);
        let snapshot = (seed % 2) as usize;
        let mut steps = Vec::new();
        for _ in 0..40 {
            // Small numbers in the places that most arguments lead to.
            let words: Vec<u8> = (0..64)
                .flat_map(|_| (numbers.argument() as u32).to_le_bytes())
                .collect();
            steps.push(put(numbers.below(65) as usize & !7, words));
            let functions = table(snapshot);
            let function = &functions[numbers.below(functions.len() as u64) as usize];
            // It would sleep for as long as chance says.
            if function.name != "poll_oneoff" {
                let args = function.core.params.iter().map(|_| numbers.argument());
                steps.push(Step::Call(function.name, args.collect()));
            }
        }
        let (_host, builder) = Host::new();
        // Of a guest that is ended nobody looks at the memory, so each call is a guest's last.
        let tape = Tape::default();
        let recorder = Arc::new(Recorder::new(tape.clone(), b"").unwrap());
        let ctx = builder.filter(recorder.clone()).build().unwrap();
        let recorded = each_anew(&ctx, snapshot, &steps);
        recorder.finish().unwrap();
        let tape = Arc::new(open(&tape.bytes()).unwrap());
        let ctx = WasiCtx::builder().filter(tape.clone()).build().unwrap();
        let replayed = each_anew(&ctx, snapshot, &steps);
        assert_eq!(tape.finish(), Ok(()), "seed {seed}");
        assert_same(&recorded, &replayed);
        for (answer, _) in &recorded {
            seen[match answer {
                Ok(0) => 0,
                Ok(_) => 1,
                Err(_) => 2,
            }] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

/// Runs a guest that goes on with a memory of its own after it was ended.
fn each_anew(ctx: &WasiCtx, snapshot: usize, steps: &[Step]) -> Vec<taped::Seen> {
    let mut memory = vec![0; 65536];
    let mut seen = Vec::new();
    for step in steps {
        match step {
            Step::Put(at, bytes) => memory[*at..at + bytes.len()].copy_from_slice(bytes),
            Step::Call(name, args) => {
                let answer = invoke(ctx, snapshot, name, args, &mut memory);
                let after = memory.clone();
                if answer.is_err() {
                    memory.fill(0);
                }
                seen.push((answer, after));
            }
        }
    }
    seen
}
