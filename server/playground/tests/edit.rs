//! `kubectl edit` at the learner's terminal, with the editors that the workstation has.

mod support;

use support::start;

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_edited_in_vi_and_in_nano() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket.terminal().await;
    socket
        .run("kubectl create configmap c --from-literal=k=old", "created")
        .await;
    for (command, shown, keys, said) in [
        (
            "kubectl edit configmap c",
            "k: old",
            ":q\r",
            "Edit cancelled, no changes made.",
        ),
        (
            "kubectl edit configmap c",
            "k: old",
            ":%s/old/new/\r:wq\r",
            "configmap/c edited",
        ),
        (
            "EDITOR=nano kubectl edit configmap c",
            "k: new",
            "\x17k: new\r\x05er\x18y\r",
            "configmap/c edited",
        ),
    ] {
        let from = socket.screen.len();
        socket.keys(1, &format!("{command}\r")).await;
        socket.shows(from, shown).await;
        socket.keys(1, keys).await;
        socket.shows(from, said).await;
    }
    socket
        .run("kubectl get cm c -o jsonpath='<{.data.k}>'", "<newer>")
        .await;
    server.end().await;
}
