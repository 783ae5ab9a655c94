//! Builds the browser bundle into OUT_DIR and writes `assets.rs`, the list of its files.
//!
//! npm packages are installed only when the lock file changed since they last were. `PODSCHOOL_WEB_DIST=/path` takes
//! a bundle that was built elsewhere (`npm run build -- --outDir /path`), so that no Node is needed.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

const INPUTS: &[&str] = &[
    "src",
    "i18n",
    "public",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "build.rs",
];

fn main() {
    let room = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the room"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output folder"));
    for input in INPUTS {
        println!("cargo::rerun-if-changed={input}");
    }
    println!("cargo::rerun-if-env-changed=PODSCHOOL_WEB_DIST");
    let result = match env::var_os("PODSCHOOL_WEB_DIST") {
        Some(dist) => write_list(Path::new(&dist), &out),
        None => bundle(&room, &out).and_then(|dist| write_list(&dist, &out)),
    };
    if let Err(why) = result {
        println!("cargo::error={why}");
    }
}

/// Installs what is missing and runs Vite, one build at a time in this folder; returns where the bundle lies.
fn bundle(room: &Path, out: &Path) -> Result<PathBuf, String> {
    let lock =
        fs::File::create(room.join(".build.lock")).map_err(|e| format!("web/.build.lock: {e}"))?;
    lock.lock().map_err(|e| format!("web/.build.lock: {e}"))?;
    install(room)?;
    let dist = out.join("dist");
    let vite = room.join("node_modules/vite/bin/vite.js");
    run(
        Command::new("node")
            .arg(vite)
            .args(["build", "--logLevel", "warn", "--emptyOutDir", "--outDir"])
            .arg(&dist),
        room,
    )?;
    Ok(dist)
}

/// `npm ci`, unless the installed packages are those of the lock file already.
fn install(room: &Path) -> Result<(), String> {
    let wanted = fs::read(room.join("package-lock.json"))
        .map_err(|e| format!("web/package-lock.json: {e}"))?;
    let stamp = room.join("node_modules/.installed-from");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(
        Command::new(npm).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]),
        room,
    )?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn run(command: &mut Command, room: &Path) -> Result<(), String> {
    let shown = format!("{command:?}");
    let output = command
        .current_dir(room)
        .output()
        .map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                "the web pages are built with Node and npm, which are not here: install Node 20.19 \
             or newer, or name a ready bundle in PODSCHOOL_WEB_DIST"
                    .to_owned()
            }
            _ => format!("{shown}: {e}"),
        })?;
    if output.status.success() {
        return Ok(());
    }
    for line in String::from_utf8_lossy(&output.stdout)
        .lines()
        .chain(String::from_utf8_lossy(&output.stderr).lines())
    {
        println!("cargo::warning={line}");
    }
    Err(format!(
        "{shown} in web/ failed ({}); its words stand above",
        output.status
    ))
}

/// Writes `assets.rs`: the constants `ASSETS` and `ENTRIES` of `lib.rs`.
fn write_list(dist: &Path, out: &Path) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut names: Vec<String> = fs::read_dir(dist)
        .map_err(|e| format!("{}: {e}", dist.display()))?
        .filter_map(|entry| {
            entry
                .ok()
                .filter(|e| e.path().is_file())?
                .file_name()
                .into_string()
                .ok()
        })
        .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
        .collect();
    names.sort_unstable();
    let mut code = String::from("const ASSETS: &[Asset] = &[\n");
    for name in &names {
        let path = dist.join(name);
        let mut hash = DefaultHasher::new();
        hash.write(&read(&path)?);
        let packed = |end: &str| {
            let packed = dist.join(format!("{name}.{end}"));
            if packed.is_file() {
                format!("Some(include_bytes!({packed:?}))")
            } else {
                "None".to_owned()
            }
        };
        let _ = writeln!(
            code,
            "    Asset {{ name: {name:?}, bytes: include_bytes!({path:?}), br: {}, gzip: {}, content_type: {:?}, etag: {:?}, immutable: {} }},",
            packed("br"),
            packed("gz"),
            content_type(name),
            format!("\"{:016x}\"", hash.finish()),
            has_hash(name),
        );
    }
    code.push_str("];\n\nconst ENTRIES: &[(&str, Entry)] = &[\n");
    let manifest = read(&dist.join(".vite/manifest.json"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)
        .map_err(|e| format!("the manifest of the bundle: {e}"))?;
    for (key, chunk) in manifest.as_object().into_iter().flatten() {
        if chunk["isEntry"] == true {
            let (mut css, mut preload) = (Vec::new(), Vec::new());
            follow(&manifest, key, &mut css, &mut preload);
            let (name, js) = (&chunk["name"], &chunk["file"]);
            let _ = writeln!(
                code,
                "    ({name}, Entry {{ js: {js}, css: &{css:?}, preload: &{:?} }}),",
                &preload[1..]
            );
        }
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code).map_err(|e| format!("assets.rs: {e}"))
}

/// Collects the style sheets of a chunk and of what it imports, imports first, and the chunks' files, itself first.
fn follow<'m>(
    manifest: &'m serde_json::Value,
    key: &str,
    css: &mut Vec<&'m str>,
    files: &mut Vec<&'m str>,
) {
    let chunk = &manifest[key];
    let Some(file) = chunk["file"].as_str().filter(|file| !files.contains(file)) else {
        return;
    };
    files.push(file);
    for import in chunk["imports"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|i| i.as_str())
    {
        follow(manifest, import, css, files);
    }
    for sheet in chunk["css"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|s| s.as_str())
    {
        if !css.contains(&sheet) {
            css.push(sheet);
        }
    }
}

/// `name-XXXXXXXX.ext`: eight characters of a hash before the ending.
fn has_hash(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.len() > 9
        && stem.is_char_boundary(stem.len() - 9)
        && stem.as_bytes()[stem.len() - 9] == b'-'
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
