//! A session as one file: to be handed on by a link, or kept by the learner and brought back.
//!
//! It is JSON, packed by gzip. What a link carries is the world: seed, journal, files of the home. What a learner's own file carries is
//! also their progress, their answers, the text on their terminals, and what checks ask of the past. Neither says who the learner is.
//!
//! A file that comes back is a stranger's: [`Parcel::unpack`] takes of it only what could have come from a session of this server. Of the
//! world's beginning that is the seed and the time; the rest is as for every session.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use host::Journal;
use serde::{Deserialize, Serialize};

use super::home::{self, FILE_BYTES, HOME_BYTES};
use super::{Session, life::Life};
use crate::backend::sim;
use crate::http::cookie::{Learner, unguessable};
use crate::play;
use crate::storage::worlds::{Kept, KeptFile, KeptTerminal, TERMINAL_BYTES};
use crate::storage::{Done, Storage, StorageError};
use crate::wire::MAX_TERMINALS;
use crate::workstation::HOME;

/// The version of the file; raised when an older server could not read a newer file.
const FORMAT: u32 = 1;
/// Most bytes of a packed world that a link carries.
pub const LINK_BYTES: usize = 1024 * 1024;
/// Most bytes of a file that is brought back.
pub const FILE_AT_MOST_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes that a file may be when it is unpacked.
const UNPACKED_BYTES: u64 = 24 * 1024 * 1024;
/// Most entries of a journal, and the most simulated time, that a file may bring: both are played again.
const MOST_ENTRIES: usize = 20_000;
const LONGEST_DAYS: i64 = 92;
/// Most rows of each kind, and most bytes of one text.
const MOST_ROWS: usize = 2_000;
const TEXT_BYTES: usize = 4 * 1024;

/// A session as one file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// [`FORMAT`]; also says what the file is.
    podschool: u32,
    /// The lesson's id, or the name of a session without one.
    pub lesson: String,
    /// RFC 3339.
    pub made_at: String,
    journal: Journal,
    files: Vec<ParcelFile>,
    #[serde(default)]
    pub steps: Vec<ParcelStep>,
    /// Question and JSON.
    #[serde(default)]
    pub answers: Vec<(String, String)>,
    #[serde(default)]
    terminals: Vec<ParcelTerminal>,
    #[serde(default)]
    seen: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelFile {
    path: String,
    mode: u32,
    #[serde(with = "text_or_base64")]
    content: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParcelStep {
    pub step: String,
    /// RFC 3339.
    pub at: String,
    pub cause: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelTerminal {
    id: u32,
    cols: u16,
    rows: u16,
    first: u64,
    #[serde(with = "text_or_base64")]
    text: Vec<u8>,
}

/// A file that cannot be brought back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the file is not one of podschool's")]
    Strange,
    #[error("the file is of a newer podschool")]
    Newer,
    #[error("the file is too large")]
    TooLarge,
}

impl Unfit {
    /// The message that says it to a learner.
    pub fn key(&self) -> &'static str {
        match self {
            Unfit::Strange => "file-strange",
            Unfit::Newer => "file-newer",
            Unfit::TooLarge => "file-too-large",
        }
    }
}

impl Parcel {
    /// The session's world as it is now: what a link carries. `None`: the world has ended.
    pub async fn world(session: &Session, life: &Life) -> Option<Parcel> {
        Some(Parcel {
            podschool: FORMAT,
            lesson: session.lesson.id.clone(),
            made_at: jiff::Timestamp::now().to_string(),
            journal: life.world.journal().await.ok()?,
            files: home::files(&life.world, HOME)
                .await
                .into_iter()
                .map(ParcelFile::from)
                .collect(),
            steps: Vec::new(),
            answers: Vec::new(),
            terminals: Vec::new(),
            seen: Vec::new(),
        })
    }

