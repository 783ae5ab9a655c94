//! What a shell keeps — variables, arguments, functions, the text that it runs — told to the machine, so that a script that grows
//! without end meets `out of memory` and not the memory of everybody else.
//!
//! Only growth is looked at: a shell with little to keep pays for an addition and a comparison.

use super::Shell;
use super::display;
use super::run::Stop;
use super::syntax::Command;
use crate::sys::HELD_STEP;
use crate::time::Duration;
use std::rc::Rc;

/// What an argument costs beside its bytes.
const WORD_COST: usize = 128;
/// Bytes that are worked on for nothing, and the time of one beyond, in nanoseconds.
const FREE_BYTES: usize = 4096;
const BYTE_TIME_NS: u64 = 20;

/// Rough size of a function in memory: its tree is much larger than its text.
fn function_cost(body: &Command) -> usize {
    256 + display::command(body).len() * 32
}

/// Rough size of arguments in memory.
pub(crate) fn size_of(words: &[String]) -> usize {
    words.iter().map(|word| word.len() + WORD_COST).sum()
}

/// What was told, and what has come since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weight {
    /// Arguments of running commands and functions, lists of running loops, commands being run.
    pub kept: usize,
    /// Functions, aliases and traps, which are never taken back.
    pub defined: usize,
    /// The total that was told last, and `kept` then.
    told: usize,
    told_kept: usize,
    /// What the parent had told: shared with it.
    inherited: usize,
}

impl Weight {
    /// In a copy of the shell: what it has, its parent has paid for.
    pub fn inherit(&mut self) {
        self.inherited += std::mem::take(&mut self.told);
    }
}

impl Shell {
    /// Tells the machine, when enough has come. `out of memory` aborts the command.
    pub(crate) async fn weigh(&mut self) -> Result<(), Stop> {
        let weight = &self.weight;
        let moved = weight.kept.abs_diff(weight.told_kept) + self.vars.grown();
        if moved < HELD_STEP as usize {
            return Ok(());
        }
        let all = self.vars.size() + size_of(&self.positional) + weight.kept + weight.defined;
        let own = all.saturating_sub(weight.inherited);
        if self
            .sys
            .hold(self.weight.told as u64, own as u64)
            .await
            .is_err()
        {
            return Err(self.abort("out of memory").await);
        }
        self.vars.settle();
        (self.weight.told, self.weight.told_kept) = (own, self.weight.kept);
        Ok(())
    }

    /// Defines a function.
    pub(crate) fn define_function(&mut self, name: &str, body: &Rc<Command>) {
        self.forget_function(name);
        self.weight.defined += function_cost(body);
        Rc::make_mut(&mut self.functions).insert(name.to_owned(), body.clone());
    }

    /// `unset -f`
    pub(crate) fn forget_function(&mut self, name: &str) {
        if let Some(old) = Rc::make_mut(&mut self.functions).remove(name) {
            self.weight.defined -= function_cost(&old);
        }
    }

    /// Defines an alias.
    pub(crate) fn define_alias(&mut self, name: &str, value: &str) {
        let old = Rc::make_mut(&mut self.aliases).insert(name.to_owned(), value.to_owned());
        self.weight.defined += value.len() + WORD_COST;
        self.weight.defined -= old.map_or(0, |old| old.len() + WORD_COST);
    }

    /// Pays the time for so many bytes of text: without it a long value would cost no more than a short one.
    pub(crate) async fn pay(&mut self, bytes: usize) {
        if bytes > FREE_BYTES {
            self.sys
                .cpu(Duration::from_nanos(bytes as u64 * BYTE_TIME_NS))
                .await;
        }
    }

    /// Asks for room for so many bytes that are about to be kept.
    pub(crate) async fn weigh_more(&mut self, bytes: usize) -> Result<(), Stop> {
        if bytes < HELD_STEP as usize / 4 {
            return Ok(());
        }
        self.weight.kept += bytes;
        let result = self.weigh().await;
        self.weight.kept -= bytes;
        result
    }
}
