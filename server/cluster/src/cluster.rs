//! One cluster: its store, its clock, its nodes and the tasks that are its control plane. The doors of the room are here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::LazyLock;

use machine::executor::{Executor, Task};
use machine::vfs::Volume;
use machine::{Chance, Duration, Kernel, Time};
use objects::selector::{FieldSelector, LabelSelector};
use objects::{Answer, ListAnswer, Object, Options, Request, Resource, Status, Verb, meta};
use serde_json::Value;

use crate::events::Recorder;
use crate::faults::Standing;
use crate::feed::Followers;
use crate::findings::Findings;
use crate::kubelet::Kubelet;
use crate::kubelet::back_off::BackOff;
use crate::spec::ClusterSpec;
use crate::store::{Change, Expired, Store};
use crate::{api, bootstrap, controllers, network, scheduler, view};

/// A predicate over stored objects.
pub type Matcher = Box<dyn Fn(&Value) -> bool>;

/// A running cluster. Clones are the same cluster; call [`Cluster::close`] when it is no longer wanted, since its tasks hold it.
#[derive(Clone)]
pub struct Cluster(Rc<Inner>);

struct Inner {
    spec: ClusterSpec,
    executor: Executor,
    store: RefCell<Store>,
    followers: Followers,
    recorder: RefCell<Recorder>,
    findings: RefCell<Findings>,
    kernel: Option<Kernel>,
    kubelets: RefCell<BTreeMap<String, Kubelet>>,
    tasks: RefCell<Vec<Task>>,
    draws: Cell<u64>,
    standing: RefCell<Standing>,
    /// What servers of volumes hold, by place.
    exports: RefCell<BTreeMap<String, Volume>>,
    /// How long the daemon controller waits before it replaces a failed pod: in memory, as there.
    daemon_back_off: RefCell<BackOff>,
}

/// Of the daemon controller: from a second to a quarter of an hour.
const DAEMON_BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(900)];

impl Cluster {
    /// A cluster with its system objects in place and its control plane started on the executor, in a network of its own.
    pub fn new(spec: ClusterSpec, executor: Executor) -> Cluster {
        let chance = Chance::branch(spec.seed, 0x6d61_6368);
        let kernel = Kernel::new(executor, chance);
        Cluster::on(spec, &kernel)
    }

    /// As `new`, on a kernel that other computers share.
    pub fn on(spec: ClusterSpec, kernel: &Kernel) -> Cluster {
        let cluster = Cluster::control_plane(spec, kernel.executor().clone(), Some(kernel.clone()));
        network::install(&cluster, kernel);
        for node in &cluster.spec().nodes {
            cluster.add_kubelet(Kubelet::start(&cluster, node, kernel));
        }
        cluster
    }

    /// Store, controllers and scheduler without anybody who runs pods.
    pub(crate) fn control_plane(
        spec: ClusterSpec,
        executor: Executor,
        kernel: Option<Kernel>,
    ) -> Cluster {
        let inner = Inner {
            spec,
            executor,
            kernel,
            store: RefCell::default(),
            followers: Followers::default(),
            recorder: RefCell::default(),
            findings: RefCell::default(),
            kubelets: RefCell::default(),
            tasks: RefCell::default(),
            draws: Cell::new(0),
            standing: RefCell::default(),
            exports: RefCell::default(),
            daemon_back_off: RefCell::new(BackOff::between(DAEMON_BACK_OFF[0], DAEMON_BACK_OFF[1])),
        };
        let cluster = Cluster(Rc::new(inner));
        bootstrap::install(&cluster);
        controllers::start(&cluster);
        scheduler::start(&cluster);
        cluster
    }

    /// Ends all tasks and gives everything back. Streams that are open end.
    pub fn close(&self) {
        self.0.tasks.borrow_mut().clear();
        let kubelets = std::mem::take(&mut *self.0.kubelets.borrow_mut());
        for kubelet in kubelets.into_values() {
            kubelet.close();
        }
    }

    pub fn spec(&self) -> &ClusterSpec {
        &self.0.spec
    }

    pub fn executor(&self) -> &Executor {
        &self.0.executor
    }

    pub fn now(&self) -> Time {
        self.0.executor.now()
    }

    /// Serves create, get, update, patch, delete and deletecollection. Errors: the Status that the API server would answer.
    pub fn request(&self, request: &Request) -> Result<Answer, Status> {
        api::serve(self, request)
    }

    /// Serves a list. Items are whole objects with `kind` and `apiVersion`.
    pub fn list_request(&self, request: &Request) -> Result<ListAnswer, Status> {
        api::serve_list(self, request)
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.0.store.borrow().revision()
    }

    /// All changes after a revision, oldest first.
    pub fn changes_after(&self, revision: u64) -> Result<Vec<Change>, Expired> {
        let store = self.0.store.borrow();
        Ok(store.changes_after(revision)?.cloned().collect())
    }

