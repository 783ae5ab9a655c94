//! Lists: selectors, pages, and what a resourceVersion in the query means.

use objects::{ListAnswer, Object, Resource, Status, meta};

use super::continue_token::{self, Continue};
use super::{Call, review};

const TOO_OLD: &str = "The resourceVersion for the provided list is too old.";
const TOO_OLD_TO_CONTINUE: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without \
the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided \
token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and \
now may show up in the list.";

pub(super) fn serve(call: Call<'_>) -> Result<ListAnswer, Status> {
    if let Some(items) = review::list(&call)? {
        let resource_version = call.cluster.revision();
        return Ok(ListAnswer {
            items,
            resource_version,
            ..ListAnswer::default()
        });
    }
    let options = &call.request.options;
    let matches = super::matcher(call.resource, options)?;
    check_version(&call)?;
    let listed = call.request.namespace.as_str();
    let from = match options.continue_token.as_str() {
        "" => None,
        token => Some(continue_token::decode(token, listed)?),
    };
    let (revision, all) = snapshot(&call, from.as_ref())?;
    let after = all.into_iter().filter(|o| {
        from.as_ref()
            .is_none_or(|f| key(o) > (&f.namespace, &f.name))
    });
    let mut chosen: Vec<Object> = after.filter(|o| matches(o)).collect();
    let mut answer = ListAnswer {
        resource_version: revision,
        ..ListAnswer::default()
    };
    let limit = options.limit as usize;
    if limit > 0 && chosen.len() > limit {
        let rest = chosen.split_off(limit);
        let (namespace, name) = key(&chosen[limit - 1]);
        let at = Continue {
            revision: Some(revision),
            namespace: namespace.into(),
            name: name.into(),
        };
        answer.continue_token = continue_token::encode(&at, listed);
        let selective = !options.label_selector.is_empty() || !options.field_selector.is_empty();
        answer.remaining = (!selective).then_some(rest.len() as i64);
    }
    answer.items = chosen
        .iter()
        .map(|o| super::heartbeat::shown(call.cluster, call.stored, o))
        .map(|o| super::present(call.resource, &o))
        .collect();
    Ok(answer)
}

fn key(object: &Object) -> (&str, &str) {
    (meta::namespace(object), meta::name(object))
}

/// All objects at the revision of the first page, or now.
fn snapshot(call: &Call<'_>, from: Option<&Continue>) -> Result<(u64, Vec<Object>), Status> {
    let (resource, namespace): (&'static Resource, &str) = (call.stored, &call.request.namespace);
    let exact = call.request.options.resource_version_match == "Exact";
    let asked = match from {
        Some(at) => at.revision,
        None if exact => call.request.options.resource_version.parse().ok(),
        None => None,
    };
    let Some(revision) = asked.filter(|r| *r != call.cluster.revision()) else {
        return Ok((
            call.cluster.revision(),
            call.cluster.list(resource, namespace),
        ));
    };
    match call.cluster.list_at(resource, namespace, revision) {
        Ok(objects) => Ok((revision, objects)),
        Err(_) => {
            let Some(at) = from else {
                return Err(Status::expired(TOO_OLD));
            };
            let mut status = Status::expired(TOO_OLD_TO_CONTINUE);
            let at = Continue {
                revision: None,
                ..at.clone()
            };
            status.metadata.get_or_insert_default().continue_token =
                continue_token::encode(&at, namespace);
            Err(status)
        }
    }
}

/// Whether the resourceVersion of a read can be read, and is none of the future.
pub(super) fn check_version(call: &Call<'_>) -> Result<(), Status> {
    let options = &call.request.options;
    let text = options.resource_version.as_str();
    if text.is_empty() {
        return Ok(());
    }
    if !options.continue_token.is_empty() && text != "0" {
        return Err(Status::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let Ok(asked) = text.parse::<u64>() else {
        let why = format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        );
        return Err(Status::bad_request(format!(
            "invalid resource version: {why}"
        )));
    };
    let current = call.cluster.revision();
    if asked > current {
        return Err(Status::too_large_resource_version(asked, current));
    }
    Ok(())
}
