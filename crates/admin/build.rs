//! The documents of both APIs as they are served: without the blanks that their readers here need.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables where to write")]

use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let to = PathBuf::from(std::env::var("OUT_DIR")?);
    for name in ["admin.openapi.json", "control.openapi.json"] {
        let from = format!("src/{name}");
        println!("cargo::rerun-if-changed={from}");
        let document: serde_json::Value = serde_json::from_str(&fs::read_to_string(&from)?)?;
        fs::write(to.join(name), document.to_string())?;
    }
    Ok(())
}
