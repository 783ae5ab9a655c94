//! Languages of the pages: which one a request gets, and the Fluent messages in it.
//!
//! The sources lie in `web/i18n`, shared with the browser's side. A message that is missing in a language is taken from English.
//! Sentences about lessons are `course`'s own.

use std::sync::LazyLock;

pub use course::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

/// A language's name in itself.
pub fn name(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "English",
        Lang::PtBr => "Português",
        Lang::Fr => "Français",
        Lang::Ja => "日本語",
    }
}

/// The best language for an `Accept-Language` header: highest quality first, then the order in which they stand.
pub fn accepted(header: &str) -> Option<Lang> {
    let mut wishes: Vec<(f32, Lang)> = header
        .split(',')
        .take(32)
        .filter_map(|wish| {
            let mut parts = wish.split(';');
            let tag = parts.next()?.trim().to_ascii_lowercase();
            let quality = parts
                .find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            let lang = match tag.split('-').next()? {
                "en" | "*" => Lang::En,
                "pt" => Lang::PtBr,
                "fr" => Lang::Fr,
                "ja" => Lang::Ja,
                _ => return None,
            };
            (quality > 0.0).then_some((quality, lang))
        })
        .collect();
    wishes.sort_by(|a, b| b.0.total_cmp(&a.0));
    wishes.first().map(|(_, lang)| *lang)
}

/// The message `key` without arguments; the key itself where no language has it.
pub fn say(lang: Lang, key: &str) -> String {
    say_with(lang, key, &[])
}

/// The message `key` with arguments; numbers are numbers to Fluent.
pub fn say_with(lang: Lang, key: &str, args: &[(&str, &str)]) -> String {
    [lang, Lang::En]
        .into_iter()
        .find_map(|lang| find(lang, key, args))
        .unwrap_or_else(|| key.to_owned())
}

fn find(lang: Lang, key: &str, args: &[(&str, &str)]) -> Option<String> {
    let bundle = &BUNDLES[Lang::ALL.iter().position(|known| *known == lang)?];
    let pattern = bundle.get_message(key)?.value()?;
    let mut values = FluentArgs::new();
    for (name, value) in args {
        match value.parse::<f64>() {
            Ok(number) => values.set(*name, number),
            Err(_) => values.set(*name, (*value).to_owned()),
        }
    }
    Some(
        bundle
            .format_pattern(pattern, Some(&values), &mut Vec::new())
            .into_owned(),
    )
}

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| {
    Lang::ALL
        .into_iter()
        .map(|lang| {
            let mut bundle =
                FluentBundle::new_concurrent(vec![lang.tag().parse().expect("our tags are valid")]);
            bundle.set_use_isolating(false);
            // A message that does not parse is missing; the test below finds it.
            let resource = FluentResource::try_new(web::strings(lang.tag()).to_owned())
                .unwrap_or_else(|(r, _)| r);
            bundle.add_resource_overriding(resource);
            bundle
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_wish_wins() {
        let check = |header, expect| assert_eq!(accepted(header), expect, "{header}");
        check("pt,en;q=0.8", Some(Lang::PtBr));
        check("de, fr;q=0.4, ja;q=0.9", Some(Lang::Ja));
        check("de", None);
        check("en;q=0, fr;q=0.1", Some(Lang::Fr));
        check(";;;,q=,", None);
    }

    #[test]
    fn every_language_parses() {
        for lang in Lang::ALL {
            assert!(
                FluentResource::try_new(web::strings(lang.tag()).to_owned()).is_ok(),
                "{}",
                lang.tag()
            );
            assert_eq!(say(lang, "no-such-message"), "no-such-message");
        }
    }

    #[test]
    fn every_message_is_set_as_its_language_is() {
        for lang in Lang::ALL {
            let wrong = course::typography::message_faults(lang, web::strings(lang.tag()));
            assert_eq!(wrong, [], "i18n/{}.ftl", lang.tag());
        }
    }
}
