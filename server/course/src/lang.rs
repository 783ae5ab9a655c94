//! The languages of the course, by their BCP 47 tags.

use serde::{Deserialize, Serialize};

/// A language that lessons are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// English
    #[serde(rename = "en")]
    En,
    /// Brazilian Portuguese
    #[serde(rename = "pt-BR")]
    PtBr,
    /// French
    #[serde(rename = "fr")]
    Fr,
    /// Japanese
    #[serde(rename = "ja")]
    Ja,
}

impl Lang {
    /// All languages, the one that stands in for the others first.
    pub const ALL: [Lang; 4] = [Lang::En, Lang::PtBr, Lang::Fr, Lang::Ja];

    /// The BCP 47 tag: `en`, `pt-BR`, `fr`, `ja`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::PtBr => "pt-BR",
            Lang::Fr => "fr",
            Lang::Ja => "ja",
        }
    }

    /// The language of a tag, ignoring case.
    pub fn of(tag: &str) -> Option<Lang> {
        Lang::ALL
            .into_iter()
            .find(|l| l.tag().eq_ignore_ascii_case(tag))
    }
}
