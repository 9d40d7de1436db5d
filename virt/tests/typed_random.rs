//! Values of any type come back as they were handed to modules that hand them on.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "the numbers of these tests are small"
)]

mod parents;
mod typed;

use parents::*;
use proptest::prelude::*;
use turnkey_virt::nanoprocess::TypedOutcome;
use turnkey_virt::typed::TypedValue;
use typed::*;

#[derive(Debug, Clone)]
enum Ty {
    Unsigned(u32),
    Signed(u32),
    Char,
    Enum(u32),
    Flags(u32),
    String,
    List(Box<Self>),
    Record(Vec<Self>),
    Variant(Vec<Option<Self>>),
}

impl Ty {
    fn text(&self) -> String {
        let names = |count: &u32| -> String { (0..*count).map(|n| format!(" $n{n}")).collect() };
        match self {
            Self::Unsigned(size) => format!("u{}", size * 8),
            Self::Signed(size) => format!("s{}", size * 8),
            Self::Char => "char".to_owned(),
            Self::Enum(count) => format!("(enum{})", names(count)),
            Self::Flags(count) => format!("(flags (@witx repr u64){})", names(count)),
            Self::String => "string".to_owned(),
            Self::List(element) => match element.text().as_str() {
                "char" => "(list u32)".to_owned(),
                element => format!("(list {element})"),
            },
            Self::Record(fields) => {
                let fields = fields.iter().enumerate();
                let fields = fields.map(|(n, ty)| format!(" (field $f{n} {})", ty.text()));
                format!("(record{})", fields.collect::<String>())
            }
            Self::Variant(cases) => {
                let cases = cases.iter().enumerate().map(|(n, ty)| match ty {
                    Some(ty) => format!(" (case $c{n} {})", ty.text()),
                    None => format!(" (case $c{n})"),
                });
                format!("(variant{})", cases.collect::<String>())
            }
        }
    }

    /// Size and alignment.
    fn layout(&self) -> (u32, u32) {
        match self {
            Self::Unsigned(size) | Self::Signed(size) => (*size, *size),
            Self::Char => (4, 4),
            Self::Enum(_) => (1, 1),
            Self::Flags(_) => (8, 8),
            Self::String | Self::List(_) => (8, 4),
            Self::Record(fields) => {
                let (mut end, mut align): (u32, u32) = (0, 1);
                for field in fields {
                    let (size, own) = field.layout();
                    end = end.next_multiple_of(own) + size;
                    align = align.max(own);
                }
                (end.next_multiple_of(align), align)
            }
            Self::Variant(cases) => {
                let layouts = cases.iter().flatten().map(Self::layout);
                let (size, align) = layouts.fold((0, 1), |(size, align), (own, its)| {
                    (size.max(own), align.max(its))
                });
                ((align + size).next_multiple_of(align), align)
            }
        }
    }

    fn value(&self) -> BoxedStrategy<TypedValue> {
        match self {
            Self::Unsigned(size) => {
                let shift = 64 - size * 8;
                any::<u64>()
                    .prop_map(move |n| TypedValue::Unsigned(n >> shift))
                    .boxed()
            }
            Self::Signed(size) => {
                let shift = 64 - size * 8;
                any::<i64>()
                    .prop_map(move |n| TypedValue::Signed(n >> shift))
                    .boxed()
            }
            Self::Char => any::<char>().prop_map(TypedValue::Char).boxed(),
            Self::Enum(count) => (0..*count).prop_map(TypedValue::Enum).boxed(),
            Self::Flags(count) => (0..1_u64 << count).prop_map(TypedValue::Flags).boxed(),
            Self::String => "\\PC{0,12}".prop_map(TypedValue::String).boxed(),
            Self::List(element) => match **element {
                Self::Unsigned(1) => prop::collection::vec(any::<u8>(), 0..20)
                    .prop_map(TypedValue::Bytes)
                    .boxed(),
                Self::Char => {
                    let number = any::<u32>().prop_map(TypedValue::from);
                    prop::collection::vec(number, 0..5)
                        .prop_map(TypedValue::List)
                        .boxed()
                }
                _ => prop::collection::vec(element.value(), 0..5)
                    .prop_map(TypedValue::List)
                    .boxed(),
            },
            Self::Record(fields) => {
                let fields: Vec<_> = fields.iter().map(Self::value).collect();
                fields.prop_map(TypedValue::Record).boxed()
            }
            Self::Variant(cases) => {
                let cases = cases.iter().zip(0..).map(|(payload, case)| match payload {
                    None => Just(TypedValue::Case(case, None)).boxed(),
                    Some(ty) => {
                        let value = ty.value();
                        value
                            .prop_map(move |value| TypedValue::Case(case, Some(Box::new(value))))
                            .boxed()
                    }
                });
                prop::strategy::Union::new(cases.collect::<Vec<_>>()).boxed()
            }
        }
    }
}

fn types() -> impl Strategy<Value = Ty> {
    let size = prop::sample::select(vec![1, 2, 4, 8]);
    let leaf = prop_oneof![
        size.clone().prop_map(Ty::Unsigned),
        size.prop_map(Ty::Signed),
        Just(Ty::Char),
        (1..20_u32).prop_map(Ty::Enum),
        (1..20_u32).prop_map(Ty::Flags),
        Just(Ty::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let payload = prop::option::of(inner.clone());
        prop_oneof![
            inner
                .clone()
                .prop_map(|element| Ty::List(Box::new(element))),
            prop::collection::vec(inner, 1..4).prop_map(Ty::Record),
            prop::collection::vec(payload, 1..4).prop_map(Ty::Variant),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn call_typed_any_value_comes_back(
        (ty, values, pair) in types().prop_flat_map(|ty| {
            let values = prop::collection::vec(ty.value(), 1..8);
            (Just(ty), values, 0..4_usize)
        })
    ) {
        let engines = engines();
        let (one, other) = (&engines[pair % 2], &engines[pair / 2]);
        let text = ty.text();
        // A single flag set crosses in 64 bits, as do numbers of 8 bytes.
        let pair = echo_pair(one, other, &text, ty.layout().0);
        for value in values {
            let answer = pair.caller.call_typed("echo", std::slice::from_ref(&value));
            prop_assert_eq!(answer, Ok(TypedOutcome::Returned(value)), "{}", text);
        }
    }
}
