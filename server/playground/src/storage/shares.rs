//! Worlds that were handed on by a link, until they expire. What is in a parcel is known to [`crate::session::parcel`].

use sqlx::Row;

use super::{Storage, StorageError};

/// Links of one learner that work at once.
pub const MOST_LINKS: i64 = 20;
/// Links of all learners that work at once.
const MOST_OF_ALL: i64 = 10_000;

/// What became of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    Kept,
    /// The learner has [`MOST_LINKS`] already.
    TooManyLinks,
    /// All learners together have too many.
    Full,
}

impl Storage {
    /// Keeps a parcel under a link until then (both times RFC 3339), and forgets what has expired.
    pub async fn share(
        &self,
        link: &str,
        learner: &str,
        parcel: &[u8],
        until: &str,
    ) -> Result<Sharing, StorageError> {
        let mut commit = self.pool.begin().await?;
        sqlx::query("DELETE FROM shares WHERE until < $1")
            .bind(jiff::Timestamp::now().to_string())
            .execute(&mut *commit)
            .await?;
        let counts = sqlx::query("SELECT COUNT(*), COALESCE(SUM(learner = $1), 0) FROM shares")
            .bind(learner)
            .fetch_one(&mut *commit)
            .await?;
        let (all, own): (i64, i64) = (counts.get(0), counts.get(1));
        let sharing = match (own >= MOST_LINKS, all >= MOST_OF_ALL) {
            (true, _) => Sharing::TooManyLinks,
            (false, true) => Sharing::Full,
            (false, false) => Sharing::Kept,
        };
        if sharing == Sharing::Kept {
            sqlx::query(
                "INSERT INTO shares (link, learner, parcel, until) VALUES ($1, $2, $3, $4)",
            )
            .bind(link)
            .bind(learner)
            .bind(parcel)
            .bind(until)
            .execute(&mut *commit)
            .await?;
        }
        commit.commit().await?;
        Ok(sharing)
    }

    /// The parcel under a link, if it has not expired.
    pub async fn shared(&self, link: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let found = sqlx::query("SELECT parcel FROM shares WHERE link = $1 AND until >= $2")
            .bind(link)
            .bind(jiff::Timestamp::now().to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(|row| row.get(0)))
    }

    /// Whether a link leads somewhere.
    pub async fn is_shared(&self, link: &str) -> Result<bool, StorageError> {
        let found = sqlx::query("SELECT 1 FROM shares WHERE link = $1 AND until >= $2")
            .bind(link)
            .bind(jiff::Timestamp::now().to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: &str = "2999-01-01T00:00:00Z";

    #[tokio::test]
    async fn a_link_works_until_it_expires() {
        let storage = Storage::open(None).await.expect("open");
        storage.saw_learner("a").await.expect("learner");
        let past = "2020-01-01T00:00:00Z";
        for (link, until) in [("new", LATER), ("old", past)] {
            let sharing = storage.share(link, "a", b"world", until).await;
            assert_eq!(sharing.expect("share"), Sharing::Kept);
        }
        assert_eq!(
            storage.shared("new").await.expect("read"),
            Some(b"world".to_vec())
        );
        assert!(storage.is_shared("new").await.expect("read"));
        assert_eq!(storage.shared("old").await.expect("read"), None);
        assert!(!storage.is_shared("old").await.expect("read"));
    }

    #[tokio::test]
    async fn a_learner_has_so_many_links_and_others_have_theirs() {
        let storage = Storage::open(None).await.expect("open");
        for learner in ["a", "b"] {
            storage.saw_learner(learner).await.expect("learner");
        }
        for number in 0..=MOST_LINKS {
            let sharing = storage.share(&format!("a{number}"), "a", b"", LATER).await;
            let expect = if number < MOST_LINKS {
                Sharing::Kept
            } else {
                Sharing::TooManyLinks
            };
            assert_eq!(sharing.expect("share"), expect, "{number}");
        }
        let other = storage.share("b", "b", b"", LATER).await;
        assert_eq!(other.expect("share"), Sharing::Kept);
    }
}
