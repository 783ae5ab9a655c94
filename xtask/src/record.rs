//! `cargo xtask record`: runs the scripts of the shell's fixtures on a real busybox and writes down what it prints.
//!
//! The scripts stand in the fixtures themselves: to add one, add an object with its `script` and record. Needs
//! `/usr/bin/busybox` (Debian package `busybox`) and runs each script in an empty directory that is shown as `/tmp`.

use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BUSYBOX: &str = "/usr/bin/busybox";
const FIXTURES: &str = "server/machine/tests/fixtures/shell";

/// Records all fixtures anew. An error names what is missing.
pub fn record() -> Result<(), Box<dyn Error>> {
    if !Path::new(BUSYBOX).exists() {
        return Err(format!("{BUSYBOX} is missing: install Debian's package busybox").into());
    }
    let scratch = std::env::temp_dir().join(format!("record-{}", std::process::id()));
    let tools = scratch.join("bin");
    fs::create_dir_all(&tools)?;
    let list = Command::new(BUSYBOX).arg("--list").output()?;
    for name in String::from_utf8_lossy(&list.stdout).lines() {
        symlink(BUSYBOX, tools.join(name))?;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(FIXTURES);
    let mut files: Vec<PathBuf> = fs::read_dir(root)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    for file in files {
        let cases: Vec<Value> = serde_json::from_slice(&fs::read(&file)?)?;
        let mut recorded = Vec::with_capacity(cases.len());
        for case in &cases {
            let script = case["script"]
                .as_str()
                .ok_or_else(|| format!("{}: a case without script", file.display()))?;
            recorded.push(one(script, &scratch, &tools)?);
        }
        fs::write(&file, serde_json::to_string_pretty(&recorded)? + "\n")?;
        println!("{}: {} scripts", file.display(), recorded.len());
    }
    fs::remove_dir_all(scratch)?;
    Ok(())
}

fn one(script: &str, scratch: &Path, tools: &Path) -> Result<Value, Box<dyn Error>> {
    let place = scratch.join("place");
    fs::create_dir(&place)?;
    let output = Command::new(tools.join("sh"))
        .arg0("sh")
        .args(["-c", script])
        .current_dir(&place)
        .env_clear()
        .envs([
            ("HOME", "/root"),
            ("USER", "root"),
            ("LOGNAME", "root"),
            ("SHELL", "/bin/sh"),
            ("LANG", "C.UTF-8"),
        ])
        .env("PATH", tools)
        .stdin(Stdio::null())
        .output()?;
    fs::remove_dir_all(&place)?;
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*place.to_string_lossy(), "/tmp");
    let exit = output
        .status
        .code()
        .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0));
    Ok(
        json!({ "script": script, "stdout": text(&output.stdout), "stderr": text(&output.stderr), "exit": exit }),
    )
}
