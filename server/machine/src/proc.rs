//! What /proc and /sys/fs/cgroup show, made when it is read (proc(5), cgroups(7)).

use core::fmt::Write;
use std::rc::Rc;

use crate::process::{Process, State};
use crate::signal::Signal;
use crate::space::Space;
use crate::sys::{FileKind, Pid};
use crate::time::Duration;
use crate::vfs::walk::Synth;

/// A path inside `proc` or `cgroup`, as the process `me` sees it.
pub(crate) fn lookup(space: &Space, me: Pid, fs: &'static str, path: &str) -> Option<Synth> {
    match fs {
        "proc" => proc(space, me, path),
        "cgroup" => cgroup(space, path),
        _ => None,
    }
}

fn file(text: impl Into<String>) -> Option<Synth> {
    Some(Synth::File(text.into().into_bytes(), 0o444))
}

fn directory(entries: &[(&str, FileKind)]) -> Option<Synth> {
    Some(Synth::Directory(
        entries
            .iter()
            .map(|(name, kind)| ((*name).to_string(), *kind))
            .collect(),
    ))
}

const TOP: &[&str] = &[
    "cpuinfo",
    "filesystems",
    "loadavg",
    "meminfo",
    "stat",
    "uptime",
    "version",
];

fn proc(space: &Space, me: Pid, path: &str) -> Option<Synth> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if let Ok(pid) = first.parse::<Pid>() {
        return process(&space.pids.get(pid)?, rest);
    }
    match (first, rest) {
        ("", _) => {
            let mut all: Vec<(String, FileKind)> = space
                .pids
                .all()
                .iter()
                .map(|p| (p.pid.to_string(), FileKind::Directory))
                .collect();
            all.extend(TOP.iter().map(|n| ((*n).to_string(), FileKind::File)));
            all.extend(["net", "sys"].map(|n| (n.to_string(), FileKind::Directory)));
            all.extend(["mounts", "self"].map(|n| (n.to_string(), FileKind::Symlink)));
            Some(Synth::Directory(all))
        }
        ("self" | "thread-self", "") => Some(Synth::Link(me.to_string())),
        ("mounts", "") => Some(Synth::Link("self/mounts".into())),
        ("sys", "") => directory(&[("kernel", FileKind::Directory)]),
        ("sys", "kernel") => directory(&[
            ("hostname", FileKind::File),
            ("pid_max", FileKind::File),
            ("osrelease", FileKind::File),
        ]),
        ("sys", "kernel/hostname") => file(format!("{}\n", space.hostname)),
        ("sys", "kernel/osrelease") => file(format!("{}\n", space.limits.hardware.release)),
        ("sys", "kernel/pid_max") => file("4194304\n"),
        ("net", "") => directory(&[("dev", FileKind::File)]),
        ("net", "dev") => file(
            "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n",
        ),
        (name, "") => system(space, name),
        _ => None,
    }
}

fn system(space: &Space, name: &str) -> Option<Synth> {
    let hardware = &space.limits.hardware;
    let up = space.kernel.executor().now().since(hardware.booted);
    match name {
        "uptime" => file(format!(
            "{:.2} {:.2}\n",
            up.as_secs_f64(),
            up.as_secs_f64() * f64::from(hardware.cpus)
        )),
        "loadavg" => {
            let load = f64::from(hardware.busy.get());
            let all = space.pids.all();
            let last = all.last().map_or(0, |p| p.pid);
            file(format!(
                "{load:.2} {load:.2} {load:.2} {}/{} {last}\n",
                hardware.busy.get().max(1),
                all.len()
            ))
        }
        "meminfo" => {
            let (total, used) = (hardware.memory / 1024, hardware.memory_used.get() / 1024);
            let free = total.saturating_sub(used);
            let mut out = String::new();
            for (name, kb) in [
                ("MemTotal:", total),
                ("MemFree:", free),
                ("MemAvailable:", free),
                ("Buffers:", 0),
                ("Cached:", 0),
                ("SwapCached:", 0),
                ("Active:", used),
                ("Inactive:", 0),
                ("SwapTotal:", 0),
                ("SwapFree:", 0),
                ("Shmem:", 0),
                ("Slab:", 0),
                ("SReclaimable:", 0),
            ] {
                let _ = writeln!(out, "{name:<16}{kb:>8} kB");
            }
            file(out)
        }
        "cpuinfo" => {
            let mut out = String::new();
            for cpu in 0..hardware.cpus {
                let _ = write!(
                    out,
                    "processor\t: {cpu}\nvendor_id\t: Podschool\nmodel name\t: Simulated CPU\ncpu MHz\t\t: 2400.000\ncache size\t: 1024 KB\ncpu cores\t: {}\nflags\t\t: fpu\n\n",
                    hardware.cpus
                );
            }
            file(out)
        }
        "stat" => {
            let ticks = |d: Duration| d.as_millis() / 10;
            let busy: Duration = space.pids.all().iter().map(|p| p.cpu_time()).sum();
            let all = ticks(up) * u128::from(hardware.cpus);
            let line = format!(
                "{} 0 0 {} 0 0 0 0 0 0",
                ticks(busy),
                all.saturating_sub(ticks(busy))
            );
            file(format!(
                "cpu  {line}\ncpu0 {line}\nbtime {}\nprocesses {}\n",
                hardware.booted.seconds(),
                space.pids.all().len()
            ))
        }
        "version" => file(format!(
            "Linux version {} (podschool@simulated) #1 SMP\n",
            hardware.release
        )),
        "filesystems" => file("nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n\text4\n"),
        _ => None,
    }
}

