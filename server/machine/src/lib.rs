//! Room `machine`: a simulated Linux computer. Processes, signals, files, mounts, users, pipes,
//! terminals and network in simulated time, and the programs that run on them. No Kubernetes in it:
//! `cri` is the wall to the kubelet. It opens nothing and reads no clock of the outside.

pub mod chance;
pub mod computer;
pub mod cri;
pub mod errno;
pub mod executor;
pub(crate) mod fd;
pub mod health;
pub mod http;
pub mod images;
pub mod kernel;
pub(crate) mod launch;
pub(crate) mod limits;
pub mod log;
pub mod net;
pub mod pipe;
pub(crate) mod proc;
pub(crate) mod process;
pub mod programs;
pub(crate) mod rootfs;
pub mod runtime;
pub mod shell;
pub mod signal;
pub(crate) mod space;
pub mod stdio;
pub mod sync;
pub mod sys;
pub mod time;
pub mod tty;
pub mod vfs;
pub mod websocket;

pub use chance::Chance;
pub use computer::Computer;
pub use errno::Errno;
pub use executor::{Executor, LocalFuture, Task};
pub use health::Health;
pub use kernel::Kernel;
pub use net::Network;
pub use signal::{Disposition, Signal, SignalSet};
pub use stdio::{Exit, Stdio};
pub use sys::Sys;
pub use time::{Duration, Time};
pub use vfs::{Files, Volume};
