//! Keeps a simulated session as it goes, so that it is there again after a restart of the server or on another day.
//!
//! What is kept: the world's journal, the files of the home, the last text of the terminals, and what checks ask of the past (requests,
//! deleted objects). Processes of the workstation are not: a terminal that comes back has its text and a new shell. Empty directories, files
//! over [`FILE_BYTES`] and what goes beyond [`HOME_BYTES`] in all are not either.
//!
//! A request that changes the cluster is answered after its journal entry is on the disk ([`Keeper::kept`]); the rest follows within a
//! second. All that came until a commit goes in one, so many waiters cost one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use course::{Asked, Observation};
use host::{FileChange, Handle, Journal};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::home::{self, FILE_BYTES, HOME_BYTES};
use super::terminals::Terminals;
use crate::storage::worlds::{KeptFile, KeptTerminal, Piece};
use crate::storage::{Storage, StorageError};

/// How often what nobody waits for is kept.
const ROUND: Duration = Duration::from_millis(700);
/// Rounds after which the time is noted, where nothing else happens.
const QUIET_ROUNDS: u32 = 20;

enum Job {
    Seen(String),
    /// Say when everything until now is on the disk.
    Commit(oneshot::Sender<()>),
    /// The last commit; then the task ends.
    End(oneshot::Sender<()>),
}

/// The way to a session's keeping. Cheap to clone; one that keeps nothing answers at once.
#[derive(Clone, Default)]
pub struct Keeper(Option<mpsc::UnboundedSender<Job>>);

/// Whose world is kept.
pub struct Owner {
    pub session: String,
    pub learner: String,
    pub lesson: String,
}

struct Keeping {
    storage: Storage,
    session: String,
    world: Handle,
    terminals: Arc<Terminals>,
    /// Entries of the journal that are kept.
    entries: usize,
    revision: u64,
    /// Birth and kept length of each terminal.
    texts: BTreeMap<u32, (u64, u64)>,
    sizes: BTreeMap<String, usize>,
    changed: BTreeSet<String>,
    seen: Vec<String>,
}

impl Keeper {
    /// Begins to keep a world, as if it were new; what was kept of the learner in this lesson is replaced. `home`: the directory whose files
    /// are kept.
    pub async fn begin(
        storage: Storage,
        owner: Owner,
        world: Handle,
        terminals: Arc<Terminals>,
        seen: Vec<String>,
        home: &str,
    ) -> Result<Keeper, StorageError> {
        let (Ok(journal), Ok(changes)) =
            (world.journal_after(0).await, world.watch_files(home).await)
        else {
            // A world that has ended says so elsewhere.
            return Ok(Keeper::default());
        };
        storage
            .keep_session(&owner.session, &owner.learner, &owner.lesson, &journal)
            .await?;
        let mut keeping = Keeping {
            storage,
            session: owner.session,
            world,
            terminals,
            entries: 0,
            revision: 0,
            texts: BTreeMap::new(),
            sizes: BTreeMap::new(),
            changed: BTreeSet::new(),
            seen,
        };
        // All files of the home count as changed.
        keeping
            .changed
            .extend(home::paths(&keeping.world, home).await);
        keeping.commit(true).await?;
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(keeping.run(queue, changes));
        Ok(Keeper(Some(jobs)))
    }

    /// Returns when everything until now is on the disk.
    pub async fn kept(&self) {
        self.ask(Job::Commit).await;
    }

    /// Keeps what is left, and ends.
    pub async fn end(&self) {
        self.ask(Job::End).await;
    }

    async fn ask(&self, job: fn(oneshot::Sender<()>) -> Job) {
        let Some(jobs) = &self.0 else { return };
        let (done, told) = oneshot::channel();
        if jobs.send(job(done)).is_ok() {
            // The task that ends meanwhile has kept what it could.
            let _ = told.await;
        }
    }

    /// Notes what a later life cannot see any more.
    pub fn note(&self, observation: &Observation) {
        if let (Some(jobs), Some(what)) = (&self.0, written(observation)) {
            // After the end there is nothing to keep.
            let _ = jobs.send(Job::Seen(what));
        }
    }
}

