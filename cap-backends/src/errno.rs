//! What the host's errors mean to a guest.

use rustix::io::Errno as Host;
use std::io;
use turnkey_wasi_common::{Errno, Result};

/// The errno that stands for an error of the host. What has no counterpart is `IO`.
///
/// An error without a number of the operating system's is judged by its kind. cap-std has such an
/// error for a path that leads outside: its kind is [`io::ErrorKind::PermissionDenied`], and the
/// guest sees `PERM`.
///
/// ```
/// use std::io;
/// use turnkey_cap_backends::errno_of;
/// use turnkey_wasi_common::Errno;
///
/// assert_eq!(errno_of(&io::ErrorKind::NotFound.into()), Errno::Noent);
/// assert_eq!(errno_of(&io::Error::other("unheard of")), Errno::Io);
/// ```
pub fn errno_of(error: &io::Error) -> Errno {
    match Host::from_io_error(error) {
        Some(host) => of_number(host),
        None => of_kind(error.kind()),
    }
}

/// Turns the host's results into the core's.
pub(crate) trait OrErrno<T> {
    fn or_errno(self) -> Result<T>;
}

impl<T> OrErrno<T> for rustix::io::Result<T> {
    #[inline]
    fn or_errno(self) -> Result<T> {
        self.map_err(|host| of_number(host).into())
    }
}

impl<T> OrErrno<T> for io::Result<T> {
    #[inline]
    fn or_errno(self) -> Result<T> {
        self.map_err(|error| errno_of(&error).into())
    }
}

#[cold]
fn of_number(host: Host) -> Errno {
    match host {
        Host::TOOBIG => Errno::TooBig,
        Host::ACCESS => Errno::Acces,
        Host::ADDRINUSE => Errno::Addrinuse,
        Host::ADDRNOTAVAIL => Errno::Addrnotavail,
        Host::AFNOSUPPORT | Host::PFNOSUPPORT => Errno::Afnosupport,
        Host::AGAIN => Errno::Again,
        Host::ALREADY => Errno::Already,
        Host::BADF => Errno::Badf,
        Host::BADMSG => Errno::Badmsg,
        Host::BUSY => Errno::Busy,
        Host::CANCELED => Errno::Canceled,
        Host::CHILD => Errno::Child,
        Host::CONNABORTED => Errno::Connaborted,
        Host::CONNREFUSED => Errno::Connrefused,
        Host::CONNRESET => Errno::Connreset,
        Host::DEADLK => Errno::Deadlk,
        Host::DESTADDRREQ => Errno::Destaddrreq,
        Host::DOM => Errno::Dom,
        Host::DQUOT => Errno::Dquot,
        Host::EXIST => Errno::Exist,
        Host::FAULT => Errno::Fault,
        Host::FBIG => Errno::Fbig,
        Host::HOSTDOWN | Host::HOSTUNREACH => Errno::Hostunreach,
        Host::IDRM => Errno::Idrm,
        Host::ILSEQ => Errno::Ilseq,
        Host::INPROGRESS => Errno::Inprogress,
        Host::INTR => Errno::Intr,
        Host::INVAL => Errno::Inval,
        Host::ISCONN => Errno::Isconn,
        Host::ISDIR => Errno::Isdir,
        Host::LOOP => Errno::Loop,
        Host::MFILE => Errno::Mfile,
        Host::MLINK => Errno::Mlink,
        Host::MSGSIZE => Errno::Msgsize,
        Host::MULTIHOP => Errno::Multihop,
        Host::NAMETOOLONG => Errno::Nametoolong,
        Host::NETDOWN => Errno::Netdown,
        Host::NETRESET => Errno::Netreset,
        Host::NETUNREACH => Errno::Netunreach,
        Host::NFILE => Errno::Nfile,
        Host::NOBUFS => Errno::Nobufs,
        Host::NODEV => Errno::Nodev,
        Host::NOENT => Errno::Noent,
        Host::NOEXEC => Errno::Noexec,
        Host::NOLCK => Errno::Nolck,
        Host::NOLINK => Errno::Nolink,
        Host::NOMEM => Errno::Nomem,
        Host::NOMSG => Errno::Nomsg,
        Host::NOPROTOOPT => Errno::Noprotoopt,
        Host::NOSPC => Errno::Nospc,
        Host::NOSYS => Errno::Nosys,
        Host::NOTCONN => Errno::Notconn,
        Host::NOTDIR => Errno::Notdir,
        Host::NOTEMPTY => Errno::Notempty,
        Host::NOTRECOVERABLE => Errno::Notrecoverable,
        Host::NOTSOCK => Errno::Notsock,
        Host::NOTTY => Errno::Notty,
        Host::NXIO => Errno::Nxio,
        Host::OVERFLOW => Errno::Overflow,
        Host::OWNERDEAD => Errno::Ownerdead,
        Host::PERM => Errno::Perm,
        Host::PIPE | Host::SHUTDOWN => Errno::Pipe,
        Host::PROTO => Errno::Proto,
        Host::PROTONOSUPPORT | Host::SOCKTNOSUPPORT => Errno::Protonosupport,
        Host::PROTOTYPE => Errno::Prototype,
        Host::RANGE => Errno::Range,
        Host::ROFS => Errno::Rofs,
        Host::SPIPE => Errno::Spipe,
        Host::SRCH => Errno::Srch,
        Host::STALE => Errno::Stale,
        Host::TIMEDOUT => Errno::Timedout,
        Host::TXTBSY => Errno::Txtbsy,
        Host::XDEV => Errno::Xdev,
        // One number on some systems and two on others, so none of them can be a pattern of its
        // own beside its twin.
        _ if host == Host::NOTSUP || host == Host::OPNOTSUPP => Errno::Notsup,
        _ if host == Host::WOULDBLOCK => Errno::Again,
        _ => Errno::Io,
    }
}

