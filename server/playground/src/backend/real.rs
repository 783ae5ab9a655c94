//! A real cluster: a namespace a session, made when the session begins and removed when it ends, at the latest when the server starts again.
//!
//! Requests go out with the credentials of the kubeconfig, behind the fence of [`super::fence`]. The workstation is the same as always.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use host::{Shards, WorkstationSpec, WorldSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::sync::watch;

use super::fence::fenced;
use super::{Grown, SERVER};
use crate::settings::{RealCluster, Wrong};
use crate::workstation::{USER, home_files};

/// What marks a namespace as ours.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "podschool");
/// Which server made it.
const INSTANCE: &str = "podschool.dev/instance";
/// How long a new namespace may take to be usable.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the cluster is asked whether it is there, and how long it may take to say so.
const PULSE: Duration = Duration::from_secs(1);
const PULSE_PATIENCE: Duration = Duration::from_secs(5);

/// The cluster that sessions share.
pub struct RealGround {
    client: kube::Client,
    shards: Shards,
    /// Names this server among others on the same cluster.
    instance: String,
    pub version: String,
    /// Whether the cluster answered when it was last asked.
    answers: watch::Receiver<bool>,
}

/// One session's place on the cluster.
pub struct Tenant {
    client: kube::Client,
    namespace: String,
    instance: String,
    session: String,
}

impl RealGround {
    /// Connects, and removes what an earlier run of this server left behind. A cluster that cannot be used is a wrong setting.
    pub async fn connect(
        set: &RealCluster,
        instance: String,
        shards: Shards,
    ) -> Result<RealGround, Wrong> {
        let named = set
            .kubeconfig
            .as_ref()
            .map_or("the usual kubeconfig".to_owned(), |path| {
                path.display().to_string()
            });
        let wrong = |why: String| Wrong(format!("kubeconfig: {named} cannot be used: {why}"));
        let config = match &set.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        let options = KubeConfigOptions {
            context: set.context.clone(),
            ..KubeConfigOptions::default()
        };
        let config = config.map_err(|e| wrong(e.to_string()))?;
        let config = kube::Config::from_custom_kubeconfig(config, &options)
            .await
            .map_err(|e| wrong(e.to_string()))?;
        let server = config.cluster_url.to_string();
        let client = kube::Client::try_from(config).map_err(|e| wrong(e.to_string()))?;
        let version = client
            .apiserver_version()
            .await
            .map_err(|e| wrong(format!("the cluster at {server} does not answer: {e}")))?;
        let (tell, answers) = watch::channel(true);
        tokio::spawn(feel_pulse(client.clone(), tell));
        let ground = RealGround {
            client,
            shards,
            instance,
            version: version.git_version,
            answers,
        };
        ground
            .sweep()
            .await
            .map_err(|e| wrong(format!("namespaces cannot be managed: {e}")))?;
        Ok(ground)
    }

    /// The janitor: removes all namespaces that this server made.
    async fn sweep(&self) -> Result<(), kube::Error> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let ours = ListParams::default().labels(&format!(
            "{}={},{INSTANCE}={}",
            MANAGED_BY.0, MANAGED_BY.1, self.instance
        ));
        for namespace in namespaces.list(&ours).await? {
            let name = namespace.metadata.name.unwrap_or_default();
            tracing::info!(namespace = name, "a namespace of an earlier run is removed");
            remove(&self.client, &name).await;
        }
        Ok(())
    }

    /// Whether the cluster answers, and from now on when that changes.
    pub fn answers(&self) -> watch::Receiver<bool> {
        self.answers.clone()
    }
}

/// Asks the cluster again and again while somebody wants to know.
async fn feel_pulse(client: kube::Client, tell: watch::Sender<bool>) {
    let mut round = tokio::time::interval(PULSE);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! { () = tell.closed() => return, _ = round.tick() => {} }
        let asked = tokio::time::timeout(PULSE_PATIENCE, client.apiserver_version()).await;
        let answers = matches!(asked, Ok(Ok(_)));
        let changed = tell.send_if_modified(|known| std::mem::replace(known, answers) != answers);
        if changed && answers {
            tracing::info!("the cluster answers again");
        } else if changed {
            tracing::warn!("the cluster does not answer");
        }
    }
}

/// Makes the namespace and the workstation.
pub async fn grow(
    ground: &Arc<RealGround>,
    session: &str,
    files: &BTreeMap<String, String>,
) -> Result<Grown, String> {
    let suffix = crate::http::cookie::unguessable();
    let namespace = format!(
        "podschool-{}-{}",
        &session[..session.len().min(6)],
        &suffix[..6]
    );
    let tenant = Tenant {
        client: ground.client.clone(),
        namespace: namespace.clone(),
        instance: ground.instance.clone(),
        session: session[..session.len().min(63)].to_owned(),
    };
    if let Err(error) = tenant.make().await {
        tenant.remove().await;
        return Err(format!(
            "the namespace {namespace} could not be made: {error}"
        ));
    }
    let spec = WorldSpec {
        workstation: Some(WorkstationSpec {
            user: USER.into(),
            files: home_files(files, SERVER, &namespace),
            ..WorkstationSpec::default()
        }),
        ..WorldSpec::default()
    };
    let world = ground
        .shards
        .create(spec)
        .await
        .map_err(|error| error.to_string())?;
    Ok(Grown {
        watcher: ground.client.clone(),
        client: fenced(ground.client.clone(), &namespace, USER),
        namespace,
        server: SERVER.into(),
        simulated: false,
        dozing: AtomicBool::new(false),
        tenant: Some(tenant),
        world,
    })
}

impl Tenant {
    /// After the cluster was away: makes the namespace again where the cluster has lost it. True when it had to.
    pub async fn renew(&self) -> Result<bool, kube::Error> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        if namespaces.get_opt(&self.namespace).await?.is_some() {
            return Ok(false);
        }
        self.make().await?;
        Ok(true)
    }

    async fn make(&self) -> Result<(), kube::Error> {
        let labels = [
            (MANAGED_BY.0, MANAGED_BY.1),
            (INSTANCE, &self.instance),
            ("podschool.dev/session", &self.session),
            ("pod-security.kubernetes.io/enforce", "baseline"),
            ("pod-security.kubernetes.io/enforce-version", "v1.36"),
        ];
        let labels = labels
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let metadata = ObjectMeta {
            name: Some(self.namespace.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        };
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces
            .create(
                &PostParams::default(),
                &Namespace {
                    metadata,
                    ..Namespace::default()
                },
            )
            .await?;
        self.wait_for_account().await;
        Ok(())
    }

    /// Pods are refused until the namespace has its default service account. A cluster that makes none gets no wait beyond the patience.
    async fn wait_for_account(&self) {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), &self.namespace);
        let ready = async {
            loop {
                match accounts.get_opt("default").await {
                    Ok(None) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Ok(Some(_)) | Err(_) => return,
                }
            }
        };
        if tokio::time::timeout(PATIENCE, ready).await.is_err() {
            tracing::warn!(
                namespace = self.namespace,
                "no default service account has come"
            );
        }
    }

    /// Removes the namespace with all that is in it. What cannot be removed now is removed at the next start.
    pub async fn remove(&self) {
        remove(&self.client, &self.namespace).await;
    }
}

async fn remove(client: &kube::Client, namespace: &str) {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    match namespaces.delete(namespace, &DeleteParams::default()).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => {}
        Err(error) => tracing::warn!(%error, namespace, "a namespace could not be removed"),
    }
}
