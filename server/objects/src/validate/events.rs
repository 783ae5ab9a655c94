//! Events. Mirrors `pkg/apis/core/validation/events.go` for those of core/v1.

use super::{At, Errors};
use crate::{FieldError, names};

/// Letters in names of who reported, what was done and why.
const WORD_MAX: usize = 128;
/// Letters in the message.
const NOTE_MAX: usize = 1024;

pub(super) fn validate(at: &At<'_>, errors: &mut Errors) {
    let own = at.get("metadata").get("namespace").text();
    let namespace = at.get("involvedObject").get("namespace");
    let differs = || {
        let text = "does not match event.namespace";
        FieldError::invalid(&namespace.path, namespace.text(), text)
    };
    if at.get("eventTime").is_empty() {
        let fits = match namespace.text() {
            "" => matches!(own, "" | "default"),
            named => named == own,
        };
        if !fits {
            errors.push(differs());
        }
        return;
    }
    if namespace.is_empty() && !matches!(own, "default" | "kube-system") {
        errors.push(differs());
    }
    let controller = at.get("reportingComponent");
    if controller.is_empty() {
        errors.push(controller.required(""));
    }
    controller.check(names::qualified_name, errors);
    for key in ["reportingInstance", "action", "reason"] {
        let word = at.get(key);
        if word.is_empty() {
            errors.push(word.required(""));
        } else if word.text().len() > WORD_MAX {
            errors.push(too_long(&word, WORD_MAX));
        }
    }
    let message = at.get("message");
    if message.text().len() > NOTE_MAX {
        errors.push(too_long(&message, NOTE_MAX));
    }
}

fn too_long(at: &At<'_>, max: usize) -> FieldError {
    FieldError::invalid(&at.path, "", format!("can have at most {max} characters"))
}
