//! File modes as `chmod` and `umask` take them: octal or `u+rwx,g=r`.
//!
//! Not a program. Mirrors POSIX XCU `chmod`.

/// The mode that `text` makes of `old`; None when it is no mode. `directory` gives `X` its meaning; `umask` limits clauses
/// without a class.
#[must_use]
pub fn parse(text: &str, old: u32, directory: bool, umask: u32) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return u32::from_str_radix(text, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777);
    }
    let mut mode = old;
    for clause in text.split(',') {
        let operator = clause.find(['+', '-', '='])?;
        let (classes, mut rest) = clause.split_at(operator);
        let mut who = 0;
        for class in classes.chars() {
            who |= match class {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        let limit = if who == 0 { 0o7777 & !umask } else { who };
        while let Some(operator) = rest.chars().next() {
            let end = rest[1..]
                .find(['+', '-', '='])
                .map_or(rest.len(), |at| at + 1);
            let mut bits = 0;
            for letter in rest[1..end].chars() {
                bits |= match letter {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if directory || mode & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => (mode >> 6 & 7) * 0o111,
                    'g' => (mode >> 3 & 7) * 0o111,
                    'o' => (mode & 7) * 0o111,
                    _ => return None,
                };
            }
            bits &= limit;
            match operator {
                '+' => mode |= bits,
                '-' => mode &= !bits,
                '=' => mode = mode & !(limit & 0o777) | bits,
                _ => return None,
            }
            rest = &rest[end..];
        }
    }
    Some(mode)
}

/// As `ls -l` shows a mode, without the type's letter.
#[must_use]
pub fn letters(mode: u32) -> String {
    let mut text = String::new();
    for (shift, special, set, unset) in [
        (6, 0o4000, 's', 'S'),
        (3, 0o2000, 's', 'S'),
        (0, 0o1000, 't', 'T'),
    ] {
        let bits = mode >> shift & 7;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_changed() {
        for (text, old, expect) in [
            ("755", 0, Some(0o755)),
            ("u+x", 0o644, Some(0o744)),
            ("+x", 0o644, Some(0o755)),
            ("go-r", 0o644, Some(0o600)),
            ("a=r", 0o777, Some(0o444)),
            ("u=rw,g=r,o=", 0, Some(0o640)),
            ("g=u", 0o700, Some(0o770)),
            ("z+x", 0, None),
        ] {
            assert_eq!(parse(text, old, false, 0o022), expect, "{text}");
        }
        assert_eq!(letters(0o1777), "rwxrwxrwt");
    }
}
