//! `turnkey tree`: applications that are described as trees.

use crate::support::{Ended, Place};

const PRINTER: &str = r#"(module (func (export "render") (param i32 i32) (result i32) unreachable)
    (func (export "other") (param i64)) (memory (export "memory") 1))"#;
const APP: &str = r#"(module (import "text" "render" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))"#;

fn place() -> Place {
    let place = Place::new();
    place.file("printer.wat", PRINTER);
    place.file("app.wat", APP);
    place.file("shell.wat", "(module)");
    place
}

const TREE: &str = r#"version = 1

[[module]]
name = "app"
version = "1.0.0"
file = "app.wat"
parent = "shell"
engine = "ENGINE"
args = ["app", "--fast"]
env = { LANG = "C" }
fds = [1, 2]
clocks = "virtual:2019-11-12T00:00:00Z"
random = "virtual:7"

[[module.dir]]
from = "/data/in"
name = "/in"
read-only = true

[[module.link]]
module = "text"
name = "render"
from = "printer"

[module.limits]
fuel = 1000000
memory = "16MiB"
files = 64
time = "2s"
depth = 2

[[module]]
name = "shell"
file = "shell.wat"
fds = [0, 1, 2]
random = "real"

[[module.dir]]
from = "."
name = "/data"

[[module]]
name = "printer"
file = "printer.wat"
parent = "shell"
random = "real"
"#;

#[test]
fn tree_without_mistakes_shown() {
    let place = place();
    let engine = crate::support::ENGINES[0];
    place.file("tree.toml", TREE.replace("ENGINE", engine));
    let shown = format!(
        "\
shell (shell.wat)
    fd       0
    fd       1
    fd       2
    dir      . at /data
    clocks   denied
    random   real
  app 1.0.0 (app.wat)
      engine   {engine}
      args     app --fast
      env      LANG=C
      fd       1
      fd       2
      dir      /data/in at /in, read-only
      clocks   virtual:2019-11-12T00:00:00Z
      random   virtual:7
      link     text.render is printer.render
      limit    fuel 1000000
      limit    memory 16777216 bytes
      limit    files 64
      limit    time 2s
      limit    depth 2
  printer (printer.wat)
      clocks   denied
      random   real
"
    );
    let ended = place.turnkey(&["tree", "--check", "tree.toml"]);
    assert_eq!(ended, Ended::new(0, &shown, ""));
}

/// Each case: the text of a tree, and what is told, of which every line begins with `error: `, the
/// file and a line.
fn check(cases: &[(&str, &[&str])]) {
    let place = place();
    for (text, told) in cases {
        place.file("tree.toml", text);
        let told: String = told
            .iter()
            .map(|line| format!("error: tree.toml:{line}\n"))
            .collect();
        let ended = place.turnkey(&["tree", "--check", "tree.toml"]);
        assert_eq!(ended, Ended::new(2, "", &told), "{text}");
    }
}

#[test]
fn tree_mistakes_of_form_all_told_with_their_lines() {
    check(&[
        (
            "[[module]]\nname = 'a'\n[[module]]\nfile = 'shell.wat'\nversion = 1\nfds = [1, 1, 3]\n\
             engine = 'wasmy'\nclocks = 'fast'\nrandom = 'virtual:x'\nsha256 = 'ab'\n\
             env = { '' = 'x', 'a=b' = 'y', c = 1 }\n[[module.dir]]\nname = 'x'\nro = true\n\
             [module.limits]\nmemory = '5MB'\ntime = 'soon'\nfiles = 99999999999\nfule = 1\n",
            &[
                "1: `file` is missing",
                "1: `version = 1` is missing",
                "3: `name` is missing",
                "5: `version` is text in quotes, not 1",
                "6: 1 is among `fds` twice",
                "6: 3 is no standard stream: those are 0, 1 and 2",
                "7: `engine`: there is no engine `wasmy`; did you mean wasmi?",
                "8: `clocks`: write real, virtual:TIME or denied",
                "9: `random`: write real, virtual:SEED with a number, or denied",
                "10: `sha256`: a SHA-256 is 64 digits of base 16",
                "11: `` is no name of a variable",
                "11: `a=b` is no name of a variable",
                "11: `c` is text in quotes, not 1",
                "12: `from` is missing",
                "14: `ro` is no key of this table",
                "16: `memory`: write bytes such as 65536, or a unit such as 64KiB, 16MiB, 1GiB",
                "17: `time`: expected number at 0",
                "18: `files` is 4294967295 at most",
                "19: `fule` is no key of this table; did you mean fuel?",
            ],
        ),
        (
            "version = 2\n",
            &[
                "1: no module is the root: one has no `parent`",
                "1: this tree is of version 2, and this command knows 1",
            ],
        ),
    ]);
}

