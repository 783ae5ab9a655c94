//! `read` and `getopts`: input and options into variables.

use crate::errno::Errno;
use crate::shell::Shell;
use crate::shell::run::{Context, Stop};
use crate::shell::syntax::is_name;
use crate::sys::Seek;
use crate::time::Duration;

#[derive(Default)]
struct Options {
    raw: bool,
    silent: bool,
    prompt: Option<String>,
    count: Option<usize>,
    delimiter: u8,
    fd: i32,
    timeout: Option<Duration>,
}

/// `read [-rs] [-p prompt] [-n count] [-d delimiter] [-t seconds] [-u fd] [name…]`
pub(crate) async fn read(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let mut options = Options {
        delimiter: b'\n',
        ..Options::default()
    };
    let mut at = 1;
    while let Some(word) = argv
        .get(at)
        .filter(|word| word.starts_with('-') && word.len() > 1)
    {
        at += 1;
        if word == "--" {
            break;
        }
        let mut letters = word[1..].chars();
        while let Some(letter) = letters.next() {
            let mut value = || {
                let rest: String = letters.by_ref().collect();
                if rest.is_empty() {
                    at += 1;
                    argv.get(at - 1).cloned().unwrap_or_default()
                } else {
                    rest
                }
            };
            match letter {
                'r' => options.raw = true,
                's' => options.silent = true,
                'p' => options.prompt = Some(value()),
                'n' => options.count = value().parse().ok(),
                'd' => options.delimiter = value().bytes().next().unwrap_or(0),
                'u' => options.fd = value().parse().unwrap_or(0),
                't' => options.timeout = value().parse().ok().map(Duration::from_secs_f64),
                other => return Err(shell.abort(&format!("illegal option -{other}")).await),
            }
        }
    }
    let names: Vec<String> = argv.get(at..).unwrap_or_default().to_vec();
    if let Some(bad) = names.iter().find(|name| !is_name(name)) {
        shell
            .print_error(&format!(
                "{}: read: '{bad}': bad variable name\n",
                shell.name
            ))
            .await;
        shell.status = 1;
        return Ok(());
    }
    if let Some(prompt) = &options.prompt
        && shell.sys.isatty(options.fd)
    {
        shell.print_error(prompt).await;
    }
    let (chars, complete) = input(shell, &options).await;
    shell.status = i32::from(!complete);
    store(shell, &names, &chars).await
}

