//! The directories and files that a guest is given.

use super::dir::Mapping;
use super::open;
use crate::failure::{Failure, tell};
use crate::size;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;
use turnkey_virt::fs::{
    Adopted, Copied, Listed, MemoryFs, MemoryFsBuilder, Node, Space, Tree, copy,
};
use turnkey_wasi_common::{Access, Builder, Clocks, Errno};

/// What a guest finds under its names, in this order.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Give it a directory, under the name GUEST or under the same name; with `:ro` to be read
    /// only. Repeatable
    #[arg(long = "dir", value_name = "HOST[::GUEST][:ro]", value_parser = Mapping::parse)]
    pub(super) dirs: Vec<Mapping>,

    /// Give it a directory in memory, empty or with a copy of what lies in HOST. Repeatable
    #[arg(long = "mem-dir", value_name = "[HOST::]GUEST[:ro]", value_parser = InMemory::parse)]
    mem_dirs: Vec<InMemory>,

    /// Give it a directory, or an archive as --archive does; what it writes stays in memory.
    /// Repeatable
    #[arg(long = "overlay", value_name = "HOST[::GUEST][:ro]", value_parser = Mapping::parse)]
    overlays: Vec<Mapping>,

    /// Give it a zip or tar archive (plain or gzip) as a directory to be read. Repeatable
    #[arg(long = "archive", value_name = "FILE[::GUEST]", value_parser = Mapping::parse)]
    archives: Vec<Mapping>,

    /// Give it a single file, and nothing else of the directory that it lies in; with `:ro` to be
    /// read only. Repeatable
    #[arg(long = "map-file", value_name = "HOST[::GUEST][:ro]", value_parser = mapped_file)]
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
    access: Access,
}

impl InMemory {
    /// Reads `[HOST::]GUEST[:ro]`.
    fn parse(text: &str) -> Result<Self, String> {
        let mapping = Mapping::parse(text).map_err(|_| {
            "a name is empty; write GUEST, HOST::GUEST or HOST::GUEST:ro".to_owned()
        })?;
        let copied = text.contains("::");
        match (copied, mapping.access) {
            (false, Access::ReadOnly) => Err(
                "a directory that is empty and read only holds nothing; write HOST::GUEST:ro"
                    .to_owned(),
            ),
            (_, access) => Ok(Self {
                guest: mapping.guest.clone(),
                access,
                from: copied.then_some(mapping),
            }),
        }
    }
}

/// Reads `HOST[::GUEST][:ro]`, where GUEST is a file's name.
fn mapped_file(text: &str) -> Result<Mapping, String> {
    let mapping = Mapping::parse(text)?;
    match dir_and_name(&mapping.guest).1 {
        "" | "." | ".." => Err(
            "GUEST has to end in the name of a file; write it as in HOST::/etc/app.conf".to_owned(),
        ),
        _ => Ok(mapping),
    }
}

