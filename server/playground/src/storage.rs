//! What is kept between runs: who learns, which steps are done, which answers were given. SQLite, one writer, every commit on the disk
//! before it is acknowledged.
//!
//! What simulated sessions are kept by is in [`worlds`], what is handed on by a link in [`shares`].

pub mod shares;
pub mod worlds;

use std::path::Path;
use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// Oldest SQLite without the bug that can break a WAL.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Storage cannot be opened or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("data: {0} cannot be made: {1}; choose another folder with --data DIR, or --data none")]
    Folder(String, std::io::Error),
    #[error("data: the database does not open: {0}")]
    Open(sqlx::Error),
    #[error("data: SQLite {0} has a known fault; 3.51.3 or newer is needed")]
    Old(String),
    #[error("data: the database is of a newer podschool or damaged: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database did not answer: {0}")]
    Query(#[from] sqlx::Error),
}

/// A step that a learner has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub step: String,
    /// RFC 3339.
    pub at: String,
    pub cause: String,
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    pool: SqlitePool,
    durable: bool,
    keeps_sessions: bool,
}

impl Storage {
    /// Opens or makes `podschool.sqlite` in `folder`; without a folder everything is forgotten at the end.
    pub async fn open(folder: Option<&Path>) -> Result<Storage, StorageError> {
        let options = match folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|e| StorageError::Folder(folder.display().to_string(), e))?;
                SqliteConnectOptions::new()
                    .filename(folder.join("podschool.sqlite"))
                    .create_if_missing(true)
            }
            None => SqliteConnectOptions::new().in_memory(true),
        };
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        // One connection: one writer, and an in-memory database that is not forgotten between queries.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(StorageError::Open)?;
        let version: String = sqlx::query("SELECT sqlite_version()")
            .fetch_one(&pool)
            .await?
            .get(0);
        if !is_new_enough(&version) {
            return Err(StorageError::Old(version));
        }
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Storage {
            pool,
            durable: folder.is_some(),
            keeps_sessions: folder.is_some(),
        })
    }

    /// For sessions that leave nothing behind: in memory, and kept there as long as they last, so that they can be rewound.
    pub async fn passing() -> Result<Storage, StorageError> {
        let storage = Storage::open(None).await?;
        Ok(Storage {
            keeps_sessions: true,
            ..storage
        })
    }

    /// Whether anything outlives the process.
    pub fn is_durable(&self) -> bool {
        self.durable
    }

    /// Whether sessions are kept as they go.
    pub fn keeps_sessions(&self) -> bool {
        self.keeps_sessions
    }

    /// Notes that the learner was here; makes the record the first time.
    pub async fn saw_learner(&self, learner: &str) -> Result<(), StorageError> {
        let now = jiff::Timestamp::now().to_string();
        sqlx::query(
            "INSERT INTO learners (id, created_at, seen_at) VALUES ($1, $2, $2)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(learner)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Keeps that a step is done. The first time counts; returns after the commit.
    pub async fn keep_done(
        &self,
        learner: &str,
        lesson: &str,
        done: &Done,
    ) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO progress (learner, lesson, step, done_at, cause) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (learner, lesson, step) DO NOTHING",
        )
        .bind(learner)
        .bind(lesson)
        .bind(&done.step)
        .bind(&done.at)
        .bind(&done.cause)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The steps of one lesson that the learner has done.
    pub async fn done(&self, learner: &str, lesson: &str) -> Result<Vec<Done>, StorageError> {
        let rows = sqlx::query("SELECT step, done_at, cause FROM progress WHERE learner = $1 AND lesson = $2 ORDER BY done_at, step")
            .bind(learner)
            .bind(lesson)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows
            .iter()
            .map(|row| Done {
                step: row.get(0),
                at: row.get(1),
                cause: row.get(2),
            })
            .collect())
    }

    /// How many steps of each lesson the learner has done.
    pub async fn done_by_lesson(
        &self,
        learner: &str,
    ) -> Result<Vec<(String, usize)>, StorageError> {
        let rows = sqlx::query("SELECT lesson, COUNT(*) FROM progress WHERE learner = $1 GROUP BY lesson ORDER BY lesson")
            .bind(learner)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get(0), row.get::<i64, _>(1) as usize))
            .collect())
    }

    /// Forgets the steps of one lesson: the learner begins again.
    pub async fn forget(&self, learner: &str, lesson: &str) -> Result<(), StorageError> {
        for statement in [
            "DELETE FROM progress WHERE learner = $1 AND lesson = $2",
            "DELETE FROM answers WHERE learner = $1 AND lesson = $2",
        ] {
            sqlx::query(statement)
                .bind(learner)
                .bind(lesson)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// Opens one step again, and forgets the answers to its questions.
    pub async fn forget_step(
        &self,
        learner: &str,
        lesson: &str,
        step: &str,
        questions: impl Iterator<Item = &str>,
    ) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM progress WHERE learner = $1 AND lesson = $2 AND step = $3")
            .bind(learner)
            .bind(lesson)
            .bind(step)
            .execute(&self.pool)
            .await?;
        for question in questions {
            sqlx::query("DELETE FROM answers WHERE learner = $1 AND lesson = $2 AND question = $3")
                .bind(learner)
                .bind(lesson)
                .bind(question)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// Keeps an answer; a later one takes its place.
    pub async fn keep_answer(
        &self,
        learner: &str,
        lesson: &str,
        question: &str,
        answer: &str,
    ) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO answers (learner, lesson, question, answer, given_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (learner, lesson, question) DO UPDATE SET answer = excluded.answer, given_at = excluded.given_at",
        )
        .bind(learner)
        .bind(lesson)
        .bind(question)
        .bind(answer)
        .bind(jiff::Timestamp::now().to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The answers given in one lesson: question and JSON.
    pub async fn answers(
        &self,
        learner: &str,
        lesson: &str,
    ) -> Result<Vec<(String, String)>, StorageError> {
        let rows = sqlx::query("SELECT question, answer FROM answers WHERE learner = $1 AND lesson = $2 ORDER BY question")
            .bind(learner)
            .bind(lesson)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Puts other progress and answers in the place of those of one lesson: all of them, or nothing changes.
    pub async fn replace_progress(
        &self,
        learner: &str,
        lesson: &str,
        done: &[Done],
        answers: &[(String, String)],
    ) -> Result<(), StorageError> {
        let mut commit = self.pool.begin().await?;
        for statement in [
            "DELETE FROM progress WHERE learner = $1 AND lesson = $2",
            "DELETE FROM answers WHERE learner = $1 AND lesson = $2",
        ] {
            sqlx::query(statement)
                .bind(learner)
                .bind(lesson)
                .execute(&mut *commit)
                .await?;
        }
        for done in done {
            sqlx::query(
                "INSERT INTO progress (learner, lesson, step, done_at, cause) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(learner)
            .bind(lesson)
            .bind(&done.step)
            .bind(&done.at)
            .bind(&done.cause)
            .execute(&mut *commit)
            .await?;
        }
        for (question, answer) in answers {
            sqlx::query(
                "INSERT INTO answers (learner, lesson, question, answer, given_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(learner)
            .bind(lesson)
            .bind(question)
            .bind(answer)
            .bind(jiff::Timestamp::now().to_string())
            .execute(&mut *commit)
            .await?;
        }
        Ok(commit.commit().await?)
    }

    /// Forgets a learner, with all that was theirs.
    pub async fn forget_learner(&self, learner: &str) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM learners WHERE id = $1")
            .bind(learner)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Answers when the database does.
    pub async fn ready(&self) -> bool {
        sqlx::query("SELECT 1").fetch_one(&self.pool).await.is_ok()
    }

    /// Waits for what is under way and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_SQLITE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn progress_outlives_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let step = |step: &str| Done {
            step: step.into(),
            at: "2026-01-01T00:00:00Z".into(),
            cause: "kubectl run".into(),
        };
        {
            let storage = Storage::open(Some(folder.path())).await.expect("open");
            storage.saw_learner("a").await.expect("learner");
            storage
                .keep_done("a", "pods/first-pod", &step("run"))
                .await
                .expect("keep");
            storage
                .keep_done(
                    "a",
                    "pods/first-pod",
                    &Done {
                        cause: "again".into(),
                        ..step("run")
                    },
                )
                .await
                .expect("keep");
            storage
                .keep_answer("a", "pods/first-pod", "why", "\"b\"")
                .await
                .expect("keep");
        }
        let storage = Storage::open(Some(folder.path()))
            .await
            .expect("open again");
        assert_eq!(
            storage.done("a", "pods/first-pod").await.expect("read"),
            [step("run")]
        );
        assert_eq!(
            storage.done_by_lesson("a").await.expect("read"),
            [("pods/first-pod".to_owned(), 1)]
        );
        assert_eq!(
            storage.answers("a", "pods/first-pod").await.expect("read"),
            [("why".to_owned(), "\"b\"".to_owned())]
        );
        assert_eq!(storage.done("b", "pods/first-pod").await.expect("read"), []);
        storage.forget("a", "pods/first-pod").await.expect("forget");
        assert_eq!(storage.done("a", "pods/first-pod").await.expect("read"), []);
    }

    #[tokio::test]
    async fn a_learner_is_needed_and_memory_works() {
        let storage = Storage::open(None).await.expect("open");
        let done = Done {
            step: "run".into(),
            at: String::new(),
            cause: String::new(),
        };
        assert!(storage.keep_done("nobody", "x", &done).await.is_err());
        storage.saw_learner("a").await.expect("learner");
        storage.keep_done("a", "x", &done).await.expect("keep");
        assert_eq!(storage.done("a", "x").await.expect("read").len(), 1);
    }

    #[test]
    fn old_databases_are_known() {
        assert!(is_new_enough("3.51.3") && is_new_enough("3.53.0") && is_new_enough("4.0.0"));
        assert!(!is_new_enough("3.51.2") && !is_new_enough("3.40.1"));
    }
}
