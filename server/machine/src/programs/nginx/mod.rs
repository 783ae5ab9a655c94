//! `nginx`: a web server that serves files and passes requests on, as its configuration says.
//!
//! Mirrors nginx 1.29 as the image `nginx` has it: a master and its workers, the same log, the same errors for a configuration that is
//! wrong. What is not simulated (TLS, caches, scripts …) is unknown to it, as to an nginx built without the module.

mod answer;
mod config;
mod directives;
mod entrypoint;
mod exchange;
mod files;
mod listing;
mod log;
mod master;
mod proxy;
mod read;
mod site;
mod syntax;
mod text;
mod work;

pub(crate) use answer::http_date as web_date;
pub use entrypoint::main as entrypoint;
pub(crate) use exchange::local_time;

use answer::numbered;
use config::Level;
use master::{Master, PID_FILE};

use crate::signal::Signal;
use crate::sys::Sys;

const USAGE: &str = "Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: /etc/nginx/)
  -e filename   : set error log file (default: /var/log/nginx/error.log)
  -c filename   : set configuration file (default: /etc/nginx/nginx.conf)
  -g directives : set global directives out of configuration file
";

/// How it was called.
#[derive(Clone, Default)]
pub(crate) struct Options {
    file: String,
    /// Of `-g`.
    directives: String,
    /// Of `-s`.
    signal: Option<Signal>,
    tests: bool,
    dumps: bool,
    is_quiet: bool,
    shows_version: bool,
    shows_build: bool,
    shows_usage: bool,
}

impl Options {
    /// Errors: what is wrong, without `nginx: `.
    fn parse(args: &[String]) -> Result<Options, String> {
        let mut options = Options {
            file: "/etc/nginx/nginx.conf".into(),
            ..Options::default()
        };
        let mut words = args.iter().skip(1);
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) else {
                return Err(format!("invalid option: \"{word}\""));
            };
            for (at, letter) in letters.char_indices() {
                match letter {
                    'h' | '?' => options.shows_usage = true,
                    'v' => options.shows_version = true,
                    'V' => options.shows_build = true,
                    't' => options.tests = true,
                    'T' => (options.tests, options.dumps) = (true, true),
                    'q' => options.is_quiet = true,
                    's' | 'p' | 'e' | 'c' | 'g' => {
                        let rest = &letters[at + 1..];
                        let value = match rest.is_empty() {
                            true => words.next().cloned(),
                            false => Some(rest.to_owned()),
                        };
                        let value = value.ok_or_else(|| missing(letter))?;
                        options.set(letter, value)?;
                        break;
                    }
                    other => return Err(format!("invalid option: \"{other}\"")),
                }
            }
        }
        Ok(options)
    }

    fn set(&mut self, letter: char, value: String) -> Result<(), String> {
        match letter {
            'c' if value.starts_with('/') => self.file = value,
            'c' => self.file = format!("/etc/nginx/{value}"),
            'g' => self.directives = value,
            's' => {
                self.signal = Some(match value.as_str() {
                    "stop" => Signal::Term,
                    "quit" => Signal::Quit,
                    "reopen" => Signal::Usr1,
                    "reload" => Signal::Hup,
                    _ => return Err(format!("invalid option: \"-s {value}\"")),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

fn missing(letter: char) -> String {
    let what = match letter {
        's' => "signal name",
        'p' => "directory name",
        'g' => "parameter",
        _ => "file name",
    };
    format!("option \"-{letter}\" requires {what}")
}

/// nginx itself.
pub async fn main(sys: Sys) -> i32 {
    let options = match Options::parse(&sys.args()) {
        Ok(options) => options,
        Err(what) => {
            sys.eprint(format!("nginx: {what}\n")).await;
            return 1;
        }
    };
    let version = sys.getenv("NGINX_VERSION");
    let version = version.unwrap_or_else(|| "1.29.3".into());
    let is_alpine = sys.stat("/etc/alpine-release").is_ok();
    let compiler = match is_alpine {
        true => "gcc 14.2.0 (Alpine 14.2.0) ",
        false => "gcc 12.2.0 (Debian 12.2.0-14+deb12u1) ",
    };
    if options.shows_usage || options.shows_version || options.shows_build {
        let mut text = format!("nginx version: nginx/{version}\n");
        if options.shows_usage {
            text += USAGE;
        }
        if options.shows_build {
            text += &format!("built by {compiler}\n");
        }
        sys.eprint(text).await;
        return 0;
    }
    let mut master = Master::new(sys.clone(), options, version, compiler.to_owned());
    if let Some(signal) = master.options.signal {
        return match master.read().await {
            Ok(()) => send(&master, signal).await,
            Err(what) => {
                master.tell(Level::Emerg, &what).await;
                1
            }
        };
    }
    let is_test = master.options.tests;
    match begin(&mut master).await {
        Ok(()) if is_test => tested(&master).await,
        Ok(()) => settle(sys, master).await,
        Err(what) => {
            if !what.is_empty() {
                master.tell(Level::Emerg, &what).await;
            }
            if is_test {
                let line = format!(
                    "nginx: configuration file {} test failed\n",
                    master.options.file
                );
                sys.eprint(line).await;
            }
            1
        }
    }
}

/// Up to where workers could start. Errors: what to tell.
async fn begin(master: &mut Master) -> Result<(), String> {
    master.read().await?;
    if master.options.tests && !master.options.is_quiet {
        let line = format!(
            "nginx: the configuration file {} syntax is ok\n",
            master.options.file
        );
        master.sys.eprint(line).await;
    }
    master.prepare()?;
    if !master.options.tests {
        master.listen().await?;
    }
    Ok(())
}

async fn tested(master: &Master) -> i32 {
    let file = &master.options.file;
    if !master.options.is_quiet {
        let line = format!("nginx: configuration file {file} test is successful\n");
        master.sys.eprint(line).await;
    }
    if master.options.dumps
        && let Ok(text) = master.sys.read_file(file).await
    {
        master
            .sys
            .print(format!("# configuration file {file}:\n"))
            .await;
        master.sys.print(text).await;
    }
    0
}

/// Runs here with `daemon off`, else in the background.
async fn settle(sys: Sys, master: Master) -> i32 {
    if master.config.stays_in_front {
        return master.run().await;
    }
    let started = sys.fork(move |sys| {
        let master = master.moved(sys);
        async move { master.run().await }
    });
    i32::from(started.is_err())
}

/// `-s`: to the master that runs.
async fn send(master: &Master, signal: Signal) -> i32 {
    let text = match master.sys.read_file(PID_FILE).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(error) => {
            let what = format!("open() \"{PID_FILE}\" failed ({})", numbered(error));
            master.tell(Level::Error, &what).await;
            return 1;
        }
    };
    let Ok(pid) = text.parse() else {
        let what = format!("invalid PID number \"{text}\" in \"{PID_FILE}\"");
        master.tell(Level::Error, &what).await;
        return 1;
    };
    master.note(Level::Notice, "signal process started").await;
    match master.sys.kill(pid, Some(signal)) {
        Ok(()) => 0,
        Err(error) => {
            let what = format!(
                "kill({pid}, {}) failed ({})",
                signal.number(),
                numbered(error)
            );
            master.tell(Level::Alert, &what).await;
            1
        }
    }
}
