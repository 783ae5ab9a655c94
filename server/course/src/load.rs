//! Loading a course from texts by path. Everything wrong is a diagnostic with file, line and the mend; a course that
//! has any is not loaded.

use crate::format::{Backend, CourseFile, Goal, LessonFile, Start, StepFile, VERSION};
use crate::prose::{self, Prose};
use crate::{Lang, lint, typography};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts by path below `lessons/`, with `/` between folders.
pub type Texts = BTreeMap<String, String>;

/// Something an author has to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// path below `lessons/`
    pub file: String,
    /// from 1; 0 where the whole file is meant
    pub line: usize,
    /// what is wrong and what to do
    pub message: String,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "lessons/{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The whole course.
#[derive(Clone, Debug)]
pub struct Course {
    /// in order
    pub tracks: Vec<Track>,
    /// the first stands in where a language is missing
    pub languages: Vec<Lang>,
    texts: Arc<Texts>,
    /// lessons by id and values of their variables, as they were asked for
    drawn: Arc<Mutex<Drawn>>,
}

type Drawn = BTreeMap<(String, BTreeMap<String, String>), Arc<Lesson>>;

/// A run of lessons under one title.
#[derive(Clone, Debug)]
pub struct Track {
    /// folder name
    pub id: String,
    /// by language
    pub title: BTreeMap<Lang, String>,
    /// in order
    pub lessons: Vec<Arc<Lesson>>,
}

/// One lesson, with its variables drawn.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// folder name, unique in the course
    pub id: String,
    /// folder of its track
    pub track: String,
    /// how long a learner needs
    pub minutes: u32,
    /// where it can run
    pub backends: Vec<Backend>,
    /// machines of the simulated cluster, from 1
    pub nodes: u8,
    /// its variables as they were drawn
    pub vars: BTreeMap<String, String>,
    /// what happens before the first step
    pub start: Vec<Start>,
    /// in order
    pub steps: Vec<StepFile>,
    /// what lies in the learner's home at the start, by path below it
    pub files: BTreeMap<String, String>,
    /// manifests of `start/`, by path below the lesson's folder
    pub manifests: BTreeMap<String, String>,
    /// the text
    pub prose: BTreeMap<Lang, Prose>,
}

impl Lesson {
    /// The prose in `lang`, or in English.
    pub fn prose(&self, lang: Lang) -> &Prose {
        static EMPTY: Prose = Prose {
            title: String::new(),
            summary: String::new(),
            intro: String::new(),
            steps: Vec::new(),
            learned: None,
        };
        self.prose
            .get(&lang)
            .or_else(|| self.prose.get(&Lang::En))
            .unwrap_or(&EMPTY)
    }

    /// What the lesson asks for before the first step, as shell lines; waits give up after `patience_s` seconds of the cluster's time.
    pub fn start_lines(&self, patience_s: u32) -> Result<Vec<String>, String> {
        let line = |start: &Start| match start {
            Start::Run(line) => Ok(line.clone()),
            Start::Apply(path) => {
                let manifest = self.manifests.get(path);
                let manifest =
                    manifest.ok_or_else(|| format!("{path} is not in the lesson's folder"))?;
                Ok(format!(
                    "kubectl apply -f - <<'END-OF-START'\n{manifest}\nEND-OF-START"
                ))
            }
            Start::Wait(text) => {
                let parts = text.split_once(' ');
                let (object, condition) =
                    parts.ok_or_else(|| format!("wait: {text}: write `kind/name Condition`"))?;
                Ok(format!(
                    "kubectl wait --for=condition={condition} {object} --timeout={patience_s}s"
                ))
            }
        };
        self.start.iter().map(line).collect()
    }

    /// Whether it can run on `backend`.
    pub fn runs_on(&self, backend: Backend) -> bool {
        self.backends.contains(&backend)
    }

    /// Whether step `index` must hold now, rather than having held once.
    pub fn is_level(&self, index: usize) -> bool {
        self.steps.get(index).is_some_and(|s| s.goal == Goal::Level)
    }
}

impl Course {
    /// All lessons in the order of the course.
    pub fn lessons(&self) -> impl Iterator<Item = &Arc<Lesson>> {
        self.tracks.iter().flat_map(|t| t.lessons.iter())
    }

    /// The files that the course was read from.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// A lesson by id.
    pub fn lesson(&self, id: &str) -> Option<&Arc<Lesson>> {
        self.lessons().find(|l| l.id == id)
    }

    /// A lesson in every way that its variables were drawn by the seeds below 64, each once: what its proofs have to hold for.
    pub fn draws(&self, id: &str) -> Vec<Arc<Lesson>> {
        let Some(plain) = self.lesson(id) else {
            return Vec::new();
        };
        let path = format!("{}/{id}/lesson.yaml", plain.track);
        let file = yaml::<LessonFile>(&self.texts, &path, 0, &BTreeMap::new(), &mut Vec::new());
        let seeds = file.into_iter().flat_map(|file| {
            let drawn = (0..64).rev().map(move |seed| (draw(&file, seed), seed));
            drawn.collect::<BTreeMap<_, _>>().into_values()
        });
        seeds.filter_map(|seed| self.drawn(id, seed)).collect()
    }

