//! Both forms of the table against a plain model.

use super::{Handle, OwnedTable, SharedTable, Table};
use crate::{Entry, Errno, Fd, FdFlags, Null, Object, Rights};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const LIMIT: u32 = 70;

#[derive(Debug, Clone, Copy)]
enum Step {
    Open,
    Close(u32),
    Renumber(u32, u32),
    Look(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fd = || prop_oneof![9 => 0..LIMIT + 2, 1 => Just(u32::MAX)];
    let step = prop_oneof![
        4 => Just(Step::Open),
        2 => fd().prop_map(Step::Close),
        2 => (fd(), fd()).prop_map(|(from, to)| Step::Renumber(from, to)),
        1 => fd().prop_map(Step::Look),
    ];
    prop::collection::vec(step, 0..400)
}

/// An entry that is told apart by its name.
fn entry(name: &str) -> Entry {
    let object = Object::Stream(Arc::new(Null));
    Entry::new(object, FdFlags::empty(), Rights::all(), Rights::all()).preopened(name)
}

fn name(handle: &Handle) -> String {
    let name = match handle {
        Handle::Owned(entry) => entry.preopen(),
        Handle::Shared(entry) => entry.preopen(),
    };
    name.unwrap_or_default().to_owned()
}

fn check<T: Table>(steps: &[Step]) {
    let table = T::with_limit(LIMIT);
    let mut model = BTreeMap::<u32, String>::new();
    for (index, step) in steps.iter().enumerate() {
        match *step {
            Step::Open => {
                let tag = index.to_string();
                let lowest = (0..LIMIT).find(|number| !model.contains_key(number));
                assert_eq!(table.check_room().is_ok(), lowest.is_some());
                assert_eq!(
                    table.insert(entry(&tag)),
                    lowest.map(Fd).ok_or(Errno::Mfile)
                );
                if let Some(lowest) = lowest {
                    model.insert(lowest, tag);
                }
            }
            Step::Close(fd) => {
                let closed = table.remove(Fd(fd)).map(|handle| name(&handle));
                assert_eq!(closed, model.remove(&fd).ok_or(Errno::Badf));
            }
            Step::Renumber(from, to) => {
                let open = model.contains_key(&from) && model.contains_key(&to);
                let expected = match (open, from == to) {
                    (false, _) => Err(Errno::Badf),
                    (true, true) => Ok(None),
                    (true, false) => {
                        let moved = model.remove(&from).unwrap();
                        Ok(model.insert(to, moved))
                    }
                };
                let renumbered = table.renumber(Fd(from), Fd(to));
                assert_eq!(
                    renumbered.map(|replaced| replaced.as_ref().map(name)),
                    expected
                );
            }
            Step::Look(fd) => {
                let seen = table.with(Fd(fd), |entry| entry.preopen().unwrap().to_owned());
                assert_eq!(seen, model.get(&fd).cloned().ok_or(Errno::Badf));
            }
        }
        assert_eq!(table.len(), model.len());
    }
}

proptest! {
    #[test]
    fn owned_table_agrees_with_the_model(steps in steps()) {
        check::<OwnedTable>(&steps);
    }

    #[test]
    fn shared_table_agrees_with_the_model(steps in steps()) {
        check::<SharedTable>(&steps);
    }
}

#[test]
fn owned_table_changed_while_in_use_busy() {
    let table = OwnedTable::with_limit(4);
    let fd = table.insert(entry("a")).unwrap();
    let inner = table.with(fd, |_| table.remove(fd).map(|_| ()));
    assert_eq!(inner, Ok(Err(Errno::Busy)));
    assert!(table.remove(fd).is_ok());
}

#[test]
fn shared_table_closed_while_in_use_entry_stays_for_the_user() {
    let table = SharedTable::with_limit(4);
    let fd = table.insert(entry("a")).unwrap();
    let seen = table.with(fd, |entry| {
        drop(table.remove(fd).unwrap());
        entry.preopen().map(str::to_owned)
    });
    assert_eq!(seen, Ok(Some("a".to_owned())));
    assert_eq!(table.with(fd, |_| ()), Err(Errno::Badf));
}

#[test]
fn shared_table_from_threads_every_number_once() {
    let table = SharedTable::with_limit(4000);
    let opened = |_| {
        (0..1000)
            .map(|_| table.insert(entry("t")).unwrap().0)
            .collect::<Vec<_>>()
    };
    let mut numbers: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || opened(n))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (0..4000).collect::<Vec<_>>());
    assert_eq!(table.insert(entry("t")), Err(Errno::Mfile));
}
