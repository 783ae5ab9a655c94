//! Kubernetes' protobuf, read by the table of fields.