/// Characters read, each with whether a backslash protects it; and whether the line was complete.
async fn input(shell: &mut Shell, options: &Options) -> (Vec<(char, bool)>, bool) {
    let terminal = if options.silent {
        shell.sys.tcgetattr(options.fd).ok()
    } else {
        None
    };
    if let Some(mut attributes) = terminal {
        attributes.echo = false;
        let _ = shell.sys.tcsetattr(options.fd, attributes);
    }
    let mut bytes = Vec::new();
    let mut escapes = Vec::new();
    let mut escaped = false;
    let seekable = shell.sys.lseek(options.fd, Seek::Current(0)).is_ok();
    let complete = 'reading: loop {
        let room = options
            .count
            .map_or(usize::MAX, |count| count.saturating_sub(bytes.len()));
        if room == 0 {
            break true;
        }
        // From a pipe byte by byte, so that what follows the line stays for others; a file is read ahead and set back.
        let size = if seekable { room.min(512) } else { 1 };
        let chunk = match shell.sys.read(options.fd, size).await {
            Ok(chunk) => chunk,
            Err(Errno::EINTR) => {
                if shell.run_traps().await.is_err() {
                    break false;
                }
                continue;
            }
            Err(_) => break false,
        };
        if chunk.is_empty() {
            break false;
        }
        for (index, byte) in chunk.iter().copied().enumerate() {
            if escaped {
                escaped = false;
                if byte != b'\n' {
                    escapes.push(bytes.len());
                    bytes.push(byte);
                }
                continue;
            }
            if byte == b'\\' && !options.raw {
                escaped = true;
            } else if byte == options.delimiter {
                let left = chunk.len() - index - 1;
                if left > 0 {
                    let _ = shell.sys.lseek(options.fd, Seek::Current(-(left as i64)));
                }
                break 'reading true;
            } else if byte != 0 {
                bytes.push(byte);
            }
        }
    };
    if let Some(attributes) = terminal {
        let _ = shell.sys.tcsetattr(options.fd, attributes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut out = Vec::with_capacity(text.len());
    let mut offset = 0;
    for c in text.chars() {
        out.push((c, escapes.binary_search(&offset).is_ok()));
        offset += c.len_utf8();
    }
    (out, complete)
}

async fn store(shell: &mut Shell, names: &[String], chars: &[(char, bool)]) -> Result<(), Stop> {
    let status = shell.status;
    let ifs = shell
        .vars
        .get("IFS")
        .map_or_else(|| " \t\n".to_owned(), |ifs| ifs.to_string());
    let reply = ["REPLY".to_owned()];
    let whole = names.is_empty();
    let names = if whole { &reply[..] } else { names };
    let space = |c: &(char, bool)| !c.1 && matches!(c.0, ' ' | '\t' | '\n') && ifs.contains(c.0);
    let separator = |c: &(char, bool)| !c.1 && ifs.contains(c.0);
    let text = |chars: &[(char, bool)]| chars.iter().map(|c| c.0).collect::<String>();
    let mut rest = chars;
    if !whole {
        while rest.first().is_some_and(space) {
            rest = &rest[1..];
        }
    }
    for (index, name) in names.iter().enumerate() {
        let value = if index + 1 == names.len() {
            let mut end = rest.len();
            if !whole {
                while end > 0 && space(&rest[end - 1]) {
                    end -= 1;
                }
                // One separator at the end belongs to the last field, if there is no other.
                if end > 0 && separator(&rest[end - 1]) && !rest[..end - 1].iter().any(separator) {
                    end -= 1;
                }
            }
            text(&rest[..end])
        } else {
            let end = rest.iter().position(separator).unwrap_or(rest.len());
            let value = text(&rest[..end]);
            rest = &rest[end..];
            while rest.first().is_some_and(space) {
                rest = &rest[1..];
            }
            if rest.first().is_some_and(|c| separator(c) && !space(c)) {
                rest = &rest[1..];
                while rest.first().is_some_and(space) {
                    rest = &rest[1..];
                }
            }
            value
        };
        shell.assign(name, &value).await?;
    }
    shell.status = status;
    Ok(())
}

/// `getopts options name [arguments]`
pub(crate) async fn getopts(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    if argv.len() < 3 {
        return Err(shell.abort("usage: getopts optstring var [arg]").await);
    }
    let arguments = if argv.len() > 3 {
        argv[3..].to_vec()
    } else {
        shell.positional.to_vec()
    };
    let (options, quiet) = match argv[1].strip_prefix(':') {
        Some(rest) => (rest, true),
        None => (argv[1].as_str(), false),
    };
    let name = argv[2].clone();
    let mut index: usize = shell
        .vars
        .get("OPTIND")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
        .max(1);
    let mut offset = shell.getopts_offset;
    let word = arguments.get(index - 1).cloned().unwrap_or_default();
    if offset == 0 && (!word.starts_with('-') || word == "-" || word == "--") {
        if word == "--" {
            index += 1;
        }
        shell.assign(&name, "?").await?;
        shell.assign("OPTIND", &index.to_string()).await?;
        let _ = shell.vars.unset("OPTARG");
        shell.status = 1;
        return Ok(());
    }
    offset = offset.max(1);
    let letter = word[offset..].chars().next().unwrap_or('?');
    offset += letter.len_utf8();
    let place = options.find(letter).filter(|_| letter != ':');
    let wants = place.is_some_and(|at| options[at + letter.len_utf8()..].starts_with(':'));
    let mut argument = None;
    let mut found = letter.to_string();
    let mut message = None;
    if place.is_none() {
        message = Some(format!("Illegal option -{letter}"));
    } else if wants {
        if offset < word.len() {
            argument = Some(word[offset..].to_owned());
            offset = word.len();
        } else if let Some(next) = arguments.get(index) {
            argument = Some(next.clone());
            index += 1;
        } else {
            message = Some(format!("No arg for -{letter} option"));
        }
    }
    if offset >= word.len() {
        index += 1;
        offset = 0;
    }
    if let Some(message) = message {
        found = if quiet && place.is_some() {
            ":".to_owned()
        } else {
            "?".to_owned()
        };
        if quiet {
            argument = Some(letter.to_string());
        } else {
            shell.print_error(&format!("{message}\n")).await;
        }
    }
    shell.assign(&name, &found).await?;
    shell.assign("OPTIND", &index.to_string()).await?;
    shell.getopts_offset = offset;
    match argument {
        Some(argument) => shell.assign("OPTARG", &argument).await?,
        None => {
            let _ = shell.vars.unset("OPTARG");
        }
    }
    shell.status = 0;
    Ok(())
}
