//! Functions of types that the compiler knows.
//!
//! Entering a guest by a function that wasmtime knows only as it runs costs it a look at the types of
//! all values, in each call. Parents are entered in every call of their children that they serve or
//! filter, so functions of the types that this takes are entered by wasmtime's typed calls.

use crate::engine::State;
use turnkey_snapshots::engine::{FuncType, Value, ValueType};
use wasmtime::{AsContext, AsContextMut, Func, Result, TypedFunc, WasmParams, WasmResults, WasmTy};

/// A function of a type that the compiler knows.
pub(crate) trait Typed: Send + Sync {
    /// Calls it. `None` if it was handed values of other types.
    fn call(
        &self,
        store: wasmtime::StoreContextMut<'_, State>,
        args: &[Value],
        results: &mut [Value],
    ) -> Option<Result<()>>;
}

/// The function with its type, if that is one of those below.
pub(crate) fn typed(func: Func, ty: &FuncType, store: &impl AsContext) -> Option<Box<dyn Typed>> {
    macro_rules! one_of {
        ($(($($param:ty),*) $result:ty;)*) => {
            $(
                if let Some(typed) = of_type::<($($param,)*), $result>(func, ty, store) {
                    return Some(typed);
                }
            )*
        };
    }
    // What parents export to serve: `nanoprocess_serve_0.witx`.
    one_of! {
        () i64;
        (i32, i32) i64;
        (i32, i64) i32;
        (i32, i64) i64;
        (i32, i32, i32) i32;
        (i32, i64, i32) i32;
        (i32, i64, i64) i32;
        (i32, i64, i32, i32) i32;
        (i32, i64, i32, i32) i64;
        (i32, i64, i32, i32, i32) i32;
        (i32, i64, i64, i32, i32) i32;
        (i32, i64, i64, i64, i32) i32;
        (i32, i64, i32, i32, i32, i32) i32;
        (i32, i64, i32, i32, i64, i32, i32) i32;
        (i32, i64, i32, i32, i64, i64, i32) i32;
    }
    // And to filter: two words of their own before the parameters of WASI's function.
    one_of! {
        (i32, i32) i32;
        (i32, i32, i32, i32) i32;
        (i32, i32, i32, i64) i32;
        (i32, i32, i32, i32, i32) i32;
        (i32, i32, i32, i64, i32) i32;
        (i32, i32, i32, i64, i64) i32;
        (i32, i32, i32, i32, i32, i32) i32;
        (i32, i32, i32, i64, i32, i32) i32;
        (i32, i32, i32, i64, i64, i32) i32;
        (i32, i32, i32, i32, i32, i32, i32) i32;
        (i32, i32, i32, i32, i32, i64, i32) i32;
        (i32, i32, i32, i32, i32, i32, i32, i32) i32;
        (i32, i32, i32, i32, i32, i32, i32, i32, i32) i32;
        (i32, i32, i32, i32, i32, i32, i64, i64, i32) i32;
        (i32, i32, i32, i32, i32, i32, i32, i64, i64, i32, i32) i32;
        (i32, i32, i32) ();
    }
    None
}

fn of_type<P: Params, R: Results>(
    func: Func,
    ty: &FuncType,
    store: &impl AsContext,
) -> Option<Box<dyn Typed>> {
    if ty.params != P::TYPES || ty.results != R::TYPES {
        return None;
    }
    let typed = func.typed::<P, R>(store).ok()?;
    Some(Box::new(typed))
}

impl<P: Params, R: Results> Typed for TypedFunc<P, R> {
    fn call(
        &self,
        mut store: wasmtime::StoreContextMut<'_, State>,
        args: &[Value],
        results: &mut [Value],
    ) -> Option<Result<()>> {
        if results.len() != R::TYPES.len() {
            return None;
        }
        let params = P::of(args)?;
        Some(
            self.call(store.as_context_mut(), params)
                .map(|answer| answer.write(results)),
        )
    }
}

