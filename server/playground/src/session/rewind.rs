//! Rewind: the cluster again as it was, made from the beginning of its own journal.
//!
//! What the learner has (files of the home, text on the terminals, ticked steps) stays; the workstation's processes end, as they do when the
//! server is restarted.

use std::sync::Arc;

use host::Journal;
use machine::Time;

use super::Session;
use super::life::LifeError;
use crate::storage::StorageError;
use crate::storage::worlds::Kept;

/// The past could not be had.
#[derive(Debug, thiserror::Error)]
pub enum RewindError {
    #[error("Only a simulated cluster whose session is kept can be rewound.")]
    NotKept,
    #[error("The cluster was not there yet, or is not there yet, at this time.")]
    NoSuchTime,
    #[error(
        "The past of this cluster is too long to be kept whole, so it cannot be rewound. Begin the lesson again, or jump to a step."
    )]
    Incomplete,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl RewindError {
    /// The message that tells a learner.
    pub fn key(&self) -> &'static str {
        match self {
            RewindError::NotKept => "refused-not-kept",
            RewindError::NoSuchTime => "refused-past",
            RewindError::Incomplete => "refused-long-past",
            RewindError::Storage(_) => "refused-storage",
        }
    }
}

impl Session {
    /// The session as it stands, with the journal of its cluster cut off behind a time.
    pub async fn at(&self, at: jiff::Timestamp) -> Result<Kept, RewindError> {
        let life = self.life().ok_or(RewindError::NotKept)?;
        life.keeper.kept().await;
        let kept = self.storage.kept(&self.id).await?;
        let mut kept = kept.ok_or(RewindError::NotKept)?;
        let nanoseconds = i64::try_from(at.as_nanosecond()).map_err(|_| RewindError::NoSuchTime)?;
        cut(&mut kept.journal, Time(nanoseconds), life.world.now())?;
        Ok(kept)
    }

    /// Begins the life that a rewound journal makes.
    pub async fn take_up(self: &Arc<Self>, kept: Kept) -> Result<(), LifeError> {
        self.turn(Some(kept), Vec::new()).await
    }
}

/// Cuts a journal off behind a time.
pub fn cut(journal: &mut Journal, at: Time, now: Time) -> Result<(), RewindError> {
    if !journal.complete {
        return Err(RewindError::Incomplete);
    }
    let born = journal.spec.start.unwrap_or(at);
    if at < born || at > now {
        return Err(RewindError::NoSuchTime);
    }
    journal.entries.retain(|entry| entry.at <= at);
    journal.until = at;
    Ok(())
}