    /// Whether a stored object belongs to a watch with these selectors. Errors: 400 for bad selectors.
    pub fn selector(resource: &'static Resource, options: &Options) -> Result<Matcher, Status> {
        Ok(Box::new(api::matcher(resource, options)?))
    }

    /// Whether the selectors of a request can be read at all; cheap.
    pub fn check_selectors(options: &Options) -> Result<(), Status> {
        LabelSelector::parse(&options.label_selector).map_err(Status::bad_request)?;
        FieldSelector::parse(&options.field_selector).map_err(Status::bad_request)?;
        Ok(())
    }

    /// Every stored object with the group and plural name of its resource: two worlds are equal when these are.
    pub fn everything(&self) -> Vec<(&'static str, &'static str, Object)> {
        self.0
            .store
            .borrow()
            .everything()
            .map(|(g, p, o)| (g, p, o.clone()))
            .collect()
    }
}

/// What the parts of the control plane use.
impl Cluster {
    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Object> {
        self.0
            .store
            .borrow()
            .get(resource, namespace, name)
            .cloned()
    }

    pub(crate) fn list(&self, resource: &Resource, namespace: &str) -> Vec<Object> {
        self.0
            .store
            .borrow()
            .list(resource, namespace)
            .cloned()
            .collect()
    }

    /// How many objects of a resource there are.
    pub(crate) fn count(&self, resource: &Resource) -> usize {
        self.0.store.borrow().count(resource)
    }

    /// The pods in a namespace (empty: in all) that are not over.
    pub(crate) fn standing_pods(&self, namespace: &str) -> Vec<Object> {
        let store = self.0.store.borrow();
        store.standing_pods(namespace).cloned().collect()
    }

    /// How many pods of a controller (by its uid) are over that were made at a time or after it, as the API tells time.
    pub(crate) fn lost_since(&self, controller: &str, time: &str) -> usize {
        self.0.store.borrow().lost_since(controller, time)
    }

    pub(crate) fn list_at(
        &self,
        resource: &Resource,
        namespace: &str,
        revision: u64,
    ) -> Result<Vec<Object>, Expired> {
        self.0.store.borrow().list_at(resource, namespace, revision)
    }

    pub(crate) fn put(&self, resource: &'static Resource, object: Value) -> Object {
        let stored = self.0.store.borrow_mut().put(resource, object);
        self.tell_followers();
        stored
    }

    /// What all objects take, in bytes of `store::weight`.
    pub(crate) fn stored_bytes(&self) -> usize {
        self.0.store.borrow().held()
    }

    fn tell_followers(&self) {
        if let Some(change) = self.0.store.borrow().newest() {
            self.0.followers.tell(change);
        }
    }

    pub(crate) fn followers(&self) -> &Followers {
        &self.0.followers
    }

    pub(crate) fn delete_now(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        let gone = self
            .0
            .store
            .borrow_mut()
            .delete(resource, namespace, name)?;
        self.tell_followers();
        Some(gone)
    }

    pub(crate) fn compact(&self) {
        self.0.store.borrow_mut().compact();
    }

    /// Chance that depends on the seed and on what was written so far: a refused request changes nothing.
    pub(crate) fn chance_for_next_write(&self) -> Chance {
        Chance::branch(self.spec().seed, self.revision() + 1)
    }

    /// Chance for what is no write: jitter and the like.
    pub(crate) fn draw(&self) -> Chance {
        self.0.draws.set(self.0.draws.get() + 1);
        Chance::branch(self.spec().seed ^ 0x6a17_7e12, self.0.draws.get())
    }

