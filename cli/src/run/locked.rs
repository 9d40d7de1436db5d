//! `--lock`: a run that is refused if the module asks for more than is locked.

use super::Run;
use crate::failure::Failure;
use crate::lock_file::LockFile;
use crate::named::{self, Named};
use crate::target::file_words;
use std::path::Path;
use turnkey_virt::policy::{Asked, ChangeKind, Grants, Needs, Refused, UnknownClass};

impl Run {
    /// Compares modules, and what they are about to be given, with the lock, if there is to be one.
    /// Nothing has been compiled yet. Of what a parent is given each module inside may be given all.
    pub(super) fn check_lock<'a>(
        &self,
        modules: impl IntoIterator<Item = (&'a Path, &'a [u8])>,
    ) -> Result<(), Failure> {
        let Some(path) = &self.lock else {
            return Ok(());
        };
        let lock = LockFile::read(path)?;
        let grants = self.grants().map_err(Failure::set_up)?;
        let mut refusals = Vec::new();
        for (file, bytes) in modules {
            let needs = named::needs(file, bytes)?;
            let refused = refusal(path, &lock, &Named::of_file(file), &needs, &grants);
            refusals.extend(refused);
        }
        match refusals.is_empty() {
            true => Ok(()),
            false => Err(Failure::refused(&refusals)),
        }
    }

    /// What the module is given beyond what every module is: the streams, clocks and randomness.
    fn grants(&self) -> Result<Grants, UnknownClass> {
        let mut grants = Grants::new();
        for granted in self.files.granted() {
            grants = grants.grant("files", &granted)?;
        }
        for variable in &self.env {
            grants = grants.grant("environ", variable.name())?;
        }
        for address in &self.listen {
            grants = grants.grant("network.accept", &address.to_string())?;
        }
        Ok(grants)
    }
}

/// How a module asks for more than is locked, if it does.
fn refusal(
    path: &Path,
    lock: &LockFile,
    module: &Named,
    needs: &Needs,
    grants: &Grants,
) -> Option<Box<Refused>> {
    // A version in the lock that the file's name does not tell is no difference.
    let known = lock.lock.module(&module.name);
    let known = known.and_then(|known| known.version.as_deref());
    let version = module.version.as_deref().or(known);
    let asked = Asked::new(&module.name, version, needs).granted(grants);
    let mut refused = lock.lock.check(&asked).err()?;
    refused.given = Some(words(&refused, module, path));
    Some(refused)
}

/// What `turnkey lock` has to be told besides the name: which grants are new, which lock and file.
fn words(refused: &Refused, module: &Named, lock: &Path) -> String {
    let new = refused.changes.iter();
    let new = new.filter(|change| change.kind == ChangeKind::Grant);
    let mut words: Vec<String> = new
        .map(|change| format!("--grant '{}:{}={}'", module.name, change.class, change.what))
        .collect();
    words.extend(file_words(lock));
    words.push(module.given.clone());
    words.join(" ")
}
