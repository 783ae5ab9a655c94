//! Reads the protobuf field numbers out of the sources of a crate of generated messages.

use std::collections::BTreeMap;
use std::path::Path;

/// One field of a message: its name without underscores in lower case, its number, and the message it holds, if it holds one.
struct Field {
    name: String,
    number: String,
    message: Option<String>,
}

/// Message (`core/v1.Pod`) → fields in the order of the source, which is that of the Go struct.
pub struct Numbers(BTreeMap<String, Vec<Field>>);

/// Reads all messages below a folder.
pub fn read(sources: &Path) -> Result<Numbers, String> {
    let mut all = BTreeMap::new();
    walk(sources, &mut all)?;
    if all.is_empty() {
        Err(format!("{}: no messages", sources.display()))
    } else {
        Ok(Numbers(all))
    }
}

fn walk(folder: &Path, all: &mut BTreeMap<String, Vec<Field>>) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.is_dir() {
            walk(&path, all)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
            let parts: Vec<_> = path
                .parent()
                .into_iter()
                .flat_map(Path::iter)
                .filter_map(|p| p.to_str())
                .collect();
            if let [.., group, version] = parts[..] {
                read_messages(&format!("{group}/{version}"), &text, all);
            }
        }
    }
    Ok(())
}

fn read_messages(package: &str, text: &str, all: &mut BTreeMap<String, Vec<Field>>) {
    let mut message: Option<String> = None;
    let mut tag: Option<(String, bool)> = None;
    // generated types may run over several lines: join them up to the comma that ends the field
    let mut pending = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("pub struct ") {
            let name = name.trim_end_matches([' ', '{', ';', '}']);
            let key = format!("{package}.{}", plain(name));
            all.entry(key.clone()).or_default();
            message = Some(key);
        } else if line.starts_with("#[prost(") {
            let number = line
                .split("tag = \"")
                .nth(1)
                .and_then(|r| r.split('"').next());
            tag = number.map(|n| (n.to_string(), line.contains("message")));
        } else if line == "}" {
            message = None;
        } else if tag.is_some() && (line.starts_with("pub ") || !pending.is_empty()) {
            pending.push_str(line);
            if !line.ends_with(',')
                || line.ends_with("String,")
                    && pending.matches('<').count() > pending.matches('>').count()
            {
                continue;
            }
            if let (Some(message), Some((number, is_message))) = (&message, tag.take()) {
                let field = std::mem::take(&mut pending);
                if let Some(fields) = all.get_mut(message) {
                    fields.push(read_field(package, &field, number, is_message));
                }
            }
        }
    }
}

fn read_field(package: &str, text: &str, number: String, is_message: bool) -> Field {
    let text = text.trim_start_matches("pub ").trim_start_matches("r#");
    let (name, kind) = text.split_once(':').unwrap_or((text, ""));
    let inner = kind
        .split('<')
        .nth(1)
        .unwrap_or(kind)
        .trim_end_matches([',', '>']);
    let last = inner.rsplit("::").next().unwrap_or_default();
    let message = (is_message && !last.is_empty()).then(|| format!("{package}.{}", plain(last)));
    Field {
        name: plain(name),
        number,
        message,
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

impl Numbers {
    /// Position and number of a field; a field of a nested message that JSON inlines has a path (`2.5`). Unknown ones are last, with 0.
    pub fn find(&self, message: &str, field: &str) -> (usize, String) {
        let wanted = plain(field);
        let (package, name) = message.split_once('.').unwrap_or(("", message));
        let Some(fields) = self.0.get(&format!("{package}.{}", plain(name))) else {
            return (usize::MAX, "0".into());
        };
        if let Some(at) = fields.iter().position(|f| f.name == wanted) {
            return (at * 1000, fields[at].number.clone());
        }
        for (at, outer) in fields
            .iter()
            .enumerate()
            .filter(|(_, f)| is_inlined(&f.name))
        {
            let inner = outer.message.as_ref().map(|m| self.find(m, field));
            if let Some((position, number)) = inner.filter(|(p, _)| *p != usize::MAX) {
                return (
                    at * 1000 + position / 1000 + 1,
                    format!("{}.{number}", outer.number),
                );
            }
        }
        (usize::MAX, "0".into())
    }
}

fn is_inlined(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "volumesource",
        "persistentvolumesource",
        "handler",
        "ephemeralcontainercommon",
        "ingressrulevalue",
        "localobjectreference",
        "rulewithoperations",
        "rule",
        "deviceconfiguration",
    ];
    NAMES.contains(&name)
}
