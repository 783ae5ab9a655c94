//! Japanese as it is set: marks are full-width, letters and digits are half-width; one space stands between Japanese and what is
//! not (a word in letters, a number, code), and none beside a full-width mark or between two Japanese words.

use super::CODE;

/// Full-width marks.
const MARKS: &str = "、。「」『』（）：；！？・";
/// Half-width marks, and those that stand for them in Japanese.
const HALVES: [(char, &str); 9] = [
    ('(', "（"),
    (')', "）"),
    (':', "："),
    (';', "；"),
    ('!', "！"),
    ('?', "？"),
    (',', "、"),
    ('"', "「 or 」"),
    ('“', "「"),
];

/// What is wrong with a piece of prose first; none where all is well.
pub fn fault(piece: &str) -> Option<String> {
    let letters: Vec<char> = piece.chars().collect();
    (0..letters.len()).find_map(|at| {
        let near = |index: Option<usize>| index.and_then(|i| letters.get(i)).copied();
        let (before, after) = (near(at.checked_sub(1)), near(Some(at + 1)));
        let letter = letters[at];
        let is_double = |c: char| matches!(c, '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}');
        match letter {
            c if is_double(c) => Some(format!("`{c}` is full-width: write letters and digits half-width")),
            '\u{ff61}'..='\u{ff9f}' => Some(format!("`{letter}` is half-width: write Japanese full-width")),
            '\u{3000}' => Some("take the full-width space away".to_owned()),
            ' ' => space(before, after),
            _ => half(letter, &letters[..at], &letters[at + 1..]).or_else(|| touch(letter, after)),
        }
    })
}

fn space(before: Option<char>, after: Option<char>) -> Option<String> {
    let around = [before, after];
    let mark = around.into_iter().flatten().find(|c| MARKS.contains(*c));
    let between = before.is_some_and(is_japanese) && after.is_some_and(is_japanese);
    match mark {
        Some(mark) => Some(format!("take the space beside `{mark}` away")),
        None if between => {
            let [a, b] = around.map(Option::unwrap_or_default);
            Some(format!("take the space between `{a}` and `{b}` away"))
        }
        None => None,
    }
}

/// A half-width mark of a Japanese sentence: one with Japanese beside it. Those within English words stay.
fn half(letter: char, before: &[char], after: &[char]) -> Option<String> {
    let (_, full) = HALVES.iter().find(|(half, _)| *half == letter)?;
    let is_word = |c: &&char| **c != ' ';
    let near = [
        before.iter().rev().find(is_word),
        after.iter().find(is_word),
    ];
    let is_ours = |c: &char| is_japanese(*c) || MARKS.contains(*c);
    let ours = near.into_iter().flatten().any(is_ours);
    ours.then(|| format!("`{letter}` is half-width: write {full}"))
}

fn touch(letter: char, after: Option<char>) -> Option<String> {
    let after = after?;
    let touches =
        (is_japanese(letter) && is_foreign(after)) || (is_foreign(letter) && is_japanese(after));
    touches.then(|| {
        let shown = |c: char| if c == CODE { '`' } else { c };
        format!("put a space between {} and {}", shown(letter), shown(after))
    })
}

fn is_japanese(c: char) -> bool {
    let kana = matches!(c, '\u{3041}'..='\u{30ff}') && c != '・';
    kana || matches!(c, '々' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn is_foreign(c: char) -> bool {
    c == CODE || c == '%' || c.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(piece: &str, expect: Option<&str>) {
        let piece = piece.replace('`', &CODE.to_string());
        assert_eq!(fault(&piece).as_deref(), expect, "{piece}");
    }

    #[test]
    fn marks_are_full_width() {
        check("再起動 (3 回) です", Some("`(` is half-width: write （"));
        check("再起動（3 回）です。", None);
        check("次へ: 終わり", Some("`:` is half-width: write ："));
        check("本当?", Some("`?` is half-width: write ？"));
        check("kube-system (CoreDNS, etcd)", None);
        check("10:30 に始まる", None);
    }

    #[test]
    fn one_space_between_scripts_and_none_beside_marks() {
        check("` は Pod を 3 つ作る", None);
        check("`は", Some("put a space between ` and は"));
        check("Podを", Some("put a space between d and を"));
        check("一つ目の3回", Some("put a space between の and 3"));
        check("終わり。 次", Some("take the space beside `。` away"));
        check(
            "時間 の流れ",
            Some("take the space between `間` and `の` away"),
        );
    }

    #[test]
    fn widths_are_as_the_script_is() {
        check(
            "Ｐｏｄ",
            Some("`Ｐ` is full-width: write letters and digits half-width"),
        );
        check("ﾎﾟｯﾄﾞ", Some("`ﾎ` is half-width: write Japanese full-width"));
    }
}
