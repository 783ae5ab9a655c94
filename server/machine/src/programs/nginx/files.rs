//! The files of a configuration, with what they include.

use super::syntax::{Node, parse};
use crate::errno::Errno;
use crate::executor::LocalFuture;
use crate::programs::nginx::answer::numbered;
use crate::shell::pattern;
use crate::sys::Sys;

/// Bytes that a configuration may have with all that it includes.
const BYTES_MAX: usize = 4 << 20;

/// What a file counts beside its bytes.
const FILE_BYTES: usize = 4096;

/// Files in files; each holds its own open while it includes another.
const DEPTH: usize = 64;

/// What `-g` says.
pub(super) fn said(directives: &str) -> Vec<Node> {
    if directives.is_empty() {
        return Vec::new();
    }
    parse("", directives)
}

/// A file with all that it includes. Errors: it cannot be opened.
pub(super) async fn load(sys: &Sys, path: &str) -> Result<Vec<Node>, String> {
    let mut left = BYTES_MAX;
    let text = open(sys, path, &mut left).await?;
    let mut nodes = parse(path, &text);
    expand(sys, &mut nodes, &mut left, DEPTH).await;
    Ok(nodes)
}

/// A file's text. `left`: bytes that may still be read; when they are used up it says what nginx says when it has no descriptor left.
async fn open(sys: &Sys, path: &str, left: &mut usize) -> Result<String, String> {
    let size = sys.stat(path).map_or(0, |stat| stat.size as usize);
    let bytes = match left.checked_sub(size.saturating_add(FILE_BYTES)) {
        Some(rest) => {
            *left = rest;
            sys.read_file(path).await
        }
        None => Err(Errno::EMFILE),
    };
    let unopened = |error| format!("open() \"{path}\" failed ({})", numbered(error));
    let bytes = bytes.map_err(unopened)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `deeper`: how many files in files there may still be.
fn expand<'a>(
    sys: &'a Sys,
    nodes: &'a mut [Node],
    left: &'a mut usize,
    deeper: usize,
) -> LocalFuture<'a, ()> {
    Box::pin(async move {
        for node in nodes {
            let Node::Directive(directive) = node else {
                continue;
            };
            if directive.name == "include" && directive.args.len() == 1 && directive.block.is_none()
            {
                let place = directive.place.clone();
                let mut all = Vec::new();
                for path in paths(sys, &directive.args[0]) {
                    // the first fault ends it all, so nothing more needs to be read
                    if deeper == 0 {
                        *left = 0;
                    }
                    match open(sys, &path, left).await {
                        Ok(text) => all.extend(parse(&path, &text)),
                        Err(what) => all.push(Node::Broken(format!("{what}{place}"))),
                    }
                }
                expand(sys, &mut all, left, deeper.saturating_sub(1)).await;
                *node = Node::Included(all);
            } else if let Some(block) = &mut directive.block {
                expand(sys, block, left, deeper).await;
            }
        }
    })
}

/// The files that a name means: with `*` those that are there, else the one.
fn paths(sys: &Sys, name: &str) -> Vec<String> {
    let name = match name.starts_with('/') {
        true => name.to_owned(),
        false => format!("/etc/nginx/{name}"),
    };
    if !name.contains(['*', '?', '[']) {
        return vec![name];
    }
    let list = |path: &str| {
        let entries = sys.readdir(path).unwrap_or_default();
        entries.into_iter().map(|entry| entry.name).collect()
    };
    pattern::glob(&name, &list, &|path| sys.lstat(path).is_ok())
}
