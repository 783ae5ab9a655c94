//! What the computers of one world share: executor, chance, network, and the ledger of memory.

use std::cell::Cell;
use std::rc::Rc;

use crate::chance::Chance;
use crate::executor::Executor;
use crate::net::Network;
use crate::vfs::Ledger;
use crate::vfs::inode::{Body, Directory, Fs, Inode};

/// Bytes of files that a world may really hold.
const FILES_MAX: u64 = 24 * 1024 * 1024;

struct Inner {
    executor: Executor,
    chance: Chance,
    network: Network,
    files: Rc<Ledger>,
    devices: Cell<u64>,
}

/// One a world. Clones are the same.
#[derive(Clone)]
pub struct Kernel(Rc<Inner>);

impl Kernel {
    #[must_use]
    pub fn new(executor: Executor, chance: Chance) -> Kernel {
        let network = Network::new(executor.clone());
        let files = Ledger::new(FILES_MAX, None);
        Kernel(Rc::new(Inner {
            executor,
            chance,
            network,
            files,
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

    pub(crate) fn file_system(&self, limit: u64) -> Rc<Fs> {
        self.file_system_on(Ledger::new(limit, None))
    }

    /// A file system that shares a disk with others.
    pub(crate) fn file_system_on(&self, disk: Rc<Ledger>) -> Rc<Fs> {
        let device = self.0.devices.get();
        self.0.devices.set(device + 1);
        Fs::new(device, self.executor().clone(), self.0.files.clone(), disk)
    }

    /// An empty directory in which nothing can be made.
    pub(crate) fn full_inode(&self) -> Rc<Inode> {
        let nothing = Ledger::new(0, None);
        let fs = Fs::new(0, self.executor().clone(), nothing.clone(), nothing);
        fs.bare(Body::Directory(Directory::default()), 0o755, 0, 0)
    }
}