    /// Starts a task that lives as long as the cluster.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let task = self.0.executor.spawn(task);
        let mut tasks = self.0.tasks.borrow_mut();
        tasks.retain(|t| !t.is_finished());
        tasks.push(task);
    }

    pub(crate) fn recorder(&self) -> std::cell::RefMut<'_, Recorder> {
        self.0.recorder.borrow_mut()
    }

    pub(crate) fn findings(&self) -> std::cell::RefMut<'_, Findings> {
        self.0.findings.borrow_mut()
    }

    /// The kernel that the nodes run on.
    pub fn kernel(&self) -> Option<&Kernel> {
        self.0.kernel.as_ref()
    }

    pub(crate) fn remote(&self) -> Remote {
        Remote(Rc::downgrade(&self.0))
    }

    pub(crate) fn kubelet(&self, node: &str) -> Option<Kubelet> {
        self.0.kubelets.borrow().get(node).cloned()
    }

    /// Whether a node has this address.
    pub(crate) fn is_node(&self, address: &str) -> bool {
        let kubelets = self.0.kubelets.borrow();
        kubelets.values().any(|k| k.address() == address)
    }

    /// The kubelets of all nodes, by name of the node.
    pub(crate) fn kubelets(&self) -> Vec<Kubelet> {
        self.0.kubelets.borrow().values().cloned().collect()
    }

    pub(crate) fn add_kubelet(&self, kubelet: Kubelet) {
        let name = kubelet.node().name.clone();
        self.0.kubelets.borrow_mut().insert(name, kubelet);
    }

    pub(crate) fn take_kubelet(&self, node: &str) -> Option<Kubelet> {
        self.0.kubelets.borrow_mut().remove(node)
    }

    /// The faults that stand.
    pub(crate) fn standing(&self) -> std::cell::RefMut<'_, Standing> {
        self.0.standing.borrow_mut()
    }

    pub(crate) fn daemon_back_off(&self) -> std::cell::RefMut<'_, BackOff> {
        self.0.daemon_back_off.borrow_mut()
    }

    /// What a server of volumes has at a place: one directory for all nodes.
    pub(crate) fn export(&self, place: &str) -> Option<Volume> {
        let kernel = self.kernel()?;
        let mut exports = self.0.exports.borrow_mut();
        let made = exports
            .entry(place.to_string())
            .or_insert_with(|| Volume::disk(kernel));
        Some(made.clone())
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.now().seconds()
    }

    pub(crate) fn now_text(&self) -> String {
        objects::time::rfc3339(self.seconds())
    }

    /// Creates an object as a component of the control plane.
    pub(crate) fn create(
        &self,
        by: &str,
        resource: &Resource,
        object: Value,
    ) -> Result<Object, Status> {
        let mut request = self.component_request(by, Verb::Create, resource);
        request.namespace = meta::namespace(&object).to_string();
        request.body = objects::Body::Object(object);
        Ok(self.request(&request)?.object)
    }

    /// Deletes an object as a component, if it is still the one with this uid.
    pub(crate) fn delete(
        &self,
        by: &str,
        resource: &Resource,
        object: &Value,
        grace: Option<i64>,
    ) -> Result<(), Status> {
        let mut request = self.component_request(by, Verb::Delete, resource);
        request.namespace = meta::namespace(object).to_string();
        request.name = meta::name(object).to_string();
        request.options.grace_period_seconds = grace;
        request.options.precondition_uid = Some(meta::uid(object).to_string());
        self.request(&request).map(drop)
    }

    fn component_request(&self, by: &str, verb: Verb, resource: &Resource) -> Request {
        let mut request = Request::new(verb, resource.group, resource.version, resource.plural);
        request.user.name = format!("system:{by}");
        request.user_agent = by.to_string();
        request
    }

    /// Changes a live object as a component, and writes it if anything is different. The generation rises when the spec changed.
    pub(crate) fn amend(
        &self,
        resource: &'static Resource,
        object: &Value,
        change: impl FnOnce(&mut Value),
    ) -> Option<Object> {
        let live = self.get(resource, meta::namespace(object), meta::name(object))?;
        if meta::uid(&live) != meta::uid(object) {
            return None;
        }
        let mut new = (*live).clone();
        change(&mut new);
        if new == *live {
            return Some(live);
        }
        api::after_component_change(self, resource, live, new)
    }

    /// As `amend`, of the status alone, from the live one: nothing else is copied unless it is written.
    pub(crate) fn amend_status(
        &self,
        resource: &'static Resource,
        object: &Value,
        status: impl FnOnce(&Value) -> Value,
    ) -> Option<Object> {
        let live = self.get(resource, meta::namespace(object), meta::name(object))?;
        if meta::uid(&live) != meta::uid(object) {
            return None;
        }
        let new = status(&live["status"]);
        if new == live["status"] {
            return Some(live);
        }
        let new = view::with_status(&live, new);
        api::after_component_change(self, resource, live, new)
    }
}

/// A cluster as somebody sees it who does not keep it alive.
#[derive(Clone)]
pub(crate) struct Remote(std::rc::Weak<Inner>);

impl Remote {
    pub(crate) fn get(&self) -> Option<Cluster> {
        self.0.upgrade().map(Cluster)
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cluster(revision {})", self.revision())
    }
}

/// The resources of the built-in API in order of plural name and group; of several versions the first.
static TABLE: LazyLock<Vec<&'static Resource>> = LazyLock::new(|| {
    let mut table: Vec<&Resource> = objects::resources().iter().collect();
    table.sort_by_key(|r| (r.plural, r.group));
    table.dedup_by_key(|r| (r.plural, r.group));
    table
});

/// A resource of the built-in API.
///
/// # Panics
/// When there is none: a mistake in this room.
pub(crate) fn resource(group: &str, plural: &str) -> &'static Resource {
    let found = TABLE.binary_search_by_key(&(plural, group), |r| (r.plural, r.group));
    let at = found.unwrap_or_else(|_| unreachable!("no resource {plural}.{group}"));
    TABLE[at]
}

pub(crate) fn pods() -> &'static Resource {
    static PODS: LazyLock<&Resource> = LazyLock::new(|| resource("", "pods"));
    &PODS
}
