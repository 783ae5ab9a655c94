//! How much of a node is used: memory and disk, and what can be given back. What a kubelet asks cAdvisor and the image service for.

use super::NodeRuntime;
use crate::sync::Notify;

/// How much of something a node has, and how much is used. Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub capacity: u64,
    pub used: u64,
}

impl Usage {
    #[must_use]
    pub fn available(&self) -> u64 {
        self.capacity.saturating_sub(self.used)
    }
}

impl NodeRuntime {
    /// Memory that the system and all containers use.
    #[must_use]
    pub fn memory(&self) -> Usage {
        Usage {
            capacity: self.0.hardware.memory,
            used: self.0.hardware.memory_used.get(),
        }
    }

    /// The disk, with images, containers, volumes and what the system has.
    #[must_use]
    pub fn disk(&self) -> Usage {
        Usage {
            capacity: self.0.disk.limit(),
            used: self.0.disk.used(),
        }
    }

    /// Rings when more of the disk is used than before, when something was logged, and when less memory is available than the mark.
    #[must_use]
    pub fn grown(&self) -> Notify {
        self.0.disk.grown().clone()
    }

    /// From how many bytes of available memory on `grown` rings.
    pub fn mark_memory(&self, available: u64) {
        let mark = self.0.hardware.memory.saturating_sub(available);
        self.0.hardware.mark.set(mark);
        *self.0.hardware.marked.borrow_mut() = Some(self.grown());
    }

    /// Something that is none of Kubernetes' business takes so many bytes of the disk.
    pub fn fill_disk(&self, bytes: u64) {
        let before = self.0.filler.replace(bytes);
        self.0.disk.adjust(before, bytes);
    }

    /// Bytes that [`NodeRuntime::fill_disk`] has taken.
    #[must_use]
    pub fn filler(&self) -> u64 {
        self.0.filler.get()
    }

    /// Removes the images that no container has.
    pub fn remove_unused_images(&self) {
        let containers = self.0.containers.borrow();
        let used: Vec<String> = containers
            .values()
            .map(|c| c.status.borrow().image.clone())
            .collect();
        drop(containers);
        self.0.store.retain(|name| used.iter().any(|u| u == name));
    }
}
