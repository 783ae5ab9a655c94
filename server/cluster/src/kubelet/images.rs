//! Getting the image of a container onto the node: policy, back-off, events.
//!
//! Mirrors the kubelet's `images/image_manager.go`.

use machine::cri::{ImageStatus, PullError};
use objects::{Object, duration};
use serde_json::Value;

use super::worker::Worker;
use super::{Agent, start::Trouble};
use crate::events::Kind;
use crate::view;

/// A duration as Go prints it, cut to milliseconds.
fn shown(nanos: i64) -> String {
    duration::go(nanos / 1_000_000 * 1_000_000)
}

/// Makes sure that the image is there. The error is the reason and message of the waiting container.
pub(super) async fn ensure(
    agent: &Agent,
    worker: &Worker,
    pod: &Object,
    container: &Value,
) -> Result<ImageStatus, Trouble> {
    let image = view::text(container, &["image"]);
    let present = match agent.runtime.image_status(image) {
        Ok(present) => present,
        Err(error) => {
            let text = error.to_string();
            agent.warning(pod, container, "InspectFailed", &text);
            return Err(Trouble::new("InvalidImageName", text));
        }
    };
    match (view::text(container, &["imagePullPolicy"]), present) {
        ("Never", None) => {
            let text =
                format!("Container image {image:?} is not present with pull policy of Never");
            agent.warning(pod, container, "ErrImageNeverPull", &text);
            Err(Trouble::new("ErrImageNeverPull", text))
        }
        ("IfNotPresent" | "Never", Some(status)) => {
            let tail = if agent.cluster.spec().minor() >= 35 {
                " and can be accessed by the pod"
            } else {
                ""
            };
            agent.normal(
                pod,
                container,
                "Pulled",
                &format!("Container image {image:?} already present on machine{tail}"),
            );
            Ok(status)
        }
        _ => pull(agent, worker, pod, container, image).await,
    }
}

async fn pull(
    agent: &Agent,
    worker: &Worker,
    pod: &Object,
    container: &Value,
    image: &str,
) -> Result<ImageStatus, Trouble> {
    let key = image.to_string();
    let failed = worker.state.borrow().pull_failures.get(&key).cloned();
    if let Some((since, error)) = failed
        && worker
            .state
            .borrow()
            .pull_back_off
            .waiting(&key, since, agent.now())
            .is_some()
    {
        let text = format!("Back-off pulling image {image:?}");
        agent.tell_of(pod, container, Kind::Normal, "BackOff", &text);
        return Err(Trouble::new(
            "ImagePullBackOff",
            format!("{text}: ErrImagePull: {error}"),
        ));
    }
    agent.normal(
        pod,
        container,
        "Pulling",
        &format!("Pulling image {image:?}"),
    );
    let queued = agent.now();
    let turn = agent.pull_turn().await;
    let begun = agent.now();
    let pulled = agent.runtime.pull_image(image).await;
    drop(turn);
    match pulled {
        Ok(status) => {
            let (took, with_wait) = (
                shown(agent.now().0 - begun.0),
                shown(agent.now().0 - queued.0),
            );
            let text = format!(
                "Successfully pulled image {image:?} in {took} ({with_wait} including waiting). Image size: {} bytes.",
                status.size_bytes
            );
            agent.normal(pod, container, "Pulled", &text);
            let mut state = worker.state.borrow_mut();
            state.pull_back_off.reset(&key);
            state.pull_failures.remove(&key);
            Ok(status)
        }
        Err(PullError::InvalidName(text)) => {
            agent.warning(pod, container, "InspectFailed", &text);
            Err(Trouble::new("InvalidImageName", text))
        }
        Err(error) => {
            let text = error.to_string();
            agent.warning(
                pod,
                container,
                "Failed",
                &format!("Failed to pull image {image:?}: {text}"),
            );
            let now = agent.now();
            let mut state = worker.state.borrow_mut();
            state.pull_back_off.next(&key, now, now);
            state.pull_failures.insert(key, (now, text.clone()));
            Err(Trouble::new("ErrImagePull", text))
        }
    }
}