#[test]
fn tree_modules_that_are_no_tree_told() {
    let module = |name: &str, parent: &str| {
        let parent = match parent {
            "" => String::new(),
            parent => format!("parent = '{parent}'\n"),
        };
        format!("[[module]]\nname = '{name}'\nfile = 'shell.wat'\n{parent}")
    };
    let tree = |modules: &[(&str, &str)]| {
        let modules = modules.iter().map(|(name, parent)| module(name, parent));
        format!("version = 1\n{}", modules.collect::<String>())
    };
    let long: Vec<(String, String)> = (0..17)
        .map(|at: u32| {
            (
                format!("m{at}"),
                at.checked_sub(1)
                    .map_or_else(String::new, |up| format!("m{up}")),
            )
        })
        .collect();
    let long: Vec<_> = long
        .iter()
        .map(|(name, parent)| (&**name, &**parent))
        .collect();
    check(&[
        (
            &tree(&[("a", ""), ("a", "a"), ("b", "aa")]),
            &[
                "5: there are two modules of the name a",
                "9: there is no module `aa` to be its parent; did you mean a?",
            ],
        ),
        (
            &tree(&[("a", ""), ("b", "")]),
            &["5: there is a root already; name this module's `parent`"],
        ),
        (
            &tree(&[("a", "b"), ("b", "a")]),
            &["1: no module is the root: one has no `parent`"],
        ),
        (
            &tree(&[("r", ""), ("a", "b"), ("b", "a")]),
            &[
                "5: its ancestors are a circle, and lead to no root",
                "9: its ancestors are a circle, and lead to no root",
            ],
        ),
        (&tree(&long), &["65: the tree has more than 16 generations"]),
        (
            "version = \n[[module]\n",
            &[
                "1: string values must be quoted, expected literal string",
                "2: unclosed array table, expected `]`",
            ],
        ),
    ]);
}

#[test]
fn tree_more_than_the_parent_holds_told() {
    check(&[(
        "version = 1
[[module]]
name = 'root'
file = 'shell.wat'
fds = [1]
limits = { depth = 1 }
[[module.dir]]
from = '.'
name = '/data'
read-only = true
[[module]]
name = 'child'
file = 'shell.wat'
parent = 'root'
fds = [1, 2]
clocks = 'real'
random = 'real'
[[module.dir]]
from = '/data'
[[module.dir]]
from = '/data/../etc'
read-only = true
[[module.dir]]
from = '/database'
read-only = true
[[module.dir]]
from = 'data'
read-only = true
[[module.dir]]
from = '/data/./x/'
name = '/data'
read-only = true
[[module]]
name = 'grandchild'
file = 'shell.wat'
parent = 'child'
",
        &[
            "11: it is granted fd 2, which its parent root has not",
            "11: it is granted the real clocks, and its parent root has not got them",
            "11: it is granted the real random numbers, and its parent root has not got them",
            "18: its parent root may only read /data; write `read-only = true`",
            "20: its parent root cannot grant `/data/../etc`: a name with `..` leads elsewhere",
            "23: its parent root has no directory `/database` lies in",
            "26: its parent root has no directory `data` lies in",
            "29: another directory is called /data already",
            "33: it is 2 generations beneath root, whose limit is 1",
        ],
    )]);
}

