//! `autoindex`: what lies in a directory.

use super::exchange::Exchange;
use crate::time::MONTHS;

/// Columns of a name.
const WIDTH: usize = 50;

/// The page of the directory at `path`, directories first, each by name.
pub(super) fn page(ex: &Exchange, path: &str) -> String {
    let sys = &ex.worker.sys;
    let mut entries: Vec<_> = sys
        .readdir(path)
        .unwrap_or_default()
        .into_iter()
        .filter(|entry| !entry.name.starts_with('.'))
        .filter_map(|entry| {
            let stat = sys.stat(&format!("{path}/{}", entry.name)).ok()?;
            Some((!stat.is_dir(), entry.name, stat))
        })
        .collect();
    entries.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let title = format!("Index of {}", ex.uri);
    let mut page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1><hr><pre><a href=\"../\">../</a>\r\n"
    );
    for (is_file, name, stat) in entries {
        let name = if is_file { name } else { name + "/" };
        let shown = match name.chars().count() > WIDTH {
            true => name.chars().take(WIDTH - 3).collect::<String>() + "..&gt;",
            false => name.clone(),
        };
        let fill = " ".repeat(WIDTH.saturating_sub(name.chars().count()));
        let c = stat.mtime.civil();
        let size = if is_file {
            stat.size.to_string()
        } else {
            "-".into()
        };
        page += &format!(
            "<a href=\"{name}\">{shown}</a>{fill} {:02}-{}-{} {:02}:{:02} {size:>19}\r\n",
            c.day,
            MONTHS[c.month as usize - 1],
            c.year,
            c.hour,
            c.minute
        );
    }
    page + "</pre><hr></body>\r\n</html>\r\n"
}
