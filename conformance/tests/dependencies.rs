//! Who may use whom: the rules of the design over the packages that Cargo resolves.
#![cfg(test)]

use cargo_metadata::semver::Version;
use cargo_metadata::{
    Dependency, DependencyKind, Edition, Metadata, MetadataCommand, Node, Package, PackageId,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Packages of engines and of executors. Any name that begins so is refused beneath the libraries.
const FOREIGN: [&str; 8] = [
    "cranelift",
    "tinywasm",
    "tokio",
    "wamr",
    "wasmedge",
    "wasmer",
    "wasmi",
    "wasmtime",
];

/// The libraries that belong to no engine.
const LIBRARIES: [&str; 4] = ["wasi-common", "snapshots", "cap-backends", "virt"];

/// The crates that keep to an older compiler.
const KEEP_TO_1_86: [&str; 6] = [
    "wasi-common",
    "snapshots",
    "cap-backends",
    "virt",
    "witx",
    "engines/wasmi",
];

/// What those are built from and does not say which compiler it needs. Each was looked at with
/// clippy's `incompatible_msrv`, which found nothing younger than 1.86 in the standard library, and
/// is of an edition without the language's younger parts.
const SILENT: [&str; 25] = [
    "adler2",
    "ambient-authority",
    "arc-swap",
    "block-buffer",
    "cap-fs-ext",
    "cap-primitives",
    "cap-rand",
    "cap-std",
    "cap-time-ext",
    "cpufeatures",
    "crypto-common",
    "digest",
    "fs-set-times",
    "generic-array",
    "ipnet",
    "leb128",
    "maybe-owned",
    "miniz_oxide",
    "sha2",
    "simd-adler32",
    "smallvec",
    "string-interner",
    "version_check",
    "wast",
    "witx",
];

/// The packages that the design gives a place, and the crates that name them.
const PLACES: [(&str, &str); 25] = [
    ("cap-std", "cap-backends"),
    ("cap-fs-ext", "cap-backends"),
    ("cap-rand", "cap-backends"),
    ("cap-time-ext", "cap-backends"),
    ("io-lifetimes", "cap-backends"),
    ("rand_chacha", "cap-backends"),
    ("rustix", "cap-backends"),
    ("tokio", "cap-backends"),
    ("async-trait", "wasi-common"),
    ("bitflags", "wasi-common"),
    ("proptest", "wasi-common"),
    ("wiggle", "snapshots"),
    ("rawzip", "virt"),
    ("tar", "virt"),
    ("witx", "witx"),
    ("serde_json", "witx"),
    ("crc32fast", "virt"),
    ("flate2", "virt"),
    ("wasmtime", "engines/wasmtime"),
    ("wasmi", "engines/wasmi"),
    ("tinywasm", "engines/tinywasm"),
    ("wasmparser", "engines/tinywasm"),
    ("wat", "conformance"),
    ("clap", "cli"),
    ("turnkey-wasmtime", "cli"),
];

/// Whether the crate in one folder may use the crate in another.
fn may_use(user: &str, used: &str) -> bool {
    let allowed: &[&str] = match user {
        "wasi-common" | "witx" => &[],
        "snapshots" => &["wasi-common", "witx"],
        "cap-backends" => &["wasi-common"],
        "virt" => &["wasi-common", "snapshots", "witx"],
        engine if engine.starts_with("engines/") => &["snapshots", "wasi-common"],
        "conformance" | "cli" | "capi" | "examples" => return true,
        _ => &[],
    };
    allowed.contains(&used)
}

struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        // Without a platform Cargo would have to download what only others need.
        let options = ["--locked", "--filter-platform", "x86_64-unknown-linux-gnu"];
        let metadata = MetadataCommand::new()
            .manifest_path(root)
            .other_options(options.map(String::from).to_vec())
            .exec()
            .unwrap();
        Self { metadata }
    }

    /// The folder of a package of ours.
    fn folder(&self, package: &Package) -> Option<String> {
        let is_ours = self.metadata.workspace_members.contains(&package.id);
        let folder = package.manifest_path.parent().unwrap();
        is_ours.then(|| {
            let beneath = folder.strip_prefix(&self.metadata.workspace_root).unwrap();
            beneath.as_str().replace('\\', "/")
        })
    }

    fn ours(&self) -> impl Iterator<Item = (String, &Package)> {
        let packages = self.metadata.packages.iter();
        packages.filter_map(|package| Some((self.folder(package)?, package)))
    }

    fn in_folder(&self, wanted: &str) -> &Package {
        let found = self.ours().find(|(folder, _)| folder == wanted);
        found.expect("a crate in each folder of the design").1
    }

    fn package(&self, id: &PackageId) -> &Package {
        &self.metadata[id]
    }

    fn node(&self, id: &PackageId) -> &Node {
        let nodes = &self.metadata.resolve.as_ref().unwrap().nodes;
        nodes.iter().find(|node| node.id == *id).unwrap()
    }

    /// What a package is built from: its normal and build dependencies.
    fn uses(&self, id: &PackageId) -> Vec<&Package> {
        let is_built =
            |kind: DependencyKind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
        let deps = self.node(id).deps.iter();
        deps.filter(|dep| dep.dep_kinds.iter().any(|kind| is_built(kind.kind)))
            .map(|dep| self.package(&dep.pkg))
            .collect()
    }

    /// Whether a crate of ours uses a package only where a feature asks for it. The features that
    /// are on here are those that the tests of the whole workspace ask for.
    fn is_optional(&self, user: &PackageId, used: &Package) -> bool {
        let user = self.package(user);
        let of_used = |dependency: &&Dependency| {
            dependency.name == *used.name && dependency.kind != DependencyKind::Development
        };
        self.folder(user).is_some()
            && user
                .dependencies
                .iter()
                .filter(of_used)
                .all(|dependency| dependency.optional)
    }

    /// Everything that a package is built from, however far away, along the edges that count.
    fn tree<'a>(
        &'a self,
        package: &'a Package,
        counts: impl Fn(&PackageId, &Package) -> bool,
    ) -> Vec<&'a Package> {
        let (mut seen, mut tree) = (BTreeSet::new(), Vec::new());
        let mut left = vec![&package.id];
        while let Some(id) = left.pop() {
            for used in self.uses(id) {
                if counts(id, used) && seen.insert(&used.id) {
                    tree.push(used);
                    left.push(&used.id);
                }
            }
        }
        tree
    }

    /// The names of everything that a package is built from by default.
    fn uses_at_all<'a>(&'a self, package: &'a Package) -> BTreeSet<&'a str> {
        let tree = self.tree(package, |user, used| !self.is_optional(user, used));
        tree.iter().map(|used| used.name.as_str()).collect()
    }

    /// The edges between our own crates, by folder.
    fn edges(&self) -> Vec<(String, String)> {
        let edges = self.ours().flat_map(|(user, package)| {
            let uses = self.uses(&package.id).into_iter();
            uses.filter_map(|used| self.folder(used))
                .map(move |used| (user.clone(), used))
        });
        edges.collect()
    }
}

