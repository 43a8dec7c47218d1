//! The contract as Rust types, generated from `wit/`.
//!
//! Arguments borrow from the model's types and answers own what they hold, so a call copies nothing
//! on the host's side but pointers. No other crate sees these types. Both worlds are one here, so that
//! they share them.
wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package ldap-oidc:host;

        world every-policy {
            include ldap-oidc:policy/full-vendor-policy@0.1.0;
            include ldap-oidc:policy/mapper-policy@0.1.0;
        }
    ",
    ownership: Borrowing { duplicate_if_necessary: true },
});
