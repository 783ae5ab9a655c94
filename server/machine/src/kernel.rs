//! What the computers of one world share: executor, chance, network, and the ledger of memory.

use std::cell::Cell;
use std::rc::Rc;

use crate::chance::Chance;
use crate::executor::Executor;
use crate::net::Network;
use crate::pipe::Pipes;
use crate::vfs::Ledger;
use crate::vfs::inode::{Body, Directory, Fs, Inode};

/// Bytes of files that a world may really hold.
const FILES_MAX: u64 = 24 * 1024 * 1024;
/// Bytes that the processes of a world may really hold: variables, lines to sort, what waits in pipes.
pub(crate) const HELD_MAX: u64 = 16 * 1024 * 1024;

struct Inner {
    executor: Executor,
    chance: Chance,
    network: Network,
    files: Rc<Ledger>,
    held: Rc<Ledger>,
    pipes: Pipes,
    devices: Cell<u64>,
}

/// One a world. Clones are the same.
#[derive(Clone)]
pub struct Kernel(Rc<Inner>);

impl Kernel {
    #[must_use]
    pub fn new(executor: Executor, chance: Chance) -> Kernel {
        let pipes = Pipes::default();
        let network = Network::new(executor.clone(), pipes.clone());
        let files = Ledger::new(FILES_MAX, None);
        let held = Ledger::new(HELD_MAX, None);
        Kernel(Rc::new(Inner {
            executor,
            chance,
            network,
            files,
            held,
            pipes,
            devices: Cell::new(40),
        }))
    }

    #[must_use]
    pub fn executor(&self) -> &Executor {
        &self.0.executor
    }

    #[must_use]
    pub fn chance(&self) -> &Chance {
        &self.0.chance
    }

    #[must_use]
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// Bytes that all files of the world hold.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.0.files.used()
    }

    /// Bytes that processes have said they hold (`Sys::hold`).
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        self.0.held.used()
    }

    pub(crate) fn held(&self) -> &Rc<Ledger> {
        &self.0.held
    }

    pub(crate) fn pipes(&self) -> &Pipes {
        &self.0.pipes
    }

    pub(crate) fn file_system(&self, limit: u64) -> Rc<Fs> {
        self.file_system_on(Ledger::new(limit, None))
    }

    /// A file system that shares a disk with others.
    pub(crate) fn file_system_on(&self, disk: Rc<Ledger>) -> Rc<Fs> {
        let device = self.0.devices.get();
        self.0.devices.set(device + 1);
        let (clock, pipes) = (self.executor().clone(), self.pipes().clone());
        Fs::new(device, clock, pipes, self.0.files.clone(), disk)
    }

    /// An empty directory in which nothing can be made.
    pub(crate) fn full_inode(&self) -> Rc<Inode> {
        let nothing = Ledger::new(0, None);
        let (clock, pipes) = (self.executor().clone(), self.pipes().clone());
        let fs = Fs::new(0, clock, pipes, nothing.clone(), nothing);
        fs.bare(Body::Directory(Directory::default()), 0o755, 0, 0)
    }
}
