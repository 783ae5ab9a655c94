//! The browser bundle: every script, style and picture of the pages, built by `build.rs` and embedded.
//!
//! It is not a server: no routes, no headers, no templates. `playground` asks for a file by its hashed name, or for
//! the files that a page starts with, and serves them. Hashed names never change their content, so they may be
//! cached for ever; names without a hash ([`Asset::immutable`] is false) must be revalidated.

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One file of the bundle, ready to be sent as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// The file's name as it stands in URLs, e.g. `lesson-Bq3xT1aZ.js`; never with a folder.
    pub name: &'static str,
    /// The bytes, not compressed.
    pub bytes: &'static [u8],
    /// The same by brotli, where it is smaller.
    pub br: Option<&'static [u8]>,
    /// The same by gzip, where it is smaller.
    pub gzip: Option<&'static [u8]>,
    /// For the `Content-Type` header, charset included.
    pub content_type: &'static str,
    /// A strong entity tag, quotes included, of the content.
    pub etag: &'static str,
    /// True when the name carries a hash of the content.
    pub immutable: bool,
}

/// What a page names in its head, in the order in which it should stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The module to start: `<script type="module" src=…>`.
    pub js: &'static str,
    /// Style sheets: `<link rel="stylesheet" href=…>`.
    pub css: &'static [&'static str],
    /// Modules that `js` imports: `<link rel="modulepreload" href=…>`.
    pub preload: &'static [&'static str],
}

/// The file called `name`, or `None` when the bundle has no such file.
pub fn get(name: &str) -> Option<Asset> {
    ASSETS
        .binary_search_by(|asset| asset.name.cmp(name))
        .ok()
        .map(|at| ASSETS[at])
}

/// Every file of the bundle, sorted by name.
pub fn assets() -> &'static [Asset] {
    ASSETS
}

/// The files of the page `name`: `"course"` or `"lesson"`.
pub fn entry(name: &str) -> Option<Entry> {
    ENTRIES
        .iter()
        .find(|(page, _)| *page == name)
        .map(|(_, entry)| *entry)
}

/// The languages of the interface, the first is the one to fall back to.
pub const LANGUAGES: &[&str] = &["en", "pt-BR", "fr", "ja"];

/// The Fluent source of the interface in `language` (one of [`LANGUAGES`]); English for any other.
/// Pages hand it to the browser as it stands, so that both sides speak from one file.
pub fn strings(language: &str) -> &'static str {
    match language {
        "pt-BR" => include_str!("i18n/pt-BR.ftl"),
        "fr" => include_str!("i18n/fr.ftl"),
        "ja" => include_str!("i18n/ja.ftl"),
        _ => include_str!("i18n/en.ftl"),
    }
}

/// The mark, a small pod of whales, as SVG to stand in a page; it paints with `currentColor` and the page's tokens.
pub const MARK: &str = include_str!("src/art/mark.svg");

/// The pod at sea, the picture of the course's head and of empty places; as SVG like [`MARK`].
pub const POD: &str = include_str!("src/art/pod.svg");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_an_entry_names_is_there() {
        for page in ["course", "lesson"] {
            let entry = entry(page).expect(page);
            for name in [entry.js].iter().chain(entry.css).chain(entry.preload) {
                assert!(get(name).is_some(), "{page} names {name}");
            }
            assert!(!entry.css.is_empty(), "{page} has a style sheet");
        }
        assert!(entry("nowhere").is_none());
    }

    #[test]
    fn names_are_flat_sorted_and_typed() {
        assert!(assets().windows(2).all(|pair| pair[0].name < pair[1].name));
        for asset in assets() {
            assert!(!asset.name.contains('/'), "{}", asset.name);
            assert_ne!(
                asset.content_type, "application/octet-stream",
                "{}",
                asset.name
            );
            if let Some(br) = asset.br {
                assert!(br.len() < asset.bytes.len());
            }
        }
    }

    #[test]
    fn every_language_has_the_same_messages() {
        let keys = |language| -> Vec<&str> {
            let mut keys: Vec<_> = strings(language)
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
                .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
                .collect();
            keys.sort_unstable();
            keys
        };
        for language in LANGUAGES {
            assert_eq!(keys("en"), keys(language), "{language}");
        }
    }
}