/// A number.
trait Number: WasmTy + Sized {
    const TYPE: ValueType;
    fn of(value: Value) -> Option<Self>;
    fn value(self) -> Value;
}

macro_rules! number {
    ($type:ty, $case:ident) => {
        impl Number for $type {
            const TYPE: ValueType = ValueType::$case;

            fn of(value: Value) -> Option<Self> {
                match value {
                    Value::$case(number) => Some(number),
                    _ => None,
                }
            }

            fn value(self) -> Value {
                Value::$case(self)
            }
        }
    };
}

number!(i32, I32);
number!(i64, I64);

/// The parameters of a function.
trait Params: WasmParams + Sized + Send + Sync + 'static {
    const TYPES: &[ValueType];
    fn of(args: &[Value]) -> Option<Self>;
}

macro_rules! params {
    ($($of:ident)*) => {
        impl<$($of: Number + Send + Sync + 'static),*> Params for ($($of,)*) {
            const TYPES: &[ValueType] = &[$($of::TYPE),*];

            #[allow(non_snake_case, reason = "each is named for its type")]
            fn of(args: &[Value]) -> Option<Self> {
                let [$($of),*] = args else {
                    return None;
                };
                Some(($($of::of(*$of)?,)*))
            }
        }
    };
}

params!();
params!(A B);
params!(A B C);
params!(A B C D);
params!(A B C D E);
params!(A B C D E F);
params!(A B C D E F G);
params!(A B C D E F G H);
params!(A B C D E F G H I);
params!(A B C D E F G H I J K);

/// The result of a function, if it has one.
trait Results: WasmResults + Send + Sync + 'static {
    const TYPES: &[ValueType];
    fn write(self, results: &mut [Value]);
}

impl Results for () {
    const TYPES: &[ValueType] = &[];

    fn write(self, _results: &mut [Value]) {}
}

macro_rules! result {
    ($type:ty) => {
        impl Results for $type {
            const TYPES: &[ValueType] = &[<$type as Number>::TYPE];

            fn write(self, results: &mut [Value]) {
                if let [result] = results {
                    *result = self.value();
                }
            }
        }
    };
}

result!(i32);
result!(i64);

#[cfg(test)]
mod tests {
    use super::*;
    use turnkey_snapshots::{preview_0, preview_1};
    use turnkey_virt::nanoprocess::served_exports;
    use turnkey_wasi_common::function::CoreType;
    use wasmtime::{Engine, Store, ValType};

    fn is_typed(ty: &FuncType) -> bool {
        let engine = Engine::default();
        let val_types = |types: &[ValueType]| -> Vec<ValType> {
            let types = types.iter().map(|ty| match ty {
                ValueType::I64 => ValType::I64,
                _ => ValType::I32,
            });
            types.collect()
        };
        let known = wasmtime::FuncType::new(&engine, val_types(&ty.params), val_types(&ty.results));
        let mut store = Store::new(&engine, ());
        let func = Func::new(&mut store, known, |_, _, _| Ok(()));
        typed(func, ty, &store).is_some()
    }

    #[test]
    fn typed_everything_that_a_parent_is_entered_by() {
        for (name, ty) in served_exports() {
            assert!(is_typed(&ty), "{name} {ty}");
        }
        for function in preview_0::FUNCTIONS.iter().chain(&preview_1::FUNCTIONS) {
            let own = function.core.params.iter().map(|ty| match ty {
                CoreType::I32 => ValueType::I32,
                CoreType::I64 => ValueType::I64,
            });
            let params: Vec<_> = [ValueType::I32; 2].into_iter().chain(own).collect();
            let ty = FuncType::new(params, [ValueType::I32]);
            assert!(is_typed(&ty), "filter_{} {ty}", function.name);
        }
        assert!(is_typed(&FuncType::new([ValueType::I32; 3], [])), "after_");
        assert!(!is_typed(&FuncType::new([ValueType::I64; 3], [])));
    }
}