    /// The world and all that is the learner's. `None`: the world has ended.
    pub async fn whole(session: &Session, life: &Life) -> Result<Option<Parcel>, StorageError> {
        let Some(mut parcel) = Parcel::world(session, life).await else {
            return Ok(None);
        };
        let (storage, learner, lesson) = (&session.storage, &session.learner.0, &session.lesson.id);
        life.keeper.kept().await;
        if let Some(kept) = storage.kept(&session.id).await? {
            parcel.seen = kept.seen;
        }
        parcel.answers = storage.answers(learner, lesson).await?;
        let done = storage.done(learner, lesson).await?;
        parcel.steps = done.into_iter().map(ParcelStep::from).collect();
        for state in life.terminals.states() {
            let (first, text) = life.terminals.since(state.id, 0);
            parcel.terminals.push(ParcelTerminal {
                id: state.id,
                cols: state.cols,
                rows: state.rows,
                first,
                text,
            });
        }
        Ok(Some(parcel))
    }

    /// The file's bytes.
    pub fn pack(&self) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        // Writing into memory does not fail, and our own types always become JSON.
        let _ = packer.write_all(&serde_json::to_vec(self).unwrap_or_default());
        packer.finish().unwrap_or_default()
    }

    /// Reads a file, and takes of it what can be.
    pub fn unpack(bytes: &[u8]) -> Result<Parcel, Unfit> {
        let mut text = Vec::new();
        let read = GzDecoder::new(bytes)
            .take(UNPACKED_BYTES + 1)
            .read_to_end(&mut text);
        read.map_err(|_| Unfit::Strange)?;
        if text.len() as u64 > UNPACKED_BYTES {
            return Err(Unfit::TooLarge);
        }
        #[derive(Deserialize)]
        struct Head {
            podschool: u32,
        }
        let head: Head = serde_json::from_slice(&text).map_err(|_| Unfit::Strange)?;
        if head.podschool > FORMAT {
            return Err(Unfit::Newer);
        }
        let mut parcel: Parcel = serde_json::from_slice(&text).map_err(|_| Unfit::Strange)?;
        parcel.check_world()?;
        parcel.check_rows()?;
        Ok(parcel)
    }

    /// The journal's entries stand in order within its time; the world begins as every session's does.
    fn check_world(&mut self) -> Result<(), Unfit> {
        let journal = &mut self.journal;
        let start = journal.spec.start.ok_or(Unfit::Strange)?;
        let longest = LONGEST_DAYS * 86_400 * 1_000_000_000;
        let lasts = journal.until.0.checked_sub(start.0).ok_or(Unfit::Strange)?;
        if lasts > longest || journal.entries.len() > MOST_ENTRIES {
            return Err(Unfit::TooLarge);
        }
        let times = [start]
            .into_iter()
            .chain(journal.entries.iter().map(|entry| entry.at));
        let ordered = times.chain([journal.until]).is_sorted();
        if lasts < 0 || !ordered || start.0 < 0 {
            return Err(Unfit::Strange);
        }
        let nodes = journal.spec.cluster.as_ref().map_or(1, |c| c.nodes.len());
        let nodes = u8::try_from(nodes).unwrap_or(u8::MAX);
        let nodes = nodes.clamp(1, course::MOST_NODES);
        let mut spec = sim::spec(journal.spec.seed, nodes, &Default::default());
        spec.start = Some(start);
        journal.spec = spec;
        let sum: usize = self.files.iter().map(|file| file.content.len()).sum();
        if sum > HOME_BYTES
            || self
                .files
                .iter()
                .any(|file| file.content.len() > FILE_BYTES)
        {
            return Err(Unfit::TooLarge);
        }
        let at_home = |path: &str| {
            let rest = path
                .strip_prefix(HOME)
                .and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| {
                rest.len() <= TEXT_BYTES
                    && rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
            })
        };
        match self.files.iter().all(|file| at_home(&file.path)) {
            true => Ok(()),
            false => Err(Unfit::Strange),
        }
    }

    fn check_rows(&self) -> Result<(), Unfit> {
        let rows = [
            self.files.len(),
            self.steps.len(),
            self.answers.len(),
            self.seen.len(),
        ];
        let long = |text: &String| text.len() > TEXT_BYTES;
        let too_large = rows.iter().any(|rows| *rows > MOST_ROWS)
            || self.terminals.len() > MAX_TERMINALS
            || self
                .terminals
                .iter()
                .any(|terminal| terminal.text.len() as u64 > TERMINAL_BYTES)
            || self.seen.iter().any(long)
            || self
                .answers
                .iter()
                .any(|(question, answer)| long(question) || long(answer))
            || self
                .steps
                .iter()
                .any(|step| long(&step.step) || long(&step.cause) || long(&step.at));
        match too_large {
            true => Err(Unfit::TooLarge),
            false => Ok(()),
        }
    }

    /// The session that begins from it.
    pub fn into_kept(self, learner: &str, lesson: &str) -> Kept {
        let terminal = |terminal: ParcelTerminal| KeptTerminal {
            id: terminal.id,
            cols: terminal.cols,
            rows: terminal.rows,
            // Numbers of bytes are this server's to give.
            first: terminal.first.min(u64::from(u32::MAX)),
            text: terminal.text,
        };
        Kept {
            id: unguessable(),
            learner: learner.to_owned(),
            lesson: lesson.to_owned(),
            journal: self.journal,
            files: self.files.into_iter().map(KeptFile::from).collect(),
            terminals: self.terminals.into_iter().map(terminal).collect(),
            seen: self.seen,
        }
    }
}

