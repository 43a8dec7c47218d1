//! What `wit-bindgen` makes of the contract.
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    unsafe_code,
    unused_qualifications,
    elided_lifetimes_in_paths,
    reason = "generated"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "vendor-policy",
    pub_export_macro: true,
    export_macro_name: "__export_vendor",
    default_bindings_module: "policy_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});
