//! The invariants, one a file. Each looks at the world after every step and says what is wrong.

mod addresses;
mod binding;
mod claims;
mod endpoints;
mod fold;
mod generations;
mod kept;
mod ledger;
mod mounts;
mod names;
mod nodes;
mod ownerless;
mod phases;
mod pressure;
mod replicas;
mod revisions;
mod room;
mod runtime;
mod silence;
mod uids;

use crate::scene::Scene;

pub trait Checker {
    fn name(&self) -> &'static str;
    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>);
}

/// An invariant that remembers nothing.
struct Plain(&'static str, fn(&Scene, &mut Vec<String>));

impl Checker for Plain {
    fn name(&self) -> &'static str {
        self.0
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        (self.1)(scene, wrong);
    }
}

pub fn all() -> Vec<Box<dyn Checker>> {
    let plain = [
        Plain("addresses", addresses::look),
        Plain("binding", binding::look),
        Plain("claims", claims::look),
        Plain("endpoints", endpoints::look),
        Plain("generations", generations::look),
        Plain("kept", kept::look),
        Plain("ledger", ledger::look),
        Plain("phases", phases::look),
        Plain("replicas", replicas::look),
        Plain("room", room::look),
        Plain("runtime", runtime::look),
    ];
    let mut all: Vec<Box<dyn Checker>> = vec![
        Box::new(fold::Fold::default()),
        Box::new(revisions::Revisions::default()),
        Box::new(ownerless::Ownerless::default()),
        Box::new(silence::Silence::default()),
        Box::new(nodes::Nodes::default()),
        Box::new(pressure::Pressure::default()),
        Box::new(mounts::Mounts::default()),
        Box::new(names::Names::default()),
        Box::new(uids::Uids::default()),
    ];
    all.extend(plain.map(|p| Box::new(p) as Box<dyn Checker>));
    all
}
