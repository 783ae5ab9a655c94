//! `kubectl cp`: files to and from containers, as a tar stream through exec.

use futures::{FutureExt, StreamExt};
use tokio_tar::{Archive, Builder, Header};

use crate::failure::{Outcome, fail};
use crate::manifest::words;
use crate::run::Run;
use crate::streams::{self, Sink, Source, Through};
use crate::verb::Verb;

pub(crate) static CP: Verb = Verb {
    name: "cp",
    about: "Copy files and directories to and from containers",
    usage: "<file-spec-src> <file-spec-dest>",
    examples: "# Into the pod\nkubectl cp config.txt kuard:/tmp/config.txt\n# Out of a chosen container\nkubectl cp two:/tmp/config.txt back.txt -c side",
    flags: &["
-c --container=''  Container to use; else the annotated default, else the first
--no-preserve=false  Do not keep modes and owners
--retries=0  How often to try again from where it broke
"],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

/// `[NAMESPACE/]POD:PATH`; none for a local path.
fn remote(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let (pod, path) = text
        .split_once(':')
        .filter(|(pod, _)| !pod.is_empty() && !pod.starts_with(['.', '/']))?;
    match pod.split_once('/') {
        Some((namespace, pod)) => Some((Some(namespace), pod, path)),
        None => Some((None, pod, path)),
    }
}

struct Place {
    path: String,
    container: String,
}

async fn place(run: &Run, namespace: Option<&str>, pod: &str) -> Outcome<Place> {
    let own = run.namespace().await?;
    let path = format!(
        "/api/v1/namespaces/{}/pods/{pod}",
        namespace.unwrap_or(&own)
    );
    let object = run.get(&path, Vec::new()).await?;
    streams::not_over(&object, "exec into a container")?;
    let container = streams::container_of(run, &object, run.flags.text("container"), false).await?;
    Ok(Place {
        path: format!("{path}/exec"),
        container,
    })
}

async fn exec(
    run: &Run,
    place: &Place,
    command: &[&str],
    source: Source,
    sink: Sink<'_>,
) -> Outcome {
    let through = Through {
        stdin: matches!(source, Source::Bytes(_)),
        ..Through::default()
    };
    let mut query = through.query(&place.container);
    query.extend(command.iter().map(|word| ("command", word.to_string())));
    streams::pump(run, &place.path, query, source, through, sink).await
}

async fn go(run: &Run) -> Outcome {
    let [from, to] = run.words.as_slice() else {
        return Err(fail!("source and destination are required"));
    };
    match (remote(from), remote(to)) {
        (Some(_), Some(_)) => Err(fail!(
            "one of src or dest must be a local file specification"
        )),
        (None, None) => Err(fail!(
            "one of src or dest must be a remote file specification"
        )),
        (None, Some((namespace, pod, path))) => {
            if path.is_empty() {
                return Err(fail!("filepath can not be empty"));
            }
            upload(run, from, namespace, pod, path).await
        }
        (Some((namespace, pod, path)), None) => {
            if path.is_empty() {
                return Err(fail!("filepath can not be empty"));
            }
            download(run, namespace, pod, path, to).await
        }
    }
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
}

async fn upload(run: &Run, from: &str, namespace: Option<&str>, pod: &str, path: &str) -> Outcome {
    if run.computer.metadata(from).await.is_err() {
        return Err(fail!("{from} doesn't exist in local filesystem"));
    }
    let place = place(run, namespace, pod).await?;
    let mut target = path.trim_end_matches('/').to_string();
    let mut ignored = Vec::new();
    // Whether the destination is a folder: then the file keeps its name in it.
    let quiet = exec_quiet(run, &place, &["test", "-d", path], &mut ignored).await;
    if quiet {
        target = format!("{target}/{}", base(from));
    }
    let (folder, name) = match target.rsplit_once('/') {
        Some(("", name)) => ("/".to_string(), name.to_string()),
        Some((folder, name)) => (folder.to_string(), name.to_string()),
        None => (".".to_string(), target.clone()),
    };
    let bytes = pack(run, from, &name).await?;
    let mut command = vec!["tar", "-xmf", "-"];
    if run.flags.bool("no-preserve") {
        command = vec![
            "tar",
            "--no-same-permissions",
            "--no-same-owner",
            "-xmf",
            "-",
        ];
    }
    if folder != "." {
        command.extend(["-C", &folder]);
    }
    exec(run, &place, &command, Source::Bytes(bytes), Sink::Terminal).await
}

/// Runs a test in the container; says whether it held.
async fn exec_quiet(run: &Run, place: &Place, command: &[&str], buffer: &mut Vec<u8>) -> bool {
    streams::test(run, &place.path, &place.container, command, buffer).await
}

async fn pack(run: &Run, from: &str, name: &str) -> Outcome<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    let mut open = vec![(from.trim_end_matches('/').to_string(), name.to_string())];
    while let Some((path, name)) = open.pop() {
        let info = run
            .computer
            .metadata(&path)
            .await
            .map_err(|why| fail!("{path}: {}", words(&why)))?;
        let mut header = Header::new_gnu();
        header.set_mode(info.mode);
        header.set_mtime(info.modified_s.max(0) as u64);
        if info.is_dir {
            header.set_entry_type(tokio_tar::EntryType::Directory);
            header.set_size(0);
            builder
                .append_data(&mut header, format!("{name}/"), &[][..])
                .await
                .map_err(|why| fail!("{why}"))?;
            for entry in run
                .computer
                .read_dir(&path)
                .await
                .map_err(|why| fail!("{path}: {}", words(&why)))?
            {
                open.push((format!("{path}/{entry}"), format!("{name}/{entry}")));
            }
        } else {
            let bytes = run
                .computer
                .read_file(&path)
                .await
                .map_err(|why| fail!("open {path}: {}", words(&why)))?;
            header.set_entry_type(tokio_tar::EntryType::Regular);
            header.set_size(bytes.len() as u64);
            builder
                .append_data(&mut header, &name, bytes.as_slice())
                .await
                .map_err(|why| fail!("{why}"))?;
        }
    }
    builder.into_inner().await.map_err(|why| fail!("{why}"))
}

async fn download(run: &Run, namespace: Option<&str>, pod: &str, path: &str, to: &str) -> Outcome {
    let place = place(run, namespace, pod).await?;
    let mut bytes = Vec::new();
    exec(
        run,
        &place,
        &["tar", "cf", "-", path],
        Source::Empty,
        Sink::Buffer(&mut bytes),
    )
    .await?;
    let into_folder = run
        .computer
        .metadata(to)
        .await
        .is_ok_and(|info| info.is_dir);
    let root = if into_folder {
        format!("{}/{}", to.trim_end_matches('/'), base(path))
    } else {
        to.trim_end_matches('/').to_string()
    };
    let prefix = path.trim_matches('/').to_string();
    let mut archive = Archive::new(bytes.as_slice());
    let mut entries = archive.entries().map_err(|why| fail!("{why}"))?;
    while let Some(entry) = entries.next().await {
        let mut entry = entry.map_err(|why| fail!("{why}"))?;
        let name = entry
            .path()
            .map_err(|why| fail!("{why}"))?
            .to_string_lossy()
            .into_owned();
        let inner = name
            .trim_matches('/')
            .trim_start_matches("./")
            .strip_prefix(&prefix)
            .unwrap_or(&name)
            .trim_matches('/')
            .to_string();
        if inner.split('/').any(|part| part == "..") {
            run.err(&format!(
                "warning: file {name:?} is outside target destination, skipping\n"
            ))
            .await?;
            continue;
        }
        let target = if inner.is_empty() {
            root.clone()
        } else {
            format!("{root}/{inner}")
        };
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            run.computer
                .create_dir(&target)
                .await
                .map_err(|why| fail!("{target}: {}", words(&why)))?;
        } else if kind.is_file() {
            let mut content = Vec::new();
            tokio::io::AsyncReadExt::read_to_end(&mut entry, &mut content)
                .await
                .map_err(|why| fail!("{why}"))?;
            let mode = entry.header().mode().unwrap_or(0o644) & 0o777;
            run.computer
                .write_file(&target, &content, mode)
                .await
                .map_err(|why| fail!("open {target}: {}", words(&why)))?;
        } else {
            run.err(&format!(
                "warning: skipping symlink: {target:?} -> {:?}\n",
                entry
                    .link_name()
                    .ok()
                    .flatten()
                    .map(|l| l.to_string_lossy().into_owned())
                    .unwrap_or_default()
            ))
            .await?;
        }
    }
    Ok(())
}
