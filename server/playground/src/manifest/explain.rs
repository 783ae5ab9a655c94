//! What the field under the cursor means, as `kubectl explain` tells it.

use objects::table::{Shape, descriptions, type_of};

use super::complete::{accepted, shown};
use super::cursor::{field_at, kind_in, words};
use super::documents;
use super::place::Walk;
use crate::wire::Explanation;

/// The field that begins on `line` (from 1); `None` where no field does, or the kind has no such field.
pub fn explain(text: &str, line: u32) -> Option<Explanation> {
    let (first, document) = documents(text)
        .into_iter()
        .rfind(|(first, _)| *first < line)?;
    let lines: Vec<&str> = document.lines().collect();
    let gvk = kind_in(&lines);
    let resource = objects::by_kind(&gvk.group, &gvk.version, &gvk.kind)?;
    let mut walk = Walk::default();
    let row = (line - first - 1) as usize;
    for above in lines.iter().take(row) {
        walk.take(above);
    }
    walk.take(lines.get(row)?)?;
    let path = walk.path();
    let name = shown(&path);
    if name == "kind" {
        let of = type_of(&gvk)?;
        return Some(Explanation {
            command: format!("kubectl explain {}", resource.singular),
            shape: "Object".to_owned(),
            required: false,
            about: descriptions().of_type(of.name).into_owned(),
            values: Vec::new(),
        });
    }
    let (of, field) = field_at(&gvk, &path)?;
    let own = descriptions().of_field(of.name, field.name);
    Some(Explanation {
        command: format!("kubectl explain {}.{name}", resource.singular),
        shape: words(&field.shape),
        required: field.required,
        about: own.into_owned(),
        values: if field.shape == Shape::String {
            accepted(&gvk, &path)
        } else {
            Vec::new()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n      - name: web\n        imagePullPolicy: Always\n        oops: 1\n";

    #[test]
    fn a_field_is_explained_as_kubectl_does() {
        let told = explain(TEXT, 9).expect("a field");
        assert_eq!(
            told.command,
            "kubectl explain deployment.spec.template.spec.containers.imagePullPolicy"
        );
        assert_eq!((told.shape.as_str(), told.required), ("string", false));
        assert!(told.about.starts_with("Image pull policy."));
        assert_eq!(told.values, ["Always", "IfNotPresent", "Never"]);
        let containers = explain(TEXT, 7).expect("a list");
        assert_eq!(
            (containers.shape.as_str(), containers.required),
            ("[]Container", true)
        );
        assert_eq!(
            explain(TEXT, 2).expect("the kind").command,
            "kubectl explain deployment"
        );
        assert_eq!(explain(TEXT, 10), None);
        assert_eq!(explain("nothing", 1), None);
        assert_eq!(explain(TEXT, 99), None);
    }
}
