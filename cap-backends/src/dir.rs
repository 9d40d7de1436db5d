//! Directories of the host's.

use crate::errno::OrErrno;
use crate::handle::Handle;
use crate::listing::HostListing;
use crate::open;
use crate::place::{Last, Place};
use crate::stat::{keeps_both, stat_of, timestamps_of};
use cap_std::AmbientAuthority;
use cap_std::fs::Dir as CapDir;
use io_lifetimes::IntoFilelike;
use rustix::fs::{AtFlags, Mode, fstat, statat};
use std::any::Any;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use turnkey_wasi_common::{
    Dir, Errno, FileType, Follow, GuestPath, Listing, Object, OpenOptions, Result, Stat, Times,
    check_link_target,
};

/// A directory of the host's, and what lies beneath it.
///
/// No path leaves it, whatever others do to the tree meanwhile: cap-std resolves paths from the
/// open directory, with `openat2` in one step where the kernel has it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_cap_backends::{HostDir, ambient_authority, builder};
/// use turnkey_wasi_common::{Access, Dir, Errno, FileType, Follow, GuestPath};
///
/// let temporary = tempfile::tempdir()?;
/// let dir = HostDir::open_ambient(temporary.path(), ambient_authority())?;
/// dir.create_dir(GuestPath::new("logs")?)?;
/// let outside = dir.stat_at(GuestPath::new("logs/../..")?, Follow::Yes);
/// assert_eq!(outside.unwrap_err().errno(), Errno::Perm);
///
/// let ctx = builder().preopen("/data", Arc::new(dir), Access::ReadOnly).build()?;
/// # drop(ctx);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HostDir(Arc<Handle>);

impl HostDir {
    /// Opens a directory by a path of the host's, wherever it leads.
    ///
    /// # Errors
    /// - those of `open`: there is no such directory, or it cannot be reached.
    pub fn open_ambient(
        path: impl AsRef<Path>,
        ambient_authority: AmbientAuthority,
    ) -> io::Result<Self> {
        CapDir::open_ambient_dir(path, ambient_authority).map(Self::from)
    }

    /// Adopts a directory that is open already, cap-std's `Dir` or any descriptor of one.
    pub fn new(dir: impl IntoFilelike) -> Self {
        Self::from(dir.into_filelike())
    }

    /// A directory that was opened here, and to reading.
    pub(crate) fn opened_to_list(fd: OwnedFd) -> Self {
        Self(Arc::new(Handle::to_list(fd.into())))
    }

    fn dir(&self) -> &CapDir {
        self.0.dir()
    }

    fn stat_name(place: impl AsFd, name: &str) -> Result<Stat> {
        let host = statat(place, name, AtFlags::SYMLINK_NOFOLLOW);
        host.map(|host| stat_of(&host)).or_errno()
    }

    /// The attributes at the end of a path of several names.
    #[cfg(target_os = "linux")]
    fn stat_far(&self, path: GuestPath<'_>, follow: Follow) -> Result<Stat> {
        stat_descriptor(open::locate(self.dir(), path, follow)?)
    }

    /// The attributes at the end of a path of several names.
    #[cfg(not(target_os = "linux"))]
    fn stat_far(&self, path: GuestPath<'_>, follow: Follow) -> Result<Stat> {
        if follow == Follow::Yes || path.has_trailing_slash() {
            return stat_descriptor(open::locate(self.dir(), path, Follow::Yes)?);
        }
        // A link itself cannot be opened here.
        let place = Place::find(self.dir(), path)?;
        match place.last {
            Last::Name(name) => Self::stat_name(&place, name),
            Last::Dot | Last::DotDot => stat_descriptor(&place),
        }
    }

    /// Why nothing new can be made under a name with a slash behind it, which demands a directory:
    /// `EXIST` if there is one, and otherwise what is wrong with what is there.
    fn refuse_slash(&self, path: GuestPath<'_>) -> Errno {
        match open::directory(self.dir(), path, Follow::Yes) {
            Ok(_) => Errno::Exist,
            Err(error) => error.errno(),
        }
    }

