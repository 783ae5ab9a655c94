//! What the computers of one world share: executor, chance, network.

use crate::chance::Chance;
use crate::executor::Executor;
use crate::net::Network;

/// One a world. Clones are the same.
#[derive(Clone)]
pub struct Kernel(std::rc::Rc<()>);

impl Kernel {
    pub fn new(executor: Executor, chance: Chance) -> Kernel {
        let _ = (executor, chance);
        todo!()
    }
    pub fn executor(&self) -> &Executor {
        todo!()
    }
    pub fn chance(&self) -> &Chance {
        todo!()
    }
    pub fn network(&self) -> &Network {
        todo!()
    }
}
