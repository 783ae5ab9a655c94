//! `podschool lessons import DIR`: a Killercoda scenario folder as a lesson that is nearly one. Texts, commands and files come over;
//! what only its author can say (a check for each step) is left to be written, with the old scripts beside it as comments.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::new::{is_id, write};

/// `index.json`, as far as it is used.
#[derive(Debug, Deserialize)]
struct Scenario {
    title: String,
    #[serde(default)]
    description: String,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    intro: Part,
    steps: Vec<Part>,
    finish: Part,
    assets: std::collections::BTreeMap<String, Vec<Asset>>,
}

/// An introduction, a step or an end: names of files.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    title: String,
    text: Option<String>,
    verify: Option<String>,
    background: Option<String>,
    foreground: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Asset {
    file: String,
    #[serde(default)]
    target: String,
}

/// Imports `scenario` below `lessons`; what was written. The error is a sentence with the mend.
pub fn import(lessons: &Path, scenario: &Path, track: &str) -> Result<Vec<String>, String> {
    let index = scenario.join("index.json");
    let text = fs::read_to_string(&index).map_err(|e| {
        format!(
            "{} cannot be read: {e}: name the folder that holds index.json",
            index.display()
        )
    })?;
    let read: Scenario = serde_json::from_str(&text)
        .map_err(|e| format!("{}:{}: {e}", index.display(), e.line()))?;
    let folder = scenario
        .canonicalize()
        .map_err(|e| format!("{}: {e}", scenario.display()))?;
    let id = slug(&folder.file_name().unwrap_or_default().to_string_lossy());
    if !is_id(&id) || !is_id(track) {
        return Err(format!(
            "{track}/{id}: tracks and lessons are named in small letters, digits and hyphens"
        ));
    }
    let steps = steps(&folder, &read.details.steps)?;
    let mut files = vec![
        ("lesson.yaml".to_owned(), data(&folder, &id, &read, &steps)?),
        ("en.md".to_owned(), prose(&folder, &read, &steps)?),
    ];
    files.extend(assets(&folder, &read.details)?);
    write(lessons, track, &id, &files, "[en]")
}

struct Step {
    id: String,
    title: String,
    text: String,
    /// old scripts by what they were for
    scripts: Vec<(&'static str, String)>,
}

fn steps(folder: &Path, parts: &[Part]) -> Result<Vec<Step>, String> {
    let step = |(index, part): (usize, &Part)| {
        let title = if part.title.is_empty() {
            format!("Step {}", index + 1)
        } else {
            part.title.clone()
        };
        let named = slug(&title);
        let taken = parts.iter().filter(|p| slug(&p.title) == named).count() > 1;
        let id = if named.is_empty() || taken || named == "learned" {
            format!("step-{}", index + 1)
        } else {
            named
        };
        Ok(Step {
            id,
            title: title.replace('\n', " "),
            text: body(&of(folder, part.text.as_deref())?),
            scripts: scripts(folder, part)?,
        })
    };
    parts.iter().enumerate().map(step).collect()
}

fn scripts(folder: &Path, part: &Part) -> Result<Vec<(&'static str, String)>, String> {
    let all = [
        ("verify", &part.verify),
        ("background", &part.background),
        ("foreground", &part.foreground),
    ];
    let named = all.into_iter().filter(|(_, file)| file.is_some());
    named
        .map(|(what, file)| Ok((what, of(folder, file.as_deref())?)))
        .collect()
}

/// A file of the scenario; empty where none is named.
fn of(folder: &Path, name: Option<&str>) -> Result<String, String> {
    let Some(name) = name else {
        return Ok(String::new());
    };
    let path = folder.join(name);
    let inside = path.canonicalize().is_ok_and(|p| p.starts_with(folder));
    if !inside {
        return Err(format!(
            "index.json names {name}, which is not in the scenario's folder"
        ));
    }
    fs::read_to_string(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
}

/// A text that can stand within a section: headings become small ones.
fn body(text: &str) -> String {
    let mut fenced = false;
    let line = |line: &str| {
        fenced ^= line.trim_start().starts_with("```");
        let level = line.chars().take_while(|c| *c == '#').count();
        let heading = !fenced && (1..=4).contains(&level) && line[level..].starts_with(' ');
        if heading {
            format!("##{line}")
        } else {
            line.to_owned()
        }
    };
    text.trim().lines().map(line).collect::<Vec<_>>().join("\n")
}

fn slug(text: &str) -> String {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    plain
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

fn data(folder: &Path, id: &str, read: &Scenario, steps: &[Step]) -> Result<String, String> {
    let mut out = format!(
        "# Imported from a Killercoda scenario. Each step needs a check: lessons/README.md lists them.\nid: {id}\nminutes: 15\nbackends: [sim]\nwhy-not-real: not tried on a real cluster yet\n"
    );
    for (what, script) in scripts(folder, &read.details.intro)? {
        comment(
            &mut out,
            "",
            &format!("the {what} script of the introduction, to be said under start"),
            &script,
        );
    }
    out.push_str("steps:\n");
    for step in steps {
        let _ = writeln!(out, "  - id: {}", step.id);
        for (what, script) in &step.scripts {
            comment(
                &mut out,
                "    ",
                &format!("the {what} script, to be said as a check"),
                script,
            );
        }
        out.push_str("    check: []\n    solve:\n");
        let commands = course::commands(&step.text);
        for command in &commands {
            let _ = writeln!(out, "      - {}", serde_json::Value::from(command.as_str()));
        }
        if commands.is_empty() {
            out.truncate(out.len() - "    solve:\n".len());
            out.push_str("    solve: []\n");
        }
        out.push_str("    wrong: []\n");
    }
    Ok(out)
}

fn comment(out: &mut String, indent: &str, what: &str, script: &str) {
    let _ = writeln!(out, "{indent}# {what}:");
    for line in script.trim().lines() {
        let _ = writeln!(out, "{indent}#   {line}");
    }
}

fn prose(folder: &Path, read: &Scenario, steps: &[Step]) -> Result<String, String> {
    let intro = body(&of(folder, read.details.intro.text.as_deref())?);
    let mut out = format!("# {}\n\n{}\n\n{intro}\n", read.title, read.description);
    for step in steps {
        let _ = write!(out, "\n## {}: {}\n\n{}\n", step.id, step.title, step.text);
    }
    let finish = body(&of(folder, read.details.finish.text.as_deref())?);
    let _ = write!(out, "\n## learned: What you learned\n\n{finish}\n");
    Ok(out)
}

/// Files that lie in the home at the start; others are named by nobody here.
fn assets(folder: &Path, details: &Details) -> Result<Vec<(String, String)>, String> {
    let home = |a: &&Asset| ["", "~", "~/", "/root", "/root/"].contains(&a.target.as_str());
    let all = details.assets.values().flatten().filter(home);
    let named = all.filter(|a| !a.file.contains('*'));
    let one = |a: &Asset| {
        let name = a.file.rsplit('/').next().unwrap_or(&a.file).to_owned();
        Ok((
            format!("files/{name}"),
            of(folder, Some(&format!("assets/{}", a.file)))?,
        ))
    };
    named.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            let path = folder.path().join("My Scenario").join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        put(
            "index.json",
            r#"{"title": "Pods", "description": "All about them.", "details": {
                "intro": {"text": "intro.md", "background": "setup.sh"},
                "steps": [{"title": "Run one!", "text": "1/text.md", "verify": "1/verify.sh"}, {"title": "Look", "text": "2.md"}],
                "finish": {"text": "finish.md"},
                "assets": {"host01": [{"file": "pod.yaml", "target": "~/"}]}},
                "backend": {"imageid": "kubernetes-kubeadm-1node"}}"#,
        );
        put("intro.md", "# Welcome\n\nHello.");
        put("setup.sh", "#!/bin/bash\napt-get update\n");
        put(
            "1/text.md",
            "## Do\n\nRun `kubectl run a --image=nginx`{{exec}} now.\n\n```plain\nkubectl get pods\n```{{exec}}\n",
        );
        put("1/verify.sh", "kubectl get pod a\n");
        put("2.md", "Look at it.");
        put("finish.md", "Well done.");
        put("assets/pod.yaml", "kind: Pod\n");
        folder
    }

