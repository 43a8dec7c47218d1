//! The contract as Rust types, generated from `wit/`.
//!
//! Arguments borrow from the model's types and answers own what they hold, so a call copies nothing
//! on the host's side but pointers. No other crate sees these types.
wasmtime::component::bindgen!({
    path: "../../wit",
    world: "full-vendor-policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});
