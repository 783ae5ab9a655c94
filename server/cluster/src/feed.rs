//! How the control plane follows the store: a feed gives the changes of some resources since it was last asked, and waits for more.
//!
//! Mirrors client-go's informers, without their caches: the store is at hand. Each change goes into the inboxes of those whom it
//! concerns, and wakes nobody else: of a pod hears the kubelet of its node, not fifty.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use machine::sync::Notify;
use objects::{Resource, meta};

use crate::cluster::{Cluster, pods, resource};
use crate::store::{Change, ChangeKind, HISTORY};
use crate::view;

/// Resources by group and plural name.
pub(crate) type Resources = &'static [(&'static str, &'static str)];

/// Everybody who follows the store, in the order in which they began.
#[derive(Default)]
pub(crate) struct Followers(RefCell<Vec<Weak<Inbox>>>);

/// What waits for one follower.
struct Inbox {
    resources: Vec<&'static Resource>,
    /// Only pods that are bound to this node concern it.
    node: Option<String>,
    waiting: RefCell<Vec<Change>>,
    /// What waits is not all: the follower begins anew with everything there is.
    begins: Cell<bool>,
    bell: Notify,
}

/// A place in the stream of changes.
pub(crate) struct Feed {
    cluster: Cluster,
    inbox: Rc<Inbox>,
}

impl Followers {
    /// Hands a change to those whom it concerns, and wakes them.
    pub(crate) fn tell(&self, change: &Change) {
        let about = About::of(change);
        self.0.borrow_mut().retain(|follower| {
            let inbox = follower.upgrade();
            inbox
                .inspect(|inbox| inbox.take_in(change, &about))
                .is_some()
        });
    }

    fn add(&self, inbox: &Rc<Inbox>) {
        self.0.borrow_mut().push(Rc::downgrade(inbox));
    }
}

/// What of a change decides whom it concerns, found out once for all followers.
struct About<'a> {
    resource: &'static Resource,
    /// Of a pod: the node that it is bound to, empty for none.
    node: Option<&'a str>,
}

impl<'a> About<'a> {
    fn of(change: &'a Change) -> About<'a> {
        let resource = resource(change.resource.group, change.resource.plural);
        let is_pod = std::ptr::eq(resource, pods());
        About {
            resource,
            node: is_pod.then(|| view::text(&change.object, &["spec", "nodeName"])),
        }
    }
}

impl Inbox {
    fn take_in(&self, change: &Change, about: &About<'_>) {
        if !self.wants(about) {
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        // As with a watch that is too far behind: it lists again.
        if waiting.len() == HISTORY {
            waiting.clear();
            self.begins.set(true);
        }
        if !self.begins.get() {
            waiting.push(change.clone());
        }
        self.bell.notify();
    }

    fn wants(&self, about: &About<'_>) -> bool {
        let near = match (&self.node, about.node) {
            (Some(own), Some(node)) => own == node,
            _ => true,
        };
        near && self
            .resources
            .iter()
            .any(|r| std::ptr::eq(*r, about.resource))
    }
}

impl Feed {
    /// A feed of some resources that begins with everything there is when it is first asked.
    pub(crate) fn new(cluster: &Cluster, resources: Resources) -> Self {
        Feed::of(cluster, resources, None, true)
    }

    /// As `new`, where of all pods only those of a node matter.
    pub(crate) fn near(cluster: &Cluster, resources: Resources, node: &str) -> Self {
        Feed::of(cluster, resources, Some(node.to_string()), true)
    }

    /// As `near`, of what changes from now on.
    pub(crate) fn near_after_now(cluster: &Cluster, resources: Resources, node: &str) -> Self {
        Feed::of(cluster, resources, Some(node.to_string()), false)
    }

    fn of(cluster: &Cluster, resources: Resources, node: Option<String>, begins: bool) -> Self {
        let inbox = Rc::new(Inbox {
            resources: resources.iter().map(|(g, p)| resource(g, p)).collect(),
            node,
            waiting: RefCell::default(),
            begins: Cell::new(begins),
            bell: Notify::new(),
        });
        cluster.followers().add(&inbox);
        Feed {
            cluster: cluster.clone(),
            inbox,
        }
    }

    /// Waits until something has changed, and answers all of it, oldest first.
    pub(crate) async fn next(&mut self) -> Vec<Change> {
        loop {
            let rung = self.inbox.bell.notified();
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
            rung.await;
        }
    }

    /// What has changed, without waiting.
    fn take(&mut self) -> Vec<Change> {
        let waiting = self.inbox.waiting.take();
        if self.inbox.begins.replace(false) {
            self.everything()
        } else {
            waiting
        }
    }

    fn everything(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for resource in self.inbox.resources.iter().copied() {
            for object in self.cluster.list(resource, "") {
                let revision = meta::resource_version(&object).parse().unwrap_or(0);
                changes.push(Change {
                    revision,
                    kind: ChangeKind::Added,
                    resource,
                    object,
                    old: None,
                });
            }
        }
        changes.retain(|change| self.inbox.wants(&About::of(change)));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClusterSpec;
    use machine::Executor;
    use serde_json::{Value, json};

    const FOLLOWED: Resources = &[("", "pods"), ("", "configmaps")];

    fn cluster() -> Cluster {
        let spec = ClusterSpec::default();
        let executor = Executor::new(spec.start);
        Cluster::control_plane(spec, executor, None)
    }

    fn put(cluster: &Cluster, plural: &str, name: &str, spec: Value) {
        let metadata = json!({"namespace": "default", "name": name});
        let object = json!({"metadata": metadata, "spec": spec});
        cluster.put(resource("", plural), object);
    }

    fn names(feed: &mut Feed) -> Vec<String> {
        let changes = feed.take();
        changes
            .iter()
            .map(|c| meta::name(&c.object).to_string())
            .collect()
    }

    #[test]
    fn of_pods_one_hears_of_those_nearby() {
        let cluster = cluster();
        let mut feed = Feed::near_after_now(&cluster, FOLLOWED, "node-1");
        put(&cluster, "pods", "here", json!({"nodeName": "node-1"}));
        put(&cluster, "pods", "there", json!({"nodeName": "node-2"}));
        put(&cluster, "pods", "nowhere", json!({}));
        put(&cluster, "configmaps", "settings", json!({}));
        put(&cluster, "services", "web", json!({}));
        assert_eq!(names(&mut feed), ["here", "settings"]);
        assert!(names(&mut feed).is_empty());
        let begins = Feed::near(&cluster, &[("", "pods")], "node-2").take();
        assert_eq!(begins.len(), 1);
        assert_eq!(meta::name(&begins[0].object), "there");
        cluster.close();
    }

    #[test]
    fn who_is_too_far_behind_begins_anew() {
        let cluster = cluster();
        let mut feed = Feed::of(&cluster, &[("", "pods")], None, false);
        for n in 0..HISTORY + 10 {
            put(&cluster, "pods", "one", json!({"n": n}));
        }
        let changes = feed.take();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].object["spec"]["n"], HISTORY + 9);
        put(&cluster, "pods", "two", json!({}));
        assert_eq!(names(&mut feed), ["two"]);
        cluster.close();
    }

    #[test]
    fn who_left_is_told_nothing() {
        let cluster = cluster();
        let before = cluster.followers().0.borrow().len();
        drop(Feed::new(&cluster, FOLLOWED));
        put(&cluster, "pods", "one", json!({}));
        assert_eq!(cluster.followers().0.borrow().len(), before);
        cluster.close();
    }
}
