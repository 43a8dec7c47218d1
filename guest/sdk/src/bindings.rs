//! What wit-bindgen makes of the contract; [`crate::types`] has the types for authors.
//!
//! Nothing of it needs the crate `wit-bindgen` but the macro that makes it: the code stands on
//! [`crate::rt`]. Where the SDK is written out for an author, this file is replaced by what the crate
//! `wit-bindgen-rust` makes with the options below: the first world's code as this module's, the second
//! world's in a module [`mapper`], and `wit-bindgen` goes from the manifest. The types of the contract are
//! made once, with the first.
#![expect(clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "full-vendor-policy",
    runtime_path: "crate::rt",
    pub_export_macro: true,
    export_macro_name: "__export_policy",
    default_bindings_module: "policy_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});

/// The world of mapper policies.
pub mod mapper {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "mapper-policy",
        runtime_path: "crate::rt",
        pub_export_macro: true,
        export_macro_name: "__export_mapper",
        default_bindings_module: "policy_sdk::bindings::mapper",
        additional_derives: [PartialEq, Eq],
        with: {
            "ldap-oidc:policy/types@0.1.0": crate::bindings::ldap_oidc::policy::types,
            "ldap-oidc:policy/log@0.1.0": crate::bindings::ldap_oidc::policy::log,
        },
    });
}
