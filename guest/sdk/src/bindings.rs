//! What wit-bindgen makes of the contract; [`crate::types`] has the types for authors.
#![expect(clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "full-vendor-policy",
    pub_export_macro: true,
    export_macro_name: "__export_policy",
    default_bindings_module: "policy_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});
