//! The course that is taught now. Where it lies in a folder (`--lessons DIR`) it is read anew when its files change: open pages are told
//! what their author has to mend, or load the lesson again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use course::Course;
use tokio_util::sync::CancellationToken;

use crate::lessons;
use crate::session::registry::Registry;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Holds the course; who asks gets the one of this moment.
pub struct Shelf(RwLock<Arc<Course>>);

impl Shelf {
    pub fn new(course: Course) -> Shelf {
        Shelf(RwLock::new(Arc::new(course)))
    }

    pub fn course(&self) -> Arc<Course> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn put(&self, course: Arc<Course>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = course;
    }
}

/// Path, time of the last change and length of every file: differs when a file was written.
type Stamp = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Follows the folder until `stop`. A folder that is being written is read when it has been still from one look to the next.
pub async fn follow(
    shelf: Arc<Shelf>,
    folder: PathBuf,
    registry: Arc<Registry>,
    stop: CancellationToken,
) {
    let mut taught = look(&folder).await;
    let mut before = taught.clone();
    loop {
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(LOOK_EVERY) => {} }
        let now = look(&folder).await;
        let still = now == std::mem::replace(&mut before, now.clone());
        if !still || now == taught {
            continue;
        }
        taught = now;
        let read = folder.clone();
        let read = tokio::task::spawn_blocking(move || lessons::course(Some(&read)));
        match read.await {
            Ok(Ok(course)) => {
                let course = Arc::new(course);
                shelf.put(course.clone());
                tracing::info!("the lessons were read anew");
                registry.teach(&course).await;
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lessons stay as they were");
                registry.warn_all(&error.to_string());
            }
            Err(error) => tracing::error!(%error, "the lessons could not be read"),
        }
    }
}

async fn look(folder: &Path) -> Stamp {
    let folder = folder.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let mut found = Stamp::new();
        // What vanishes while it is looked at is seen at the next look.
        let _ = stamp(&folder, &mut found);
        found
    });
    looked.await.unwrap_or_default()
}

fn stamp(folder: &Path, found: &mut Stamp) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if about.is_dir() {
            stamp(&entry.path(), found)?;
        } else {
            found.insert(entry.path(), (about.modified().ok(), about.len()));
        }
    }
    Ok(())
}