    #[test]
    fn a_scenario_becomes_a_lesson_that_lacks_its_checks() {
        let from = scenario();
        let to = tempfile::tempdir().expect("a folder");
        import(to.path(), &from.path().join("My Scenario"), "mine").expect("imported");
        let texts = crate::lessons::texts(Some(to.path())).expect("read");
        let yaml = &texts["mine/my-scenario/lesson.yaml"];
        for part in [
            "- id: run-one",
            "#   kubectl get pod a",
            "#   apt-get update",
            "- \"kubectl run a --image=nginx\"",
            "- \"kubectl get pods\"",
        ] {
            assert!(yaml.contains(part), "{part} is not in {yaml}");
        }
        assert!(texts["mine/my-scenario/en.md"].contains("#### Do"));
        assert_eq!(texts["mine/my-scenario/files/pod.yaml"], "kind: Pod\n");
        let left = course::load(texts.clone()).expect_err("checks are left to be written");
        let written = |d: &course::Diagnostic| {
            ["has no check", "has no solve", "has no wrong"]
                .iter()
                .any(|lack| d.message.contains(lack))
        };
        assert!(left.iter().all(written), "{left:?}");
        let checked = yaml
            .replace(
                "check: []",
                "check: [{ ran: { verb: get, resource: pods } }]",
            )
            .replace("solve: []", "solve: [\"kubectl get pods\"]")
            .replace("wrong: []", "wrong: [\"kubectl version\"]");
        let mut whole = texts.clone();
        whole.insert("mine/my-scenario/lesson.yaml".to_owned(), checked);
        let course = course::load(whole).expect("with its checks it loads");
        assert_eq!(course.lessons().count(), 1);
    }

    #[test]
    fn a_scenario_stays_in_its_folder() {
        let from = scenario();
        let index = from.path().join("My Scenario/index.json");
        let text = fs::read_to_string(&index)
            .expect("read")
            .replace("2.md", "../../etc/passwd");
        fs::write(&index, text).expect("written");
        let to = tempfile::tempdir().expect("a folder");
        let said =
            import(to.path(), &from.path().join("My Scenario"), "mine").expect_err("refused");
        assert!(said.contains("not in the scenario's folder"), "{said}");
    }
}
