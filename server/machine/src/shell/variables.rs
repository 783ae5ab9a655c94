//! The shell's variables: values, export and read-only marks, function-local scopes.
//!
//! Copying is cheap (copy on write), since every subshell has its own. Mirrors POSIX XCU 2.5.

use std::collections::BTreeMap;
use std::rc::Rc;

/// What a variable costs beside its name and value.
const VARIABLE_COST: usize = 64;

/// A variable.
#[derive(Debug, Clone, Default)]
pub struct Variable {
    /// `None`: marked (exported, read-only) but unset.
    pub value: Option<Rc<str>>,
    /// In the environment of commands.
    pub exported: bool,
    /// Cannot be set or unset.
    pub readonly: bool,
}

/// All variables of a shell.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    all: Rc<BTreeMap<String, Variable>>,
    /// What to put back when each running function returns.
    scopes: Vec<Vec<(String, Option<Variable>)>>,
    /// Bytes that were set since [`Variables::settle`].
    grown: usize,
}

impl Variables {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<Rc<str>> {
        self.all.get(name)?.value.clone()
    }

    /// The whole variable.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.all.get(name)
    }

    /// Sets a value; `Err` when it is read-only.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.grown += value.len() + VARIABLE_COST;
        let variable = self.change(name)?;
        variable.value = Some(value.into());
        Ok(())
    }

    fn change(&mut self, name: &str) -> Result<&mut Variable, String> {
        let variable = Rc::make_mut(&mut self.all)
            .entry(name.to_owned())
            .or_default();
        if variable.readonly {
            Err(format!("{name}: is read only"))
        } else {
            Ok(variable)
        }
    }

    /// Marks for export.
    pub fn export(&mut self, name: &str, exported: bool) {
        Rc::make_mut(&mut self.all)
            .entry(name.to_owned())
            .or_default()
            .exported = exported;
    }

    /// Marks read-only.
    pub fn set_readonly(&mut self, name: &str) {
        Rc::make_mut(&mut self.all)
            .entry(name.to_owned())
            .or_default()
            .readonly = true;
    }

    /// Removes; `Err` when it is read-only.
    pub fn unset(&mut self, name: &str) -> Result<(), String> {
        if self.all.contains_key(name) {
            self.change(name)?;
            Rc::make_mut(&mut self.all).remove(name);
        }
        Ok(())
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.all.iter()
    }

    /// `NAME=value` of what is exported.
    pub fn environment(&self) -> Vec<(String, String)> {
        let exported = self.all.iter().filter(|(_, variable)| variable.exported);
        exported
            .filter_map(|(name, v)| Some((name.clone(), v.value.as_ref()?.to_string())))
            .collect()
    }

    /// A function starts.
    pub fn push_scope(&mut self) {
        self.scopes.push(Vec::new());
    }

    /// A function returns: its locals go.
    pub fn pop_scope(&mut self) {
        let Some(saved) = self.scopes.pop() else {
            return;
        };
        let all = Rc::make_mut(&mut self.all);
        for (name, variable) in saved.into_iter().rev() {
            match variable {
                Some(variable) => all.insert(name, variable),
                None => all.remove(&name),
            };
        }
    }

    /// Makes `name` local to the running function; false outside of one.
    pub fn make_local(&mut self, name: &str) -> bool {
        let old = self.all.get(name).cloned();
        let Some(scope) = self.scopes.last_mut() else {
            return false;
        };
        if !scope.iter().any(|(saved, _)| saved == name) {
            scope.push((name.to_owned(), old));
        }
        true
    }

    /// The variable as it is, to be put back by [`Variables::restore`] (assignments before a builtin).
    pub fn save(&self, name: &str) -> (String, Option<Variable>) {
        (name.to_owned(), self.all.get(name).cloned())
    }

    /// Puts back what [`Variables::save`] gave.
    pub fn restore(&mut self, saved: (String, Option<Variable>)) {
        let all = Rc::make_mut(&mut self.all);
        match saved.1 {
            Some(variable) => all.insert(saved.0, variable),
            None => all.remove(&saved.0),
        };
    }

    /// Rough size in bytes, those hidden by locals included.
    pub fn size(&self) -> usize {
        let hidden = self.scopes.iter().flatten();
        let hidden = hidden.filter_map(|(name, variable)| Some((name, variable.as_ref()?)));
        self.all
            .iter()
            .chain(hidden)
            .map(|(name, v)| name.len() + v.value.as_ref().map_or(0, |v| v.len()) + VARIABLE_COST)
            .sum()
    }

    /// Bytes that were set since the last [`Variables::settle`].
    pub fn grown(&self) -> usize {
        self.grown
    }

    /// The size is known to whom it concerns.
    pub fn settle(&mut self) {
        self.grown = 0;
    }
}
