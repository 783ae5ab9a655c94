//! The tools of a few lines each: `true`, `false`, `echo`, `printf`, `test`, `pwd`, `sleep`, `yes`, `seq`, `basename`,
//! `dirname`, `hostname`, `uname`, `nproc`, `uptime`, `clear`, `reset`, `sync`, `tty`, `which`, `rev`, `nohup`. Mirrors busybox.

use super::env;
use super::lines::{Output, chomp, each_line};
use super::options::{self, complain};
use crate::shell::{echo_bytes, printf, test as condition};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;

fn words(sys: &Sys) -> Vec<String> {
    sys.args().into_iter().skip(1).collect()
}

/// `true`
pub async fn success(_: Sys) -> i32 {
    0
}

/// `false`
pub async fn failure(_: Sys) -> i32 {
    1
}

/// `echo`
pub async fn echo(sys: Sys) -> i32 {
    sys.print(echo_bytes(&words(&sys))).await;
    0
}

/// `printf`
pub async fn print_format(sys: Sys) -> i32 {
    let done = printf::printf(&words(&sys));
    for error in &done.errors {
        complain(&sys, error).await;
    }
    sys.print(done.output).await;
    done.status
}

/// `test`, `[`, `[[`
pub async fn test(sys: Sys) -> i32 {
    let name = options::name(&sys);
    let mut words = words(&sys);
    if name != "test" {
        let end = if name == "[" { "]" } else { "]]" };
        if words.pop().as_deref() != Some(end) {
            complain(&sys, &format!("missing {end}")).await;
            return 2;
        }
    }
    match condition::evaluate(&words, &sys, false) {
        Ok(result) => i32::from(!result),
        Err(error) => {
            complain(&sys, &error).await;
            2
        }
    }
}

/// `pwd`
pub async fn pwd(sys: Sys) -> i32 {
    sys.print(format!("{}\n", sys.cwd())).await;
    0
}

/// `sleep`
pub async fn sleep(sys: Sys) -> i32 {
    let words = words(&sys);
    if words.is_empty() {
        options::show_usage(
            &sys,
            "[N]...\n\nPause for a time equal to the total of the args given",
        )
        .await;
        return 1;
    }
    let mut total = core::time::Duration::ZERO;
    for word in &words {
        match word.as_str() {
            "infinity" | "inf" => total = core::time::Duration::from_secs(1 << 32),
            word => match options::duration(word) {
                Some(duration) => total = total.saturating_add(duration),
                None => {
                    complain(&sys, &format!("invalid number '{word}'")).await;
                    return 1;
                }
            },
        }
    }
    let _ = sys.sleep(total).await;
    0
}

/// `yes`
pub async fn yes(sys: Sys) -> i32 {
    let words = words(&sys);
    let line = if words.is_empty() {
        "y\n".to_owned()
    } else {
        words.join(" ") + "\n"
    };
    let block = line.repeat((8192 / line.len()).max(1));
    loop {
        sys.cpu(crate::time::Duration::from_micros(20)).await;
        if sys.write_all(1, block.as_bytes()).await.is_err() {
            return 1;
        }
    }
}

/// `seq`
pub async fn seq(sys: Sys) -> i32 {
    let usage =
        "[-w] [-s SEP] [FIRST [INC]] LAST\n\nPrint numbers from FIRST to LAST, in steps of INC";
    // Negative numbers are no options.
    let all = words(&sys);
    let options_end = all
        .iter()
        .take_while(|word| word.starts_with('-') && word.parse::<f64>().is_err())
        .count();
    let mut end = options_end;
    if all
        .get(end.wrapping_sub(1))
        .is_some_and(|word| word == "-s")
    {
        end += 1;
    }
    let end = end.min(all.len());
    let Ok(options) = options::parse(&all[..end], "ws:", &[]) else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    let numbers: Vec<&String> = all[end..].iter().collect();
    let parse = |text: &String| text.parse::<f64>().ok();
    let values: Option<Vec<f64>> = numbers.iter().map(|text| parse(text)).collect();
    let (first, step, last) = match values.as_deref() {
        Some([last]) => (1.0, 1.0, *last),
        Some([first, last]) => (*first, 1.0, *last),
        Some([first, step, last]) => (*first, *step, *last),
        Some(_) => {
            options::show_usage(&sys, usage).await;
            return 1;
        }
        None => {
            let bad = numbers
                .iter()
                .find(|text| parse(text).is_none())
                .map_or("", |text| text.as_str());
            complain(&sys, &format!("invalid number '{bad}'")).await;
            return 1;
        }
    };
    let digits = numbers
        .iter()
        .map(|text| text.split_once('.').map_or(0, |(_, part)| part.len()))
        .max()
        .unwrap_or(0);
    let width = if options.has('w') {
        format!("{first:.digits$}")
            .len()
            .max(format!("{last:.digits$}").len())
    } else {
        0
    };
    let separator = options.value('s').unwrap_or("\n");
    let mut out = Output::new(&sys);
    let mut index = 0.0;
    loop {
        let value = first + index * step;
        if (step >= 0.0 && value > last) || (step < 0.0 && value < last) {
            break;
        }
        if index > 0.0 {
            out.put(separator).await;
        }
        sys.cpu(crate::time::Duration::from_nanos(300)).await;
        let whole = digits == 0 && width == 0 && value.abs() < 1e15;
        out.put(if whole {
            (value as i64).to_string()
        } else {
            format!("{value:0width$.digits$}")
        })
        .await;
        index += 1.0;
        if out.failed.is_some() {
            return 1;
        }
    }
    if index > 0.0 {
        out.put("\n").await;
    }
    out.flush().await;
    0
}

