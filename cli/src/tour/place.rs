//! Where a guest of the tour finds its directory.

use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_conformance::tour::TourGuest;

/// A fresh directory with the guest's own in it, and a file beside that, out of its reach.
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new(guest: &TourGuest) -> Result<Self, Failure> {
        make(guest).map(Self).map_err(no_place)
    }

    /// Where the guest's directory lies.
    pub(super) fn inside(&self) -> PathBuf {
        self.0.path().join(INSIDE)
    }

    /// The guest's directory.
    pub(super) fn dir(&self) -> Result<Arc<HostDir>, Failure> {
        let dir = HostDir::open_ambient(self.inside(), ambient_authority());
        dir.map(Arc::new).map_err(no_place)
    }

    /// The names in the guest's directory, with what the files hold.
    pub(super) fn contents(&self) -> Result<Contents, Failure> {
        contents(&self.inside()).map_err(no_place)
    }
}

/// Names, and what the files among them hold.
pub(super) type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

fn contents(dir: &Path) -> io::Result<Contents> {
    let entries = fs::read_dir(dir)?.map(|entry| {
        let path = entry?.path();
        let held = match path.is_dir() {
            true => None,
            false => Some(fs::read(&path)?),
        };
        Ok((path, held))
    });
    entries.collect()
}

const INSIDE: &str = "inside";

fn make(guest: &TourGuest) -> io::Result<TempDir> {
    let place = tempfile::tempdir()?;
    fs::write(place.path().join("outside.txt"), "out of reach\n")?;
    let inside = place.path().join(INSIDE);
    fs::create_dir(&inside)?;
    for name in guest.finds {
        match name.strip_suffix('/') {
            Some(dir) => fs::create_dir(inside.join(dir))?,
            None => fs::write(inside.join(name), name)?,
        }
    }
    Ok(place)
}

fn no_place(error: io::Error) -> Failure {
    Failure::set_up(format_args!(
        "there is no room for a temporary directory: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnkey_conformance::tour::TOUR;

    #[test]
    fn place_holds_what_the_guest_finds() {
        let guest = TourGuest {
            finds: &["a/", "b"],
            ..TOUR[0]
        };
        let place = Place::new(&guest).unwrap();
        let contents = place.contents().unwrap();
        let held: Vec<_> = contents.into_values().collect();
        assert_eq!(held, [None, Some(b"b".to_vec())]);
        assert!(place.inside().with_file_name("outside.txt").is_file());
    }
}
