//! `podschool lessons …`: the author's tools.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use course::{Course, Lang, Lesson, Report, prove};
use host::Shards;

use crate::backend::Ground;
use crate::backend::real::RealGround;
use crate::lessons;
use crate::settings::RealCluster;
use crate::stage::Lab;

/// Lessons that are proven at once.
const AT_ONCE: usize = 2;

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
    let shards = Shards::new(std::thread::available_parallelism().map_or(2, usize::from));
    let (ground, backend) = match kubeconfig {
        None => (Ground::Sim(shards), course::format::Backend::Sim),
        Some(path) => {
            let set = RealCluster {
                kubeconfig: Some(path),
                context: None,
            };
            match RealGround::connect(&set, "lessons-check".into(), shards).await {
                Ok(real) => (Ground::Real(Arc::new(real)), course::format::Backend::Real),
                Err(wrong) => {
                    eprintln!("podschool: {wrong}");
                    return 2;
                }
            }
        }
    };
    let lab = Lab { ground };
    let mut reports = Vec::new();
    let playable: Vec<Arc<Lesson>> = wanted
        .into_iter()
        .filter(|lesson| lesson.runs_on(backend))
        .collect();
    for some in playable.chunks(AT_ONCE) {
        let played = some
            .iter()
            .map(|lesson| async { (lesson.id.clone(), prove(&lab, lesson).await) });
        reports.extend(futures::future::join_all(played).await);
    }
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
        for (step, line, reason) in &report.reasons {
            println!("  {step}: `{line}` is told: {reason}");
        }
    }
}
