//! Kubernetes objects as data: kinds and fields, decoding, strictness, defaults, validation, selectors, quantities, patches,
//! managed fields, errors. It does no I/O, reads no clock and knows no cluster.
//!
//! An object is JSON (`Object`, shared); what its fields mean stands in one generated table (`table`) that decoding, patches and
//! OpenAPI read. Mirrors the API machinery of Kubernetes 1.36.

pub mod decode;
pub mod defaults;
pub mod duration;
pub mod json;
pub mod meta;
pub mod names;
pub mod patch;
pub mod protobuf;
pub mod quantity;
pub mod quote;
pub mod request;
pub mod resource;
pub mod selector;
pub mod status;
pub mod table;
pub mod time;
pub mod validate;
pub mod yaml;

pub use decode::decode;
pub use defaults::apply_defaults;
pub use quantity::Quantity;
pub use request::{
    Answer, Body, FieldValidation, ListAnswer, Object, Options, PatchKind, Propagation, Request,
    UserInfo, Verb,
};
pub use resource::{Gvk, Resource, Subresource, by_kind, by_path, resources};
pub use status::{FieldError, FieldErrorKind, GroupResource, Status, StatusCause, StatusDetails};
pub use validate::validate;
pub use yaml::encode_yaml;
