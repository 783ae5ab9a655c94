//! Go's text/tabwriter: cells ended by tabs line up in columns, a column is a block of neighbouring lines.
//!
//! Two uses: kubectl's tables (minimum width 6, padding 3, widths remembered between writes, for `-w`) and its
//! descriptions (minimum width 0, padding 2). Padding is spaces. Width is counted in characters.

/// A writer of aligned text.
#[derive(Debug)]
pub(crate) struct TabWriter {
    minimum: usize,
    padding: usize,
    remember: bool,
    remembered: Vec<usize>,
}

impl TabWriter {
    /// For tables.
    pub fn table() -> Self {
        TabWriter {
            minimum: 6,
            padding: 3,
            remember: true,
            remembered: Vec::new(),
        }
    }

    /// For descriptions.
    pub fn description() -> Self {
        TabWriter {
            minimum: 0,
            padding: 2,
            remember: false,
            remembered: Vec::new(),
        }
    }

    /// Lines up a text of lines with tab-ended cells.
    pub fn format(&mut self, text: &str) -> String {
        let ends = text.ends_with('\n');
        let body = if ends { &text[..text.len() - 1] } else { text };
        let lines: Vec<Vec<&str>> = body
            .split('\n')
            .map(|line| line.split('\t').collect())
            .collect();
        let mut out = String::with_capacity(text.len() * 2);
        let mut widths = Vec::new();
        self.block(&lines, 0, lines.len(), &mut widths, &mut out);
        if !ends {
            out.pop();
        }
        out
    }

    fn block(
        &mut self,
        lines: &[Vec<&str>],
        from: usize,
        to: usize,
        widths: &mut Vec<usize>,
        out: &mut String,
    ) {
        let column = widths.len();
        let (mut from, mut this) = (from, from);
        while this < to {
            if column + 1 >= lines[this].len() {
                this += 1;
                continue;
            }
            self.write(&lines[from..this], widths, out);
            from = this;
            let mut width = self.minimum;
            while this < to && column + 1 < lines[this].len() {
                width = width.max(lines[this][column].chars().count() + self.padding);
                this += 1;
            }
            if self.remember {
                match self.remembered.get_mut(column) {
                    None => self.remembered.push(width),
                    Some(known) if *known > width => width = *known,
                    Some(known) => *known = width,
                }
            }
            widths.push(width);
            self.block(lines, from, this, widths, out);
            widths.pop();
            from = this;
        }
        self.write(&lines[from..to], widths, out);
    }

    fn write(&self, lines: &[Vec<&str>], widths: &[usize], out: &mut String) {
        for line in lines {
            for (column, cell) in line.iter().enumerate() {
                out.push_str(cell);
                if let (Some(width), true) = (widths.get(column), column + 1 < line.len()) {
                    let pad = width.saturating_sub(cell.chars().count());
                    out.extend(std::iter::repeat_n(' ', pad));
                }
            }
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_up_columns_in_blocks() {
        let check =
            |text: &str, want: &str| assert_eq!(TabWriter::description().format(text), want);
        check(
            "Name:\ta\nNamespace:\tb\n",
            "Name:       a\nNamespace:  b\n",
        );
        check("A:\tx\nAlone\nLonger:\ty\n", "A:  x\nAlone\nLonger:  y\n");
        check(
            "  Type\tStatus\n  Ready\tTrue \n",
            "  Type   Status\n  Ready  True \n",
        );
        check("a\t\tb\ncc\tdd\te\n", "a       b\ncc  dd  e\n");
    }

    #[test]
    fn remembers_widths_between_rows() {
        let mut table = TabWriter::table();
        assert_eq!(
            table.format("NAME\tREADY\tAGE\nlong-name\t1/1\t3s\n"),
            "NAME        READY   AGE\nlong-name   1/1     3s\n"
        );
        assert_eq!(table.format("x\t1/1\t3s\n"), "x           1/1     3s\n");
    }
}
