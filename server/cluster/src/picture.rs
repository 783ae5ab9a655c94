//! The whole cluster told in a fixed order, and what a checker may know of its nodes. Nothing in a world asks; it changes nothing.

use std::fmt::Write;

use machine::runtime::Tenant;

use crate::cluster::Cluster;

impl Cluster {
    /// All objects, and of every node its containers, logs and files: equal worlds have equal pictures.
    pub fn picture(&self) -> String {
        let mut out = String::new();
        for (group, plural, object) in self.everything() {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{group}/{plural} {object}");
        }
        for kubelet in self.kubelets() {
            let _ = writeln!(out, "node {}", kubelet.node().name);
            out += &kubelet.inside().picture();
        }
        out
    }

    /// The containers that run, by node.
    pub fn tenants(&self) -> Vec<(String, Vec<Tenant>)> {
        let all = self.kubelets().into_iter();
        all.map(|k| (k.node().name.clone(), k.inside().tenants()))
            .collect()
    }

    /// Sandboxes and containers that the nodes hold, dead or alive.
    pub fn held(&self) -> (usize, usize) {
        let all = self.kubelets().into_iter().map(|k| k.inside().held());
        all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// Where the ledgers of memory and processes differ from what is there; empty when all agree.
    pub fn miscounted(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for kubelet in self.kubelets() {
            let name = &kubelet.node().name;
            let told = kubelet.inside().miscounted().into_iter();
            wrong.extend(told.map(|text| format!("{name}: {text}")));
        }
        wrong
    }
}