#[test]
fn tree_limits_beyond_an_ancestors_told() {
    check(&[(
        "version = 1
[[module]]
name = 'root'
file = 'shell.wat'
limits = { fuel = 5, time = '1s', memory = '1MiB' }
[[module]]
name = 'between'
file = 'shell.wat'
parent = 'root'
limits = { files = 9, memory = '1MiB' }
[[module]]
name = 'inside'
file = 'shell.wat'
parent = 'between'
limits = { fuel = 6, time = '2s', memory = '2MiB', files = 10 }
",
        &[
            "11: its limit `files` is more than that of its parent between",
            "11: its limit `fuel` is more than that of its parent between",
            "11: its limit `memory` is more than that of its parent between",
            "11: its limit `time` is more than that of its parent between",
        ],
    )]);
}

#[test]
fn tree_links_that_do_not_fit_told_with_both_types() {
    let zeros = "0".repeat(64);
    let hash = place().turnkey(&["audit", "shell.wat"]).stdout;
    let hash = hash
        .lines()
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let tree = format!(
        "version = 1
[[module]]
name = 'shell'
file = 'shell.wat'
sha256 = '{zeros}'
[[module]]
name = 'app'
file = 'app.wat'
parent = 'shell'
[[module.link]]
module = 'text'
name = 'render'
from = 'printer'
export = 'other'
[[module.link]]
module = 'text'
name = 'render'
from = 'nobody'
[[module.link]]
module = 'text'
name = 'rendre'
from = 'printer'
[[module.link]]
module = 'text'
name = 'render'
from = 'printer'
export = 'memory'
[[module.link]]
module = 'text'
name = 'x'
from = 'deep'
[[module]]
name = 'printer'
file = 'printer.wat'
parent = 'shell'
[[module]]
name = 'deep'
file = 'none.wat'
parent = 'printer'
[[module]]
name = 'unlinked'
file = 'app.wat'
parent = 'shell'
"
    );
    check(&[(
        &tree,
        &[
            &format!("2: shell.wat has the SHA-256 {hash}, not {zeros}"),
            "10: app imports `text.render` as func (i32, i32) -> (i32), and printer exports \
             `other` as func (i64) -> ()",
            "15: `text.render` is linked already",
            "15: there is no module `nobody` to link to",
            "19: app does not import `text.rendre`",
            "23: `text.render` is linked already",
            "23: app imports `text.render` as func (i32, i32) -> (i32), and printer exports \
             `memory` as memory",
            "28: `deep` is neither the parent of app nor one of its children or siblings",
            "36: none.wat: there is no such file; name a .wasm or .wat file",
            "40: unlinked imports `text.render` (func (i32, i32) -> (i32)), which nobody provides; \
             add a `[[module.link]]`",
        ],
    )]);
}

#[test]
fn tree_siblings_that_need_each_other_told() {
    let place = place();
    place.file(
        "both.wat",
        r#"(module (import "m" "f" (func)) (func (export "f")))"#,
    );
    let module = |name: &str, from: &str| {
        format!(
            "[[module]]\nname = '{name}'\nfile = 'both.wat'\nparent = 'shell'\n[[module.link]]\n\
             module = 'm'\nname = 'f'\nfrom = '{from}'\n"
        )
    };
    let root = "version = 1\n[[module]]\nname = 'shell'\nfile = 'shell.wat'\n";
    place.file(
        "tree.toml",
        format!(
            "{root}{}{}{}",
            module("a", "b"),
            module("b", "a"),
            module("c", "a")
        ),
    );
    let told = "\
error: tree.toml:9: a waits for a circle of siblings that link to each other
error: tree.toml:17: b waits for a circle of siblings that link to each other
error: tree.toml:25: c waits for a circle of siblings that link to each other
";
    let ended = place.turnkey(&["tree", "--check", "tree.toml"]);
    assert_eq!(ended, Ended::new(2, "", told));
}
