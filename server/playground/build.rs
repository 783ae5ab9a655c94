//! Puts the lessons of the folder `lessons` into the program: writes `lessons.rs`, a list of paths and texts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=../../lessons");
    println!("cargo::rerun-if-changed=migrations");
    let room = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the room"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output folder"));
    let lessons = room.join("../../lessons");
    let mut files = Vec::new();
    if lessons.is_dir() {
        walk(&lessons.canonicalize()?, "", &mut files)?;
    }
    files.sort();
    let mut code = String::from("const FILES: &[(&str, &str)] = &[\n");
    for (name, path) in files {
        let _ = writeln!(
            code,
            "    ({name:?}, include_str!({:?})),",
            path.display().to_string()
        );
    }
    code.push_str("];\n");
    fs::write(out.join("lessons.rs"), code)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if name.starts_with('.') || name.contains("/.") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}
