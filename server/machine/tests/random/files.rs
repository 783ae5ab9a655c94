//! Files against a model, and archives.

use std::collections::BTreeMap;

use machine::{Kernel, Volume};
use proptest::prelude::*;

use super::{Desk, cases};

#[derive(Clone, Debug)]
enum Act {
    Write(String, Vec<u8>),
    MakeDirectory(String),
    Rename(String, String),
    Remove(String),
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&["a", "b", "c"][..]), 1..4)
        .prop_map(|parts| format!("/{}", parts.join("/")))
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (path(), prop::collection::vec(any::<u8>(), 0..2000)).prop_map(|(p, b)| Act::Write(p, b)),
        path().prop_map(Act::MakeDirectory),
        (path(), path()).prop_map(|(a, b)| Act::Rename(a, b)),
        path().prop_map(Act::Remove),
    ]
}

/// None: a directory. The root is there from the start and not in it.
#[derive(Default)]
struct Model(BTreeMap<String, Option<Vec<u8>>>);

impl Model {
    fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || self.0.get(path).is_some_and(Option::is_none)
    }

    fn parent_of(path: &str) -> &str {
        path.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// All at `path` and below.
    fn below(&self, path: &str) -> Vec<String> {
        let inside = format!("{path}/");
        let all = self.0.keys();
        all.filter(|name| *name == path || name.starts_with(&inside))
            .cloned()
            .collect()
    }

    /// Whether it can be done; if so, it is.
    fn take(&mut self, act: &Act) -> bool {
        match act {
            Act::Write(path, bytes) => {
                let fits = self.is_directory(Self::parent_of(path)) && !self.is_directory(path);
                if fits {
                    self.0.insert(path.clone(), Some(bytes.clone()));
                }
                fits
            }
            Act::MakeDirectory(path) => {
                let steps: Vec<&str> = path
                    .match_indices('/')
                    .map(|(at, _)| &path[..at])
                    .chain([path.as_str()])
                    .collect();
                for step in steps.into_iter().filter(|step| !step.is_empty()) {
                    if !self.is_directory(step) {
                        if self.0.contains_key(step) {
                            return false;
                        }
                        self.0.insert(step.to_owned(), None);
                    }
                }
                true
            }
            Act::Rename(from, to) => self.rename(from, to),
            Act::Remove(path) => {
                let gone = self.below(path);
                gone.iter().for_each(|path| drop(self.0.remove(path)));
                !gone.is_empty()
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> bool {
        if !self.0.contains_key(from) || !self.is_directory(Self::parent_of(to)) {
            return false;
        }
        if from == to {
            return true;
        }
        let directory = self.is_directory(from);
        let into_itself = to.starts_with(&format!("{from}/"));
        let in_the_way = self.0.contains_key(to)
            && (self.is_directory(to) != directory || (directory && self.below(to).len() > 1));
        if into_itself || in_the_way {
            return false;
        }
        self.0.remove(to);
        for path in self.below(from) {
            if let Some(body) = self.0.remove(&path) {
                self.0.insert(format!("{to}{}", &path[from.len()..]), body);
            }
        }
        true
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn files_are_as_their_model(acts in prop::collection::vec(act(), 1..40)) {
        let executor = machine::Executor::new(machine::Time::from_seconds(1));
        let kernel = Kernel::new(executor, machine::Chance::new(1));
        let volume = Volume::disk(&kernel);
        let files = volume.files();
        let mut model = Model::default();
        for act in &acts {
            let done = match act {
                Act::Write(path, bytes) => files.write(path, bytes, 0o644),
                Act::MakeDirectory(path) => files.mkdir_all(path, 0o755),
                Act::Rename(from, to) => files.rename(from, to),
                Act::Remove(path) => files.lstat(path).and_then(|_| files.remove_all(path)),
            };
            prop_assert_eq!(done.is_ok(), model.take(act), "{:?}: {:?}", act, done);
        }
        for (path, body) in &model.0 {
            match body {
                Some(bytes) => prop_assert_eq!(&files.read(path).unwrap(), bytes, "{}", path),
                None => {
                    let mut names: Vec<String> = files.list(path).unwrap().into_iter().map(|e| e.name).collect();
                    names.sort();
                    let inside = format!("{path}/");
                    let want: Vec<String> = model.0.keys().filter_map(|p| p.strip_prefix(&inside)).filter(|p| !p.contains('/')).map(str::to_owned).collect();
                    prop_assert_eq!(names, want, "{}", path);
                }
            }
        }
        // What is removed is given back.
        for name in ["/a", "/b", "/c"] {
            let _ = files.remove_all(name);
        }
        prop_assert!(kernel.file_bytes() < 4096, "{} bytes left", kernel.file_bytes());
    }

    #[test]
    fn what_is_packed_is_unpacked(bodies in prop::collection::btree_map("[a-z]{1,8}(/[a-z]{1,8}){0,2}", prop::collection::vec(any::<u8>(), 0..3000), 1..8), zipped in any::<bool>()) {
        let desk = Desk::new();
        let files = desk.computer.files();
        let mut kept = BTreeMap::new();
        for (name, body) in bodies {
            let path = format!("/tmp/from/{name}");
            let parent = path.rsplit_once('/').unwrap().0;
            if files.mkdir_all(parent, 0o755).is_ok() && files.write(&path, &body, 0o640).is_ok() {
                kept.insert(name, body);
            }
        }
        let letter = if zipped { "z" } else { "" };
        let script = format!("mkdir to; cd from; tar c{letter}f - . | tar x{letter}f - -C ../to");
        let (_, code) = desk.spawn(&["sh", "-c", &script], b"");
        prop_assert_eq!(code, Some(0));
        for (name, body) in kept {
            let path = format!("/tmp/to/{name}");
            prop_assert_eq!(files.read(&path).unwrap_or_default(), body, "{}", path);
            prop_assert_eq!(files.stat(&path).unwrap().mode, 0o640);
        }
    }

    #[test]
    fn any_bytes_may_be_an_archive(flaws in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), cut in any::<prop::sample::Index>(), noise in prop::collection::vec(any::<u8>(), 0..1500), whole in any::<bool>()) {
        let desk = Desk::new();
        let (mut archive, _) = desk.spawn(&["sh", "-c", "mkdir -p d/e; echo text > d/e/f; ln -s f d/e/l; ln d/e/f d/h; tar cf - d"], b"");
        prop_assert!(archive.len() >= 1024);
        for (at, byte) in flaws {
            let at = at.index(archive.len());
            archive[at] = byte;
        }
        archive.truncate(cut.index(archive.len() + 1).max(600));
        let input = if whole { archive } else { noise };
        for line in ["mkdir -p /tmp/out; tar xf - -C /tmp/out", "tar tvf -", "tar xzf -", "gunzip -c"] {
            desk.spawn(&["sh", "-c", line], &input);
        }
        // Nothing is written outside of where it was unpacked.
        prop_assert_eq!(desk.computer.files().stat("/d").is_ok(), false);
    }
}
