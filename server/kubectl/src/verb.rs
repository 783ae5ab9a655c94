//! What a verb is: names, help, flags and the function that runs it. Finding the verb of a command line.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::clients::Clients;
use crate::computer::Computer;
use crate::failure::{Failure, Outcome, usage};
use crate::flags::{self, Flag};
use crate::run::Run;
use crate::verbs;

/// The function that runs a verb.
pub(crate) type Body = for<'a> fn(&'a Run) -> BoxFuture<'a, Outcome>;

/// One verb of kubectl, or one verb under it (`create deployment`).
pub(crate) struct Verb {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// One line for lists of verbs.
    pub about: &'static str,
    /// What follows `kubectl` in the usage line.
    pub usage: &'static str,
    /// Example command lines, one a line; a line that starts with `#` explains the next.
    pub examples: &'static str,
    /// Tables of flags (see [`crate::flags`]).
    pub flags: &'static [&'static str],
    pub verbs: &'static [&'static Verb],
    pub run: Option<Body>,
}

impl Verb {
    /// A verb with nothing in it, to build others from.
    pub const NONE: Verb = Verb {
        name: "",
        aliases: &[],
        about: "",
        usage: "",
        examples: "",
        flags: &[],
        verbs: &[],
        run: None,
    };

    /// The verb's own flags, without the global ones.
    pub fn table(&self) -> Vec<Flag> {
        self.flags
            .iter()
            .flat_map(|text| flags::table(text))
            .collect()
    }

