//! Where a cursor stands in a manifest: in which document, of which kind, below which field, and whether a name or a value is written there.

use objects::Gvk;
use objects::table::{Field, Shape, Type, type_of};

use super::documents;
use super::place::{Part, Walk};

/// What is being written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// The name of a field, or an item of a list of plain values.
    Name,
    /// The value of this field.
    Value(String),
}

#[derive(Debug)]
pub(super) struct Cursor {
    /// The text of the document, without the cursor's line.
    pub others: String,
    pub gvk: Gvk,
    /// The path to what the slot is in.
    pub parent: Vec<Part>,
    pub slot: Slot,
    /// Characters before the word that is being written.
    pub from: usize,
    /// Indentation of the line's field.
    pub indent: usize,
}

/// Reads where the cursor is: `line` from 1, `column` the number of characters before it. `None` in comments and blocks of text.
pub(super) fn at(text: &str, line: u32, column: u32) -> Option<Cursor> {
    let (first, document) = documents(text)
        .into_iter()
        .rfind(|(first, _)| *first < line)?;
    let lines: Vec<&str> = document.lines().collect();
    let row = (line - first - 1) as usize;
    let mut walk = Walk::default();
    for above in lines.iter().take(row) {
        walk.take(above);
    }
    let before: String = lines
        .get(row)
        .copied()
        .unwrap_or_default()
        .chars()
        .take(column as usize)
        .collect();
    let margin = before.len() - before.trim_start().len();
    if before.trim_start().starts_with('#') || walk.is_text(margin) {
        return None;
    }
    let (indent, rest) = walk.enter(&before).unwrap_or((margin, ""));
    // Between a dash and the field behind it nothing is left, on other lines what stands further in or beside.
    walk.leave(indent);
    let (slot, word) = match rest.split_once(": ") {
        Some((name, value)) => (
            Slot::Value(name.trim_matches(['"', '\'']).to_owned()),
            value.trim_start(),
        ),
        None if rest.ends_with(':') => return None,
        None => (Slot::Name, rest),
    };
    let kept = lines
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != row);
    Some(Cursor {
        gvk: kind_in(&lines),
        others: kept.map(|(_, line)| format!("{line}\n")).collect(),
        parent: walk.path(),
        slot,
        from: before.chars().count() - word.chars().count(),
        indent,
    })
}

/// The kind that a document says, even where the rest of it cannot be read.
pub(super) fn kind_in(lines: &[&str]) -> Gvk {
    let word = |name: &str| {
        let mut said = lines.iter().filter_map(|line| line.strip_prefix(name));
        said.next()
            .unwrap_or_default()
            .trim()
            .trim_matches(['"', '\''])
            .to_owned()
    };
    Gvk::from_api_version(&word("apiVersion:"), &word("kind:"))
}

/// What a path leads to.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Type(&'static Type),
    Shape(&'static Shape),
}

impl Place {
    /// The fields that may stand there.
    pub fn fields(self) -> Option<&'static Type> {
        match self {
            Place::Type(of) => Some(of),
            Place::Shape(Shape::Struct(id)) => Some(id.get()),
            Place::Shape(_) => None,
        }
    }
}

/// Follows a path from the root of a kind; `None` where the kind has no such field.
pub(super) fn follow(gvk: &Gvk, path: &[Part]) -> Option<Place> {
    let mut at = Place::Type(type_of(gvk)?);
    for part in path {
        at = match (at, part) {
            (Place::Shape(Shape::List(inner)), Part::Item(_)) => Place::Shape(inner),
            (Place::Shape(Shape::Map(inner)), Part::Name(_)) => Place::Shape(inner),
            (_, Part::Name(name)) => Place::Shape(&at.fields()?.field(name)?.shape),
            (_, Part::Item(_)) => return None,
        };
    }
    Some(at)
}

/// The field that a path ends with, and the type that it belongs to.
pub(super) fn field_at(gvk: &Gvk, path: &[Part]) -> Option<(&'static Type, &'static Field)> {
    let (Part::Name(name), parent) = path.split_last()? else {
        return None;
    };
    let of = follow(gvk, parent)?.fields()?;
    Some((of, of.field(name)?))
}

/// A shape in the words of `kubectl explain`.
pub(super) fn words(shape: &Shape) -> String {
    match shape {
        Shape::String | Shape::Bytes => "string".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::Int32 | Shape::Int64 => "integer".to_owned(),
        Shape::Double => "number".to_owned(),
        Shape::Json => "Object".to_owned(),
        Shape::Quantity | Shape::Time | Shape::MicroTime | Shape::Duration | Shape::IntOrString => {
            format!("{shape:?}")
        }
        Shape::Struct(id) => id.get().short_name().to_owned(),
        Shape::List(inner) => format!("[]{}", words(inner)),
        Shape::Map(inner) => format!("map[string]{}", words(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::parts;
    use super::*;

    /// `|` is the cursor.
    fn check(text: &str, parent: &str, slot: Slot) {
        let before = &text[..text.find('|').expect("a cursor")];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().len() as u32;
        let found = at(&text.replacen('|', "", 1), line, column).expect(text);
        assert_eq!((found.parent, found.slot), (parts(parent), slot), "{text}");
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: web\n    ports:\n    - containerPort: 80\n";

    #[test]
    fn a_cursor_knows_its_path() {
        check("|", "", Slot::Name);
        check(&format!("{POD}  |"), "spec", Slot::Name);
        check(&format!("{POD}    im|"), "spec.containers[0]", Slot::Name);
        check(&format!("{POD}  - |"), "spec.containers[1]", Slot::Name);
        check(
            &format!("{POD}      pro|"),
            "spec.containers[0].ports[0]",
            Slot::Name,
        );
        check(
            &format!("{POD}  restartPolicy: |"),
            "spec",
            Slot::Value("restartPolicy".into()),
        );
        check(
            &format!("{POD}  - name: a|b"),
            "spec.containers[1]",
            Slot::Value("name".into()),
        );
        check(
            &format!("{POD}---\n{POD}    |"),
            "spec.containers[0]",
            Slot::Name,
        );
        assert!(at("# a", 1, 3).is_none());
        assert!(at("data:\n  a: |\n    text\n", 3, 6).is_none());
    }
}
