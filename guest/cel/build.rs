//! Links the component with a larger stack than policies have: an expression is evaluated by recursion.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_FAMILY");
    if target.is_ok_and(|family| family == "wasm") {
        // Of two the last one counts; 48 levels take half of it.
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=262144");
    }
}
