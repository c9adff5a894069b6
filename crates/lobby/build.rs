//! How the program is linked.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables what it builds")]

fn main() {
    // Functions that came out alike are there once: 2 % of a release. The linker that Rust brings for this target
    // does it; whichever another target has may not.
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release") && is("TARGET", "x86_64-unknown-linux-gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
