mod hostile;

use super::Interface;
use super::types::Type;
use proptest::prelude::*;
use turnkey_witx::Snapshot;

/// The types of a document, read by both: the model and this reader have to place every value alike.
fn check_layouts(types: &str, names: &[String]) {
    let functions: String = names
        .iter()
        .map(|name| {
            format!("\n;;; @class c\n(@interface func (export \"{name}\") (param $value ${name}))")
        })
        .collect();
    let snapshot = Snapshot::parse(&format!("{types}\n(module $m{functions})")).unwrap();
    let text = format!("{types}\n;;; @exports\n(module $m{functions})");
    let interface = Interface::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for name in names {
        let named = snapshot.named_type(name).unwrap();
        let (_, ty) = &interface.exported(name).unwrap().params[0];
        let shape = ty.shape();
        assert_eq!(
            (shape.size, shape.align),
            (named.layout.size, named.layout.align),
            "{name}: {ty}\n{text}"
        );
        match (named.ty.resolved(), ty) {
            (turnkey_witx::Type::Record(model), Type::Record(record)) => {
                let offsets: Vec<_> = model.members.iter().map(|member| member.offset).collect();
                let own: Vec<_> = record.fields.iter().map(|field| field.offset).collect();
                assert_eq!(own, offsets, "{text}");
            }
            (turnkey_witx::Type::Variant(model), Type::Variant(variant)) => {
                assert_eq!(variant.payload, model.payload_offset, "{text}");
            }
            _ => {}
        }
        let core = &interface.exported(name).unwrap().core;
        let model = &snapshot.function(name).unwrap().core;
        let params: Vec<_> = model.params.iter().map(|param| param.ty.name()).collect();
        let own: Vec<_> = core.params.iter().map(ToString::to_string).collect();
        assert_eq!(own, params, "{text}");
    }
}

#[test]
fn shape_of_the_document_of_parents_is_the_models() {
    let (types, _) = Snapshot::NANOPROCESS_0
        .split_once(";;; The functions of parents.")
        .unwrap();
    let snapshot = Snapshot::nanoprocess_0().unwrap();
    let names: Vec<_> = snapshot.types.iter().map(|ty| ty.name.clone()).collect();
    assert!(names.len() > 15);
    check_layouts(types, &names);
}

/// A type that may name those before it.
fn definition(index: usize) -> impl Strategy<Value = String> {
    let builtin = prop::sample::select(vec![
        "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "char", "string",
    ]);
    let part = move |number: usize, builtin: &str| match index {
        0 => builtin.to_owned(),
        index if number % 2 == 0 => format!("$t{}", number / 2 % index),
        _ => builtin.to_owned(),
    };
    let parts = prop::collection::vec((any::<usize>(), builtin), 1..5);
    (0..5_u8, parts).prop_map(move |(kind, parts)| {
        let parts = parts.iter().map(|(number, builtin)| part(*number, builtin));
        let parts: Vec<String> = parts.collect();
        let list = |name: &str| -> String {
            let parts = parts.iter().enumerate();
            parts
                .map(|(n, ty)| format!(" ({name} $m{n} {ty})"))
                .collect()
        };
        match kind {
            0 => format!("(list {})", parts[0]),
            1 => format!("(variant (@witx tag u16) (case $no){})", list("case")),
            2 => format!("(flags (@witx repr u{}) $a $b)", 8 << (parts.len() - 1)),
            _ => format!("(record{})", list("field")),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn shape_of_any_type_is_the_models(
        definitions in (1..6_usize).prop_flat_map(|count| {
            (0..count).map(definition).collect::<Vec<_>>()
        })
    ) {
        let types = definitions.iter().enumerate();
        let types: String = types.map(|(n, ty)| format!("(typename $t{n} {ty})\n")).collect();
        let names: Vec<_> = (0..definitions.len()).map(|n| format!("t{n}")).collect();
        check_layouts(&types, &names);
    }

    /// Whatever a module says, it is read or refused.
    #[test]
    fn parse_any_text_read_or_refused(
        text in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", " ", "\"f\"", "$a", "$b", "typename", "module", "record", "variant",
                "(field $a u8)", "(case $a)", "list", "u8", "string", "handle", "@witx", "tag",
                "(@interface func (export \"f\")", "(param $a", "(result $a", "(expected", "(error",
                "u16", "\n;;; @exports\n", ";", "\0", "é", "\"",
            ]),
            0..60,
        )
    ) {
        let _read = Interface::parse(&text.concat());
        let _read = Interface::parse(&text.join(" "));
    }
}

