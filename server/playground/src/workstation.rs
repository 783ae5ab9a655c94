//! The learner's workstation: what lies in its home, and the program `kubectl` on it.
//!
//! The computer itself is `machine`'s, run by `host`.

pub mod computer;
pub mod kubectl_program;

use std::collections::BTreeMap;

use host::Handle;

/// Login name on the workstation.
pub const USER: &str = "learner";
/// That this file is there says that kubectl completes its own words on Tab.
pub const COMPLETES: &str = "/usr/share/completions/kubectl";
/// The learner's home directory.
pub const HOME: &str = "/home/learner";

/// The files of a new home, by path below it: the lesson's, a kubeconfig, a profile.
pub fn home_files(
    lesson_files: &BTreeMap<String, String>,
    server: &str,
    namespace: &str,
) -> Vec<(String, String)> {
    let mut files = vec![
        (COMPLETES.to_owned(), String::new()),
        (
            ".profile".to_owned(),
            "alias k=kubectl\nexport EDITOR=vi\n".to_owned(),
        ),
        (".kube/config".to_owned(), kubeconfig(server, namespace)),
    ];
    files.extend(
        lesson_files
            .iter()
            .map(|(path, text)| (path.clone(), text.clone())),
    );
    files
}

/// The kubeconfig of the workstation. It holds no secret: the client of the session stands behind it.
fn kubeconfig(server: &str, namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: podschool\n  cluster:\n    server: {server}\nusers:\n- name: {USER}\n  user: {{}}\n\
         contexts:\n- name: podschool\n  context:\n    cluster: podschool\n    user: {USER}\n    namespace: {namespace}\ncurrent-context: podschool\n"
    )
}

/// Runs one shell line as the learner, without a terminal: exit code and output.
pub async fn run_line(world: &Handle, line: &str) -> Result<(i32, String), String> {
    let (code, output) = world.run_line(line).await?;
    Ok((code, String::from_utf8_lossy(&output).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubeconfig_is_one() {
        let config: kube::config::Kubeconfig =
            serde_saphyr::from_str(&kubeconfig("https://cluster.podschool:6443", "default"))
                .expect("it reads");
        assert_eq!(config.current_context.as_deref(), Some("podschool"));
        assert_eq!(
            config.contexts[0]
                .context
                .as_ref()
                .and_then(|c| c.namespace.as_deref()),
            Some("default")
        );
    }
}