    /// The name in a place where something new is to be made.
    ///
    /// # Errors
    /// - `EXIST`: the path names a directory without a name.
    /// - those of [`refuse_slash`](Self::refuse_slash).
    fn new_name<'a>(&self, path: GuestPath<'_>, place: &Place<'a>) -> Result<&'a str> {
        match place.last {
            Last::Name(_) if place.slash => Err(self.refuse_slash(path).into()),
            Last::Name(name) => Ok(name),
            Last::Dot | Last::DotDot => Err(Errno::Exist.into()),
        }
    }
}

impl From<CapDir> for HostDir {
    fn from(dir: CapDir) -> Self {
        Self(Arc::new(Handle::new(dir)))
    }
}

impl From<OwnedFd> for HostDir {
    fn from(fd: OwnedFd) -> Self {
        CapDir::from(fd).into()
    }
}

impl AsFd for HostDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir().as_fd()
    }
}

fn stat_descriptor(fd: impl AsFd) -> Result<Stat> {
    fstat(fd).map(|host| stat_of(&host)).or_errno()
}

fn own(dir: &dyn Dir) -> Result<&HostDir> {
    let own = dir.as_any().downcast_ref();
    own.ok_or_else(|| Errno::Xdev.into())
}

impl Dir for HostDir {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> Result<Stat> {
        stat_descriptor(self.dir())
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        open::set_times(self.dir(), times).or_errno()
    }

