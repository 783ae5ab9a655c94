//! `podschool lessons …`: the author's tools.

mod import;
mod new;
mod proofread;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use course::format::Backend;
use course::{
    Checkpoint, Course, Lang, Lesson, Part, Report, checkpoints, mutations, parts, prove,
};
use futures::StreamExt;
use host::{Shards, VirtualTime};

use crate::backend::Ground;
use crate::backend::real::RealGround;
use crate::lessons;
use crate::settings::RealCluster;
use crate::stage::{Lab, Moment};

/// The flags of `podschool lessons`.
#[derive(Debug, Args)]
pub struct LessonsArgs {
    #[command(subcommand)]
    tool: Tool,
    /// Read lessons from this folder instead of the built-in ones
    #[arg(long, env = "PODSCHOOL_LESSONS", value_name = "DIR", global = true)]
    lessons: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Tool {
    /// Names all lessons
    List,
    /// Writes a new lesson that passes its proofs, to be changed
    New {
        /// TRACK/NAME, such as pods/my-lesson
        name: String,
    },
    /// Makes a lesson of a Killercoda scenario
    Import {
        /// The folder that holds index.json
        scenario: PathBuf,
        /// The track that it becomes part of
        #[arg(long, default_value = "imported")]
        track: String,
    },
    /// What the course covers, as a table
    Coverage {
        /// Into the folder of the lessons, as COVERAGE.md
        #[arg(long)]
        write: bool,
    },
    /// Plays lessons through their proofs
    Check {
        /// Lessons by id; none: all
        names: Vec<String>,
        /// On the cluster of this kubeconfig, in real time
        #[arg(long, value_name = "FILE")]
        kubeconfig: Option<PathBuf>,
        /// On a real cluster: how many parts are played at once, each in a namespace of its own
        #[arg(long, value_name = "N", default_value = "4", requires = "kubeconfig", value_parser = clap::value_parser!(u16).range(1..=64))]
        at_once: u16,
        /// What was found, as JSON
        #[arg(long)]
        json: bool,
        /// Compare what learners are told with this file; where it is missing, write it
        #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "kubeconfig"])]
        reasons: Option<PathBuf>,
    },
}

/// Runs one tool; the answer is the process's exit status.
pub async fn run(args: LessonsArgs) -> i32 {
    let folder = args.lessons.as_deref();
    match &args.tool {
        Tool::New { name } => return written(folder, |lessons| new::new(lessons, name)),
        Tool::Import { scenario, track } => {
            return written(folder, |lessons| import::import(lessons, scenario, track));
        }
        _ => {}
    }
    let course = match lessons::course(folder) {
        Ok(course) => course,
        Err(error) => {
            if let (Tool::Check { json: true, .. }, lessons::LessonsError::Wrong(wrong)) =
                (&args.tool, &error)
            {
                println!("{}", serde_json::json!({ "diagnostics": wrong }));
            }
            eprintln!("podschool: {error}");
            return 1;
        }
    };
    match args.tool {
        // Both have been obeyed above: they need no course that loads.
        Tool::New { .. } | Tool::Import { .. } => 0,
        Tool::List => list(&course),
        Tool::Coverage { write } => proofread::table(&course, folder, write),
        Tool::Check {
            names,
            kubeconfig,
            at_once,
            json,
            reasons,
        } => match check(&course, &names, kubeconfig, at_once.into()).await {
            Ok(reports) => {
                let wrong = proofread::proofread(&course);
                wrong
                    .iter()
                    .for_each(|diagnostic| eprintln!("{diagnostic}"));
                tell(&reports, json, reasons.as_deref()).max(i32::from(!wrong.is_empty()))
            }
            Err(why) => {
                eprintln!("podschool: {why}");
                2
            }
        },
    }
}

/// Tells what was written, and what is left to be done until the course loads.
fn written(folder: Option<&Path>, write: impl FnOnce(&Path) -> Result<Vec<String>, String>) -> i32 {
    let Some(folder) = folder else {
        eprintln!("podschool: say where the lessons are: podschool lessons --lessons DIR …");
        return 2;
    };
    match write(folder) {
        Err(wrong) => {
            eprintln!("podschool: {wrong}");
            2
        }
        Ok(files) => {
            files.iter().for_each(|file| println!("wrote {file}"));
            if let Err(left) = lessons::course(Some(folder)) {
                println!("{left}");
            }
            0
        }
    }
}

fn list(course: &Course) -> i32 {
    for track in &course.tracks {
        for lesson in &track.lessons {
            println!(
                "{}/{}\t{} min\t{} steps\t{}",
                track.id,
                lesson.id,
                lesson.minutes,
                lesson.steps.len(),
                lesson.prose(Lang::En).title
            );
        }
    }
    0
}

/// A lesson as it was drawn, and what came of it.
type Proven = (Arc<Lesson>, Report);

/// Plays the proofs; the error says what cannot be played.
async fn check(
    course: &Course,
    names: &[String],
    kubeconfig: Option<PathBuf>,
    at_once: usize,
) -> Result<Vec<Proven>, String> {
    let is_named = |lesson: &Lesson| {
        names.is_empty()
            || names.iter().any(|name| {
                *name == lesson.id || *name == format!("{}/{}", lesson.track, lesson.id)
            })
    };
    let wanted: Vec<Arc<Lesson>> = course
        .lessons()
        .filter(|lesson| is_named(lesson))
        .flat_map(|lesson| course.draws(&lesson.id))
        .collect();
    if wanted.is_empty() {
        return Err(format!(
            "no lesson is called {}; `podschool lessons list` names them",
            names.join(" or ")
        ));
    }
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    match kubeconfig {
        None => Ok(simulated(playable(wanted, Backend::Sim), threads).await),
        Some(path) => {
            let set = RealCluster {
                kubeconfig: Some(path),
                context: None,
            };
            let shards = Shards::new(threads);
            let real = RealGround::connect(&set, "lessons-check".into(), shards).await;
            let ground = Ground::Real(Arc::new(real.map_err(|wrong| wrong.to_string())?));
            let lab = Arc::new(Lab { ground });
            let play = move |lesson: Arc<Lesson>, part| {
                let lab = lab.clone();
                async move { prove(&*lab, &lesson, &part, &[]).await }
            };
            let lessons = playable(wanted, Backend::Real);
            Ok(all(&lessons, parts, at_once, play).await)
        }
    }
}

/// All proofs, in virtual time, on so many threads.
async fn simulated(mut lessons: Vec<Arc<Lesson>>, threads: usize) -> Vec<Proven> {
    let time = VirtualTime::new(threads);
    let made = lessons.iter().map(|lesson| solved(&time, lesson.clone()));
    let made: Vec<Solved> = in_their_order(made, threads).await;
    let solved: BTreeMap<_, _> = lessons.iter().map(draw).zip(made).collect();
    let play = |lesson: Arc<Lesson>, part| {
        let from = solved.get(&draw(&lesson)).cloned().unwrap_or_default();
        in_virtual_time(&time, lesson, part, from)
    };
    let mut reports = all(&lessons, parts, threads, play).await;
    // Draws of one lesson differ in their words, not in what their checks let pass: the first speaks for all.
    lessons.dedup_by_key(|lesson| lesson.id.clone());
    for (lesson, found) in all(&lessons, mutations, threads, play).await {
        let reported = reports.iter_mut().find(|(known, _)| known.id == lesson.id);
        if let Some((_, report)) = reported {
            report.add(found);
            report.conclude(&lesson);
        }
    }
    reports
}

/// The scenes before the steps of one lesson.
type Solved = Arc<Vec<Checkpoint<Moment>>>;

/// What makes a lesson another than its like.
fn draw(lesson: &Arc<Lesson>) -> (String, BTreeMap<String, String>) {
    (lesson.id.clone(), lesson.vars.clone())
}

/// Says what came of it; the exit status.
fn tell(reports: &[Proven], json: bool, reasons: Option<&Path>) -> i32 {
    if json {
        print_json(reports);
    } else {
        print_text(reports);
    }
    let told = reasons.map_or(Ok(()), |file| {
        compare(file, &course::reasons::page(reports))
    });
    if let Err(why) = &told {
        eprintln!("podschool: {why}");
    }
    let wrong = reports
        .iter()
        .any(|(_, report)| !report.findings.is_empty());
    i32::from(wrong || told.is_err())
}

fn compare(file: &Path, page: &str) -> Result<(), String> {
    let named = file.display();
    match std::fs::read_to_string(file) {
        Ok(before) => match course::reasons::difference(&before, page) {
            None => Ok(()),
            Some((line, was, is)) => Err(format!(
                "learners are told otherwise than {named}:{line} says:\n  was: {was}\n  is:  {is}\nif this is meant, remove the file and run again"
            )),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::write(file, page).map_err(|e| format!("{named} cannot be written: {e}"))
        }
        Err(error) => Err(format!("{named} cannot be read: {error}")),
    }
}

fn playable(wanted: Vec<Arc<Lesson>>, backend: Backend) -> Vec<Arc<Lesson>> {
    let runs = |lesson: &Arc<Lesson>| lesson.runs_on(backend);
    wanted.into_iter().filter(runs).collect()
}

/// Plays the parts of all lessons, some at once; what came of each lesson, in their order.
async fn all<F: Future<Output = Report>>(
    lessons: &[Arc<Lesson>],
    parts: impl Fn(&Lesson) -> Vec<Part>,
    at_once: usize,
    play: impl Fn(Arc<Lesson>, Part) -> F,
) -> Vec<Proven> {
    let parts = lessons.iter().enumerate().flat_map(|(index, lesson)| {
        let of = parts(lesson).into_iter();
        of.map(move |part| (index, lesson.clone(), part))
    });
    let played = parts.map(|(index, lesson, part)| {
        let played = play(lesson, part);
        async move { (index, played.await) }
    });
    let empty = lessons.iter().map(|l| (l.clone(), Report::default()));
    let mut reports: Vec<Proven> = empty.collect();
    for (index, report) in in_their_order(played, at_once).await {
        reports[index].1.add(report);
    }
    reports
}

/// What came of each, in their order, however long each takes: whoever is done makes room for the next, also when one before it
/// is not done yet.
async fn in_their_order<F: Future>(
    played: impl Iterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    let placed = played
        .enumerate()
        .map(|(place, one)| async move { (place, one.await) });
    let done = futures::stream::iter(placed).buffer_unordered(at_once);
    let mut done: Vec<_> = done.collect().await;
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, came)| came).collect()
}

