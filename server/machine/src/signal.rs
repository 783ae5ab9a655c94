//! Signals, their default actions and sets of them (signal(7)).

use core::fmt;

macro_rules! signals {
    ($($name:ident = $number:literal, $short:literal, $text:literal;)*) => {
        /// A signal with Linux's number on amd64.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Signal { $($name = $number,)* }
        impl Signal {
            pub const ALL: &'static [Signal] = &[$(Signal::$name,)*];
            /// The name without SIG, such as `TERM`.
            #[must_use]
            pub fn short(self) -> &'static str { match self { $(Signal::$name => $short,)* } }
            /// The words of strsignal(3).
            #[must_use]
            pub fn text(self) -> &'static str { match self { $(Signal::$name => $text,)* } }
        }
    };
}

signals! {
    Hup = 1, "HUP", "Hangup";
    Int = 2, "INT", "Interrupt";
    Quit = 3, "QUIT", "Quit";
    Ill = 4, "ILL", "Illegal instruction";
    Trap = 5, "TRAP", "Trace/breakpoint trap";
    Abrt = 6, "ABRT", "Aborted";
    Bus = 7, "BUS", "Bus error";
    Fpe = 8, "FPE", "Floating point exception";
    Kill = 9, "KILL", "Killed";
    Usr1 = 10, "USR1", "User defined signal 1";
    Segv = 11, "SEGV", "Segmentation fault";
    Usr2 = 12, "USR2", "User defined signal 2";
    Pipe = 13, "PIPE", "Broken pipe";
    Alrm = 14, "ALRM", "Alarm clock";
    Term = 15, "TERM", "Terminated";
    Stkflt = 16, "STKFLT", "Stack fault";
    Chld = 17, "CHLD", "Child exited";
    Cont = 18, "CONT", "Continued";
    Stop = 19, "STOP", "Stopped (signal)";
    Tstp = 20, "TSTP", "Stopped";
    Ttin = 21, "TTIN", "Stopped (tty input)";
    Ttou = 22, "TTOU", "Stopped (tty output)";
    Urg = 23, "URG", "Urgent I/O condition";
    Xcpu = 24, "XCPU", "CPU time limit exceeded";
    Xfsz = 25, "XFSZ", "File size limit exceeded";
    Vtalrm = 26, "VTALRM", "Virtual timer expired";
    Prof = 27, "PROF", "Profiling timer expired";
    Winch = 28, "WINCH", "Window changed";
    Io = 29, "IO", "I/O possible";
    Pwr = 30, "PWR", "Power failure";
    Sys = 31, "SYS", "Bad system call";
}

/// What the kernel does with a signal that a process neither ignores nor catches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    Terminate,
    Ignore,
    Stop,
    Continue,
}

impl Signal {
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    #[must_use]
    pub fn from_number(number: i32) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|s| s.number() == number)
    }

    /// Takes `TERM`, `SIGTERM`, `term` or `15`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Signal> {
        if let Ok(number) = text.parse() {
            return Signal::from_number(number);
        }
        let upper = text.to_ascii_uppercase();
        let short = upper.strip_prefix("SIG").unwrap_or(&upper);
        Signal::ALL.iter().copied().find(|s| s.short() == short)
    }

    #[must_use]
    pub fn default_action(self) -> DefaultAction {
        match self {
            Signal::Chld | Signal::Urg | Signal::Winch => DefaultAction::Ignore,
            Signal::Stop | Signal::Tstp | Signal::Ttin | Signal::Ttou => DefaultAction::Stop,
            Signal::Cont => DefaultAction::Continue,
            _ => DefaultAction::Terminate,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.short())
    }
}

/// What a process has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disposition {
    #[default]
    Default,
    Ignore,
    /// Kept until `Sys::take_signal`; waits end with EINTR.
    Catch,
}

/// A set of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalSet(u64);

impl SignalSet {
    pub const EMPTY: SignalSet = SignalSet(0);

    #[must_use]
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u8) != 0
    }

    pub fn insert(&mut self, signal: Signal) {
        self.0 |= 1 << signal as u8;
    }

    pub fn remove(&mut self, signal: Signal) {
        self.0 &= !(1 << signal as u8);
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In order of number.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL
            .iter()
            .copied()
            .filter(move |s| self.contains(*s))
    }

    /// As in `/proc/PID/status`: bit n-1 stands for signal n.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0 >> 1
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        let mut set = SignalSet::EMPTY;
        signals.into_iter().for_each(|s| set.insert(s));
        set
    }
}