    fn open(&self, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object> {
        open::open(self.dir(), path, how)
    }

    fn stat_at(&self, path: GuestPath<'_>, follow: Follow) -> Result<Stat> {
        if path.as_str() == "." {
            return self.stat();
        }
        // One name that is no link to follow is the common case, and needs no descriptor.
        let slash = path.has_trailing_slash();
        if let Some(name) = path.without_trailing_slashes().only_name() {
            let stat = Self::stat_name(self.dir(), name)?;
            match stat.file_type {
                FileType::SymbolicLink if slash || follow == Follow::Yes => {}
                FileType::Directory => return Ok(stat),
                _ if slash => return Err(Errno::Notdir.into()),
                _ => return Ok(stat),
            }
        }
        self.stat_far(path, follow)
    }

    fn set_times_at(&self, path: GuestPath<'_>, follow: Follow, times: &Times) -> Result<()> {
        if keeps_both(times) {
            // The host would not even look whether the path exists.
            return self.stat_at(path, follow).map(drop);
        }
        if follow == Follow::No && !path.has_trailing_slash() {
            let place = Place::find(self.dir(), path)?;
            return match place.last {
                Last::Name(name) => {
                    let link_itself = AtFlags::SYMLINK_NOFOLLOW;
                    rustix::fs::utimensat(&place, name, &timestamps_of(times), link_itself)
                }
                Last::Dot | Last::DotDot => open::set_times(&place, times),
            }
            .or_errno();
        }
        open::set_times_at(self.dir(), path, times)
    }

    fn create_dir(&self, path: GuestPath<'_>) -> Result<()> {
        let place = Place::find(self.dir(), path)?;
        match place.last {
            Last::Name(name) => {
                rustix::fs::mkdirat(&place, name, Mode::RWXU | Mode::RWXG | Mode::RWXO).or_errno()
            }
            Last::Dot | Last::DotDot => Err(Errno::Exist.into()),
        }
    }

    fn remove_dir(&self, path: GuestPath<'_>) -> Result<()> {
        let place = Place::find(self.dir(), path)?;
        match place.last {
            Last::Name(name) => rustix::fs::unlinkat(&place, name, AtFlags::REMOVEDIR).or_errno(),
            Last::Dot => Err(Errno::Inval.into()),
            // It holds the directory by which it was reached.
            Last::DotDot => Err(Errno::Notempty.into()),
        }
    }

    fn unlink(&self, path: GuestPath<'_>) -> Result<()> {
        let place = Place::find(self.dir(), path)?;
        match place.last {
            Last::Name(name) if place.slash => {
                let found = Self::stat_name(&place, name)?.file_type;
                Err(match found {
                    FileType::Directory => Errno::Isdir.into(),
                    _ => Errno::Notdir.into(),
                })
            }
            Last::Name(name) => unlink(&place, name),
            Last::Dot | Last::DotDot => Err(Errno::Isdir.into()),
        }
    }

    /// # Errors
    /// Beside those of the trait:
    /// - `NOENT`, `INVAL`, `PERM`, `NAMETOOLONG`: those of [`check_link_target`].
    fn symlink(&self, target: &str, path: GuestPath<'_>) -> Result<()> {
        check_link_target(target)?;
        let place = Place::find(self.dir(), path)?;
        let name = self.new_name(path, &place)?;
        rustix::fs::symlinkat(target, &place, name).or_errno()
    }

    /// # Errors
    /// Beside those of the trait:
    /// - `PERM`: the link's text is absolute, and would tell what the host looks like.
    fn read_link(&self, path: GuestPath<'_>) -> Result<String> {
        let place = Place::find(self.dir(), path)?;
        let text = match place.last {
            Last::Name(_) if place.slash => {
                open::directory(self.dir(), path, Follow::Yes)?;
                return Err(Errno::Inval.into());
            }
            Last::Name(name) => rustix::fs::readlinkat(&place, name, Vec::new()).or_errno()?,
            Last::Dot | Last::DotDot => return Err(Errno::Inval.into()),
        };
        match text.into_string() {
            Ok(text) if text.starts_with('/') => Err(Errno::Perm.into()),
            Ok(text) => Ok(text),
            Err(_) => Err(Errno::Ilseq.into()),
        }
    }

    fn link(&self, from: GuestPath<'_>, to_dir: &dyn Dir, to: GuestPath<'_>) -> Result<()> {
        let to_dir = own(to_dir)?;
        let source = Place::find(self.dir(), from)?;
        let is_directory = match source.last {
            Last::Name(_) if source.slash => {
                open::directory(self.dir(), from, Follow::Yes)?;
                true
            }
            Last::Name(_) => false,
            Last::Dot | Last::DotDot => true,
        };
        let target = Place::find(to_dir.dir(), to)?;
        let to_name = to_dir.new_name(to, &target)?;
        match source.last {
            Last::Name(name) if !is_directory => {
                rustix::fs::linkat(&source, name, &target, to_name, AtFlags::empty()).or_errno()
            }
            // A directory has one name only; what is in the way comes first.
            _ => match Self::stat_name(&target, to_name) {
                Ok(_) => Err(Errno::Exist.into()),
                Err(_) => Err(Errno::Perm.into()),
            },
        }
    }

    fn rename(&self, from: GuestPath<'_>, to_dir: &dyn Dir, to: GuestPath<'_>) -> Result<()> {
        let to_dir = own(to_dir)?;
        let source = Place::find(self.dir(), from)?;
        let target = Place::find(to_dir.dir(), to)?;
        let (Last::Name(from_name), Last::Name(to_name)) = (source.last, target.last) else {
            return Err(Errno::Busy.into());
        };
        // A slash on either side says that it is a directory that moves. The names go to the host
        // without it: not every host leaves a link with a slash behind it alone.
        if source.slash || target.slash {
            let found = Self::stat_name(&source, from_name)?.file_type;
            if found != FileType::Directory {
                return Err(Errno::Notdir.into());
            }
        }
        rustix::fs::renameat(&source, from_name, &target, to_name).or_errno()
    }

    /// The first listing of a directory that was opened here reads the directory's own descriptor;
    /// another one, beside it, opens one for itself.
    fn listing(&self) -> Result<Box<dyn Listing>> {
        Ok(Box::new(HostListing::begin(&self.0)?))
    }
}

fn unlink(place: &Place<'_>, name: &str) -> Result<()> {
    match rustix::fs::unlinkat(place, name, AtFlags::empty()) {
        // What POSIX has for a directory, where Linux has `EISDIR`.
        Err(rustix::io::Errno::PERM) if cfg!(not(target_os = "linux")) => {
            let found = HostDir::stat_name(place, name)?.file_type;
            Err(match found {
                FileType::Directory => Errno::Isdir.into(),
                _ => Errno::Perm.into(),
            })
        }
        outcome => outcome.or_errno(),
    }
}
