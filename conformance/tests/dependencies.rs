//! Who may use whom: the rule of the design over the packages that Cargo resolves.
#![cfg(test)]

use cargo_metadata::{
    Dependency, DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId,
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

/// Whether the crate in one folder may use the crate in another.
fn may_use(user: &str, used: &str) -> bool {
    let allowed: &[&str] = match user {
        "wasi-common" | "witx" => &[],
        "snapshots" => &["wasi-common", "witx"],
        "cap-backends" => &["wasi-common"],
        "virt" => &["wasi-common", "snapshots", "witx"],
        engine if engine.starts_with("engines/") => &["snapshots", "wasi-common"],
        "conformance" | "cli" | "capi" => return true,
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

    /// The names of everything that a package is built from by default, however far away.
    fn uses_at_all(&self, package: &Package) -> BTreeSet<&str> {
        let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
        let mut left = vec![&package.id];
        while let Some(id) = left.pop() {
            for used in self.uses(id) {
                if self.is_optional(id, used) {
                    continue;
                }
                if seen.insert(&used.id) {
                    names.insert(used.name.as_str());
                    left.push(&used.id);
                }
            }
        }
        names
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
