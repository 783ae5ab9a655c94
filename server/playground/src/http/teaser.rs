//! The beginning of a text, for a card on the course's page: as many whole sentences as it has room for, and at least one.

/// Two lines of a card; letters of Japanese are twice as wide as others.
const ROOM: usize = 190;

/// Ends where a sentence ends. A full stop within a word (`kuard.yaml`) ends none.
pub fn teaser(text: &str) -> &str {
    let (mut width, mut end) = (0, text.len());
    let mut first = true;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        width += if letter > '\u{2e80}' { 2 } else { 1 };
        let next = letters.peek().map(|(_, next)| *next);
        let ends = match letter {
            '。' | '！' | '？' => true,
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            _ => false,
        };
        if !ends {
            continue;
        }
        if width > ROOM && !first {
            break;
        }
        (end, first) = (at + letter.len_utf8(), false);
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sentence_is_cut() {
        let long = "x".repeat(120);
        let text = format!("Write pod.yaml first. It is {long}. And {long}.");
        assert_eq!(
            teaser(&text),
            format!("Write pod.yaml first. It is {long}.")
        );
        assert_eq!(teaser("short. One? More!"), "short. One? More!");
        assert_eq!(teaser("no end"), "no end");
        assert_eq!(teaser(""), "");
    }

    #[test]
    fn the_first_sentence_is_there_however_long() {
        let long = format!("{}. Second.", "y".repeat(300));
        assert_eq!(teaser(&long), format!("{}.", "y".repeat(300)));
    }

    #[test]
    fn wide_letters_take_twice_the_room() {
        let sentence = format!("{}。", "字".repeat(59));
        let text = sentence.repeat(3);
        assert_eq!(teaser(&text), sentence);
    }
}