const PER_PROCESS: &[&str] = &[
    "cgroup",
    "cmdline",
    "comm",
    "environ",
    "limits",
    "mounts",
    "oom_score",
    "oom_score_adj",
    "stat",
    "statm",
    "status",
];

fn process(process: &Rc<Process>, path: &str) -> Option<Synth> {
    match path {
        "" => {
            let mut all: Vec<(String, FileKind)> = PER_PROCESS
                .iter()
                .map(|n| ((*n).to_string(), FileKind::File))
                .collect();
            all.push(("fd".into(), FileKind::Directory));
            all.extend(["cwd", "exe", "root"].map(|n| (n.to_string(), FileKind::Symlink)));
            Some(Synth::Directory(all))
        }
        "cmdline" => file(
            process
                .argv
                .borrow()
                .iter()
                .map(|a| format!("{a}\0"))
                .collect::<String>(),
        ),
        "comm" => file(format!("{}\n", process.name())),
        "environ" => file(
            process
                .env
                .borrow()
                .iter()
                .map(|(k, v)| format!("{k}={v}\0"))
                .collect::<String>(),
        ),
        "cgroup" => file(format!("0::{}\n", process.space.cgroup)),
        "oom_score_adj" => Some(Synth::File(
            format!("{}\n", process.oom_score_adj.get()).into_bytes(),
            0o644,
        )),
        "oom_score" => file(format!("{}\n", 666 + process.oom_score_adj.get() * 2 / 3)),
        "cwd" => Some(Synth::Link(process.cwd.borrow().to_string())),
        "root" => Some(Synth::Link("/".into())),
        "exe" => Some(Synth::Link(
            process.argv.borrow().first().cloned().unwrap_or_default(),
        )),
        "mounts" => file(mounts(&process.space)),
        "stat" => file(stat(process)),
        "statm" => file(format!("{0} {0} 0 0 0 0 0\n", process.memory.get() / 4096)),
        "status" => file(status(process)),
        "limits" => file(
            "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 1024                 files     \n",
        ),
        "fd" => {
            let fds = process.fds.borrow();
            Some(Synth::Directory(
                fds.keys()
                    .map(|fd| (fd.to_string(), FileKind::Symlink))
                    .collect(),
            ))
        }
        _ => {
            let fd = path.strip_prefix("fd/")?.parse().ok()?;
            process
                .fds
                .borrow()
                .contains_key(&fd)
                .then_some(Synth::Open(process.pid, fd))
        }
    }
}

pub(crate) fn mounts(space: &Space) -> String {
    let lines = space.mounts.list();
    lines
        .iter()
        .map(|m| {
            format!(
                "{} {} {} {} 0 0\n",
                m.info.source, m.info.target, m.info.fs_type, m.info.options
            )
        })
        .collect()
}

/// R, S, T or Z.
pub(crate) fn letter(process: &Process) -> char {
    match process.state() {
        State::Zombie => 'Z',
        State::Stopped => 'T',
        State::Running if process.busy.get() => 'R',
        State::Running => 'S',
    }
}

