//! Extracting an archive with the program.

use crate::app::App;
use std::collections::BTreeMap;
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_examples::{Failure, beneath};
use turnkey_snapshots::engine::Module;
use turnkey_virt::Audit;
use turnkey_virt::nanoprocess::{Bind, Cap, Family, Outcome, Place};
use turnkey_wasi_common::{Access, Errno, Fd, Grant, Object, Pipe, PipeReader, PipeWriter};

/// What became of an archive.
pub(crate) struct Extracted {
    pub(crate) code: u32,
    /// The members that were refused, and why.
    pub(crate) refused: BTreeMap<String, Errno>,
    pub(crate) audit: Arc<Audit>,
}

/// Has the program extract an archive into `uploads`, and nothing else. Its parents are modules, the
/// outermost first, or this program if there are none.
pub(crate) fn extract(
    app: &App,
    parents: &[Arc<dyn Module>],
    unzip: &Arc<dyn Module>,
    archive: &[u8],
) -> Result<Extracted, Failure> {
    let audit = Arc::new(Audit::new(1_000));
    let stdin = Arc::new(PipeReader::of(archive));
    let (stderr, said) = Pipe::new(1 << 16);
    let stderr = Arc::new(stderr);
    let code = match parents {
        [] => by_this_program(app, unzip, stdin, stderr, &audit)?,
        parents => {
            let ctx = builder()
                .preopen("/", app.dir()?, Access::ReadWrite)
                .stdin(stdin)
                .stderr(stderr)
                .filter(audit.clone());
            beneath(parents, unzip, ctx.build()?)?
        }
    };
    Ok(Extracted {
        code,
        refused: refused(&said.drain())?,
        audit,
    })
}

/// The parent holds the directory that `app` lies in, and grants `app/uploads`.
fn by_this_program(
    app: &App,
    unzip: &Arc<dyn Module>,
    stdin: Arc<PipeReader>,
    stderr: Arc<PipeWriter>,
    audit: &Arc<Audit>,
) -> Result<u32, Failure> {
    let parent = Family::builder().filter(audit.clone()).build();
    let child = parent.spawn(Arc::clone(unzip))?;
    let all_of_it = Cap::new(Grant::new(Object::Dir(Arc::clone(&app.root))));
    child.grant(
        &all_of_it.subtree("app/uploads")?,
        Place::At(Fd(3)),
        Some("/"),
    )?;
    let stdin = Cap::new(Grant::new(Object::Stream(stdin)));
    child.grant(&stdin, Place::At(Fd(0)), None)?;
    let stderr = Cap::new(Grant::new(Object::Stream(stderr)));
    child.grant(&stderr, Place::At(Fd(2)), None)?;
    child.bind("class:*", Bind::Pass)?;
    child.link()?;
    match child.call("_start", &[])? {
        Outcome::Exited(code) => Ok(code),
        outcome => Err(format!("the program ended otherwise: {outcome:?}").into()),
    }
}

/// What the program says of members that it could not write: a line of `NAME: errno NUMBER` each.
fn refused(said: &[u8]) -> Result<BTreeMap<String, Errno>, Failure> {
    let said = std::str::from_utf8(said)?;
    let lines = said.lines().map(|line| {
        let (name, number) = line.rsplit_once(": errno ").ok_or(line)?;
        let errno = Errno::from_number(number.parse()?).ok_or(line)?;
        Ok((name.to_owned(), errno))
    });
    lines.collect()
}