/// Plays one part on a simulated cluster.
async fn in_virtual_time(
    time: &VirtualTime,
    lesson: Arc<Lesson>,
    part: Part,
    from: Solved,
) -> Report {
    let of = lesson.id.clone();
    let played = time.play(move |shards| async move {
        let ground = Ground::Sim(shards);
        prove(&Lab { ground }, &lesson, &part, &from).await
    });
    played.await.unwrap_or_else(|_| Report::broken(&of))
}

/// Plays the solutions of one lesson. What breaks on the way is told by the part that proves them.
async fn solved(time: &VirtualTime, lesson: Arc<Lesson>) -> Solved {
    let played = time.play(move |shards| async move {
        let ground = Ground::Sim(shards);
        checkpoints(&Lab { ground }, &lesson).await
    });
    Arc::new(played.await.unwrap_or_default())
}

fn print_json(reports: &[Proven]) {
    let all: Vec<_> = reports
        .iter()
        .map(|(lesson, report)| serde_json::json!({ "lesson": lesson.id, "vars": lesson.vars, "report": report }))
        .collect();
    println!("{}", serde_json::Value::from(all));
}

fn print_text(reports: &[Proven]) {
    for (lesson, report) in reports {
        println!(
            "{}: {}",
            lesson.id,
            if report.findings.is_empty() {
                "proven"
            } else {
                "not proven"
            }
        );
        for finding in &report.findings {
            println!(
                "  proof {}, {}: {}",
                finding.proof, finding.step, finding.message
            );
        }
        for earned in &report.reasons {
            let reason = earned.reason.get(&Lang::En).map_or("", String::as_str);
            println!("  {}: `{}` is told: {reason}", earned.step, earned.line);
        }
    }
}
