//! The headers for guests in C say what the model says.
#![cfg(test)]

use turnkey_witx::{Error, Snapshot, Type, c};

fn snapshots() -> [Snapshot; 2] {
    [
        Snapshot::preview_0().unwrap(),
        Snapshot::preview_1().unwrap(),
    ]
}

#[test]
fn header_every_type_has_its_size_and_offsets_asserted() {
    for snapshot in snapshots() {
        let header = c::header(&snapshot).unwrap();
        for named in &snapshot.types {
            let (name, layout) = (&named.name, named.layout);
            let mut asserted = vec![
                format!("_Static_assert(sizeof(wasi_{name}_t) == {},", layout.size),
                format!(
                    "_Static_assert(_Alignof(wasi_{name}_t) == {},",
                    layout.align
                ),
            ];
            let offset = |member: &str, offset: u32| {
                format!("_Static_assert(offsetof(wasi_{name}_t, {member}) == {offset},")
            };
            match &named.ty {
                Type::Record(record) => {
                    asserted.extend(record.members.iter().map(|m| offset(&m.name, m.offset)));
                }
                Type::Variant(variant) => asserted.extend(
                    variant
                        .cases
                        .iter()
                        .map(|case| offset(&case.name, variant.payload_offset)),
                ),
                _ => {}
            }
            for line in asserted {
                assert_eq!(
                    header.matches(&line).count(),
                    1,
                    "{}: {line}",
                    snapshot.name
                );
            }
        }
    }
}

#[test]
fn header_every_number_is_a_constant() {
    for snapshot in snapshots() {
        let header = c::header(&snapshot).unwrap();
        let mut expected = 0;
        for named in &snapshot.types {
            let ty = named.name.to_uppercase();
            let width = named.layout.size * 8;
            let names = match &named.ty {
                Type::Enum(cases) => {
                    let each = format!("#define WASI_EACH_{ty}(X) ");
                    assert!(header.contains(&each), "{}: {each}", snapshot.name);
                    expected += 1;
                    &cases.cases
                }
                Type::Flags(flags) => &flags.flags,
                _ => continue,
            };
            for (number, name) in names.iter().enumerate() {
                let name = name.name.to_uppercase();
                let value = match &named.ty {
                    Type::Flags(_) => format!("(UINT{width}_C(1) << {number})"),
                    _ => format!("UINT{width}_C({number})"),
                };
                let line = format!("#define WASI_{ty}_{name} {value}\n");
                assert!(header.contains(&line), "{}: {line}", snapshot.name);
                expected += 1;
            }
        }
        assert_eq!(
            header.matches("#define WASI_").count(),
            expected + 2,
            "beside the constants there are the guard and the module's name"
        );
    }
}

#[test]
fn header_every_function_is_imported_by_its_name() {
    for snapshot in snapshots() {
        let header = c::header(&snapshot).unwrap();
        for function in &snapshot.functions {
            let import = format!(
                "__attribute__((import_module(\"{}\"), import_name(\"{}\")))\n",
                snapshot.module, function.name
            );
            let (_, declaration) = header.split_once(&import).unwrap();
            let (declaration, _) = declaration.split_once(");\n").unwrap();
            let (begin, params) = declaration.split_once('(').unwrap();
            let result = match function.noreturn {
                true => "_Noreturn void",
                false => "wasi_errno_t",
            };
            assert_eq!(begin, format!("{result} wasi_{}", function.name));
            let count = match params {
                "void" => 0,
                params => params.split(',').count(),
            };
            assert_eq!(count, function.core.params.len(), "{}", function.name);
        }
        let imports = header.matches("import_name(").count();
        assert_eq!(imports, snapshot.functions.len());
    }
}

#[test]
fn header_string_in_a_record_unsupported() {
    let text = r#"
        (typename $pair (record (field $one string)))
        (module $pairs)
    "#;
    let error = c::header(&Snapshot::parse(text).unwrap()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { item, .. } if item == "pair.one"));
}

#[test]
fn header_functions_of_a_parent_are_exported_and_answer_one_number() {
    let serve = Snapshot::nanoprocess_serve_0().unwrap();
    let header = c::header(&serve).unwrap();
    assert!(!header.contains("import_name("));
    for function in &serve.functions {
        let export = format!("__attribute__((export_name(\"{}\")))\n", function.name);
        let (_, declaration) = header.split_once(&export).unwrap();
        let result = match function.core.results[0] {
            turnkey_witx::CoreType::I32 => "int32_t",
            turnkey_witx::CoreType::I64 => "int64_t",
        };
        let begin = format!("{result} serve_{}(", function.name);
        assert!(declaration.starts_with(&begin), "{}", function.name);
    }
}

#[test]
fn header_no_parameter_is_a_keyword_of_cpp() {
    let header = c::header(&Snapshot::nanoprocess_0().unwrap()).unwrap();
    assert!(header.contains("const char *export_,\n"));
}

#[test]
fn filters_two_exports_for_each_function() {
    let preview_1 = Snapshot::preview_1().unwrap();
    let header = c::filters(&preview_1).unwrap();
    for function in &preview_1.functions {
        let name = &function.name;
        let before = format!("int32_t filter_{name}(");
        let (_, params) = header.split_once(&before).unwrap();
        let (params, _) = params.split_once(");\n").unwrap();
        let count = params.split(',').count();
        assert_eq!(count, function.core.params.len() + 2, "{name}");
        assert!(header.contains(&format!("void after_{name}(")), "{name}");
        assert!(header.contains(&format!("    X({name})")), "{name}");
    }
}
