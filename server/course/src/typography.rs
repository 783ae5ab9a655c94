//! French as it is set: the spaces before `: ; ! ?` and within « » are such as no line ends at, and the apostrophe is a curved
//! one. Authors type plain ones.

/// A space where no line ends, and its narrow sister.
const FIXED: char = '\u{a0}';
const NARROW: char = '\u{202f}';

/// A language file, well set. Code, in blocks and in lines, stays as it is.
pub fn french(text: &str) -> String {
    let mut fenced = false;
    let lines = text.split_inclusive('\n').map(|line| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        // A row of marks alone rules a table.
        match fenced || !line.contains(char::is_alphabetic) {
            true => line.to_owned(),
            false => outside_code(line),
        }
    });
    lines.collect()
}

fn outside_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    let parts: Vec<String> = parts
        .map(|(at, part)| match at % 2 {
            0 => spaces(part),
            _ => part.to_owned(),
        })
        .collect();
    parts.join("`")
}

fn spaces(part: &str) -> String {
    let mut said = String::with_capacity(part.len());
    let mut letters = part.chars().peekable();
    while let Some(letter) = letters.next() {
        let fixed = match (letter, letters.peek()) {
            (' ', Some(';' | '!' | '?')) => NARROW,
            (' ', Some(':' | '»')) => FIXED,
            (' ', _) if said.ends_with('«') => FIXED,
            ('\'', Some(_)) if said.ends_with(char::is_alphabetic) => '’',
            _ => letter,
        };
        said.push(fixed);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let shown = french(text).replace(FIXED, "_").replace(NARROW, "-");
        assert_eq!(shown, expect);
    }

    #[test]
    fn marks_keep_to_their_words() {
        check(
            "Prêt ? Oui ! Non : « peut-être » ; bon.",
            "Prêt-? Oui-! Non_: «_peut-être_»-; bon.",
        );
        check("## why: Pourquoi `x` ?\n", "## why: Pourquoi `x`-?\n");
    }

    #[test]
    fn apostrophes_are_curved() {
        check("L'image d'`nginx` et l'`id`", "L’image d'`nginx` et l'`id`");
    }

    #[test]
    fn code_stays() {
        check("`a ? b : c` : oui", "`a ? b : c`_: oui");
        check(
            "```sh\n[ -f x ] ; ls ?\n```\nEt ?\n",
            "```sh\n[ -f x ] ; ls ?\n```\nEt-?\n",
        );
        check(
            "| a : | b |\n| :-- | :-- |\n",
            "| a_: | b |\n| :-- | :-- |\n",
        );
        check(":::question{#q}\n", ":::question{#q}\n");
    }
}
