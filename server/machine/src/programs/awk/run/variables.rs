//! awk's variables and arrays: where values are and how they get there.

use super::*;

/// What a member of an array costs beside its key and value.
const MEMBER_COST: usize = 80;

impl Machine {
    /// Tells the machine what the program keeps.
    pub(super) async fn weigh(&mut self) -> Done<()> {
        self.grown = 0;
        let scalars = self.globals.iter().chain(self.frames.iter().flatten());
        let mut all: usize = scalars
            .map(|slot| match slot {
                Slot::Scalar(value) => value.size(),
                _ => 0,
            })
            .sum();
        for slot in &self.globals {
            if let Slot::Array(array) = slot {
                let array = array.borrow();
                let members = array.iter();
                all += members
                    .map(|(key, value)| key.len() + value.size() + MEMBER_COST)
                    .sum::<usize>();
            }
        }
        all += self.record.len() + self.fields.iter().map(Value::size).sum::<usize>();
        let told = self.held.set(all as u64).await;
        told.map_err(|_| Stop::Fatal("out of memory".to_owned()))
    }

    pub(super) fn slot(&mut self, place: Place) -> &mut Slot {
        match (place, self.frames.last_mut()) {
            (Place::Local(at), Some(frame)) => &mut frame[at],
            (Place::Global(at) | Place::Local(at), _) => &mut self.globals[at],
        }
    }

    pub(super) fn number_of(&self, at: usize) -> f64 {
        match &self.globals[at] {
            Slot::Scalar(value) => value.number(),
            _ => 0.0,
        }
    }

    pub fn text_of(&self, at: usize) -> Rc<str> {
        match &self.globals[at] {
            Slot::Scalar(value) => value.to_text("%.6g"),
            _ => "".into(),
        }
    }

    pub(super) fn get(&mut self, place: Place) -> Done<Value> {
        if place == Place::Global(NF) {
            self.split_record()?;
            return Ok(Value::Number(self.fields.len() as f64));
        }
        match self.slot(place) {
            Slot::Scalar(value) => Ok(value.clone()),
            Slot::Unset => Ok(Value::Unset),
            Slot::Array(_) => Err(Stop::Fatal("Not a scalar".to_owned())),
        }
    }

    pub fn set(&mut self, place: Place, value: Value) -> Done<()> {
        if place == Place::Global(NF) {
            self.split_record()?;
            let count = (value.number().max(0.0) as usize).min(FIELDS);
            self.fields.resize(count, Value::Unset);
            self.joined = false;
            return Ok(());
        }
        match self.slot(place) {
            Slot::Array(_) => Err(Stop::Fatal("Not a scalar".to_owned())),
            slot => {
                let size = value.size();
                *slot = Slot::Scalar(value);
                self.grown += size;
                Ok(())
            }
        }
    }

    pub fn array(&mut self, place: Place) -> Done<Array> {
        match self.slot(place) {
            Slot::Array(array) => Ok(array.clone()),
            slot @ Slot::Unset => {
                let array = Array::default();
                *slot = Slot::Array(array.clone());
                Ok(array)
            }
            Slot::Scalar(_) => Err(Stop::Fatal("Not an array".to_owned())),
        }
    }

    /// The array that a variable is, if it is one.
    pub fn is_array(&mut self, place: Place) -> Option<Array> {
        match self.slot(place) {
            Slot::Array(array) => Some(array.clone()),
            _ => None,
        }
    }

    pub fn text(&self, value: &Value) -> Rc<str> {
        value.to_text(&self.text_of(CONVFMT))
    }

    pub(super) async fn key(&mut self, index: &[Expr]) -> Done<Rc<str>> {
        if let [only] = index {
            let value = self.eval(only).await?;
            return Ok(self.text(&value));
        }
        let mut parts = Vec::new();
        for part in index {
            let value = self.eval(part).await?;
            parts.push(self.text(&value));
        }
        Ok(parts.join(&self.text_of(SUBSEP)).into())
    }

    /// Stores into whatever stands left of `=`.
    pub async fn store(&mut self, target: &Expr, value: Value) -> Done<()> {
        match target {
            Expr::Variable(place) => self.set(*place, value),
            Expr::Grouped(inner) => Box::pin(self.store(inner, value)).await,
            Expr::Field(at) => {
                let at = self.eval(at).await?.number();
                self.set_field(at, value)
            }
            Expr::Element(place, index) => {
                let key = self.key(index).await?;
                let array = self.array(*place)?;
                self.grown += key.len() + value.size() + MEMBER_COST;
                array.borrow_mut().insert(key, value);
                Ok(())
            }
            _ => Err(Stop::Fatal("assignment to no variable".to_owned())),
        }
    }
}
