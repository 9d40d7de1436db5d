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

/// What is open, by its number.
type Model = BTreeMap<u32, String>;

fn check<T: Table>(steps: &[Step]) {
    let table = T::with_limit(LIMIT);
    carry_out(&table, &mut Model::new(), steps);
}

/// Carries out steps on a table, and compares each with what the model says.
fn carry_out(table: &impl Table, model: &mut Model, steps: &[Step]) {
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

fn check_begun_with<T: Table + std::fmt::Debug>(begun: u32, steps: &[Step]) {
    let tags = (0..begun).map(|number| (number, format!("begun with {number}")));
    let mut model: Model = tags.collect();
    let entries = model.values().map(|tag| entry(tag)).collect();
    match T::with_entries(LIMIT, entries) {
        Ok(table) => carry_out(&table, &mut model, steps),
        Err(errno) => assert_eq!((errno, begun > LIMIT), (Errno::Mfile, true)),
    }
}

proptest! {
    #[test]
    fn both_tables_begun_with_entries_agree_with_the_model(
        begun in 0..LIMIT + 3,
        steps in steps(),
    ) {
        check_begun_with::<OwnedTable>(begun, &steps);
        check_begun_with::<SharedTable>(begun, &steps);
    }

    #[test]
    fn owned_table_agrees_with_the_model(steps in steps()) {
        check::<OwnedTable>(&steps);
    }

    #[test]
    fn shared_table_agrees_with_the_model(steps in steps()) {
        check::<SharedTable>(&steps);
    }

    #[test]
    fn owned_table_handed_from_thread_to_thread_agrees_with_the_model(
        steps in steps(),
        turn in 1_usize..50,
    ) {
        let mut table = OwnedTable::with_limit(LIMIT);
        let mut model = Model::new();
        for steps in steps.chunks(turn) {
            std::thread::scope(|scope| {
                let (table, model) = (&mut table, &mut model);
                scope.spawn(move || carry_out(table, model, steps));
            });
        }
    }

    #[test]
    fn shared_table_used_by_threads_nothing_lost_or_doubled(
        scripts in prop::collection::vec(steps(), 2..4),
    ) {
        let table = SharedTable::with_limit(LIMIT);
        let meanwhile = std::thread::scope(|scope| {
            let table = &table;
            let threads = scripts.iter().enumerate();
            let threads: Vec<_> = threads
                .map(|(thread, steps)| scope.spawn(move || play(table, thread, steps)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let mut opened: Vec<&str> = Vec::new();
        let mut gone = Vec::new();
        for (opened_by_one, gone_by_one) in &meanwhile {
            opened.extend(opened_by_one.iter().map(String::as_str));
            gone.extend(gone_by_one.iter().map(name));
        }
        // What has left the table and what is still there is what was opened, each once.
        let left: Model = (0..LIMIT)
            .filter_map(|fd| Some((fd, table.with(Fd(fd), tag).ok()?)))
            .collect();
        prop_assert_eq!(table.len(), left.len());
        gone.extend(left.values().cloned());
        gone.sort_unstable();
        opened.sort_unstable();
        prop_assert_eq!(gone, opened);
        // And the numbers are what they have to be.
        let mut model = left;
        let more = [Step::Open; LIMIT as usize + 1];
        carry_out(&table, &mut model, &more);
    }
}

fn tag(entry: &Entry) -> String {
    entry.preopen().unwrap().to_owned()
}

/// Carries out steps while others do; answers the names of what was opened, and what left the
/// table.
fn play(table: &SharedTable, thread: usize, steps: &[Step]) -> (Vec<String>, Vec<Handle>) {
    let (mut opened, mut gone) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        match *step {
            Step::Open => {
                let tag = format!("{thread} {index}");
                match table.insert(entry(&tag)) {
                    Ok(fd) => {
                        assert!(fd.0 < LIMIT);
                        opened.push(tag);
                    }
                    Err(errno) => assert_eq!(errno, Errno::Mfile),
                }
            }
            Step::Close(fd) => gone.extend(table.remove(Fd(fd))),
            Step::Renumber(from, to) => {
                gone.extend(table.renumber(Fd(from), Fd(to)).ok().flatten());
            }
            Step::Look(fd) => {
                let seen = table.with(Fd(fd), tag);
                assert!(seen.is_ok() || seen == Err(Errno::Badf));
            }
        }
    }
    (opened, gone)
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