impl Keeping {
    async fn run(
        mut self,
        mut queue: mpsc::UnboundedReceiver<Job>,
        mut changes: mpsc::Receiver<FileChange>,
    ) {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut quiet = 0;
        loop {
            let (mut waiting, mut end) = (Vec::new(), false);
            let job = tokio::select! {
                job = queue.recv() => match job { Some(job) => Some(job), None => return },
                Some(change) = changes.recv() => { self.changed.insert(change.path); continue }
                _ = round.tick() => None,
            };
            let jobs = job
                .into_iter()
                .chain(std::iter::from_fn(|| queue.try_recv().ok()));
            for job in jobs {
                match job {
                    Job::Seen(what) => self.seen.push(what),
                    Job::Commit(done) => waiting.push(done),
                    Job::End(done) => {
                        end = true;
                        waiting.push(done);
                    }
                }
            }
            while let Ok(change) = changes.try_recv() {
                self.changed.insert(change.path);
            }
            quiet += 1;
            let asked = !waiting.is_empty() || self.world.revision() != self.revision;
            let late = quiet >= QUIET_ROUNDS && !self.world.clock_state().paused;
            if asked || late {
                quiet = 0;
            }
            if let Err(error) = self.commit(asked || late).await {
                tracing::error!(%error, session = self.session, "a session could not be kept");
            }
            for done in waiting {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
            if end {
                return;
            }
        }
    }

    /// Keeps what has come since the last time.
    async fn commit(&mut self, journal: bool) -> Result<(), StorageError> {
        let revision = self.world.revision();
        let mut piece = Piece {
            first: self.entries as u64,
            seen: std::mem::take(&mut self.seen),
            ..Piece::default()
        };
        self.pick_files(&mut piece).await;
        let texts = self.pick_texts(&mut piece);
        // What shows in a terminal or a file may have come from an exec, which changes no object.
        if journal || !piece.is_empty() {
            piece.journal = self.world.journal_after(self.entries).await.ok();
        }
        if piece.is_empty() {
            return Ok(());
        }
        self.storage.keep_piece(&self.session, &piece).await?;
        if let Some(Journal { entries, .. }) = &piece.journal {
            self.entries += entries.len();
            self.revision = revision;
        }
        self.texts = texts;
        Ok(())
    }

    async fn pick_files(&mut self, piece: &mut Piece) {
        for path in std::mem::take(&mut self.changed) {
            let mode = home::mode(&self.world, &path).await;
            let read = self.world.read_file(&path).await.ok();
            let others: usize = self
                .sizes
                .iter()
                .filter(|(known, _)| **known != path)
                .map(|(_, size)| size)
                .sum();
            match read.filter(|content| {
                content.len() <= FILE_BYTES && others + content.len() <= HOME_BYTES
            }) {
                Some(content) => {
                    self.sizes.insert(path.clone(), content.len());
                    let content = content.to_vec();
                    piece.files.push(KeptFile {
                        path,
                        mode,
                        content,
                    });
                }
                None => {
                    self.sizes.remove(&path);
                    piece.gone_files.push(path);
                }
            }
        }
    }

    /// New text of the terminals, and what is kept of each after this.
    fn pick_texts(&self, piece: &mut Piece) -> BTreeMap<u32, (u64, u64)> {
        let mut texts = BTreeMap::new();
        for (state, birth) in self.terminals.standing() {
            let known = self.texts.get(&state.id).filter(|known| known.0 == birth);
            if self.texts.contains_key(&state.id) && known.is_none() {
                piece.gone_terminals.push(state.id);
            }
            let from = known.map_or(0, |known| known.1);
            let (first, text) = self.terminals.since(state.id, from);
            texts.insert(state.id, (birth, first + text.len() as u64));
            if known.is_none() || !text.is_empty() {
                piece.terminals.push(KeptTerminal {
                    id: state.id,
                    cols: state.cols,
                    rows: state.rows,
                    first,
                    text,
                });
            }
        }
        let gone = self.texts.keys().filter(|id| !texts.contains_key(id));
        piece.gone_terminals.extend(gone);
        texts
    }
}

/// An observation that later lives need, as it is kept.
fn written(observation: &Observation) -> Option<String> {
    let what = match observation {
        Observation::Asked(asked) => json!({
            "asked": asked.verb, "resource": asked.resource, "namespace": asked.namespace, "name": asked.name,
            "query": asked.query, "code": asked.code,
        }),
        Observation::Deleted { kind, object } => json!({
            "deleted": kind,
            "metadata": { "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"] },
        }),
        _ => return None,
    };
    Some(what.to_string())
}

/// What was kept, as observations again.
pub fn read(what: &str) -> Vec<Observation> {
    let Ok(what) = serde_json::from_str::<Value>(what) else {
        return Vec::new();
    };
    let text = |name: &str| what[name].as_str().unwrap_or_default().to_owned();
    if what["deleted"].is_string() {
        let (kind, object) = (text("deleted"), json!({ "metadata": what["metadata"] }));
        return vec![
            Observation::Applied {
                kind: kind.clone(),
                object: object.clone(),
            },
            Observation::Deleted { kind, object },
        ];
    }
    vec![Observation::Asked(Asked {
        verb: text("asked"),
        resource: text("resource"),
        namespace: text("namespace"),
        name: text("name"),
        query: serde_json::from_value(what["query"].clone()).unwrap_or_default(),
        code: what["code"].as_u64().unwrap_or_default() as u16,
    })]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_reads_back() {
        let asked = Asked {
            verb: "get".into(),
            resource: "pods/log".into(),
            name: "kuard".into(),
            query: [("follow".to_owned(), "true".to_owned())].into(),
            code: 200,
            ..Asked::default()
        };
        let text = written(&Observation::Asked(asked.clone())).expect("it is kept");
        assert!(matches!(&read(&text)[..], [Observation::Asked(again)] if *again == asked));
        let object = json!({ "metadata": { "name": "kuard", "namespace": "default" }, "spec": {} });
        let kind = "pod".to_owned();
        let text = written(&Observation::Deleted { kind, object }).expect("it is kept");
        assert!(
            matches!(&read(&text)[..], [Observation::Applied { .. }, Observation::Deleted { kind, object }]
                if kind == "pod" && object["metadata"]["name"] == "kuard")
        );
        assert!(read("nonsense").is_empty());
    }
}
