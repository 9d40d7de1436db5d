//! What the functions of a suite answer its guests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// The names of errnos, `success` among them, by the names of functions.
pub type Declared = BTreeMap<String, BTreeSet<String>>;

/// What the files in a folder declare, each a TOML table of functions. Nothing, if there is no
/// folder.
///
/// # Errors
/// A file cannot be read, holds something else, or names a function that another names too.
pub(super) fn read(folder: &Path) -> io::Result<Declared> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Declared::new()),
        Err(why) => return Err(why),
    };
    let mut all = Declared::new();
    for entry in entries {
        let path = entry?.path();
        let wrong =
            |why: &dyn std::fmt::Display| io::Error::other(format!("{}: {why}", path.display()));
        let text = fs::read_to_string(&path).map_err(|why| wrong(&why))?;
        let declared: Declared = toml::from_str(&text).map_err(|why| wrong(&why))?;
        for (function, answers) in declared {
            if all.contains_key(&function) {
                return Err(wrong(&format_args!("{function} is declared elsewhere too")));
            }
            all.insert(function, answers);
        }
    }
    Ok(all)
}