impl From<KeptFile> for ParcelFile {
    fn from(file: KeptFile) -> Self {
        ParcelFile {
            path: file.path,
            mode: file.mode,
            content: file.content,
        }
    }
}

impl From<ParcelFile> for KeptFile {
    fn from(file: ParcelFile) -> Self {
        KeptFile {
            path: file.path,
            mode: file.mode & 0o777,
            content: file.content,
        }
    }
}

impl From<Done> for ParcelStep {
    fn from(done: Done) -> Self {
        ParcelStep {
            step: done.step,
            at: done.at,
            cause: done.cause,
        }
    }
}

/// What a copy of a shared world begins as; `None` for other sessions, and where the link leads nowhere any more.
pub async fn given(storage: &Storage, learner: &Learner, lesson: &str) -> Option<Kept> {
    let packed = match storage.shared(play::link(lesson)?).await {
        Ok(packed) => packed?,
        Err(error) => {
            tracing::error!(%error, lesson, "a shared world could not be read");
            return None;
        }
    };
    match Parcel::unpack(&packed) {
        Ok(parcel) => Some(parcel.into_kept(&learner.0, lesson)),
        Err(unfit) => {
            tracing::error!(%unfit, lesson, "a shared world could not be unpacked");
            None
        }
    }
}

/// Text as it is; what is none as `{"base64": "…"}`.
mod text_or_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Text(String),
        Bytes { base64: String },
    }

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Shape::Text(text.to_owned()),
            Err(_) => Shape::Bytes {
                base64: STANDARD.encode(bytes),
            },
        }
        .serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        match Shape::deserialize(from)? {
            Shape::Text(text) => Ok(text.into_bytes()),
            Shape::Bytes { base64 } => STANDARD.decode(base64).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel() -> Parcel {
        let mut spec = sim::spec(7, 1, &Default::default());
        spec.start = Some(host::Time(1_000));
        let journal = Journal {
            rules: host::RULES,
            spec,
            entries: Vec::new(),
            until: host::Time(5_000),
            complete: true,
        };
        let file = |name: &str, content: &[u8]| ParcelFile {
            path: format!("{HOME}/{name}"),
            mode: 0o644,
            content: content.to_vec(),
        };
        Parcel {
            podschool: FORMAT,
            lesson: "first-pod".into(),
            made_at: "2026-01-01T00:00:00Z".into(),
            journal,
            files: vec![file("note.txt", b"ahoy"), file("raw", &[0xff, 0])],
            steps: Vec::new(),
            answers: vec![("where".into(), "\"node-1\"".into())],
            terminals: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// What becomes of a parcel that was changed on its way.
    fn arrives(change: impl FnOnce(&mut Parcel)) -> Result<Parcel, Unfit> {
        let mut parcel = parcel();
        change(&mut parcel);
        Parcel::unpack(&parcel.pack())
    }

    fn refused(change: impl FnOnce(&mut Parcel)) -> Option<Unfit> {
        arrives(change).err()
    }

    #[test]
    fn what_is_packed_comes_back() {
        let kept = arrives(|_| {})
            .expect("it is fine")
            .into_kept("me", "first-pod");
        assert_eq!(kept.journal.spec.seed, 7);
        assert_eq!(kept.journal.until, host::Time(5_000));
        assert_eq!(kept.files[0].content, b"ahoy");
        assert_eq!(kept.files[1].content, [0xff, 0]);
    }

    #[test]
    fn a_stranger_cannot_make_the_world_larger() {
        let parcel = arrives(|parcel| {
            let cluster = parcel.journal.spec.cluster.as_mut().expect("a cluster");
            cluster.nodes = (1..200).map(host::NodeSpec::numbered).collect();
            parcel.journal.spec.limits.turn_polls = u32::MAX;
            parcel.journal.spec.speed = 1e9;
        })
        .expect("it is fine");
        let spec = &parcel.journal.spec;
        assert_eq!(
            spec.cluster.as_ref().map(|cluster| cluster.nodes.len()),
            Some(usize::from(course::MOST_NODES))
        );
        assert_eq!(spec.limits.turn_polls, host::Limits::default().turn_polls);
        assert_eq!(spec.speed, 1.0);
    }

    #[test]
    fn what_is_not_ours_or_too_large_is_refused() {
        assert_eq!(Parcel::unpack(b"").err(), Some(Unfit::Strange));
        assert_eq!(Parcel::unpack(b"PK\x03\x04").err(), Some(Unfit::Strange));
        let whole = parcel().pack();
        assert_eq!(
            Parcel::unpack(&whole[..whole.len() / 2]).err(),
            Some(Unfit::Strange)
        );
        assert_eq!(
            refused(|parcel| parcel.podschool = FORMAT + 1),
            Some(Unfit::Newer)
        );
        assert_eq!(
            refused(|parcel| parcel.journal.spec.start = None),
            Some(Unfit::Strange)
        );
        assert_eq!(
            refused(|parcel| parcel.journal.until = host::Time(0)),
            Some(Unfit::Strange)
        );
        assert_eq!(
            refused(|parcel| parcel.journal.until = host::Time(i64::MAX)),
            Some(Unfit::TooLarge)
        );
        for path in [
            "/etc/passwd",
            "/home/learner/../x",
            "/home/learner//x",
            "note.txt",
        ] {
            let put = |parcel: &mut Parcel| parcel.files[0].path = path.into();
            assert_eq!(refused(put), Some(Unfit::Strange), "{path}");
        }
        let long = |parcel: &mut Parcel| parcel.files[0].content = vec![b'x'; FILE_BYTES + 1];
        assert_eq!(refused(long), Some(Unfit::TooLarge));
        let many = |parcel: &mut Parcel| parcel.seen = vec![String::new(); MOST_ROWS + 1];
        assert_eq!(refused(many), Some(Unfit::TooLarge));
    }

    #[test]
    fn a_small_file_that_unpacks_to_much_is_refused() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        let blank = vec![b' '; 1024 * 1024];
        for _ in 0..=UNPACKED_BYTES / blank.len() as u64 {
            packer.write_all(&blank).expect("into memory");
        }
        let bomb = packer.finish().expect("into memory");
        assert!(bomb.len() < FILE_AT_MOST_BYTES);
        assert_eq!(Parcel::unpack(&bomb).err(), Some(Unfit::TooLarge));
    }
}
