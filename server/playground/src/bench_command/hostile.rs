//! The hostile part: learners whose pods take all that they can get, and others who type beside them.

use std::net::SocketAddr;
use std::time::Duration;

use super::figures::{Row, Spread, resident_bytes};
use super::visitor::Visitor;

/// What the pods run; each learner has one of each.
const LOADS: [(&str, &str); 10] = [
    ("bomb", ":(){ :|:& };:"),
    ("loop", "while :; do :; done"),
    ("yes", "yes > /dev/null"),
    ("pipe", "yes | cat > /dev/null"),
    (
        "dd",
        "while :; do dd if=/dev/zero of=/tmp/big bs=1M count=1024; rm /tmp/big; done 2> /dev/null",
    ),
    (
        "recursion",
        "f() { f; }; while :; do (f); done 2> /dev/null",
    ),
    (
        "files",
        "i=0; while true > /tmp/$i; do i=$((i+1)); done; while :; do :; done",
    ),
    ("growth", "x=x; while :; do x=$x$x; done"),
    (
        "nesting",
        "f() { echo $(f); }; while :; do f; done > /dev/null 2>&1",
    ),
    ("log", "yes"),
];
/// Learners who type, and how many keys each.
const TYPISTS: usize = 20;
const KEYS: usize = 100;

/// Prints how long a key's echo takes beside `pods` hostile pods.
pub async fn measure(address: SocketAddr, pods: usize) -> Result<(), String> {
    let mut typists = Vec::new();
    for _ in 0..TYPISTS {
        typists.push(Visitor::arrive(address).await?);
    }
    let quiet = type_all(&mut typists).await?;
    let what = format!("echo of a key, {TYPISTS} typing alone");
    Row::new(&what, quiet.said(), "50 ms").print();
    let before = resident_bytes();
    let mut hostile = Vec::new();
    for began in (0..pods).step_by(LOADS.len()) {
        hostile.push(burden(address, LOADS.len().min(pods - began)).await?);
    }
    let beside = type_all(&mut typists).await?;
    let what = format!("echo of a key, {TYPISTS} typing beside {pods} hostile pods");
    Row::new(&what, beside.said(), "50 ms").print();
    let each = resident_bytes().saturating_sub(before) / hostile.len().max(1) as u64;
    let what = format!("memory of a learner with {} hostile pods", LOADS.len());
    Row::new(&what, format!("{} MiB", each >> 20), "").print();
    drop(hostile);
    Ok(())
}

/// A learner who starts one pod of each load, and sees one of them run.
async fn burden(address: SocketAddr, loads: usize) -> Result<Visitor, String> {
    let mut visitor = Visitor::arrive(address).await?;
    for (name, script) in LOADS.iter().take(loads) {
        let line = format!("kubectl run {name} --image=busybox -- sh -c '{script}'");
        visitor.line(&line).await?;
    }
    let runs = "kubectl wait --for=condition=Ready --timeout=60s pod/loop";
    visitor.line(runs).await?;
    Ok(visitor)
}

async fn type_all(typists: &mut [Visitor]) -> Result<Spread, String> {
    let each = typists.iter_mut().map(|typist| async move {
        let mut spread = Spread::default();
        for _ in 0..KEYS {
            spread.add(typist.key(b'x').await?);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok::<_, String>(spread)
    });
    let mut all = Spread::default();
    for spread in futures::future::try_join_all(each).await? {
        all.join(spread);
    }
    Ok(all)
}
