//! The kubeconfigs that we hand out: one cluster, one user and one context, all named `podschool`; nothing that runs a program.
//! (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig)

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How the user is known.
pub enum User<'a> {
    /// Everyone who can connect.
    Anyone,
    /// By a certificate and its key, in PEM.
    Certificate {
        certificate: &'a str,
        key: &'a str,
    },
    Token(&'a str),
}

/// A kubeconfig. `authority` is in PEM; without it the server speaks plain HTTP.
pub fn write(server: &str, authority: Option<&str>, namespace: &str, user: &User) -> String {
    let data = |pem: &str| STANDARD.encode(pem);
    let authority = authority.map_or_else(String::new, |pem| {
        format!("    certificate-authority-data: {}\n", data(pem))
    });
    let user = match user {
        User::Anyone => "  user: {}\n".to_owned(),
        User::Certificate { certificate, key } => format!(
            "  user:\n    client-certificate-data: {}\n    client-key-data: {}\n",
            data(certificate),
            data(key)
        ),
        User::Token(token) => format!("  user:\n    token: {token}\n"),
    };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: podschool\nclusters:\n- name: podschool\n  cluster:\n{authority}    \
         server: {server}\ncontexts:\n- name: podschool\n  context:\n    cluster: podschool\n    namespace: {namespace}\n    \
         user: podschool\nusers:\n- name: podschool\n{user}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learners_holds_a_token_and_nothing_to_run() {
        let text = write(
            "https://127.0.0.1:6443/k8s/abc",
            Some("PEM"),
            "default",
            &User::Token("secret"),
        );
        assert_eq!(
            text,
            "apiVersion: v1\nkind: Config\ncurrent-context: podschool\nclusters:\n- name: podschool\n  cluster:\n    \
             certificate-authority-data: UEVN\n    server: https://127.0.0.1:6443/k8s/abc\ncontexts:\n- name: podschool\n  \
             context:\n    cluster: podschool\n    namespace: default\n    user: podschool\nusers:\n- name: podschool\n  \
             user:\n    token: secret\n"
        );
    }
}
