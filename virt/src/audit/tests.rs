use super::*;
use crate::Deny;
use std::sync::Arc;
use turnkey_snapshots::{Func, Memory, complete, preview_1};
use turnkey_wasi_common::{Trap, TrapKind, WasiCtx, before};

/// A guest that makes one call, which answers as it is told to by a filter or by the host.
fn unlink(audit: &Arc<Audit>, answer: Option<Verdict>, path: &[u8]) {
    let mut context = WasiCtx::builder().filter(audit.clone());
    if let Some(answer) = answer {
        context = context.filter(Arc::new(before(move |_, _| answer.clone())));
    }
    let ctx = context.build().unwrap();
    let mut memory = path.to_vec();
    let length = i32::try_from(path.len()).unwrap();
    let _ = complete(&ctx, |call| {
        preview_1::path_unlink_file(call, &mut Memory::new(&mut memory), 3, 0, length)
    });
}

#[test]
fn after_refusals_recorded_and_nothing_else() {
    let trap = Trap::new(TrapKind::Refused, "not here");
    for (answer, path, by) in [
        (None, &b"seed.txt"[..], Some(By::Host)),
        (Some(Verdict::Deny(Errno::Noent)), b"a", Some(By::Filter)),
        (Some(Verdict::Trap(trap)), b"a", Some(By::Filter)),
        (Some(Verdict::Exit(1)), b"a", Some(By::Filter)),
        (Some(Verdict::Answer(Errno::Perm)), b"../a", Some(By::Host)),
        (
            Some(Verdict::Answer(Errno::Notcapable)),
            b"a",
            Some(By::Host),
        ),
        (Some(Verdict::Answer(Errno::Acces)), b"a", Some(By::Host)),
        (Some(Verdict::Answer(Errno::Inval)), b"a\0b", Some(By::Host)),
        (Some(Verdict::Answer(Errno::Inval)), b"ab", None),
        (Some(Verdict::Answer(Errno::Noent)), b"a", None),
        (Some(Verdict::Answer(Errno::Success)), b"a", None),
    ] {
        let audit = Arc::new(Audit::new(10));
        unlink(&audit, answer.clone(), path);
        let records = audit.records();
        assert_eq!(
            records.first().map(|record| record.by),
            by,
            "{answer:?} {path:?}"
        );
        assert_eq!(
            records.len(),
            usize::from(by.is_some()),
            "{answer:?} {path:?}"
        );
    }
}

#[test]
fn after_bad_descriptor_without_a_path_no_record() {
    let audit = Arc::new(Audit::new(10));
    let ctx = WasiCtx::builder().filter(audit.clone()).build().unwrap();
    let closed = complete(&ctx, |call| {
        preview_1::fd_close(call, &mut Memory::new(&mut []), 9)
    });
    assert_eq!(closed, Ok(8));
    assert_eq!(audit.records(), []);
}

#[test]
fn after_more_than_it_holds_first_kept_and_rest_counted() {
    let audit = Arc::new(Audit::new(2));
    for path in [&b"1"[..], b"2", b"3", b"4", b"5"] {
        unlink(&audit, None, path);
    }
    let kept: Vec<_> = audit
        .records()
        .into_iter()
        .map(|record| (record.call, record.strings))
        .collect();
    let path = |path: &str| vec![("path", Some(path.to_owned()))];
    assert_eq!(kept, [(1, path("1")), (2, path("2"))]);
    assert_eq!(audit.dropped(), 3);
    let mut written = Vec::new();
    audit.write_json(&mut written).unwrap();
    let lines: Vec<serde_json::Value> = written
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["strings"]["path"], "2");
    assert_eq!(lines[2]["dropped"], 3);
}

#[test]
fn after_long_path_cut_and_marked() {
    let audit = Arc::new(Audit::new(1));
    unlink(&audit, None, &[b'a'; 300]);
    let strings = &audit.records()[0].strings;
    let expected = "a".repeat(Record::LONGEST_TEXT) + "…";
    assert_eq!(strings, &[("path", Some(expected))]);
}

#[test]
fn after_path_beyond_memory_recorded_without_it() {
    let audit = Arc::new(Audit::new(1));
    let ctx = WasiCtx::builder()
        .filter(audit.clone())
        .filter(Arc::new(
            Deny::new().func(Func::PathUnlinkFile, Errno::Perm),
        ))
        .build()
        .unwrap();
    let denied = complete(&ctx, |call| {
        preview_1::path_unlink_file(call, &mut Memory::new(&mut [0; 8]), 3, -1, -1)
    });
    assert_eq!(denied, Ok(63));
    let record = &audit.records()[0];
    assert_eq!(record.strings, [("path", None)]);
    assert_eq!(record.to_json()["strings"]["path"], serde_json::Value::Null);
}

#[test]
fn after_threads_all_recorded_or_counted() {
    let audit = Arc::new(Audit::new(100));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| unlink(&audit, None, b"x")));
        }
    });
    let mut calls: Vec<u64> = audit.records().iter().map(|record| record.call).collect();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!((calls.len(), audit.dropped()), (100, 100));
}
