//! Playing without a lesson: which sessions are that, and what the page has to offer them: examples and images.
//!
//! A session without a lesson is one whose lesson has no steps, so that everything else about it is as in a lesson. Its name cannot be a
//! lesson's: lessons are named by their folders, in letters, digits and hyphens.

use std::sync::Arc;

use course::Lesson;

/// The learner's own playground.
pub const PLAYGROUND: &str = "~playground";
/// Before the id of a link: the learner's own copy of a world that somebody shared.
const SHARED: &str = "~shared/";

/// A manifest to begin with. Its words are the messages `example-<name>` and `example-<name>-more`.
pub struct Example {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! examples {
    ($($name:literal),* $(,)?) => {
        &[$(Example { name: $name, text: include_str!(concat!("../examples/", $name, ".yaml")) }),*]
    };
}

/// From the simplest to those that do not work.
pub const EXAMPLES: &[Example] = examples![
    "pod",
    "sidecar",
    "web",
    "probes",
    "settings",
    "claim",
    "job",
    "wrong-image",
    "crash-loop",
    "too-big",
];

impl Example {
    /// Its name in the home.
    pub fn file(&self) -> String {
        format!("{}.yaml", self.name)
    }
}

/// A repository of the simulated registry.
pub struct Repository {
    /// As one writes it in a manifest.
    pub name: String,
    /// Its last part: the message `image-<key>` says what it is, where there is one.
    pub key: String,
    pub tags: Vec<&'static str>,
}

/// What the simulated registry offers, without names of former days.
pub fn repositories() -> Vec<Repository> {
    machine::images::CATALOGUE
        .iter()
        .filter(|image| !image.repository.starts_with("k8s.gcr.io/"))
        .map(|image| Repository {
            name: short(image.repository).to_owned(),
            key: image
                .repository
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned(),
            tags: image.tags.to_vec(),
        })
        .collect()
}

/// `docker.io/library/nginx` is written `nginx`.
fn short(repository: &str) -> &str {
    let rest = repository.strip_prefix("docker.io/").unwrap_or(repository);
    rest.strip_prefix("library/").unwrap_or(rest)
}

/// The name of a session that is a copy of a shared world.
pub fn shared(link: &str) -> String {
    format!("{SHARED}{link}")
}

/// The link that such a session came from.
pub fn link(lesson: &str) -> Option<&str> {
    lesson.strip_prefix(SHARED)
}

/// Whether a session of this name has no lesson.
pub fn is_free(lesson: &str) -> bool {
    lesson == PLAYGROUND || link(lesson).is_some()
}

/// The lesson without steps of that name; `None` for a real lesson's.
pub fn lesson(name: &str) -> Option<Arc<Lesson>> {
    let empty = || Lesson {
        id: name.to_owned(),
        track: String::new(),
        minutes: 0,
        backends: Vec::new(),
        nodes: 1,
        vars: Default::default(),
        start: Vec::new(),
        steps: Vec::new(),
        files: Default::default(),
        manifests: Default::default(),
        prose: Default::default(),
    };
    is_free(name).then(|| Arc::new(empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::say;
    use course::Lang;

    #[test]
    fn examples_are_sound_and_have_words() {
        for example in EXAMPLES {
            assert_eq!(crate::manifest::check(example.text), [], "{}", example.name);
            for lang in Lang::ALL {
                for key in ["", "-more"].map(|end| format!("example-{}{end}", example.name)) {
                    assert_ne!(say(lang, &key), key, "{}", lang.tag());
                }
            }
        }
    }

    #[test]
    fn images_of_examples_are_in_the_catalogue_but_the_mistyped_one() {
        let known = machine::images::references();
        for example in EXAMPLES {
            let images = example
                .text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("image: "));
            for image in images {
                let reference = machine::images::Reference::parse(image).expect("a reference");
                let there = known.contains(&reference.to_string());
                assert_eq!(there, example.name != "wrong-image", "{image}");
            }
        }
    }

    #[test]
    fn names_tell_what_a_session_is() {
        assert!(is_free(PLAYGROUND) && is_free(&shared("abc")) && !is_free("first-pod"));
        assert_eq!((link("~shared/abc"), link(PLAYGROUND)), (Some("abc"), None));
        assert!(lesson("first-pod").is_none() && lesson(PLAYGROUND).is_some());
    }

    #[test]
    fn repositories_are_named_as_one_writes_them() {
        let all = repositories();
        assert!(
            all.iter()
                .any(|each| each.name == "nginx" && each.tags.contains(&"alpine"))
        );
        assert!(
            all.iter()
                .any(|each| each.name == "polinux/stress" && each.key == "stress")
        );
    }
}
