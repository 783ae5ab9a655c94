//! `kubectl exec` and `kubectl attach`: a command in a container, or its own process.

use futures::FutureExt;
use serde_json::Value;

use crate::computer::Stdio;
use crate::failure::{Failure, Outcome, fail, usage};
use crate::run::Run;
use crate::selection;
use crate::streams::{self, Sink, Source, Through};
use crate::verb::Verb;

const FLAGS: &str = "
-c --container=''  Container to use; else the annotated default, else the first
--pod-running-timeout=60s  How long to wait until a pod runs
-q --quiet=false  Print less
-i --stdin=false  Pass standard input on
-t --tty=false  Standard input is a terminal
";

pub(crate) static EXEC: Verb = Verb {
    name: "exec",
    about: "Execute a command in a container",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    examples: "# The date in the pod's first container\nkubectl exec kuard -- date\n# A shell in a chosen container\nkubectl exec -it two -c side -- sh",
    flags: &[FLAGS, "\n-f --filename=[]  Manifest of the pod\n"],
    run: Some(|run| exec(run).boxed()),
    ..Verb::NONE
};

pub(crate) static ATTACH: Verb = Verb {
    name: "attach",
    about: "Attach to a running container",
    usage: "(POD | TYPE/NAME) -c CONTAINER",
    examples: "# Output of a running pod\nkubectl attach kuard",
    flags: &[FLAGS],
    run: Some(|run| attach(run).boxed()),
    ..Verb::NONE
};

/// The running container that a command is about, by the flags that exec and attach share.
struct Joined {
    pod: Value,
    namespace: String,
    name: String,
    container: String,
}

async fn join(run: &Run, word: &str, doing: &str) -> Outcome<Joined> {
    let pod = selection::pod_of(run, word).await?;
    streams::not_over(&pod, doing)?;
    let (asked, quiet) = (run.flags.text("container"), run.flags.bool("quiet"));
    let container = streams::container_of(run, &pod, asked, quiet).await?;
    let text = |field: &str| pod["metadata"][field].as_str().unwrap_or("").to_owned();
    Ok(Joined {
        namespace: text("namespace"),
        name: text("name"),
        container,
        pod,
    })
}

async fn exec(run: &Run) -> Outcome {
    if run.words.is_empty() || run.dash == Some(0) {
        return Err(fail!("pod, type/name or --filename must be specified"));
    }
    let Some(dash) = run.dash else {
        return Err(if run.words.len() > 1 {
            usage!(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"
            )
        } else {
            fail!("you must specify at least one command for the container")
        });
    };
    let command = &run.words[dash..];
    if command.is_empty() {
        return Err(fail!(
            "you must specify at least one command for the container"
        ));
    }
    let joined = join(run, &run.words[0], "exec into a container").await?;
    let mut through = Through {
        stdin: run.flags.bool("stdin"),
        tty: run.flags.bool("tty"),
        quiet: false,
    };
    if through.tty && !run.computer.is_terminal(Stdio::In) {
        through.tty = false;
        run.err("Unable to use a TTY - input is not a terminal or the right kind of file\n")
            .await?;
    }
    let mut query = through.query(&joined.container);
    query.extend(command.iter().map(|word| ("command", word.clone())));
    let source = if through.stdin {
        Source::Terminal
    } else {
        Source::Empty
    };
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/exec",
        joined.namespace, joined.name
    );
    streams::pump(run, &path, query, source, through, Sink::Terminal).await
}

async fn attach(run: &Run) -> Outcome {
    let [word] = run.words.as_slice() else {
        return Err(fail!("at least 1 argument is required for attach"));
    };
    let Joined {
        pod,
        namespace,
        name,
        container,
    } = join(run, word, "attach a container").await?;
    let spec = pod["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|c| c["name"] == container.as_str());
    let mut through = Through {
        stdin: run.flags.bool("stdin"),
        tty: run.flags.bool("tty"),
        quiet: run.flags.bool("quiet"),
    };
    if through.tty && spec.is_some_and(|c| c["tty"] != true) {
        through.tty = false;
        run.err(&format!(
            "error: Unable to use a TTY - container {container} did not allocate one\n"
        ))
        .await?;
    }
    match streams::attach(run, &namespace, &name, &container, through).await {
        Err(Failure::Text(text)) if text.starts_with("error reading") => Ok(()),
        other => other,
    }
}