#[test]
fn parse_wrong_texts_refused_with_their_line() {
    let in_module = |text: &str| format!("(module $m\n{text})");
    let func = |text: &str| in_module(&format!("(@interface func (export \"f\") {text})"));
    let many_names: String = (0..257).map(|n| format!(" $n{n}")).collect();
    let doubling: String = (1..13)
        .map(|n| {
            format!(
                "(typename $t{n} (record (field $a $t{}) (field $b $t{}))) ",
                n - 1,
                n - 1
            )
        })
        .collect();
    let nesting = format!("{}u8{}", "(list ".repeat(16), ")".repeat(16));
    let modules = "(module $m)".repeat(1025);
    let cases: Vec<(String, u32, &str)> = vec![
        ("u8".to_owned(), 1, "a `(` is expected"),
        ("(typename $a)".to_owned(), 1, "is one type"),
        ("(typename a u8)".to_owned(), 1, "a `$name` is expected"),
        ("\n(typename $a $b)".to_owned(), 2, "no type `$b`"),
        (
            "(typename $a u8)\n(typename $a u16)".to_owned(),
            2,
            "defined twice, differently",
        ),
        ("(typename $a (record))".to_owned(), 1, "empty"),
        ("(typename $a (enum))".to_owned(), 1, "1 to 256 names"),
        (
            format!("(typename $a (enum{many_names}))"),
            1,
            "1 to 256 names",
        ),
        ("(typename $a (enum $b $b))".to_owned(), 1, "twice"),
        (
            "(typename $a (enum (@witx repr u8) $b))".to_owned(),
            1,
            "(@witx tag u8)",
        ),
        (
            format!("(typename $a (flags{many_names}))"),
            1,
            "more flags than bits",
        ),
        (
            "(typename $a (record (field $b u8) (field $b u8)))".to_owned(),
            1,
            "twice",
        ),
        (
            "(typename $a (record (case $b u8)))".to_owned(),
            1,
            "`(field …)` is expected",
        ),
        (
            "(typename $a (tuple u8))".to_owned(),
            1,
            "a type is expected",
        ),
        (
            "(typename $a (@witx pointer u8))".to_owned(),
            1,
            "a list does",
        ),
        (format!("(typename $t0 u8) {doubling}"), 1, "too many parts"),
        (format!("(typename $a {nesting})"), 1, "nested too deep"),
        (
            format!("(typename ${} u8)", "a".repeat(65)),
            1,
            "at most 64 bytes",
        ),
        (in_module("(func)"), 2, "`(@interface func …)` is expected"),
        (in_module("(@interface func (export f))"), 2, "in quotes"),
        (func("(param $a)"), 2, "a parameter, or one result"),
        (
            func("(result $a u8) (param $b u8)"),
            2,
            "one result at the end",
        ),
        (
            func("(result $a u8) (result $b u8)"),
            2,
            "one result at the end",
        ),
        (func("(result $a (expected u8))"), 2, "a `(` is expected"),
        (
            func("(result $a (expected (error string)))"),
            2,
            "at most 32 bits",
        ),
        (
            func("(result $a (expected (error u64)))"),
            2,
            "at most 32 bits",
        ),
        (func(&"(param $a u8)".repeat(101)), 2, "too many parameters"),
        (
            format!("{}\n{}", func(""), func("(param $a u8)")),
            4,
            "described twice, differently",
        ),
        (modules, 1, "1024 modules"),
        (" ".repeat((1 << 18) + 1), 1, "at most"),
    ];
    for (text, line, what) in cases {
        let error = Interface::parse(&text).unwrap_err();
        assert!(error.what.contains(what), "{error}: {text:.200}");
        assert_eq!(error.line, line, "{error}: {text:.200}");
    }
}

#[test]
fn parse_said_twice_alike_is_said_once() {
    let part = "(typename $a (list u8)) ;;; @exports\n\
        (module $m (@interface func (export \"f\") (param $a $a)))\n\
        (module $n (@interface func (export \"g\") (result $r bool)))\n";
    let interface = Interface::parse(&part.repeat(3)).unwrap();
    assert_eq!(interface.exports().count(), 1);
    assert_eq!(
        interface.export("f").unwrap(),
        "(func (param $a (list u8)))"
    );
    assert_eq!(
        interface.import("n", "g").unwrap(),
        "(func (result $r (enum (@witx tag u8) $false $true)))"
    );
    assert_eq!(interface.export("g"), None);
}
