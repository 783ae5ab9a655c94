//! Which form of an answer a client accepts.

use objects::Status;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Yaml,
    /// JSON, as a `Table` of this version of meta.k8s.io.
    Table(&'static str),
    /// JSON, as `PartialObjectMetadata`, of lists `PartialObjectMetadataList`.
    Partial,
}

/// One item of an Accept header.
struct Item<'a> {
    media: &'a str,
    params: Vec<(&'a str, &'a str)>,
}

impl Item<'_> {
    fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(k, _)| *k == name)
            .map_or("", |(_, v)| v)
    }
}

fn items(accept: &str) -> impl Iterator<Item = Item<'_>> {
    accept.split(',').map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        Item {
            media,
            params: parts.filter_map(|p| p.split_once('=')).collect(),
        }
    })
}

/// The first form of the Accept header that can be served. Errors: 406.
pub fn form(accept: &str) -> Result<Form, Status> {
    if accept.trim().is_empty() {
        return Ok(Form::Json);
    }
    items(accept)
        .find_map(|item| of_item(&item))
        .ok_or_else(|| {
            let known = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
            let text = format!("406: Not Acceptable\n\nAvailable representations: {known}");
            let mut status = Status::not_acceptable(text);
            // Written as an empty object, as by the API server.
            status.details_mut();
            status
        })
}

fn of_item(item: &Item<'_>) -> Option<Form> {
    match item.media {
        "application/json" | "application/*" | "*/*" => {
            let version = match item.param("v") {
                "v1" => "v1",
                "v1beta1" => "v1beta1",
                _ => "",
            };
            match (item.param("as"), item.param("g")) {
                ("", _) => Some(Form::Json),
                ("Table", "meta.k8s.io") if !version.is_empty() => Some(Form::Table(version)),
                ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io")
                    if !version.is_empty() =>
                {
                    Some(Form::Partial)
                }
                _ => None,
            }
        }
        "application/yaml" if item.param("as").is_empty() => Some(Form::Yaml),
        _ => None,
    }
}

/// The version of aggregated discovery that a client wants: `v2`, `v2beta1`, or none for the plain documents.
pub fn aggregated(accept: &str) -> Option<&'static str> {
    for item in items(accept) {
        let discovery =
            item.param("as") == "APIGroupDiscoveryList" && item.param("g") == "apidiscovery.k8s.io";
        match (item.media, discovery, item.param("v")) {
            ("application/json", true, "v2") => return Some("v2"),
            ("application/json", true, "v2beta1") => return Some("v2beta1"),
            ("application/json" | "*/*" | "application/*", false, _)
                if item.param("as").is_empty() =>
            {
                return None;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_that_can_be_served() {
        let check =
            |accept: &str, want: Form| assert_eq!(form(accept).ok(), Some(want), "{accept}");
        check("", Form::Json);
        check("*/*", Form::Json);
        check(
            "application/vnd.kubernetes.protobuf,application/json",
            Form::Json,
        );
        check("application/yaml", Form::Yaml);
        check(
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
            Form::Table("v1"),
        );
        check(
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            Form::Partial,
        );
        assert_eq!(form("application/xml").map_err(|s| s.code()), Err(406));
    }

    #[test]
    fn discovery_of_old_and_new_clients() {
        let new = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        assert_eq!(aggregated(new), Some("v2"));
        assert_eq!(
            aggregated(
                "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
            ),
            Some("v2beta1")
        );
        assert_eq!(aggregated("application/json"), None);
    }
}
