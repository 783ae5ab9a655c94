//! What is there again on another day: a session that was kept long ago, a playground, a copy of a shared world.

mod support;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use support::{Running, start};

async fn server(folder: &Path) -> Running {
    start(|args| args.data = Some(folder.to_owned())).await
}

/// All sessions were used last so many days ago.
async fn let_days_pass(folder: &Path, days: i64) {
    let file = folder.join("podschool.sqlite");
    let options = SqliteConnectOptions::new().filename(file);
    let mut database: SqliteConnection = options.connect().await.expect("the database");
    let then = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let passed = sqlx::query("UPDATE sessions SET kept_at = $1")
        .bind(then.to_string())
        .execute(&mut database)
        .await
        .expect("an update");
    assert!(passed.rows_affected() > 0, "nothing was kept");
}

/// A lesson with a pod and a file, kept by a server that has ended.
async fn kept(folder: &Path) -> support::Page {
    let server = server(folder).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket.terminal().await;
    socket.run("kubectl get pods", "No resources found").await;
    socket.ticks("look").await;
    socket
        .run(
            "echo mine > note.txt; kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue",
            "created",
        )
        .await;
    socket
        .run(
            "kubectl wait --for=condition=Ready pod/kuard",
            "condition met",
        )
        .await;
    server.end().await;
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_two_months_ago_stands_where_it_stood() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = kept(folder.path()).await;
    let_days_pass(folder.path(), 60).await;
    let server = server(folder.path()).await;
    let again = server.open("first-pod", Some(&page.cookie)).await;
    assert_eq!(again.session, page.session);
    assert!(again.done("look"));
    let mut socket = server.connect(&again).await;
    socket.terminal().await;
    socket.shows(0, "condition met").await;
    // The cluster's time stood still meanwhile: the pod is as old as its learner remembers.
    socket
        .run("cat note.txt; kubectl get pods --no-headers", "1/1")
        .await;
    let shown = socket.shown();
    let line = shown
        .lines()
        .rev()
        .find(|line| line.contains("1/1"))
        .expect("a pod");
    let age = line.split_whitespace().last().expect("an age");
    assert!(
        age.ends_with('s') || age.starts_with("1m") || age.starts_with("2m"),
        "{line}"
    );
    assert!(shown.contains("mine"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_months_the_cluster_is_new_and_progress_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = kept(folder.path()).await;
    let_days_pass(folder.path(), 91).await;
    let server = server(folder.path()).await;
    let again = server.open("first-pod", Some(&page.cookie)).await;
    assert_ne!(again.session, page.session);
    assert!(again.done("look"));
    let mut socket = server.connect(&again).await;
    socket.terminal().await;
    socket.run("kubectl get pods", "No resources found").await;
    assert_eq!(socket.notices.len(), 1);
    assert!(socket.notices[0].contains("more than 90 days ago"));
    server.end().await;
    // It is told once.
    let server = self::server(folder.path()).await;
    let later = server.open("first-pod", Some(&page.cookie)).await;
    assert_eq!(later.session, again.session);
    let mut socket = server.connect(&later).await;
    socket.terminal().await;
    socket.shows(0, "No resources found").await;
    assert!(socket.notices.is_empty());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn playgrounds_links_and_copies_are_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = server(folder.path()).await;
    let page = first.open_at("/en/playground", None).await;
    let mut socket = first.connect(&page).await;
    socket.terminal().await;
    socket.run("kubectl create configmap mine", "created").await;
    let link = support::share(&first, &page).await;
    let copy = first.open_at(&link, None).await;
    let mut other = first.connect(&copy).await;
    other.terminal().await;
    other
        .run("kubectl create configmap theirs", "created")
        .await;
    first.end().await;

    let second = server(folder.path()).await;
    for (path, page, there, not) in [
        ("/en/playground", &page, "mine", "theirs"),
        (link.as_str(), &copy, "theirs", "nothing"),
    ] {
        let again = second.open_at(path, Some(&page.cookie)).await;
        assert_eq!(again.session, page.session);
        let mut socket = second.connect(&again).await;
        socket.terminal().await;
        socket
            .run(
                "clear; kubectl get configmaps -o name; echo end-$((1+1))",
                "end-2",
            )
            .await;
        let names = socket.shown();
        let names = names.rsplit_once("clear;").expect("the last command").1;
        assert!(names.contains(&format!("configmap/{there}")), "{names}");
        assert!(!names.contains(&format!("configmap/{not}")), "{names}");
    }
    let nobody = second.open_at(&link, None).await;
    assert_ne!(nobody.session, copy.session);
    second.end().await;
}