    /// Whether the name is this verb's.
    pub fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Flags of every command.
pub(crate) const GLOBAL: &str = "
--as=''  Act as this user
--as-group=[]  Act as a member of this group (may be repeated)
--as-uid=''  Act as the user with this UID
--cache-dir=''  Folder for cached answers (not used: nothing is cached on disk)
--certificate-authority=''  File with the certificate authority of the server
--client-certificate=''  File with the client's certificate
--client-key=''  File with the client's key
--cluster=''  Cluster of the kubeconfig to use
--context=''  Context of the kubeconfig to use
--disable-compression=false  Do not ask for compressed answers
--insecure-skip-tls-verify=false  Do not verify the server's certificate
--kubeconfig=''  Kubeconfig file to use
--match-server-version=false  Require the server's version to be the client's
-n --namespace=''  Namespace to work in
--password=''  Password for the server
--request-timeout='0'  How long one request may take (0: no limit)
-s --server=''  Address of the API server
--tls-server-name=''  Name that the server's certificate must have
--token=''  Bearer token for the server
--user=''  User of the kubeconfig to use
--username=''  User name for the server
-v --v=0  How much to log: 6 shows requests
--warnings-as-errors=false  Fail when the server warns
";

/// What the words of a command line lead to.
pub(crate) struct Found {
    pub verb: Option<&'static Verb>,
    /// `kubectl create deployment`.
    pub command: String,
    /// The words that are left, flags included.
    pub words: Vec<String>,
    /// The first word that names no verb.
    pub unknown: Option<String>,
}

/// Finds the verb of a command line; flags may stand before it.
pub(crate) fn find(words: &[String]) -> Found {
    let mut found = Found {
        verb: None,
        command: "kubectl".into(),
        words: Vec::new(),
        unknown: None,
    };
    let global = flags::table(GLOBAL);
    let mut level: &[&'static Verb] = verbs::ALL;
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        if word == "--" || level.is_empty() {
            break;
        }
        if word.starts_with('-') && word.len() > 1 {
            found.words.push(word.clone());
            if takes_next(word, &global, found.verb) {
                at += 1;
                found.words.extend(words.get(at).cloned());
            }
            at += 1;
            continue;
        }
        match level.iter().find(|verb| verb.is(word)) {
            Some(verb) => {
                found.command = format!("{} {}", found.command, verb.name);
                found.verb = Some(verb);
                level = verb.verbs;
            }
            None => {
                found.unknown = Some(word.clone());
                break;
            }
        }
        at += 1;
    }
    found
        .words
        .extend(words[at.min(words.len())..].iter().cloned());
    found
}

fn takes_next(word: &str, global: &[Flag], verb: Option<&Verb>) -> bool {
    let own = verb.map(Verb::table).unwrap_or_default();
    let mut all = global.iter().chain(own.iter());
    let bare = match word.strip_prefix("--") {
        Some(name) if name.contains('=') => return false,
        Some(name) => all.find(|f| f.name == name),
        None if word.len() == 2 => all.find(|f| f.short == word.chars().nth(1)),
        None => return false,
    };
    bare.is_some_and(|flag| flag.bare.is_none())
}

/// Runs one command line and answers with its exit code.
pub(crate) async fn run(
    args: Vec<String>,
    computer: Arc<dyn Computer>,
    clients: Arc<dyn Clients>,
) -> i32 {
    let found = find(&args);
    let (run, outcome) = match prepare(&found) {
        Ok((mut line, body)) => {
            let warning = line.flags.settle_dry_run();
            let run = Run::new(computer, clients, line, found.command.clone());
            let outcome = match run.log(warning.as_deref()).await {
                Ok(()) => body(&run).await,
                Err(failure) => Err(failure),
            };
            (run, outcome)
        }
        Err(failure) => (
            Run::new(
                computer,
                clients,
                flags::Line::default(),
                found.command.clone(),
            ),
            Err(failure),
        ),
    };
    match outcome {
        Ok(()) => 0,
        Err(Failure::Plain(text)) if text.starts_with('\0') => {
            // Help: to standard output, and well.
            i32::from(run.out(&text[1..]).await.is_err())
        }
        Err(failure) => {
            let _ = run.err(&failure.text(&found.command)).await;
            failure.code()
        }
    }
}

/// Help, as an outcome: printed to standard output with exit code 0.
pub(crate) fn help(text: &str) -> Failure {
    Failure::Plain(format!("\0{text}"))
}

fn prepare(found: &Found) -> Outcome<(flags::Line, Body)> {
    let asks_help = |words: &[String]| {
        words
            .iter()
            .take_while(|w| *w != "--")
            .any(|w| w == "-h" || w == "--help")
    };
    let Some(verb) = found.verb else {
        return Err(match &found.unknown {
            Some(word) => Failure::Text(unknown(word, "kubectl", verbs::ALL)),
            None => match flags::parse(flags::table(GLOBAL), &found.words) {
                Err(why) if why != "help requested" => {
                    Failure::Plain(format!("error: {why}\nSee 'kubectl --help' for usage."))
                }
                _ => help(&crate::help::overview()),
            },
        });
    };
    let Some(body) = verb.run else {
        let help_text = crate::help::verb(verb, &found.command);
        if asks_help(&found.words) {
            return Err(help(&help_text));
        }
        if let Some(word) = &found.unknown {
            return Err(usage!("unknown command {word:?}"));
        }
        // Alone, a group of verbs is a mistake, with its help as the answer.
        return Err(Failure::Plain(help_text));
    };
    let mut table = verb.table();
    table.extend(flags::table(GLOBAL));
    match flags::parse(table, &found.words) {
        Ok(line) => Ok((line, body)),
        Err(why) if why == "help requested" => Err(help(&crate::help::verb(verb, &found.command))),
        Err(why) => Err(Failure::Plain(format!(
            "error: {why}\nSee '{} --help' for usage.",
            found.command
        ))),
    }
}

fn unknown(word: &str, command: &str, level: &[&'static Verb]) -> String {
    let mut text = format!("unknown command {word:?} for {command:?}");
    let mut near: Vec<&str> = level
        .iter()
        .filter(|verb| !verb.about.is_empty())
        .map(|verb| verb.name)
        .filter(|name| {
            distance(word, name) <= 2 || name.to_lowercase().starts_with(&word.to_lowercase())
        })
        .collect();
    near.sort_unstable();
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        near.iter()
            .for_each(|name| text.push_str(&format!("\t{name}\n")));
    }
    text
}

/// The Levenshtein distance, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (
        a.to_lowercase().chars().collect(),
        b.to_lowercase().chars().collect(),
    );
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != y))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_string).collect()
    }

    #[test]
    fn finds_the_verb_behind_flags() {
        for (line, command, rest) in [
            ("get pods -o wide", "kubectl get", "pods -o wide"),
            ("-n team-a get pods", "kubectl get", "-n team-a pods"),
            ("--context=x get pods", "kubectl get", "--context=x pods"),
            (
                "create deployment web --image=nginx",
                "kubectl create deployment",
                "web --image=nginx",
            ),
            ("create -f create", "kubectl create", "-f create"),
        ] {
            let found = find(&words(line));
            assert_eq!(
                (found.command.as_str(), found.words.join(" ").as_str()),
                (command, rest)
            );
        }
    }

    #[test]
    fn suggests_near_verbs() {
        assert_eq!(
            unknown("gte", "kubectl", verbs::ALL),
            "unknown command \"gte\" for \"kubectl\"\n\nDid you mean this?\n\tget\n"
        );
        assert_eq!(
            unknown("zzzzzz", "kubectl", verbs::ALL),
            "unknown command \"zzzzzz\" for \"kubectl\""
        );
    }
}
