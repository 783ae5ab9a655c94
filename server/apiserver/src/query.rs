//! The query of a request, and the request options that stand in it.

use http::Uri;
use objects::{FieldError, FieldValidation, Options, PatchKind, Propagation, Status};
use std::num::{IntErrorKind, ParseIntError};

/// The decoded query, in order.
#[derive(Clone, Debug, Default)]
pub struct Query(pub Vec<(String, String)>);

/// How long the name of a field manager may be.
const FIELD_MANAGER_MAX: usize = 128;

impl Query {
    pub fn of(uri: &Uri) -> Query {
        let parsed = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        Query(parsed.map(|q| q.0).unwrap_or_default())
    }

    /// The first value of a key; empty when it is not there.
    pub fn get(&self, key: &str) -> &str {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map_or("", |(_, v)| v.as_str())
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k == key)
    }

    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }

    /// Whether an option is set: to anything but `false` and `0`.
    pub fn flag(&self, key: &str) -> bool {
        let value = self.get(key);
        self.has(key) && !value.eq_ignore_ascii_case("false") && value != "0"
    }

    /// A whole number; `None` where the key is not there. Errors: 400 in the words of Go's parser.
    pub fn integer(&self, key: &str) -> Result<Option<i64>, Status> {
        if !self.has(key) {
            return Ok(None);
        }
        let text = self.get(key);
        text.parse().map(Some).map_err(|why: ParseIntError| {
            let why = match why.kind() {
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            let text = objects::quote::go_quote(text);
            Status::bad_request(format!("strconv.ParseInt: parsing {text}: {why}"))
        })
    }

    /// The options of a write; `kind` names them in errors: `CreateOptions`.
    pub fn write_options(&self, kind: &str) -> Result<Options, Status> {
        let mut options = self.read_options();
        let mut errors = Vec::new();
        let dry: Vec<&str> = self.all("dryRun").collect();
        options.dry_run = dry.contains(&"All");
        if dry.iter().any(|value| *value != "All") {
            errors.push(FieldError::not_supported("dryRun", dry, &["All"]));
        }
        options.field_manager = self.get("fieldManager").into();
        if options.field_manager.len() > FIELD_MANAGER_MAX {
            errors.push(FieldError::too_long("fieldManager", FIELD_MANAGER_MAX));
        }
        match FieldValidation::parse(self.get("fieldValidation")) {
            Some(validation) => options.field_validation = validation,
            None => {
                let value = self.get("fieldValidation");
                errors.push(FieldError::not_supported(
                    "fieldValidation",
                    value,
                    &["", "Ignore", "Strict", "Warn"],
                ));
            }
        }
        options.force = self.flag("force");
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(Status::invalid(&format!("{kind}.meta.k8s.io"), "", errors))
        }
    }

    /// The options of a patch: an apply names its manager, and only an apply may be forced.
    pub fn patch_options(&self, kind: PatchKind) -> Result<Options, Status> {
        let options = self.write_options("PatchOptions")?;
        let error = match kind {
            PatchKind::Apply if options.field_manager.is_empty() => {
                FieldError::required("fieldManager", "is required for apply patch")
            }
            PatchKind::Apply => return Ok(options),
            _ if self.has("force") => {
                FieldError::forbidden("force", "may not be specified for non-apply patch")
            }
            _ => return Ok(options),
        };
        let errors = vec![error];
        Err(Status::invalid("PatchOptions.meta.k8s.io", "", errors))
    }

    /// The options of a list or a watch. Errors: 400 for what should be a number and is none.
    pub fn list_options(&self) -> Result<Options, Status> {
        self.integer("timeoutSeconds")?;
        let limit = self.integer("limit")?.unwrap_or(0);
        let limit = u32::try_from(limit.max(0)).unwrap_or(u32::MAX);
        Ok(Options {
            limit,
            ..self.read_options()
        })
    }

    /// The options of a read.
    pub fn read_options(&self) -> Options {
        Options {
            label_selector: self.get("labelSelector").into(),
            field_selector: self.get("fieldSelector").into(),
            continue_token: self.get("continue").into(),
            resource_version: self.get("resourceVersion").into(),
            resource_version_match: self.get("resourceVersionMatch").into(),
            ..Options::default()
        }
    }

    /// The options of a delete: the query, and over it the members of a `DeleteOptions` body.
    pub fn delete_options(&self, body: Option<&serde_json::Value>) -> Result<Options, Status> {
        let mut options = self.write_options("DeleteOptions")?;
        options.grace_period_seconds = self.integer("gracePeriodSeconds")?;
        let mut policy = self.get("propagationPolicy").to_string();
        let mut orphan = self
            .has("orphanDependents")
            .then(|| self.flag("orphanDependents"));
        if let Some(body) = body {
            let text = |pointer: &str| {
                body.pointer(pointer)
                    .and_then(|v| v.as_str())
                    .map(str::to_string)
            };
            options.grace_period_seconds = body["gracePeriodSeconds"]
                .as_i64()
                .or(options.grace_period_seconds);
            policy = text("/propagationPolicy").unwrap_or(policy);
            orphan = body["orphanDependents"].as_bool().or(orphan);
            options.precondition_uid = text("/preconditions/uid");
            options.precondition_resource_version = text("/preconditions/resourceVersion");
            let dry = body["dryRun"]
                .as_array()
                .is_some_and(|d| d.iter().any(|v| v == "All"));
            options.dry_run |= dry;
        }
        if !policy.is_empty() && orphan.is_some() {
            let text = "orphanDependents and deletionPropagation cannot be both set";
            let error = FieldError::invalid("propagationPolicy", policy, text);
            let errors = vec![error];
            return Err(Status::invalid("DeleteOptions.meta.k8s.io", "", errors));
        }
        options.propagation = match (policy.as_str(), orphan) {
            ("", None) => None,
            ("", Some(true)) | ("Orphan", _) => Some(Propagation::Orphan),
            ("", Some(false)) | ("Background", _) => Some(Propagation::Background),
            ("Foreground", _) => Some(Propagation::Foreground),
            (other, _) => {
                let known = ["Foreground", "Background", "Orphan", "nil"];
                let error = FieldError::not_supported("propagationPolicy", other, &known);
                return Err(Status::invalid(
                    "DeleteOptions.meta.k8s.io",
                    "",
                    vec![error],
                ));
            }
        };
        Ok(options)
    }
}