fn stat(p: &Process) -> String {
    let since_boot = p.started.since(p.space.limits.hardware.booted).as_millis() / 10;
    let tty = p.tty.borrow();
    let (tty_nr, foreground) = tty
        .as_ref()
        .map_or((0, -1), |t| (136 * 256 + t.number(), t.foreground()));
    format!(
        "{} ({}) {} {} {} {} {tty_nr} {foreground} 0 0 0 0 0 {} 0 0 0 20 0 1 0 {since_boot} {} {}\n",
        p.pid,
        p.name(),
        letter(p),
        p.ppid.get(),
        p.pgid.get(),
        p.sid.get(),
        p.cpu_time().as_millis() / 10,
        p.memory.get() + (1 << 20),
        p.memory.get() / 4096,
    )
}

fn status(p: &Process) -> String {
    let state = match letter(p) {
        'R' => "R (running)",
        'T' => "T (stopped)",
        'Z' => "Z (zombie)",
        _ => "S (sleeping)",
    };
    let (uid, gid, kb) = (p.uid.get(), p.gid.get(), p.memory.get() / 1024);
    let groups: String = p.groups.borrow().iter().map(|g| format!("{g} ")).collect();
    let mut out = format!(
        "Name:\t{}\nUmask:\t{:04o}\nState:\t{state}\nTgid:\t{}\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nFDSize:\t64\nGroups:\t{groups}\n",
        p.name(),
        p.umask.get(),
        p.pid,
        p.pid,
        p.ppid.get(),
    );
    let _ = write!(
        out,
        "VmSize:\t{:>8} kB\nVmRSS:\t{kb:>8} kB\nThreads:\t1\n",
        kb + 1024
    );
    let ignored: crate::signal::SignalSet = p
        .ignored
        .get()
        .iter()
        .filter(|s| *s != Signal::Kill)
        .collect();
    let _ = writeln!(
        out,
        "SigPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}",
        p.pending.get().bits(),
        p.blocked.get().bits(),
        ignored.bits(),
        p.caught.get().bits()
    );
    let caps = if uid == 0 { 0xa804_25fb_u64 } else { 0 };
    let _ = writeln!(out, "CapEff:\t{caps:016x}\nNoNewPrivs:\t0\nSeccomp:\t2");
    out
}

const CGROUP: &[&str] = &[
    "cgroup.procs",
    "cpu.max",
    "cpu.stat",
    "cpu.weight",
    "memory.current",
    "memory.events",
    "memory.max",
    "memory.peak",
    "pids.current",
    "pids.max",
];

fn cgroup(space: &Space, path: &str) -> Option<Synth> {
    let limits = &space.limits;
    match path {
        "" => Some(Synth::Directory(
            CGROUP
                .iter()
                .map(|n| ((*n).to_string(), FileKind::File))
                .collect(),
        )),
        "cgroup.procs" => file(
            space
                .pids
                .all()
                .iter()
                .map(|p| format!("{}\n", p.pid))
                .collect::<String>(),
        ),
        "cpu.max" => file(match limits.cpu_millis.get() {
            Some(millis) => format!("{} 100000\n", (millis * 100).max(1000)),
            None => "max 100000\n".to_string(),
        }),
        "cpu.weight" => file(format!(
            "{}\n",
            1 + limits.cpu_shares.get().saturating_sub(2) * 9999 / 262_142
        )),
        "cpu.stat" => file(format!(
            "usage_usec {}\nuser_usec {0}\nsystem_usec 0\nthrottled_usec {}\n",
            limits.cpu.get() / 1000,
            limits.throttled.get() / 1000
        )),
        "memory.current" => file(format!("{}\n", limits.memory.get())),
        "memory.peak" => file(format!("{}\n", limits.memory_peak.get())),
        "memory.max" => file(
            limits
                .memory_limit
                .get()
                .map_or("max\n".to_string(), |m| format!("{m}\n")),
        ),
        "memory.events" => file(format!(
            "low 0\nhigh 0\nmax 0\noom {0}\noom_kill {0}\n",
            limits.oom_kills.get()
        )),
        "pids.current" => file(format!("{}\n", limits.pids.get())),
        "pids.max" => file(format!("{}\n", limits.pids_max)),
        _ => None,
    }
}
