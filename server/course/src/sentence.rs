//! Sentences that a learner reads, named by id with arguments and said in their language from `i18n/*.ftl`.

use crate::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A message id with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// message of `i18n/*.ftl`
    pub id: String,
    /// arguments by name
    pub args: BTreeMap<String, String>,
}

impl Sentence {
    /// A sentence without arguments.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            args: BTreeMap::new(),
        }
    }

    /// With one more argument.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    /// The sentence in `lang`; the id itself where no language has it.
    pub fn say(&self, lang: Lang) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in &self.args {
            args.set(name.clone(), value.clone());
        }
        [lang, Lang::En]
            .into_iter()
            .find_map(|l| {
                let bundle = bundle(l);
                let pattern = bundle.get_message(&self.id)?.value()?;
                let mut errors = Vec::new();
                Some(
                    bundle
                        .format_pattern(pattern, Some(&args), &mut errors)
                        .into_owned(),
                )
            })
            .unwrap_or_else(|| self.id.clone())
    }
}

fn bundle(lang: Lang) -> &'static FluentBundle<FluentResource> {
    static BUNDLES: OnceLock<BTreeMap<Lang, FluentBundle<FluentResource>>> = OnceLock::new();
    let bundles = BUNDLES.get_or_init(|| Lang::ALL.into_iter().map(|l| (l, read(l))).collect());
    &bundles[&lang]
}

fn text(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("../i18n/en.ftl"),
        Lang::PtBr => include_str!("../i18n/pt-BR.ftl"),
        Lang::Fr => include_str!("../i18n/fr.ftl"),
        Lang::Ja => include_str!("../i18n/ja.ftl"),
    }
}

fn read(lang: Lang) -> FluentBundle<FluentResource> {
    let tag = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false);
    let resource =
        FluentResource::try_new(text(lang).to_owned()).unwrap_or_else(|(partial, _)| partial);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_every_sentence() {
        let ids = |text: &str| -> Vec<String> {
            text.lines()
                .filter_map(|l| l.split_once(" ="))
                .map(|(id, _)| id.to_owned())
                .filter(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
                .collect()
        };
        let en = ids(text(Lang::En));
        assert!(
            en.len() > 10,
            "the English file names few sentences: {en:?}"
        );
        for lang in Lang::ALL {
            for id in &en {
                assert!(
                    bundle(lang).get_message(id).is_some(),
                    "{} does not say {id}",
                    lang.tag()
                );
            }
        }
    }

    #[test]
    fn arguments_stand_in_the_sentence() {
        let said = Sentence::new("no-object")
            .with("kind", "pod")
            .with("name", "kuard")
            .say(Lang::Fr);
        assert!(said.contains("kuard"), "{said}");
    }

    #[test]
    fn every_sentence_is_set_as_its_language_is() {
        for lang in Lang::ALL {
            let wrong = crate::typography::message_faults(lang, text(lang));
            assert_eq!(wrong, [], "i18n/{}.ftl", lang.tag());
        }
    }
}
