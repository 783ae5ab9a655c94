//! What is kept of simulated sessions: journal, files of the home, text on terminals, and what the learner was seen to do.
//!
//! Rows go in as the session goes, one transaction a [`Piece`]; [`Storage::kept`] reads them back as one [`Kept`]. What they mean is
//! known to [`crate::session::keeper`].

use host::{Entry, Journal, Time};
use sqlx::Row;

use super::{Storage, StorageError};

/// Bytes of text kept of each terminal.
pub const TERMINAL_BYTES: u64 = 64 * 1024;

/// A file of the workstation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Absolute.
    pub path: String,
    pub mode: u32,
    pub content: Vec<u8>,
}

/// A terminal, and what it printed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTerminal {
    pub id: u32,
    pub cols: u16,
    pub rows: u16,
    /// Number of the first byte of `text`.
    pub first: u64,
    pub text: Vec<u8>,
}

/// What came since the piece before; all of it is kept, or nothing.
#[derive(Debug, Default)]
pub struct Piece {
    /// Number of the first new entry of the journal.
    pub first: u64,
    /// The journal's new entries, with its head.
    pub journal: Option<Journal>,
    pub files: Vec<KeptFile>,
    pub gone_files: Vec<String>,
    /// New text; a terminal whose text begins anew is in `gone_terminals` too.
    pub terminals: Vec<KeptTerminal>,
    pub gone_terminals: Vec<u32>,
    /// JSON, see [`crate::session::keeper`].
    pub seen: Vec<String>,
}

/// A session as it was.
#[derive(Debug)]
pub struct Kept {
    pub id: String,
    pub learner: String,
    pub lesson: String,
    pub journal: Journal,
    pub files: Vec<KeptFile>,
    pub terminals: Vec<KeptTerminal>,
    pub seen: Vec<String>,
}

impl Piece {
    pub fn is_empty(&self) -> bool {
        self.journal.is_none()
            && self.files.is_empty()
            && self.gone_files.is_empty()
            && self.terminals.is_empty()
            && self.gone_terminals.is_empty()
            && self.seen.is_empty()
    }
}

impl Storage {
    /// Makes the record of a session, in the place of an older one of the same learner and lesson.
    pub async fn keep_session(
        &self,
        id: &str,
        learner: &str,
        lesson: &str,
        head: &Journal,
    ) -> Result<(), StorageError> {
        let mut commit = self.pool.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE id = $1 OR (learner = $2 AND lesson = $3)")
            .bind(id)
            .bind(learner)
            .bind(lesson)
            .execute(&mut *commit)
            .await?;
        sqlx::query(
            "INSERT INTO sessions (id, learner, lesson, world, until, complete, kept_at) VALUES ($1, $2, $3, $4, $5, 1, $6)",
        )
        .bind(id)
        .bind(learner)
        .bind(lesson)
        .bind(json(&Journal {
            entries: Vec::new(),
            ..head.clone()
        }))
        .bind(head.until.0)
        .bind(jiff::Timestamp::now().to_string())
        .execute(&mut *commit)
        .await?;
        Ok(commit.commit().await?)
    }

