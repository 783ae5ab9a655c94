//! The files of a configuration, with what they include.

use super::syntax::{Node, parse};
use crate::errno::Errno;
use crate::executor::LocalFuture;
use crate::programs::nginx::answer::numbered;
use crate::shell::pattern;
use crate::sys::Sys;

/// Files that one configuration may have.
const MOST: usize = 1000;

/// What `-g` says.
pub(super) fn said(directives: &str) -> Vec<Node> {
    if directives.is_empty() {
        return Vec::new();
    }
    parse("", directives)
}

/// A file with all that it includes. Errors: it cannot be opened.
pub(super) async fn load(sys: &Sys, path: &str) -> Result<Vec<Node>, String> {
    let text = open(sys, path).await?;
    let mut nodes = parse(path, &text);
    let mut left = MOST;
    expand(sys, &mut nodes, &mut left).await;
    Ok(nodes)
}

async fn open(sys: &Sys, path: &str) -> Result<String, String> {
    match sys.read_file(path).await {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(unopened(path, error)),
    }
}

fn unopened(path: &str, error: Errno) -> String {
    format!("open() \"{path}\" failed ({})", numbered(error))
}

fn expand<'a>(sys: &'a Sys, nodes: &'a mut [Node], left: &'a mut usize) -> LocalFuture<'a, ()> {
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
                    if *left == 0 {
                        let what = format!("too many open files{place}");
                        all.push(Node::Broken(what));
                        break;
                    }
                    *left -= 1;
                    match open(sys, &path).await {
                        Ok(text) => all.extend(parse(&path, &text)),
                        Err(what) => all.push(Node::Broken(format!("{what}{place}"))),
                    }
                }
                expand(sys, &mut all, left).await;
                *node = Node::Included(all);
            } else if let Some(block) = &mut directive.block {
                expand(sys, block, left).await;
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
