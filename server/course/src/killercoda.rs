//! The suffixes by which a Killercoda text says that code can be run or copied: `` `ls`{{exec}} ``, `` `ls`{{copy}} ``, and the
//! same behind the fence that closes a block. They are read in every lesson, so that an imported text needs no other hand.

/// What stands behind a piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    /// It is run with one click.
    Exec,
    /// It is shown and copied.
    Copy,
}

/// A suffix at the beginning of `text`, and what follows it. `{{exec interrupt}}` is an `{{exec}}`.
pub fn suffix(text: &str) -> Option<(Suffix, &str)> {
    let (inside, rest) = text.strip_prefix("{{")?.split_once("}}")?;
    match inside.split_whitespace().next()? {
        "exec" | "execute" => Some((Suffix::Exec, rest)),
        "copy" => Some((Suffix::Copy, rest)),
        _ => None,
    }
}

/// Puts what stands behind a closing fence where CommonMark looks for it: behind the opening one. The number of lines stays.
pub fn fences(lines: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut open = None;
    for line in lines {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, open) {
            (None, _) => out.push((*line).to_owned()),
            (Some(_), None) => {
                open = Some(out.len());
                out.push((*line).to_owned());
            }
            (Some(behind), Some(at)) => {
                open = None;
                match suffix(behind.trim()) {
                    Some((kind, "")) => {
                        out[at] = opening(&out[at], kind);
                        out.push(line.replace(behind, ""));
                    }
                    _ => out.push((*line).to_owned()),
                }
            }
        }
    }
    out
}

/// The opening fence of a block that is run or copied: a language, and `run`.
fn opening(fence: &str, kind: Suffix) -> String {
    let (ticks, language) = fence.split_at(fence.rfind('`').map_or(0, |at| at + 1));
    let language = match language.trim() {
        "" | "plain" | "bash" | "shell" => "sh",
        other => other,
    };
    let run = if kind == Suffix::Exec { " run" } else { "" };
    format!("{ticks}{language}{run}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_read() {
        assert_eq!(suffix("{{exec}} now"), Some((Suffix::Exec, " now")));
        assert_eq!(suffix("{{exec interrupt}}"), Some((Suffix::Exec, "")));
        assert_eq!(suffix("{{copy}}"), Some((Suffix::Copy, "")));
        assert_eq!(suffix("{{TRAFFIC_HOST1_80}}"), None);
        assert_eq!(suffix("{{"), None);
    }

    #[test]
    fn what_closes_a_block_is_said_where_it_opens() {
        let lines = [
            "```plain",
            "ls",
            "```{{exec}}",
            "x",
            "```yaml",
            "a: b",
            "```{{copy}}",
            "```",
            "c",
            "```",
        ];
        let told = fences(&lines);
        assert_eq!(
            told,
            [
                "```sh run",
                "ls",
                "```",
                "x",
                "```yaml",
                "a: b",
                "```",
                "```",
                "c",
                "```"
            ]
        );
    }
}