    /// Keeps a piece; returns after the commit. A session without a record keeps nothing.
    pub async fn keep_piece(&self, id: &str, piece: &Piece) -> Result<(), StorageError> {
        let mut commit = self.pool.begin().await?;
        if let Some(journal) = &piece.journal {
            let noted = sqlx::query(
                "UPDATE sessions SET until = $2, complete = $3, kept_at = $4 WHERE id = $1",
            )
            .bind(id)
            .bind(journal.until.0)
            .bind(journal.complete)
            .bind(jiff::Timestamp::now().to_string())
            .execute(&mut *commit)
            .await?;
            if noted.rows_affected() == 0 {
                return Ok(());
            }
            if !journal.entries.is_empty() {
                sqlx::query("INSERT INTO journal (session, first, entries) VALUES ($1, $2, $3)")
                    .bind(id)
                    .bind(piece.first as i64)
                    .bind(json(&journal.entries))
                    .execute(&mut *commit)
                    .await?;
            }
        }
        for path in &piece.gone_files {
            sqlx::query("DELETE FROM files WHERE session = $1 AND path = $2")
                .bind(id)
                .bind(path)
                .execute(&mut *commit)
                .await?;
        }
        for file in &piece.files {
            sqlx::query(
                "INSERT INTO files (session, path, mode, content) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (session, path) DO UPDATE SET mode = excluded.mode, content = excluded.content",
            )
            .bind(id)
            .bind(&file.path)
            .bind(file.mode)
            .bind(&file.content)
            .execute(&mut *commit)
            .await?;
        }
        for what in &piece.seen {
            sqlx::query("INSERT INTO seen (session, what) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(what)
                .execute(&mut *commit)
                .await?;
        }
        keep_terminals(&mut commit, id, piece).await?;
        Ok(commit.commit().await?)
    }

    /// The session with this id, or the learner's session in a lesson.
    pub async fn kept(&self, id: &str) -> Result<Option<Kept>, StorageError> {
        let found = sqlx::query(
            "SELECT learner, lesson, world, until, complete FROM sessions WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = found else { return Ok(None) };
        let Ok(mut journal) = serde_json::from_str::<Journal>(row.get(2)) else {
            return Ok(None);
        };
        (journal.until, journal.complete) = (Time(row.get(3)), row.get(4));
        let pieces = sqlx::query("SELECT entries FROM journal WHERE session = $1 ORDER BY first")
            .bind(id)
            .fetch_all(&self.pool)
            .await?;
        for piece in &pieces {
            match serde_json::from_str::<Vec<Entry>>(piece.get(0)) {
                Ok(entries) => journal.entries.extend(entries),
                // Written by another version of the world: known by its rules, but a journal cannot go on behind a gap.
                Err(_) => journal.complete = false,
            }
        }
        let files =
            sqlx::query("SELECT path, mode, content FROM files WHERE session = $1 ORDER BY path")
                .bind(id)
                .fetch_all(&self.pool)
                .await?;
        let file = |row: &sqlx::sqlite::SqliteRow| KeptFile {
            path: row.get(0),
            mode: row.get(1),
            content: row.get(2),
        };
        let seen = sqlx::query("SELECT what FROM seen WHERE session = $1 ORDER BY number")
            .bind(id)
            .fetch_all(&self.pool)
            .await?;
        Ok(Some(Kept {
            id: id.to_owned(),
            learner: row.get(0),
            lesson: row.get(1),
            journal,
            files: files.iter().map(file).collect(),
            terminals: self.kept_terminals(id).await?,
            seen: seen.iter().map(|row| row.get(0)).collect(),
        }))
    }

    /// The id of the learner's session in a lesson, if one is kept.
    pub async fn kept_id(
        &self,
        learner: &str,
        lesson: &str,
    ) -> Result<Option<String>, StorageError> {
        let found = sqlx::query("SELECT id FROM sessions WHERE learner = $1 AND lesson = $2")
            .bind(learner)
            .bind(lesson)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(|row| row.get(0)))
    }

    async fn kept_terminals(&self, id: &str) -> Result<Vec<KeptTerminal>, StorageError> {
        let rows = sqlx::query(
            "SELECT terminal, cols, rows FROM terminals WHERE session = $1 ORDER BY terminal",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        let mut terminals = Vec::new();
        for row in rows {
            let number: u32 = row.get(0);
            let pieces = sqlx::query("SELECT first, text FROM terminal_text WHERE session = $1 AND terminal = $2 ORDER BY first")
                .bind(id)
                .bind(number)
                .fetch_all(&self.pool)
                .await?;
            terminals.push(KeptTerminal {
                id: number,
                cols: row.get(1),
                rows: row.get(2),
                first: pieces
                    .first()
                    .map_or(0, |piece| piece.get::<i64, _>(0) as u64),
                text: pieces
                    .iter()
                    .flat_map(|piece| piece.get::<Vec<u8>, _>(1))
                    .collect(),
            });
        }
        Ok(terminals)
    }

    /// Forgets sessions that nobody came back to since `before` (RFC 3339), but not that they were there; says how many.
    pub async fn forget_sessions(&self, before: &str) -> Result<u64, StorageError> {
        let mut commit = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO forgotten (learner, lesson) SELECT learner, lesson FROM sessions WHERE kept_at < $1
             ON CONFLICT DO NOTHING",
        )
        .bind(before)
        .execute(&mut *commit)
        .await?;
        let gone = sqlx::query("DELETE FROM sessions WHERE kept_at < $1")
            .bind(before)
            .execute(&mut *commit)
            .await?;
        commit.commit().await?;
        Ok(gone.rows_affected())
    }

    /// Whether the learner's session in the lesson was forgotten since this was last asked.
    pub async fn was_forgotten(&self, learner: &str, lesson: &str) -> Result<bool, StorageError> {
        let found = sqlx::query("DELETE FROM forgotten WHERE learner = $1 AND lesson = $2")
            .bind(learner)
            .bind(lesson)
            .execute(&self.pool)
            .await?;
        Ok(found.rows_affected() > 0)
    }
}

async fn keep_terminals(
    commit: &mut sqlx::SqliteConnection,
    id: &str,
    piece: &Piece,
) -> Result<(), StorageError> {
    for terminal in &piece.gone_terminals {
        sqlx::query("DELETE FROM terminals WHERE session = $1 AND terminal = $2")
            .bind(id)
            .bind(terminal)
            .execute(&mut *commit)
            .await?;
    }
    for terminal in &piece.terminals {
        sqlx::query(
            "INSERT INTO terminals (session, terminal, cols, rows) VALUES ($1, $2, $3, $4)
             ON CONFLICT (session, terminal) DO UPDATE SET cols = excluded.cols, rows = excluded.rows",
        )
        .bind(id)
        .bind(terminal.id)
        .bind(terminal.cols)
        .bind(terminal.rows)
        .execute(&mut *commit)
        .await?;
        if terminal.text.is_empty() {
            continue;
        }
        sqlx::query("INSERT INTO terminal_text (session, terminal, first, text) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(terminal.id)
            .bind(terminal.first as i64)
            .bind(&terminal.text)
            .execute(&mut *commit)
            .await?;
        let end = terminal.first + terminal.text.len() as u64;
        sqlx::query("DELETE FROM terminal_text WHERE session = $1 AND terminal = $2 AND first + length(text) < $3")
            .bind(id)
            .bind(terminal.id)
            .bind(end.saturating_sub(TERMINAL_BYTES) as i64)
            .execute(&mut *commit)
            .await?;
    }
    Ok(())
}

fn json<T: serde::Serialize>(value: &T) -> String {
    // Journals always become JSON.
    serde_json::to_string(value).unwrap_or_default()
}