/// `basename`
pub async fn basename(sys: Sys) -> i32 {
    let words = words(&sys);
    let Some(path) = words.first() else {
        options::show_usage(&sys, "FILE [SUFFIX] | -a FILE... | -s SUFFIX FILE...\n\nStrip directory path and SUFFIX from FILE").await;
        return 1;
    };
    let trimmed = path.trim_end_matches('/');
    let name = if trimmed.is_empty() && !path.is_empty() {
        "/"
    } else {
        trimmed.rsplit('/').next().unwrap_or("")
    };
    let suffix = words.get(1).map_or("", String::as_str);
    let name = name
        .strip_suffix(suffix)
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name);
    sys.print(format!("{name}\n")).await;
    0
}

/// `dirname`
pub async fn dirname(sys: Sys) -> i32 {
    let Some(path) = words(&sys).into_iter().next() else {
        options::show_usage(&sys, "FILENAME\n\nStrip non-directory suffix from FILENAME").await;
        return 1;
    };
    let trimmed = path.trim_end_matches('/');
    let directory = match trimmed.rfind('/') {
        Some(at) => trimmed[..at].trim_end_matches('/'),
        None if trimmed.is_empty() && !path.is_empty() => "",
        None => ".",
    };
    sys.print(format!(
        "{}\n",
        if directory.is_empty() { "/" } else { directory }
    ))
    .await;
    0
}

/// `hostname`
pub async fn hostname(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "sifd",
        &[],
        "[-sidf] [HOSTNAME | -F FILE]\n\nShow or set hostname or DNS domain name",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    if !options.rest.is_empty() {
        complain(&sys, "sethostname: Operation not permitted").await;
        return 1;
    }
    let name = sys.hostname();
    let text = if options.has('i') {
        let addresses = sys
            .interfaces()
            .into_iter()
            .filter(|i| i.name != "lo")
            .flat_map(|i| i.addresses);
        addresses
            .map(|(address, _)| address.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    } else if options.has('s') {
        name.split('.').next().unwrap_or_default().to_owned()
    } else if options.has('d') {
        name.split_once('.')
            .map_or("", |(_, domain)| domain)
            .to_owned()
    } else {
        name
    };
    sys.print(format!("{text}\n")).await;
    0
}

/// `uname`
pub async fn uname(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "asnrvmpio",
        &[],
        "[-amnrspvio]\n\nPrint system information",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let uname = sys.uname();
    let fields = [
        ('s', uname.sysname.as_str()),
        ('n', uname.nodename.as_str()),
        ('r', uname.release.as_str()),
        ('v', uname.version.as_str()),
        ('m', uname.machine.as_str()),
        ('o', "Linux"),
    ];
    let default = !"asnrvmpio".chars().any(|letter| options.has(letter));
    let chosen: Vec<&str> = fields
        .iter()
        .filter(|(letter, _)| {
            options.has('a') || options.has(*letter) || (default && *letter == 's')
        })
        .map(|(_, text)| *text)
        .collect();
    sys.print(format!("{}\n", chosen.join(" "))).await;
    0
}

/// `nproc`
pub async fn nproc(sys: Sys) -> i32 {
    sys.print(format!("{}\n", sys.system().cpus)).await;
    0
}

/// `uptime`
pub async fn uptime(sys: Sys) -> i32 {
    let system = sys.system();
    let now = sys.now().civil();
    let up = sys.now().since(system.booted).as_secs();
    let days = match up / 86400 {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    let hours = match up / 3600 % 24 {
        0 => format!("{} min", up / 60 % 60),
        hours => format!("{hours:2}:{:02}", up / 60 % 60),
    };
    let load = system
        .load
        .map(|load| format!("{}.{:02}", load / 100, load % 100));
    sys.print(format!(
        " {:02}:{:02}:{:02} up {days}{hours},  0 users,  load average: {}\n",
        now.hour,
        now.minute,
        now.second,
        load.join(", ")
    ))
    .await;
    0
}

/// `clear`
pub async fn clear(sys: Sys) -> i32 {
    sys.print("\x1b[H\x1b[J").await;
    0
}

/// `reset`
pub async fn reset(sys: Sys) -> i32 {
    let _ = sys.tcsetattr(0, crate::sys::Termios::default());
    sys.print("\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h").await;
    0
}

/// `tty`
pub async fn tty(sys: Sys) -> i32 {
    match sys.ttyname(0) {
        Ok(name) => {
            sys.print(format!("{name}\n")).await;
            0
        }
        Err(_) => {
            sys.print("not a tty\n").await;
            1
        }
    }
}

/// `which`
pub async fn which(sys: Sys) -> i32 {
    let mut status = i32::from(sys.args().len() < 2);
    for name in words(&sys).iter().filter(|word| *word != "-a") {
        match env::find(&sys, name, &sys.env())
            .ok()
            .filter(|path| sys.access(path, 1).is_ok())
        {
            Some(path) => sys.print(format!("{path}\n")).await,
            None => status = 1,
        }
    }
    status
}

/// `rev`
pub async fn rev(sys: Sys) -> i32 {
    let mut out = Output::new(&sys);
    let status = each_line(&sys, &words(&sys), &mut out, |line, text| {
        let (line, ended) = chomp(line);
        text.extend(
            String::from_utf8_lossy(line)
                .chars()
                .rev()
                .collect::<String>()
                .into_bytes(),
        );
        if ended {
            text.push(b'\n');
        }
    })
    .await;
    out.flush().await;
    status
}

/// `nohup`
pub async fn nohup(sys: Sys) -> i32 {
    let words = words(&sys);
    if words.is_empty() {
        options::show_usage(&sys, "PROG ARGS\n\nRun PROG immune to hangups").await;
        return 127;
    }
    sys.set_signal(Signal::Hup, Disposition::Ignore);
    env::run(&sys, &words, sys.env()).await
}