/// The directory in which a guest finds a file, and what the file is called there.
fn dir_and_name(guest: &str) -> (&str, &str) {
    match guest.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(split) => split,
        None => (".", guest),
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

    /// What they are, as a lock pins it.
    pub(super) fn granted(&self) -> Vec<String> {
        let mapped = |kind: &'static str, mapping: &Mapping| {
            let only = match mapping.access {
                Access::ReadOnly => ", read-only",
                _ => "",
            };
            format!(
                "{kind}{} at {}{only}",
                mapping.host.display(),
                mapping.guest
            )
        };
        let in_memory = self.mem_dirs.iter().map(|dir| match &dir.from {
            Some(from) => mapped("copy of ", from),
            None => format!("memory at {}", dir.guest),
        });
        let of = |kind, mappings: &[Mapping]| -> Vec<String> {
            mappings
                .iter()
                .map(|mapping| mapped(kind, mapping))
                .collect()
        };
        let mut granted = of("", &self.dirs);
        granted.extend(in_memory);
        granted.extend(of("overlay on ", &self.overlays));
        granted.extend(of("archive ", &self.archives));
        granted.extend(of("file ", &self.map_files));
        granted
    }

    /// Hands everything over. `clocks` date what is written in memory.
    pub(super) fn hand_over(
        &self,
        mut context: Builder,
        clocks: &Arc<dyn Clocks>,
    ) -> Result<Builder, Failure> {
        self.check()?;
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
            let dir = open::dir("--dir", mapping)?;
            context = context.preopen(&mapping.guest, dir, mapping.access);
        }
        for in_memory in &self.mem_dirs {
            let fs = memory().build();
            if let Some(from) = &in_memory.from {
                fill(&fs, from)?;
            }
            context = context.preopen(&in_memory.guest, fs.root(), in_memory.access);
        }
        for mapping in &self.overlays {
            let lower: Arc<dyn Node> = match mapping.host.is_file() {
                true => Arc::new(open::archive("--overlay", mapping)?),
                false => Arc::new(Adopted::new(open::dir("--overlay", mapping)?)),
            };
            let fs = memory().over(lower).build();
            context = context.preopen(&mapping.guest, fs.root(), mapping.access);
        }
        for mapping in &self.archives {
            let tree = Tree::new(Arc::new(open::archive("--archive", mapping)?));
            context = context.preopen(&mapping.guest, Arc::new(tree), Access::ReadOnly);
        }
        for (guest, files) in self.mapped() {
            let mut dir = Listed::new();
            for (name, mapping) in files {
                dir = dir.entry(name, open::file("--map-file", mapping)?);
            }
            let tree = Arc::new(Tree::new(Arc::new(dir)));
            context = context.preopen(guest, tree, Access::ReadWrite);
        }
        Ok(context)
    }

    /// That each name stands for one thing, and that a quota limits something.
    fn check(&self) -> Result<(), Failure> {
        if self.quota.is_some() && self.mem_dirs.is_empty() && self.overlays.is_empty() {
            return Err(Failure::set_up(
                "--quota: it limits what is written to memory, and nothing is; give a directory \
                 with --mem-dir or --overlay",
            ));
        }
        let dirs = self.dirs.iter().map(|dir| ("--dir", &*dir.guest));
        let in_memory = self.mem_dirs.iter().map(|dir| ("--mem-dir", &*dir.guest));
        let overlays = self.overlays.iter().map(|dir| ("--overlay", &*dir.guest));
        let archives = self.archives.iter().map(|dir| ("--archive", &*dir.guest));
        let mapped = self.mapped();
        let all = dirs.chain(in_memory).chain(overlays).chain(archives);
        unambiguous(all.chain(mapped.keys().map(|dir| ("--map-file", *dir))))?;
        for files in mapped.values() {
            unambiguous(files.iter().map(|(name, _)| ("--map-file", *name)))?;
        }
        Ok(())
    }

    /// The files that are mapped, by the directory in which the guest finds them.
    fn mapped(&self) -> BTreeMap<&str, Vec<(&str, &Mapping)>> {
        let mut dirs: BTreeMap<&str, Vec<(&str, &Mapping)>> = BTreeMap::new();
        for mapping in &self.map_files {
            let (dir, name) = dir_and_name(&mapping.guest);
            dirs.entry(dir).or_default().push((name, mapping));
        }
        dirs
    }
}

/// That no two options give something under the same name. A guest would see only one of them.
fn unambiguous<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), Failure> {
    let mut names = BTreeMap::new();
    for (option, name) in given {
        let bare = name.trim_end_matches('/');
        match names.entry(bare) {
            Entry::Vacant(entry) => {
                entry.insert(option);
            }
            Entry::Occupied(entry) => {
                let first = entry.get();
                return Err(Failure::set_up(format_args!(
                    "{option}: {first} gives something under the name {name} already; choose \
                     another for one of them"
                )));
            }
        }
    }
    Ok(())
}

/// Copies what lies in a directory of the host's into one in memory.
fn fill(fs: &MemoryFs, from: &Mapping) -> Result<(), Failure> {
    let host = open::dir("--mem-dir", from)?;
    let copied = copy(&*host, &*fs.root()).map_err(|error| match error.errno() {
        Errno::Nospc => open::refused(
            "--mem-dir",
            from,
            "there is no room for a copy of it; allow more with --quota",
        ),
        _ => open::refused("--mem-dir", from, error),
    })?;
    let Copied {
        refused_links,
        others,
        unnamed,
        ..
    } = copied;
    match refused_links + others + unnamed {
        0 => {}
        left_out => tell(format_args!(
            "note: --mem-dir {}: {left_out} entries are left out, which are no files, directories \
             or links that stay inside",
            from.host.display()
        )),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_memory_parse_names_and_access() {
        use Access::{ReadOnly, ReadWrite};
        for (text, expected) in [
            ("/tmp", Some((None, "/tmp", ReadWrite))),
            ("data::/tmp", Some((Some("data"), "/tmp", ReadWrite))),
            ("data::/tmp:ro", Some((Some("data"), "/tmp", ReadOnly))),
            ("", None),
            ("/tmp:ro", None),
            ("::/tmp", None),
            ("data::", None),
        ] {
            let told = InMemory::parse(text).ok();
            let told = told.as_ref().map(|dir| {
                let from = dir.from.as_ref().and_then(|from| from.host.to_str());
                (from, &*dir.guest, dir.access)
            });
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn mapped_file_directory_and_name() {
        for (text, expected) in [
            ("f::/etc/app.conf", Some(("/etc", "app.conf"))),
            ("f::/app.conf", Some(("/", "app.conf"))),
            ("f::app.conf", Some((".", "app.conf"))),
            ("etc/app.conf:ro", Some(("etc", "app.conf"))),
            ("f::/etc/", None),
            ("f::/", None),
            ("f::.", None),
            ("f::a/..", None),
        ] {
            let mapping = mapped_file(text).ok();
            let told = mapping.as_ref().map(|file| dir_and_name(&file.guest));
            assert_eq!(told, expected, "{text}");
        }
    }
}