    /// A lesson whose variables are drawn by `seed`. Learners with the same draw share it: its prose is read once.
    pub fn drawn(&self, id: &str, seed: u64) -> Option<Arc<Lesson>> {
        let plain = self.lesson(id)?;
        if plain.vars.is_empty() {
            return Some(plain.clone());
        }
        let path = format!("{}/{id}/lesson.yaml", plain.track);
        let none = BTreeMap::new();
        let file = yaml::<LessonFile>(&self.texts, &path, 0, &none, &mut Vec::new())?;
        let key = (id.to_owned(), draw(&file, seed));
        let known = || self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lesson) = known().get(&key) {
            return Some(lesson.clone());
        }
        let (lesson, faults) = read_lesson(&self.texts, &plain.track, id, seed, &self.languages);
        let lesson = lesson.filter(|_| faults.is_empty()).map(Arc::new);
        let lesson = lesson.unwrap_or_else(|| plain.clone());
        known().insert(key, lesson.clone());
        Some(lesson)
    }
}

/// Loads a course; the error lists all that has to be mended.
pub fn load(texts: Texts) -> Result<Course, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let Some(file) = yaml::<CourseFile>(&texts, "course.yaml", 0, &BTreeMap::new(), &mut faults)
    else {
        return Err(faults);
    };
    if file.version != VERSION {
        faults.push(fault(
            "course.yaml",
            0,
            format!(
                "version {} is not read by this release; it reads {VERSION}",
                file.version
            ),
        ));
    }
    let mut tracks = Vec::new();
    for track in &file.tracks {
        let mut lessons = Vec::new();
        for id in &track.lessons {
            let (lesson, found) = read_lesson(&texts, &track.id, id, 0, &file.languages);
            faults.extend(found);
            lessons.extend(lesson.map(Arc::new));
        }
        tracks.push(Track {
            id: track.id.clone(),
            title: track.title.clone(),
            lessons,
        });
    }
    let course = Course {
        tracks,
        languages: file.languages,
        texts: Arc::new(texts),
        drawn: Arc::default(),
    };
    if faults.is_empty() {
        Ok(course)
    } else {
        Err(faults)
    }
}

fn read_lesson(
    texts: &Texts,
    track: &str,
    id: &str,
    seed: u64,
    languages: &[Lang],
) -> (Option<Lesson>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let folder = format!("{track}/{id}");
    let path = format!("{folder}/lesson.yaml");
    let Some(first) = yaml::<LessonFile>(texts, &path, 0, &BTreeMap::new(), &mut faults) else {
        return (None, faults);
    };
    let vars = draw(&first, seed);
    let Some(file) = yaml::<LessonFile>(texts, &path, 0, &vars, &mut faults) else {
        return (None, faults);
    };
    let mut all = BTreeMap::new();
    for lang in languages {
        let name = format!("{folder}/{}.md", lang.tag());
        match texts.get(&name) {
            None => faults.push(fault(
                &name,
                0,
                "this language is missing: course.yaml asks for it".to_owned(),
            )),
            Some(text) => {
                let text = typography::set(*lang, &put(text, &vars));
                let (prose, found) = prose::read(&text);
                faults.extend(
                    found
                        .into_iter()
                        .map(|(line, message)| fault(&name, line, message)),
                );
                all.insert(*lang, prose);
            }
        }
    }
    let below = |part: &str| -> BTreeMap<String, String> {
        let prefix = format!("{folder}/{part}/");
        texts
            .range(prefix.clone()..)
            .take_while(|(p, _)| p.starts_with(&prefix))
            .map(|(p, text)| (p[prefix.len()..].to_owned(), put(text, &vars)))
            .collect()
    };
    let manifests = below("start")
        .into_iter()
        .map(|(p, t)| (format!("start/{p}"), t))
        .collect();
    let lesson = Lesson {
        id: file.id.clone(),
        track: track.to_owned(),
        minutes: file.minutes,
        backends: file.backends.clone(),
        nodes: file.nodes,
        vars: vars.clone(),
        start: file.start.clone(),
        steps: file.steps.clone(),
        files: below("files"),
        manifests,
        prose: all,
    };
    faults.extend(lint::lint(&file, &lesson, &folder, &texts[&path]));
    (Some(lesson), faults)
}

/// Draws every variable: splitmix64 of the seed and the variable's place.
fn draw(file: &LessonFile, seed: u64) -> BTreeMap<String, String> {
    let mut state = seed;
    file.vars
        .iter()
        .filter(|(_, v)| !v.pick.is_empty())
        .map(|(name, var)| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let at = (z ^ (z >> 31)) % var.pick.len() as u64;
            let value = &var.pick[usize::try_from(at).unwrap_or(0)];
            (
                name.clone(),
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )
        })
        .collect()
}

fn put(text: &str, vars: &BTreeMap<String, String>) -> String {
    vars.iter().fold(text.to_owned(), |t, (name, value)| {
        t.replace(&format!("${{{name}}}"), value)
    })
}

fn yaml<T: serde::de::DeserializeOwned>(
    texts: &Texts,
    path: &str,
    line: usize,
    vars: &BTreeMap<String, String>,
    faults: &mut Vec<Diagnostic>,
) -> Option<T> {
    let Some(text) = texts.get(path) else {
        faults.push(fault(path, line, "the file is missing".to_owned()));
        return None;
    };
    let options = serde_saphyr::options! { strict_booleans: true };
    match serde_saphyr::from_str_with_options::<T>(&put(text, vars), options) {
        Ok(value) => Some(value),
        Err(e) => {
            let at = e
                .location()
                .map_or(0, |l| usize::try_from(l.line()).unwrap_or(0));
            let said = e.to_string();
            faults.push(fault(
                path,
                at,
                said.lines().next().unwrap_or_default().to_owned(),
            ));
            None
        }
    }
}

pub(crate) fn fault(file: &str, line: usize, message: String) -> Diagnostic {
    Diagnostic {
        file: file.to_owned(),
        line,
        message,
    }
}
