//! The directories and files that a guest is given.

use super::dir::Mapping;
use crate::failure::Failure;
use crate::size;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, HostFile, ambient_authority};
use turnkey_virt::fs::{
    Adopted, Archive, ArchiveSource, Found, Listed, MemoryFs, MemoryFsBuilder, Node, Space, Tree,
    copy,
};
use turnkey_wasi_common::{Access, Builder, Clocks, Dir};

/// What a guest finds under its names, in this order.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Give it a directory, under the name GUEST or under the same name; with `:ro` to be read
    /// only. Repeatable
    #[arg(long = "dir", value_name = "HOST[::GUEST][:ro]", value_parser = Mapping::parse)]
    pub(super) dirs: Vec<Mapping>,

    /// Give it a directory in memory, empty or with a copy of what lies in HOST. Repeatable
    #[arg(long = "mem-dir", value_name = "[HOST::]GUEST", value_parser = InMemory::parse)]
    mem_dirs: Vec<InMemory>,

    /// Give it a directory, or an archive as --archive does; what it writes stays in memory.
    /// Repeatable
    #[arg(long = "overlay", value_name = "HOST::GUEST", value_parser = Mapping::parse)]
    overlays: Vec<Mapping>,

    /// Give it a zip or tar archive (plain or gzip) as a directory to be read. Repeatable
    #[arg(long = "archive", value_name = "FILE::GUEST", value_parser = Mapping::parse)]
    archives: Vec<Mapping>,

    /// Give it a single file, and nothing else of the directory that it lies in; with `:ro` to be
    /// read only. Repeatable
    #[arg(long = "map-file", value_name = "HOST::GUEST[:ro]", value_parser = Mapping::parse)]
    map_files: Vec<Mapping>,

    /// Let it write no more than this into directories in memory and overlays, all together, in
    /// bytes or as 64KiB, 16MiB, 1GiB; 256MiB if nothing is said
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    quota: Option<u64>,
}

/// A directory in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InMemory {
    /// What is copied into it.
    from: Option<Mapping>,
    guest: String,
}

impl InMemory {
    fn parse(text: &str) -> Result<Self, String> {
        let from = match text.contains("::") {
            true => Some(Mapping::parse(text)?),
            false => None,
        };
        let guest = from
            .as_ref()
            .map_or_else(|| text.to_owned(), |from| from.guest.clone());
        match guest.is_empty() {
            true => Err("the name is empty; write GUEST or HOST::GUEST".to_owned()),
            false => Ok(Self { from, guest }),
        }
    }
}

impl Files {
    /// How many directories there are.
    pub(super) fn count(&self) -> usize {
        self.dirs.len()
            + self.mem_dirs.len()
            + self.overlays.len()
            + self.archives.len()
            + self.mapped().len()
    }

    /// Hands everything over. `clocks` date what is written in memory.
    pub(super) fn hand_over(
        &self,
        mut context: Builder,
        clocks: &Arc<dyn Clocks>,
    ) -> Result<Builder, Failure> {
        let space = Space::new(self.quota.unwrap_or(Space::BYTES), Space::INODES);
        // Numbered in their order, so that what a guest sees is the same in each run.
        let mut devices = 1..;
        let mut memory = || -> MemoryFsBuilder {
            MemoryFs::builder()
                .space(space.clone())
                .clocks(Arc::clone(clocks))
                .device(devices.next().unwrap_or_default())
        };
        for mapping in &self.dirs {
            let dir = host_dir("--dir", mapping)?;
            context = context.preopen(&mapping.guest, dir, mapping.access);
        }
        for InMemory { from, guest } in &self.mem_dirs {
            let fs = memory().build();
            if let Some(from) = from {
                let host = host_dir("--mem-dir", from)?;
                copy(&*host, &*fs.root())
                    .map_err(|error| refused("--mem-dir", from, format_args!("{error}")))?;
            }
            context = context.preopen(guest, fs.root(), Access::ReadWrite);
        }
        for mapping in &self.overlays {
            let lower: Arc<dyn Node> = match Path::new(&mapping.host).is_file() {
                true => Arc::new(archive("--overlay", mapping)?),
                false => Arc::new(Adopted::new(host_dir("--overlay", mapping)?)),
            };
            let fs = memory().over(lower).build();
            context = context.preopen(&mapping.guest, fs.root(), mapping.access);
        }
        for mapping in &self.archives {
            let tree = Tree::new(Arc::new(archive("--archive", mapping)?));
            context = context.preopen(&mapping.guest, Arc::new(tree), Access::ReadOnly);
        }
        for (guest, files) in self.mapped() {
            let mut dir = Listed::new();
            for (name, mapping) in files {
                dir = dir.entry(name, Found::File(host_file(mapping)?));
            }
            let tree = Arc::new(Tree::new(Arc::new(dir)));
            context = context.preopen(guest, tree, Access::ReadWrite);
        }
        Ok(context)
    }

    /// The files that are mapped, by the directory in which the guest finds them.
    fn mapped(&self) -> BTreeMap<&str, Vec<(&str, &Mapping)>> {
        let mut dirs: BTreeMap<&str, Vec<(&str, &Mapping)>> = BTreeMap::new();
        for mapping in &self.map_files {
            let (dir, name) = match mapping.guest.rsplit_once('/') {
                Some(("", name)) => ("/", name),
                Some(split) => split,
                None => (".", &*mapping.guest),
            };
            dirs.entry(dir).or_default().push((name, mapping));
        }
        dirs
    }
}

fn refused(option: &str, mapping: &Mapping, why: impl std::fmt::Display) -> Failure {
    Failure::set_up(format_args!("{option} {}: {why}", mapping.host.display()))
}

fn host_dir(option: &str, mapping: &Mapping) -> Result<Arc<dyn Dir>, Failure> {
    let dir = HostDir::open_ambient(&mapping.host, ambient_authority());
    let dir = dir.map_err(|error| refused(option, mapping, no_directory(&error)))?;
    Ok(Arc::new(dir))
}

/// Why something cannot be opened as a directory, and what to do.
fn no_directory(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such directory; create it or name another".to_owned()
        }
        io::ErrorKind::NotADirectory => {
            "this is a file; name the directory that holds it".to_owned()
        }
        _ => format!("the directory cannot be opened: {error}"),
    }
}

fn no_file(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file; name another".to_owned(),
        _ => format!("the file cannot be opened: {error}"),
    }
}

fn archive(option: &str, mapping: &Mapping) -> Result<Archive, Failure> {
    let file =
        File::open(&mapping.host).map_err(|error| refused(option, mapping, no_file(&error)))?;
    let source =
        ArchiveSource::seekable(file).map_err(|error| refused(option, mapping, no_file(&error)))?;
    Archive::open(source).map_err(|error| refused(option, mapping, error))
}

fn host_file(mapping: &Mapping) -> Result<Arc<HostFile>, Failure> {
    let write = mapping.access == Access::ReadWrite;
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .open(&mapping.host)
        .map_err(|error| refused("--map-file", mapping, no_file(&error)))?;
    Ok(Arc::new(HostFile::new(file)))
}
