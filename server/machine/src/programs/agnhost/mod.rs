//! `agnhost`: the test program of Kubernetes' end-to-end suite, a sub-command for each thing that a test wants of a container.
//! Mirrors k8s.io/kubernetes/test/images/agnhost 2.63. What needs TLS or SCTP of its own is absent.

mod connect;
mod dial;
mod flags;
mod grpc;
mod guestbook;
mod logs;
mod mounttest;
mod netexec;
mod nettest;
mod resolver;
mod web;

use crate::executor::LocalFuture;
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use flags::Flags;

/// A sub-command: its name, its flags (name, default), what it does.
struct Command {
    name: &'static str,
    flags: &'static [(&'static str, &'static str)],
    main: fn(Sys, Flags) -> LocalFuture<'static, i32>,
}

macro_rules! commands {
    ($($name:literal $flags:expr => $main:path;)*) => {
        static COMMANDS: &[Command] = &[
            $(Command { name: $name, flags: $flags, main: |sys, flags| Box::pin($main(sys, flags)) },)*
        ];
    };
}

commands! {
    "connect" connect::FLAGS => connect::main;
    "dns-server-list" &[] => resolver::servers;
    "dns-suffix" &[] => resolver::suffix;
    "etc-hosts" &[] => resolver::hosts;
    "fake-gitserver" &[] => web::git;
    "grpc-health-checking" grpc::FLAGS => grpc::main;
    "guestbook" guestbook::FLAGS => guestbook::main;
    "liveness" &[] => web::liveness;
    "logs-generator" logs::FLAGS => logs::main;
    "mounttest" mounttest::FLAGS => mounttest::main;
    "netexec" netexec::FLAGS => netexec::main;
    "nettest" nettest::FLAGS => nettest::main;
    "pause" &[] => pause;
    "porter" &[] => web::porter;
    "serve-hostname" web::HOSTNAME_FLAGS => web::hostname;
    "test-webserver" web::FILES_FLAGS => web::files;
}

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let Some(name) = args.get(1) else {
        sys.print(usage()).await;
        return 0;
    };
    if name == "entrypoint-tester" {
        // As Go prints a slice.
        sys.print(format!("[{}]\n", args.join(" "))).await;
        return 0;
    }
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        sys.print(usage()).await;
        return 0;
    }
    if name == "--version" {
        sys.print("agnhost version 2.63.0\n").await;
        return 0;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let text = format!(
            "Error: unknown command {name:?} for \"app\"\nRun 'app --help' for usage.\nunknown command {name:?} for \"app\"\n"
        );
        sys.eprint(text).await;
        return 1;
    };
    match Flags::parse(&args[2..], command.flags) {
        Ok(flags) => (command.main)(sys, flags).await,
        Err(error) => {
            sys.eprint(format!(
                "Error: {error}\nUsage:\n  app {name} [flags]\n\n{error}\n"
            ))
            .await;
            1
        }
    }
}

fn usage() -> String {
    let mut text = String::from("Usage:\n  app [command]\n\nAvailable Commands:\n");
    let names = COMMANDS.iter().map(|command| command.name);
    let mut all: Vec<&str> = names.chain(["entrypoint-tester", "help"]).collect();
    all.sort_unstable();
    for name in all {
        text.push_str(&format!("  {name}\n"));
    }
    text + "\nUse \"app [command] --help\" for more information about a command.\n"
}

async fn pause(sys: Sys, _: Flags) -> i32 {
    sys.print("Paused\n").await;
    await_end(&sys).await;
    0
}

/// Returns at TERM or INT.
async fn await_end(sys: &Sys) {
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    sys.pause().await;
}

/// Go's log package: date, time, text.
async fn log(sys: &Sys, text: &str) {
    let c = sys.now().civil();
    let (date, time) = ((c.year, c.month, c.day), (c.hour, c.minute, c.second));
    sys.eprint(format!(
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02} {text}\n",
        date.0, date.1, date.2, time.0, time.1, time.2
    ))
    .await;
}

/// A JSON string.
fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

/// A JSON list of strings.
fn list(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", all.join(","))
}
