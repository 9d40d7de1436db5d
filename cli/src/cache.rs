//! The folder in which compiled modules are kept.
//!
//! What lies there is run as machine code, outside of any sandbox: whoever can write there can do
//! all that the user can. So it is the user's alone, or it is not used.

use crate::failure::Failure;
use rustix::process::geteuid;
use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The mode of a folder that its owner alone can enter and write.
const OWNER_ONLY: u32 = 0o700;

/// The folder, which is made if it is not there. `None` if there is no place for it: the user has
/// no home, or it cannot be made where it belongs.
///
/// # Errors
/// There is something of its name that cannot be trusted.
pub(crate) fn folder() -> Result<Option<PathBuf>, Failure> {
    let Some(base) = base(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) else {
        return Ok(None);
    };
    let folder = base.join("turnkey");
    let made = DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ONLY)
        .create(&folder);
    if made.is_err() && fs::symlink_metadata(&folder).is_err() {
        return Ok(None);
    }
    match trusted(&folder) {
        Ok(real) => Ok(Some(real)),
        Err(why) => Err(Failure::set_up(format_args!(
            "compiled modules cannot be kept in {}: {why}, or choose --no-cache",
            folder.display()
        ))),
    }
}

/// Where caches belong: what `XDG_CACHE_HOME` names, or `.cache` in the user's home. A relative
/// name counts as none, as the XDG Base Directory Specification has it.
fn base(cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    cache.and_then(absolute).or_else(|| {
        let home = home.and_then(absolute).filter(|home| home.is_dir())?;
        Some(home.join(".cache"))
    })
}

/// The folder without symbolic links on the way, if it is the user's alone.
fn trusted(folder: &Path) -> Result<PathBuf, String> {
    let no_folder = |_| "it leads to no directory; remove it".to_owned();
    let real = fs::canonicalize(folder).map_err(no_folder)?;
    let found = fs::symlink_metadata(&real).map_err(no_folder)?;
    if !found.is_dir() {
        return Err("it is no directory; remove it".to_owned());
    }
    if found.uid() != geteuid().as_raw() {
        return Err(
            "it belongs to another user, who could put code there; set XDG_CACHE_HOME to a \
             folder of your own"
                .to_owned(),
        );
    }
    if found.mode() & 0o022 != 0 {
        return Err("others can write there, and may have put code there; remove it".to_owned());
    }
    if found.mode() & 0o077 != 0 {
        return Err(format!(
            "others can enter it; `chmod 700 {}`",
            real.display()
        ));
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn base_absolute_names_only() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().to_str().unwrap();
        let in_home = format!("{home}/.cache");
        for (cache, user, expected) in [
            (Some("/x"), Some(home), Some("/x")),
            (Some("/x"), None, Some("/x")),
            (Some("x"), Some(home), Some(&*in_home)),
            (Some(""), Some(home), Some(&*in_home)),
            (None, Some(home), Some(&*in_home)),
            (None, Some("/no/such/home"), None),
            (None, Some("home"), None),
            (None, Some(""), None),
            (None, None, None),
        ] {
            let found = base(cache.map(Into::into), user.map(Into::into));
            assert_eq!(
                found.as_deref(),
                expected.map(Path::new),
                "{cache:?} {user:?}"
            );
        }
    }

    #[test]
    fn trusted_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("folder");
        let link = place.path().join("link");
        fs::create_dir(&folder).unwrap();
        symlink(&folder, &link).unwrap();
        for (mode, fault) in [
            (0o700, None),
            (0o500, None),
            (0o2700, None),
            (0o710, Some("others can enter it; `chmod 700 ")),
            (0o701, Some("others can enter it; `chmod 700 ")),
            (0o744, Some("others can enter it; `chmod 700 ")),
            (0o755, Some("others can enter it; `chmod 700 ")),
            (0o720, Some("others can write there")),
            (0o702, Some("others can write there")),
            (0o1777, Some("others can write there")),
        ] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            for path in [&folder, &link] {
                match (trusted(path), fault) {
                    (Ok(real), None) => assert_eq!(real, fs::canonicalize(&folder).unwrap()),
                    (Err(why), Some(fault)) if why.starts_with(fault) => {}
                    (found, _) => panic!("{path:?} {mode:o}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn trusted_not_what_is_no_directory_or_another_users() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::write(path("file"), "").unwrap();
        symlink("nowhere", path("link")).unwrap();
        // The root directory is another user's, unless the tests run as that user, who can give
        // a folder away.
        let foreign = match geteuid().is_root() {
            false => PathBuf::from("/"),
            true => {
                fs::create_dir(path("foreign")).unwrap();
                chown(path("foreign"), Some(1), None).unwrap();
                path("foreign")
            }
        };
        for (path, fault) in [
            (path("file"), "it is no directory"),
            (path("link"), "it leads to no directory"),
            (path("gone"), "it leads to no directory"),
            (foreign, "it belongs to another user"),
        ] {
            let why = trusted(&path).unwrap_err();
            assert!(why.starts_with(fault), "{path:?}: {why}");
        }
    }
}