/// The folders of a package's library and programs.
fn sources(package: &Package) -> impl Iterator<Item = &Path> {
    let targets = package.targets.iter();
    let built = targets.filter(|target| target.is_lib() || target.is_bin());
    built.filter_map(|target| target.src_path.as_std_path().parent())
}

/// Whether a line of code in a file or beneath a folder names a crate. Comments do not count.
fn names(place: &Path, krate: &str) -> bool {
    if place.is_dir() {
        let mut entries = fs::read_dir(place).unwrap();
        return entries.any(|entry| names(&entry.unwrap().path(), krate));
    }
    let is_source = place.extension().is_some_and(|extension| extension == "rs");
    is_source && code_names(&fs::read_to_string(place).unwrap(), krate)
}

fn code_names(source: &str, krate: &str) -> bool {
    let path = format!("{}::", krate.replace('-', "_"));
    let is_part_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.match_indices(&path).map(move |(at, _)| (line, at)))
        .any(|(line, at)| !line[..at].bytes().last().is_some_and(is_part_of_a_name))
}

fn is_foreign(name: &str) -> bool {
    FOREIGN.iter().any(|foreign| name.starts_with(foreign))
}

#[test]
fn edges_between_our_crates_only_those_of_the_design() {
    let edges = Workspace::read().edges();
    for known in [
        ("snapshots", "wasi-common"),
        ("snapshots", "witx"),
        ("engines/wasmtime", "snapshots"),
        ("cli", "cap-backends"),
    ] {
        let known = (known.0.to_owned(), known.1.to_owned());
        assert!(edges.contains(&known), "{known:?} is not among {edges:?}");
    }
    let refused: Vec<_> = edges
        .iter()
        .filter(|(user, used)| !may_use(user, used))
        .collect();
    assert_eq!(refused, Vec::<&(String, String)>::new());
}