fn of_kind(kind: io::ErrorKind) -> Errno {
    use io::ErrorKind as Kind;
    match kind {
        Kind::NotFound => Errno::Noent,
        Kind::PermissionDenied => Errno::Perm,
        Kind::ConnectionRefused => Errno::Connrefused,
        Kind::ConnectionReset => Errno::Connreset,
        Kind::HostUnreachable => Errno::Hostunreach,
        Kind::NetworkUnreachable => Errno::Netunreach,
        Kind::ConnectionAborted => Errno::Connaborted,
        Kind::NotConnected => Errno::Notconn,
        Kind::AddrInUse => Errno::Addrinuse,
        Kind::AddrNotAvailable => Errno::Addrnotavail,
        Kind::NetworkDown => Errno::Netdown,
        Kind::BrokenPipe => Errno::Pipe,
        Kind::AlreadyExists => Errno::Exist,
        Kind::WouldBlock => Errno::Again,
        Kind::NotADirectory => Errno::Notdir,
        Kind::IsADirectory => Errno::Isdir,
        Kind::DirectoryNotEmpty => Errno::Notempty,
        Kind::ReadOnlyFilesystem => Errno::Rofs,
        Kind::StaleNetworkFileHandle => Errno::Stale,
        Kind::InvalidInput => Errno::Inval,
        Kind::InvalidData => Errno::Ilseq,
        Kind::TimedOut => Errno::Timedout,
        Kind::StorageFull => Errno::Nospc,
        Kind::NotSeekable => Errno::Spipe,
        Kind::QuotaExceeded => Errno::Dquot,
        Kind::FileTooLarge => Errno::Fbig,
        Kind::ResourceBusy => Errno::Busy,
        Kind::ExecutableFileBusy => Errno::Txtbsy,
        Kind::Deadlock => Errno::Deadlk,
        Kind::CrossesDevices => Errno::Xdev,
        Kind::TooManyLinks => Errno::Mlink,
        Kind::ArgumentListTooLong => Errno::TooBig,
        Kind::Interrupted => Errno::Intr,
        Kind::Unsupported => Errno::Notsup,
        Kind::OutOfMemory => Errno::Nomem,
        _ => Errno::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of Linux's that has a counterpart, and what it is.
    #[cfg(target_os = "linux")]
    const TOLD: [(i32, Errno); 83] = [
        (1, Errno::Perm),
        (2, Errno::Noent),
        (3, Errno::Srch),
        (4, Errno::Intr),
        (6, Errno::Nxio),
        (7, Errno::TooBig),
        (8, Errno::Noexec),
        (9, Errno::Badf),
        (10, Errno::Child),
        (11, Errno::Again),
        (12, Errno::Nomem),
        (13, Errno::Acces),
        (14, Errno::Fault),
        (16, Errno::Busy),
        (17, Errno::Exist),
        (18, Errno::Xdev),
        (19, Errno::Nodev),
        (20, Errno::Notdir),
        (21, Errno::Isdir),
        (22, Errno::Inval),
        (23, Errno::Nfile),
        (24, Errno::Mfile),
        (25, Errno::Notty),
        (26, Errno::Txtbsy),
        (27, Errno::Fbig),
        (28, Errno::Nospc),
        (29, Errno::Spipe),
        (30, Errno::Rofs),
        (31, Errno::Mlink),
        (32, Errno::Pipe),
        (33, Errno::Dom),
        (34, Errno::Range),
        (35, Errno::Deadlk),
        (36, Errno::Nametoolong),
        (37, Errno::Nolck),
        (38, Errno::Nosys),
        (39, Errno::Notempty),
        (40, Errno::Loop),
        (42, Errno::Nomsg),
        (43, Errno::Idrm),
        (67, Errno::Nolink),
        (71, Errno::Proto),
        (72, Errno::Multihop),
        (74, Errno::Badmsg),
        (75, Errno::Overflow),
        (84, Errno::Ilseq),
        (88, Errno::Notsock),
        (89, Errno::Destaddrreq),
        (90, Errno::Msgsize),
        (91, Errno::Prototype),
        (92, Errno::Noprotoopt),
        (93, Errno::Protonosupport),
        (94, Errno::Protonosupport),
        (95, Errno::Notsup),
        (96, Errno::Afnosupport),
        (97, Errno::Afnosupport),
        (98, Errno::Addrinuse),
        (99, Errno::Addrnotavail),
        (100, Errno::Netdown),
        (101, Errno::Netunreach),
        (102, Errno::Netreset),
        (103, Errno::Connaborted),
        (104, Errno::Connreset),
        (105, Errno::Nobufs),
        (106, Errno::Isconn),
        (107, Errno::Notconn),
        (108, Errno::Pipe),
        (110, Errno::Timedout),
        (111, Errno::Connrefused),
        (112, Errno::Hostunreach),
        (113, Errno::Hostunreach),
        (114, Errno::Already),
        (115, Errno::Inprogress),
        (116, Errno::Stale),
        (122, Errno::Dquot),
        (125, Errno::Canceled),
        (130, Errno::Ownerdead),
        (131, Errno::Notrecoverable),
        // Without a counterpart: a block device needed, a quarantined page, a missing key.
        (15, Errno::Io),
        (117, Errno::Io),
        (126, Errno::Io),
        (133, Errno::Io),
        (4095, Errno::Io),
    ];

    #[test]
    #[cfg(target_os = "linux")]
    fn errno_of_every_number_of_linux() {
        for (number, expected) in TOLD {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(errno_of(&error), expected, "{number}: {error}");
        }
        for number in 1..4096 {
            if !TOLD.iter().any(|(told, _)| *told == number) {
                let error = io::Error::from_raw_os_error(number);
                assert_eq!(errno_of(&error), Errno::Io, "{number}: {error}");
            }
        }
    }

    #[test]
    fn errno_of_errors_without_a_number_by_their_kind() {
        use io::ErrorKind as Kind;
        let escape = io::Error::new(Kind::PermissionDenied, "a path led outside");
        assert_eq!(errno_of(&escape), Errno::Perm);
        for (kind, expected) in [
            (Kind::NotFound, Errno::Noent),
            (Kind::InvalidInput, Errno::Inval),
            (Kind::NotADirectory, Errno::Notdir),
            (Kind::WouldBlock, Errno::Again),
            (Kind::UnexpectedEof, Errno::Io),
            (Kind::Other, Errno::Io),
        ] {
            assert_eq!(errno_of(&kind.into()), expected, "{kind:?}");
        }
    }
}
