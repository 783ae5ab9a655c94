//! `podschool kubectl ARGS…`: the built-in kubectl on `$KUBECONFIG`, with this computer's files and terminal.

/// Everything after `podschool kubectl`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct KubectlArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// Runs one command; the answer is the process's exit status.
pub async fn run(_args: KubectlArgs) -> i32 {
    eprintln!("podschool kubectl: not in this build yet");
    2
}
