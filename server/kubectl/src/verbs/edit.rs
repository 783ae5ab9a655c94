//! `kubectl edit`: an object as YAML in the user's editor, and what changed sent back as a patch.

use futures::FutureExt;
use serde_json::Value;

use crate::failure::{Failure, Outcome, fail};
use crate::manifest;
use crate::patch::{self, Way};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static EDIT: Verb = Verb {
    name: "edit",
    about: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    examples: "# A pod, in your editor\nkubectl edit pod kuard",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--output-patch=false  Show the patch
--save-config=false  Keep the manifest in an annotation
--subresource=''  Edit this subresource
--validate='strict'?strict  strict, warn or ignore unknown fields
",
    ],
    run: Some(|run| edit(run).boxed()),
    ..Verb::NONE
};

async fn edit(run: &Run) -> Outcome {
    if run.words.is_empty() && run.flags.list("filename").is_empty() {
        return Err(selection::nothing_named());
    }
    let (items, failures) = selection::items_or_all(run).await?;
    Failure::of(failures)?;
    for item in items {
        edit_one(run, &item).await?;
    }
    Ok(())
}

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

/// A temporary file that the editor opens.
struct Draft {
    path: String,
    /// Why the last version was refused, as comments for the top of the file; empty at first.
    notes: String,
    body: String,
}

impl Draft {
    /// One visit to the editor; answers with what the file then holds, without comments.
    async fn edit(&self, run: &Run) -> Outcome<String> {
        let computer = &run.computer;
        let content = format!("{HEAD}{}{}", self.notes, self.body);
        let broken = |why: std::io::Error| fail!("{why}");
        computer
            .write_file(&self.path, content.as_bytes(), 0o600)
            .await
            .map_err(broken)?;
        if let Err(why) = computer.edit(&self.path).await {
            let editor = ["KUBE_EDITOR", "EDITOR"]
                .iter()
                .find_map(|name| computer.env(name));
            let editor = editor.unwrap_or_else(|| "vi".into());
            let failure = if why.kind() == std::io::ErrorKind::NotFound {
                fail!("unable to launch the editor {editor:?}")
            } else {
                fail!("there was a problem with the editor {editor:?}")
            };
            return Err(match self.notes.is_empty() {
                true => failure,
                false => self.kept(run, failure).await,
            });
        }
        let bytes = computer.read_file(&self.path).await.map_err(broken)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Ok(lines.map(|line| format!("{line}\n")).collect())
    }

    /// Leaves the file where it is and says so.
    async fn kept(&self, run: &Run, failure: Failure) -> Failure {
        let text = format!(
            "A copy of your changes has been stored to {:?}\n",
            self.path
        );
        let _ = run.err(&text).await;
        failure
    }

    async fn remove(&self, run: &Run) {
        let _ = run.computer.remove_file(&self.path).await;
    }
}

async fn edit_one(run: &Run, item: &Item) -> Outcome {
    let mut live = item.fetch(run).await?;
    printing::without_managed_fields(&mut live);
    let original = objects::encode_yaml(&live);
    let stamp = run.computer.now().as_microsecond();
    let mut draft = Draft {
        path: format!(
            "/tmp/kubectl-edit-{}.yaml",
            stamp.rem_euclid(10_000_000_000)
        ),
        notes: String::new(),
        body: original.clone(),
    };
    loop {
        let edited = draft.edit(run).await?;
        if !draft.notes.is_empty() && edited == draft.body {
            let failure = fail!("Edit cancelled, no valid changes were saved.");
            return Err(draft.kept(run, failure).await);
        }
        if edited == original || edited.trim().is_empty() {
            draft.remove(run).await;
            return run
                .err(if edited == original {
                    "Edit cancelled, no changes made.\n"
                } else {
                    "Edit cancelled, saved file was empty.\n"
                })
                .await;
        }
        draft.body = edited;
        let wanted = match manifest::yaml(&draft.body) {
            Ok(wanted) => wanted,
            Err(why) => {
                let why =
                    format!("error parsing edited-file: error converting YAML to JSON: {why}");
                draft.notes = format!("# The edited file had a syntax error: {why}\n#\n");
                continue;
            }
        };
        match save(run, item, &live, &wanted).await {
            Ok(value) => {
                draft.remove(run).await;
                return printing::report(run, &item.kind, value, "edited").await;
            }
            Err(failure) => refused(run, item, &mut draft, failure).await?,
        }
    }
}

/// What the server does not take goes back to the editor with the reasons; everything else ends the edit.
async fn refused(run: &Run, item: &Item, draft: &mut Draft, failure: Failure) -> Outcome {
    let what = format!("{} {:?}", item.kind.with_group(), item.name);
    let Failure::Status(status) = &failure else {
        return Err(draft.kept(run, failure).await);
    };
    match status["reason"].as_str() {
        Some("Invalid" | "BadRequest") => {
            run.err(&format!("error: {what} is invalid\n")).await?;
            draft.notes = reasons(&what, status);
            Ok(())
        }
        Some("NotFound") => {
            run.err(&format!("error: {what} could not be found on the server\nThe edits you made on deleted resources have been saved to {:?}\n", draft.path)).await?;
            Err(Failure::Exit(1))
        }
        _ => {
            run.err(&format!("error: {what} could not be patched: {}\nYou can run `kubectl replace -f {}` to try this update again.\n", failure.sentence(), draft.path)).await?;
            Err(Failure::Exit(1))
        }
    }
}

/// Why the server refused an object, as comments.
fn reasons(what: &str, status: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('\n', "\n# ");
    let mut lines: Vec<String> = status["details"]["causes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|cause| {
            format!(
                "# * {}: {}\n",
                text(&cause["field"]),
                text(&cause["message"])
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push(format!("# * {}\n", text(&status["message"])));
    }
    format!("# {what} was not valid:\n{}#\n", lines.concat())
}

async fn save(run: &Run, item: &Item, live: &Value, wanted: &Value) -> Outcome<Value> {
    let way = if item.kind.built_in() {
        Way::Strategic
    } else {
        Way::Json
    };
    let patch = patch::three_way(way, live, wanted, live);
    let how = if way == Way::Strategic {
        "strategic"
    } else {
        "merge"
    };
    run.patch(
        &item.path(),
        super::change_checked(run, "kubectl-edit"),
        how,
        &patch,
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn explains_what_the_server_refused() {
        let status = json!({"details": {"causes": [{"field": "spec.replicas", "message": "Invalid value: -1"}]}});
        assert_eq!(
            reasons("deployments.apps \"web\"", &status),
            "# deployments.apps \"web\" was not valid:\n# * spec.replicas: Invalid value: -1\n#\n"
        );
        assert_eq!(
            reasons("pods \"x\"", &json!({"message": "a\nb"})),
            "# pods \"x\" was not valid:\n# * a\n# b\n#\n"
        );
    }
}
