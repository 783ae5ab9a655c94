//! The path of a pod: scheduled, pulled, running, logs, exec, deleted with grace.