#[test]
fn may_use_what_the_design_refuses_false() {
    for (user, used) in [
        ("wasi-common", "witx"),
        ("wasi-common", "snapshots"),
        ("witx", "wasi-common"),
        ("snapshots", "cap-backends"),
        ("cap-backends", "snapshots"),
        ("virt", "cap-backends"),
        ("virt", "engines/wasmtime"),
        ("engines/wasmi", "engines/wasmtime"),
        ("engines/wasmi", "cap-backends"),
        ("engines/wasmi", "virt"),
        ("a room that the design does not have", "wasi-common"),
    ] {
        assert!(!may_use(user, used), "{user} uses {used}");
    }
}

#[test]
fn libraries_built_from_no_engine_and_no_executor() {
    let workspace = Workspace::read();
    for library in LIBRARIES {
        let used = workspace.uses_at_all(workspace.in_folder(library));
        let foreign: Vec<_> = used.iter().filter(|name| is_foreign(name)).collect();
        assert_eq!(foreign, Vec::<&&str>::new(), "{library}");
    }
}

#[test]
fn uses_at_all_sees_through_crates_and_build_scripts() {
    let workspace = Workspace::read();
    for (folder, name) in [
        ("engines/wasmtime", "wasmtime-environ"),
        ("engines/wasmi", "wasmi_core"),
        ("cap-backends", "cap-primitives"),
        // Of a build script, and of the crate that it uses.
        ("snapshots", "witx"),
    ] {
        let used = workspace.uses_at_all(workspace.in_folder(folder));
        assert!(
            used.contains(name),
            "{folder}: {name} is not among {used:?}"
        );
    }
}

#[test]
fn manifests_each_takes_the_lints_of_the_workspace() {
    let workspace = Workspace::read();
    for (folder, package) in workspace.ours() {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        let mut lines = manifest.lines().skip_while(|line| line.trim() != "[lints]");
        assert_eq!(
            (lines.next(), lines.next()),
            (Some("[lints]"), Some("workspace = true")),
            "{folder}"
        );
    }
}

#[test]
fn libraries_built_from_nothing_that_asks_for_a_younger_compiler() {
    let workspace = Workspace::read();
    let newest = Version::new(1, 86, 0);
    let mut silent = BTreeSet::new();
    for folder in KEEP_TO_1_86 {
        let package = workspace.in_folder(folder);
        let tree = workspace.tree(package, |_, _| true);
        assert!(tree.len() > 5, "{folder} is built from {}", tree.len());
        for used in tree.into_iter().chain([package]) {
            match &used.rust_version {
                Some(asked) => assert!(*asked <= newest, "{folder}: {} asks for {asked}", used.id),
                None => {
                    assert!(used.edition < Edition::E2024, "{folder}: {}", used.id);
                    silent.insert(used.name.as_str());
                }
            }
        }
    }
    assert_eq!(silent, BTreeSet::from(SILENT));
}

#[test]
fn packages_of_the_design_named_in_the_crate_of_their_place() {
    let workspace = Workspace::read();
    for (used, folder) in PLACES {
        let package = workspace.in_folder(folder);
        let depends = package.dependencies.iter().any(|dep| dep.name == used);
        assert!(depends, "{folder} has no dependency on {used}");
        let source = package.manifest_path.with_file_name("src");
        assert!(names(source.as_std_path(), used), "{folder}: {used}");
    }
}

#[test]
fn dependencies_each_named_in_the_source_of_its_crate() {
    let workspace = Workspace::read();
    for (folder, package) in workspace.ours() {
        for used in &package.dependencies {
            let named = match used.kind {
                DependencyKind::Normal => sources(package).any(|source| names(source, &used.name)),
                DependencyKind::Build => {
                    let script = package.manifest_path.with_file_name("build.rs");
                    names(script.as_std_path(), &used.name)
                }
                _ => continue,
            };
            assert!(named, "{folder}: {}", used.name);
        }
    }
}

#[test]
fn code_names_crates_and_nothing_like_them() {
    for (source, expected) in [
        ("use witx::Id;", true),
        ("    let id = ::witx::Id::new();", true),
        ("#[derive(witx::Thing)]", true),
        ("use turnkey_witx::Snapshot;", false),
        ("// use witx::Id;", false),
        ("    /// use witx::Id;", false),
        ("let witx = 1;", false),
    ] {
        assert_eq!(code_names(source, "witx"), expected, "{source}");
    }
    assert!(code_names("use cap_std::fs::Dir;", "cap-std"));
}
