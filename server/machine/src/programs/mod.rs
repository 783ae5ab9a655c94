//! The programs of the simulated machine: one file a program, one line a program here.

use crate::executor::LocalFuture;
use crate::sys::Sys;

/// Whose file it is: decides which images have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// A tool of busybox: images with busybox link it in /bin.
    Busybox,
    /// The shell and its other names.
    Shell,
    /// A program that an image brings itself.
    Own,
}

/// A program by name.
pub struct Program {
    pub name: &'static str,
    pub suite: Suite,
    pub main: fn(Sys) -> LocalFuture<'static, i32>,
}

macro_rules! programs {
    ($($suite:ident $name:literal $main:path;)*) => {
        /// All programs.
        pub static PROGRAMS: &[Program] = &[
            $(Program { name: $name, suite: Suite::$suite, main: |sys| Box::pin($main(sys)) },)*
        ];
    };
}

pub mod accounts;
mod agnhost;
mod apache;
mod awk;
mod base64;
mod cat;
mod chatroulette;
mod cmp;
mod columns;
mod copy;
mod curl;
mod date;
mod dd;
mod diff;
mod dig;
mod digest;
mod echo_server;
mod editing;
mod env;
mod expr;
mod files;
mod find;
mod getent;
mod git_sync;
mod grep;
mod gzip;
mod head;
mod hexdump;
mod id;
pub(crate) mod init;
mod ip;
mod kuard;
pub mod lines;
mod ls;
pub mod mode;
mod mysqld;
mod nano;
mod nc;
pub(crate) mod nginx;
mod nslookup;
pub mod options;
mod pager;
mod paste;
mod pause;
mod ping;
mod process_names;
mod ps;
mod redis;
pub mod regular;
mod sed;
mod small;
mod sort;
mod spawn;
mod stand_in;
mod stress;
mod system;
mod tail;
mod tar;
mod text;
mod top;
mod vi;
mod wget;
mod wordpress;

programs! {
    Shell "ash" crate::shell::main;
    Shell "bash" crate::shell::main;
    Shell "sh" crate::shell::main;
    Busybox "[" small::test;
    Busybox "[[" small::test;
    Busybox "base64" base64::main;
    Busybox "cmp" cmp::main;
    Busybox "comm" columns::comm;
    Busybox "expand" columns::expand;
    Busybox "fold" columns::fold;
    Busybox "dd" dd::main;
    Busybox "expr" expr::main;
    Busybox "find" find::main;
    Busybox "gunzip" gzip::main;
    Busybox "gzip" gzip::main;
    Busybox "hexdump" hexdump::hexdump;
    Busybox "md5sum" digest::main;
    Busybox "od" hexdump::od;
    Busybox "paste" paste::main;
    Busybox "sha1sum" digest::main;
    Busybox "sha256sum" digest::main;
    Busybox "sha512sum" digest::main;
    Busybox "xxd" hexdump::xxd;
    Busybox "zcat" gzip::main;
    Busybox "awk" awk::main;
    Busybox "diff" diff::main;
    Busybox "ifconfig" ip::ifconfig;
    Busybox "ip" ip::ip;
    Busybox "nc" nc::main;
    Busybox "netstat" ip::netstat;
    Busybox "nslookup" nslookup::main;
    Busybox "pgrep" process_names::pgrep;
    Busybox "pidof" process_names::pidof;
    Busybox "ping" ping::main;
    Busybox "pkill" process_names::pgrep;
    Busybox "route" ip::route;
    Busybox "top" top::main;
    Busybox "less" pager::main;
    Busybox "more" pager::main;
    Busybox "vi" vi::main;
    Busybox "basename" small::basename;
    Busybox "cat" cat::main;
    Busybox "chgrp" files::chown;
    Busybox "chmod" files::chmod;
    Busybox "chown" files::chown;
    Busybox "clear" small::clear;
    Busybox "cp" copy::cp;
    Busybox "cut" text::cut;
    Busybox "date" date::main;
    Busybox "df" system::df;
    Busybox "dirname" small::dirname;
    Busybox "du" system::du;
    Busybox "echo" small::echo;
    Busybox "egrep" grep::main;
    Busybox "env" env::main;
    Busybox "false" small::failure;
    Busybox "fgrep" grep::main;
    Busybox "free" system::free;
    Busybox "grep" grep::main;
    Busybox "head" head::main;
    Busybox "hostname" small::hostname;
    Busybox "id" id::main;
    Busybox "kill" system::kill;
    Busybox "killall" system::kill;
    Busybox "ln" files::ln;
    Busybox "ls" ls::main;
    Busybox "mkdir" files::mkdir;
    Busybox "mkfifo" files::mkfifo;
    Busybox "mktemp" files::mktemp;
    Busybox "mount" system::mount;
    Busybox "mv" copy::mv;
    Busybox "nl" text::nl;
    Busybox "nohup" small::nohup;
    Busybox "nproc" small::nproc;
    Busybox "printenv" env::printenv;
    Busybox "printf" small::print_format;
    Busybox "ps" ps::main;
    Busybox "pwd" small::pwd;
    Busybox "readlink" files::readlink;
    Busybox "realpath" files::realpath;
    Busybox "reset" small::reset;
    Busybox "rev" small::rev;
    Busybox "rm" files::rm;
    Busybox "rmdir" files::rmdir;
    Busybox "sed" sed::main;
    Busybox "seq" small::seq;
    Busybox "sleep" small::sleep;
    Busybox "sort" sort::main;
    Busybox "stat" system::stat;
    Busybox "stty" system::stty;
    Busybox "sync" small::success;
    Busybox "tac" text::tac;
    Busybox "tail" tail::main;
    Busybox "tar" tar::main;
    Busybox "tee" text::tee;
    Busybox "test" small::test;
    Busybox "time" spawn::time;
    Busybox "timeout" spawn::timeout;
    Busybox "touch" files::touch;
    Busybox "tr" text::tr;
    Busybox "true" small::success;
    Busybox "truncate" files::truncate;
    Busybox "tty" small::tty;
    Busybox "uname" small::uname;
    Busybox "uniq" text::uniq;
    Busybox "unlink" files::unlink;
    Busybox "uptime" small::uptime;
    Busybox "watch" spawn::watch;
    Busybox "wc" text::wc;
    Busybox "wget" wget::main;
    Busybox "which" small::which;
    Busybox "whoami" id::whoami;
    Busybox "xargs" spawn::xargs;
    Busybox "yes" small::yes;
    Own "agnhost" agnhost::main;
    Own "apache" apache::main;
    Own "chatroulette-back" chatroulette::back;
    Own "chatroulette-front" chatroulette::front;
    Own "git-sync" git_sync::main;
    Own "curl" curl::main;
    Own "dig" dig::main;
    Own "echo-server" echo_server::main;
    Own "getent" getent::main;
    Own "goproxy" stand_in::goproxy;
    Own "kuard" kuard::main;
    Own "memhog" stand_in::memhog;
    Own "mysqladmin" mysqld::admin;
    Own "mysqld" mysqld::main;
    Own "nano" nano::main;
    Own "nginx" nginx::main;
    Own "nginx-entrypoint" nginx::entrypoint;
    Own "pause" pause::main;
    Own "redis-cli" redis::cli;
    Own "redis-server" redis::main;
    Own "stress" stress::main;
    Own "test-server" stand_in::server;
    Own "wordpress" wordpress::main;
}

#[must_use]
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}
