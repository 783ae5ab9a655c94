//! awk's record and its fields: each is made of the other when it is asked for.

use super::*;

impl Machine {
    pub(super) fn set_record(&mut self, record: Rc<str>) {
        self.grown += record.len();
        self.record = record;
        self.joined = true;
        self.split = false;
    }

    pub fn whole_record(&mut self) -> Rc<str> {
        if !self.joined {
            let (between, format) = (self.text_of(OFS), self.text_of(CONVFMT));
            let texts: Vec<Rc<str>> = self
                .fields
                .iter()
                .map(|field| field.to_text(&format))
                .collect();
            self.record = texts.join(&between).into();
            self.joined = true;
        }
        self.record.clone()
    }

    pub(super) fn split_record(&mut self) -> Done<()> {
        if self.split {
            return Ok(());
        }
        self.split = true;
        let separator = self.text_of(FS);
        let record = self.record.clone();
        let pieces = self.pieces(&record, &separator)?;
        self.fields = pieces
            .into_iter()
            .take(FIELDS)
            .map(|piece| Value::Input(piece.into()))
            .collect();
        Ok(())
    }

    /// A text parted as fields are.
    pub fn pieces(&mut self, text: &str, separator: &str) -> Done<Vec<String>> {
        if separator == " " {
            return Ok(text
                .split([' ', '\t', '\n'])
                .filter(|piece| !piece.is_empty())
                .map(str::to_owned)
                .collect());
        }
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let mut chars = separator.chars();
        match (chars.next(), chars.next()) {
            (None, _) => return Ok(text.chars().map(String::from).collect()),
            (Some(single), None) if single != '\\' => {
                let lines = self.text_of(RS).is_empty();
                return Ok(text
                    .split(|c| c == single || (lines && c == '\n'))
                    .map(str::to_owned)
                    .collect());
            }
            _ => {}
        }
        let regex = self.regex(separator)?;
        let mut out = Vec::new();
        let mut start = 0;
        for found in regex
            .find_iter(text.as_bytes())
            .filter(|found| !found.is_empty())
        {
            out.push(String::from_utf8_lossy(&text.as_bytes()[start..found.start()]).into_owned());
            start = found.end();
        }
        out.push(String::from_utf8_lossy(&text.as_bytes()[start..]).into_owned());
        Ok(out)
    }

    pub fn regex(&mut self, pattern: &str) -> Done<Rc<Regex>> {
        if let Some(regex) = self.regexes.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Rc::new(
            regular::compile(pattern, true, false)
                .map_err(|error| Stop::Fatal(format!("bad regex '{pattern}': {error}")))?,
        );
        if self.regexes.len() > 200 {
            self.regexes.clear();
        }
        self.regexes.insert(pattern.into(), regex.clone());
        Ok(regex)
    }

    pub(super) fn field(&mut self, at: f64) -> Done<Value> {
        if at < 0.0 {
            return Err(Stop::Fatal("Access to negative field".to_owned()));
        }
        if at < 1.0 {
            return Ok(Value::Input(self.whole_record()));
        }
        self.split_record()?;
        Ok(self
            .fields
            .get(at as usize - 1)
            .cloned()
            .unwrap_or_default())
    }

    pub(super) fn set_field(&mut self, at: f64, value: Value) -> Done<()> {
        if at < 0.0 || at as usize > FIELDS {
            return Err(Stop::Fatal("Access to negative field".to_owned()));
        }
        if at < 1.0 {
            let format = self.text_of(CONVFMT);
            self.set_record(value.to_text(&format));
            return Ok(());
        }
        self.split_record()?;
        let at = at as usize - 1;
        if self.fields.len() <= at {
            self.fields.resize(at + 1, Value::Unset);
        }
        self.fields[at] = value;
        self.joined = false;
        Ok(())
    }
}
