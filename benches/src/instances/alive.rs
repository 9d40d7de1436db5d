//! Contexts and instances that are alive at once. Those of each kind are made in a process of their
//! own, so that nothing that others have left is taken for theirs.

use super::{Given, Maker};
use crate::Failure;
use crate::allocations::held;
use crate::memory::resident;
use crate::table::Table;
use std::any::Any;
use std::process::{Command, Stdio};

/// What is made.
const WHAT: [&str; 2] = ["context", "context and instance"];

pub(super) fn table(makers: &[Box<dyn Maker>], count: usize) -> Result<Table, Failure> {
    let title = format!("{count} alive at once, not started: bytes for each");
    let columns = ["who", "what", "given", "resident", "of the heap"];
    let mut table = Table::new(title, columns);
    for maker in makers {
        let name = maker.name();
        // A pool is there before anything is made of it.
        if name.contains("pool") {
            continue;
        }
        for what in WHAT {
            for given in Given::ALL {
                let kind = [&name, what, given.name()].join("/");
                let output = Command::new(std::env::current_exe()?)
                    .args(["instances", "--alive", &count.to_string()])
                    .args(["--make", &kind])
                    .stderr(Stdio::inherit())
                    .output()?;
                let text = String::from_utf8(output.stdout)?;
                let mut words = text.split_whitespace().map(str::to_owned);
                let (Some(resident), Some(heap)) = (words.next(), words.next()) else {
                    return Err(format!("{kind}: nothing is told").into());
                };
                table.row([
                    name.clone(),
                    what.to_owned(),
                    given.name().to_owned(),
                    resident,
                    heap,
                ]);
            }
        }
    }
    Ok(table)
}

/// Makes so many of one kind, and tells what each takes.
pub(super) fn make(makers: &[Box<dyn Maker>], kind: &str, count: usize) -> Result<(), Failure> {
    for maker in makers {
        for (place, what) in WHAT.into_iter().enumerate() {
            for given in Given::ALL {
                if kind == [&maker.name(), what, given.name()].join("/") {
                    return tell(count, || match place {
                        0 => maker.context(given),
                        _ => maker.instance(given),
                    });
                }
            }
        }
    }
    Err(format!("there is no {kind}").into())
}

fn tell(
    count: usize,
    mut one: impl FnMut() -> Result<Box<dyn Any>, Failure>,
) -> Result<(), Failure> {
    // What the first one alone finds out is not counted.
    drop(one()?);
    let mut all = Vec::with_capacity(count);
    all.resize_with(count, || None);
    let before = resident()?;
    let ((), heap) = held(|| {
        for place in &mut all {
            *place = Some(one()?);
        }
        Ok(())
    })?;
    let resident = resident()?.saturating_sub(before);
    println!("{} {}", resident / count as u64, heap / count);
    drop(all);
    Ok(())
}
