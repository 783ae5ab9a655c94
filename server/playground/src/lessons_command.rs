//! `podschool lessons …`: the author's tools.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use course::format::Backend;
use course::{Course, Lang, Lesson, Part, Report, parts, prove};
use futures::StreamExt;
use host::Shards;

use crate::backend::Ground;
use crate::backend::real::RealGround;
use crate::lessons;
use crate::settings::RealCluster;
use crate::stage::Lab;

/// Parts of lessons that are played at once on a real cluster, whose nodes have the room of a small machine.
const ON_A_REAL_CLUSTER: usize = 4;

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
    /// Plays lessons through their proofs
    Check {
        /// Lessons by id; none: all
        names: Vec<String>,
        /// On the cluster of this kubeconfig, in real time
        #[arg(long, value_name = "FILE")]
        kubeconfig: Option<PathBuf>,
        /// What was found, as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs one tool; the answer is the process's exit status.
pub async fn run(args: LessonsArgs) -> i32 {
    let course = match lessons::course(args.lessons.as_deref()) {
        Ok(course) => course,
        Err(error) => {
            eprintln!("podschool: {error}");
            return 1;
        }
    };
    match args.tool {
        Tool::List => list(&course),
        Tool::Check {
            names,
            kubeconfig,
            json,
        } => check(&course, &names, kubeconfig, json).await,
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

async fn check(course: &Course, names: &[String], kubeconfig: Option<PathBuf>, json: bool) -> i32 {
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
        eprintln!(
            "podschool: no lesson is called {}; `podschool lessons list` names them",
            names.join(" or ")
        );
        return 2;
    }
    let lessons: Vec<Arc<Lesson>>;
    let at_once = std::thread::available_parallelism().map_or(2, usize::from);
    let reports = match kubeconfig {
        None => {
            lessons = playable(wanted, Backend::Sim);
            all(&lessons, at_once, in_virtual_time).await
        }
        Some(path) => {
            let set = RealCluster {
                kubeconfig: Some(path),
                context: None,
            };
            let shards = Shards::new(at_once);
            let real = match RealGround::connect(&set, "lessons-check".into(), shards).await {
                Ok(real) => Ground::Real(Arc::new(real)),
                Err(wrong) => {
                    eprintln!("podschool: {wrong}");
                    return 2;
                }
            };
            lessons = playable(wanted, Backend::Real);
            let lab = Arc::new(Lab { ground: real });
            all(&lessons, ON_A_REAL_CLUSTER, move |lesson, part| {
                let lab = lab.clone();
                async move { prove(&*lab, &lesson, &part).await }
            })
            .await
        }
    };
    let wrong: usize = reports
        .iter()
        .map(|(_, report)| report.findings.len())
        .sum();
    if json {
        print_json(&reports)
    } else {
        print_text(&reports)
    }
    i32::from(wrong > 0)
}

fn playable(wanted: Vec<Arc<Lesson>>, backend: Backend) -> Vec<Arc<Lesson>> {
    let runs = |lesson: &Arc<Lesson>| lesson.runs_on(backend);
    wanted.into_iter().filter(runs).collect()
}

/// Plays all parts of all lessons, some at once; what came of each lesson, in their order.
async fn all<F: Future<Output = Report>>(
    lessons: &[Arc<Lesson>],
    at_once: usize,
    play: impl Fn(Arc<Lesson>, Part) -> F,
) -> Vec<(String, Report)> {
    let parts = lessons.iter().enumerate().flat_map(|(index, lesson)| {
        let of = parts(lesson).into_iter();
        of.map(move |part| (index, lesson.clone(), part))
    });
    let played = parts.map(|(index, lesson, part)| {
        let played = play(lesson, part);
        async move { (index, played.await) }
    });
    let named = lessons.iter().map(|l| (l.id.clone(), Report::default()));
    let mut reports: Vec<(String, Report)> = named.collect();
    let mut played = futures::stream::iter(played).buffered(at_once);
    while let Some((index, report)) = played.next().await {
        reports[index].1.add(report);
    }
    reports
}

/// Plays one part on a simulated cluster, on a thread of its own.
async fn in_virtual_time(lesson: Arc<Lesson>, part: Part) -> Report {
    let of = lesson.id.clone();
    let played = host::in_virtual_time(move |shards| async move {
        let ground = Ground::Sim(shards);
        prove(&Lab { ground }, &lesson, &part).await
    });
    played.await.unwrap_or_else(|_| Report::broken(&of))
}

fn print_json(reports: &[(String, Report)]) {
    let all: Vec<_> = reports
        .iter()
        .map(|(lesson, report)| serde_json::json!({ "lesson": lesson, "report": report }))
        .collect();
    println!("{}", serde_json::Value::from(all));
}

fn print_text(reports: &[(String, Report)]) {
    for (lesson, report) in reports {
        println!(
            "{lesson}: {}",
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
