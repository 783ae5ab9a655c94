//! Running other programs: cargo, npm, python3, the binary. Standard streams are passed through; a failure names the
//! command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Runs `program` with `args` in `dir` below the root; an error tells which command ended how.
pub fn run(dir: &str, program: &str, args: &[&str]) -> Result<(), String> {
    run_with(dir, program, args, &[])
}

/// As [`run`], with environment variables set.
pub fn run_with(
    dir: &str,
    program: &str,
    args: &[&str],
    env: &[(&str, &str)],
) -> Result<(), String> {
    let line = format!("{program} {}", args.join(" "));
    let status = Command::new(program)
        .args(args)
        .envs(env.iter().copied())
        .current_dir(root().join(dir))
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("cannot run `{line}`: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` ended with {status}"))
    }
}

/// What `program args` prints on standard output, or nothing where it fails or is absent.
pub fn output(program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program)
        .args(args)
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The cargo that runs this task.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo puts what it builds.
pub fn target_dir() -> Result<PathBuf, String> {
    let text = output(&cargo(), &["metadata", "--format-version=1", "--no-deps"])
        .ok_or("cargo metadata does not answer")?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    value["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| "cargo metadata names no target directory".to_owned())
}

/// The `podschool` that the tests' own profile builds.
pub fn podschool() -> Result<PathBuf, String> {
    Ok(target_dir()?.join("debug/podschool"))
}
