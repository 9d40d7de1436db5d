//! What a hostile archive holds, for whoever extracts it in the most trusting way.
//!
//! The archive is extracted in a directory `uploads`, beside which lies `node_modules/x/index.js`;
//! both lie in a directory `app`. Whoever extracts it makes the directories that lead to a name,
//! whatever the name is, and then the file. Nothing beside `uploads` may change.

use turnkey_wasi_common::Errno;

/// A member of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its name, as the archive has it.
    pub name: &'static str,
    /// What lies under the name.
    pub what: What,
    /// What extracting it answers, in the end.
    pub answer: Result<(), Errno>,
}

/// What lies under a name of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A file.
    File,
    /// A symbolic link that holds this.
    Link(&'static str),
    /// A further name of another member.
    HardLink(&'static str),
    /// A member that another one is moved to the name of.
    Moved(&'static str),
}

const WRITTEN: Result<(), Errno> = Ok(());
const ESCAPE: Result<(), Errno> = Err(Errno::Perm);
const NO_NAME: Result<(), Errno> = Err(Errno::Inval);

const fn file(name: &'static str, answer: Result<(), Errno>) -> Member {
    member(name, What::File, answer)
}

const fn member(name: &'static str, what: What, answer: Result<(), Errno>) -> Member {
    Member { name, what, answer }
}

/// The members, in the order in which they are extracted: later names lead through earlier links.
pub const MEMBERS: &[Member] = &[
    file("ok.txt", WRITTEN),
    file("dir/inner/ok.txt", WRITTEN),
    file("dir/../beside.txt", WRITTEN),
    file("./dir/./ok.txt", WRITTEN),
    file("../../node_modules/x/index.js", ESCAPE),
    file("../node_modules/x/index.js", ESCAPE),
    file("/app/node_modules/x/index.js", ESCAPE),
    file("//app/node_modules/x/index.js", ESCAPE),
    file("a/../../node_modules/x/index.js", ESCAPE),
    file("dir/inner/../../../node_modules/x/index.js", ESCAPE),
    file("./../node_modules/x/index.js", ESCAPE),
    // Through links that the archive brings along.
    member("l", What::Link("../node_modules"), WRITTEN),
    file("l/x/index.js", ESCAPE),
    file("l/new.js", ESCAPE),
    member("l2", What::Link("."), WRITTEN),
    file("l2/../../node_modules/x/index.js", ESCAPE),
    file("l2/../node_modules/x/index.js", ESCAPE),
    file("l2/within.txt", WRITTEN),
    member("l3", What::Link("l/x"), WRITTEN),
    file("l3/index.js", ESCAPE),
    member("dir/l4", What::Link("../l2/../node_modules/x/"), WRITTEN),
    file("dir/l4/index.js", ESCAPE),
    member("l5", What::Link("../node_modules/x/index.js"), WRITTEN),
    file("l5", ESCAPE),
    member("l6", What::Link("../node_modules/x/new.js"), WRITTEN),
    file("l6", ESCAPE),
    member("absolute", What::Link("/app/node_modules"), ESCAPE),
    // Names outside, given and taken.
    member(
        "../node_modules/x/index.js",
        What::HardLink("ok.txt"),
        ESCAPE,
    ),
    member("../node_modules/x/new.js", What::HardLink("ok.txt"), ESCAPE),
    member("l/x/new.js", What::HardLink("ok.txt"), ESCAPE),
    member(
        "taken.js",
        What::HardLink("../node_modules/x/index.js"),
        ESCAPE,
    ),
    member("taken.js", What::HardLink("l/x/index.js"), ESCAPE),
    member("../node_modules/x/index.js", What::Moved("ok.txt"), ESCAPE),
    member("l/x/index.js", What::Moved("ok.txt"), ESCAPE),
    member("../node_modules", What::Moved("dir"), ESCAPE),
    member(
        "taken.js",
        What::Moved("../node_modules/x/index.js"),
        ESCAPE,
    ),
    member("taken.js", What::Moved("l/x/index.js"), ESCAPE),
    member("../node_modules/x/link", What::Link("index.js"), ESCAPE),
    // What is no name, and what is one although it looks like a way elsewhere.
    file("ok.txt\0.js", NO_NAME),
    file("\0", NO_NAME),
    file("dir/\0/../../node_modules/x/index.js", NO_NAME),
    file("..\\..\\node_modules\\x\\index.js", WRITTEN),
    file("..\\node_modules\\x\\index.js", WRITTEN),
    file("\\app\\node_modules\\x\\index.js", WRITTEN),
    file("C:\\app\\node_modules\\x\\index.js", WRITTEN),
    file("dir\\ok.txt", WRITTEN),
    file("...", WRITTEN),
    file("..hidden", WRITTEN),
    file("%2e%2e%2fnode_modules", WRITTEN),
];

/// The names of the directories that lead to a name, the first one first, as somebody cuts them out
/// who thinks nothing of it.
///
/// ```
/// use turnkey_conformance::zip_slip::parents;
///
/// assert_eq!(parents("a/../b/c").collect::<Vec<_>>(), ["a", "a/..", "a/../b"]);
/// assert_eq!(parents("/c").count(), 0);
/// ```
pub fn parents(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('/').map(|(end, _)| end);
    ends.filter_map(|end| name.get(..end))
        .filter(|parent| !parent.is_empty())
}
