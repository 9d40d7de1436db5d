//! Every difference between the host's files and those in memory that is meant.

use super::made::StatTold;
use super::operation::Operation;
use super::side::{Answer, Told};
use turnkey_wasi_common::{Errno, FileType};

/// An answer that is meant to be another than the host's.
pub(super) struct Difference {
    pub(super) why: &'static str,
    /// Whether it is this one: what was done, the host's answer and the other.
    is: fn(&Operation, &Answer, &Answer) -> bool,
}

const INVAL: Answer = Err(Errno::Inval);

/// Every difference that is meant.
pub(super) const DIFFERENCES: [Difference; 4] = [
    Difference {
        why: "a file takes no directory's place, not even that of one above it (POSIX, rename); Linux \
              looks first whether the directory is above, and so holds something",
        is: |operation, host, ours| {
            let answers = (host, ours) == (&Err(Errno::Notempty), &Err(Errno::Isdir));
            answers && matches!(operation, Operation::Rename(..))
        },
    },
    Difference {
        why: "what would end behind the largest offset is too large (POSIX, write); to Linux it is no \
              range",
        is: |operation, host, ours| {
            let writes = matches!(operation, Operation::Write(..) | Operation::Pwrite(..));
            writes && (host, ours) == (&INVAL, &Err(Errno::Fbig))
        },
    },
    Difference {
        why: "behind the end of a file there is nothing to read (POSIX, read), however much is asked \
              for; to Linux what would end behind the largest offset is no range",
        is: |operation, host, ours| {
            let reads = matches!(operation, Operation::Read(..) | Operation::Pread(..));
            reads && (host, ours) == (&INVAL, &Ok(Told::Bytes(Vec::new())))
        },
    },
    Difference {
        why: "what goes through a FIFO below a layer changes the times of the FIFO, which lies below, \
              and not those that the layer tells",
        is: |_, host, ours| match (host, ours) {
            (Ok(Told::Stat(host)), Ok(Told::Stat(ours))) => {
                let modified = host.modified;
                let pipe = host.file_type == FileType::Unknown;
                pipe && *host == StatTold { modified, ..*ours }
            }
            _ => false,
        },
    },
];

/// Which difference it is, if it is one that is meant.
pub(super) fn meant(operation: &Operation, host: &Answer, ours: &Answer) -> Option<usize> {
    let mut differences = DIFFERENCES.iter();
    differences.position(|difference| (difference.is)(operation, host, ours))
}
