//! Which parameters of awk's functions are arrays: those that are indexed, or handed on to one that is.

use super::syntax::{Expr, Function, Place, Program, Redirect, Source, Statement};

/// Marks them, until nothing new is found.
pub fn mark(program: &mut Program) {
    loop {
        let known: Vec<Vec<bool>> = program
            .functions
            .iter()
            .map(|function| function.arrays.clone())
            .collect();
        let mut changed = false;
        for function in &mut program.functions {
            let mut found = function.arrays.clone();
            all(
                &function.body,
                &mut |expr| expr_uses(expr, &known, &mut found),
                &mut |_| {},
            );
            let mut found_in_statements = found.clone();
            all(&function.body, &mut |_| {}, &mut |place| {
                note(place, &mut found_in_statements)
            });
            changed |= update(function, &found_in_statements);
        }
        if !changed {
            return;
        }
    }
}

fn update(function: &mut Function, found: &[bool]) -> bool {
    let changed = function.arrays != found;
    function.arrays = found.to_vec();
    changed
}

fn note(place: Place, found: &mut [bool]) {
    if let Place::Local(at) = place
        && let Some(slot) = found.get_mut(at)
    {
        *slot = true;
    }
}

fn expr_uses(expr: &Expr, known: &[Vec<bool>], found: &mut [bool]) {
    match expr {
        Expr::Element(place, _) | Expr::In(_, place) => note(*place, found),
        Expr::Builtin("split", arguments) => {
            if let Some(Expr::Variable(place)) = arguments.get(1) {
                note(*place, found);
            }
        }
        Expr::Call(function, arguments) => {
            for (at, argument) in arguments.iter().enumerate() {
                if let Expr::Variable(place) = argument
                    && known.get(*function).and_then(|arrays| arrays.get(at)) == Some(&true)
                {
                    note(*place, found);
                }
            }
        }
        _ => {}
    }
}

/// Visits every expression and every array that a statement names.
fn all(statements: &[Statement], expr: &mut dyn FnMut(&Expr), array: &mut dyn FnMut(Place)) {
    for statement in statements {
        one(statement, expr, array);
    }
}

fn one(statement: &Statement, expr: &mut dyn FnMut(&Expr), array: &mut dyn FnMut(Place)) {
    match statement {
        Statement::Expr(value) => visit(value, expr),
        Statement::Print(list, to) | Statement::Printf(list, to) => {
            list.iter().for_each(|value| visit(value, expr));
            if let Some(
                Redirect::Replace(value) | Redirect::Append(value) | Redirect::Pipe(value),
            ) = to
            {
                visit(value, expr);
            }
        }
        Statement::If(condition, then, other) => {
            visit(condition, expr);
            one(then, expr, array);
            if let Some(other) = other {
                one(other, expr, array);
            }
        }
        Statement::While(condition, body) | Statement::Do(body, condition) => {
            visit(condition, expr);
            one(body, expr, array);
        }
        Statement::For(start, condition, step, body) => {
            for part in [start, step].into_iter().flatten() {
                one(part, expr, array);
            }
            if let Some(condition) = condition {
                visit(condition, expr);
            }
            one(body, expr, array);
        }
        Statement::ForIn(_, place, body) => {
            array(*place);
            one(body, expr, array);
        }
        Statement::Block(body) => all(body, expr, array),
        Statement::Exit(value) | Statement::Return(value) => {
            if let Some(value) = value {
                visit(value, expr);
            }
        }
        Statement::Delete(place, index) => {
            array(*place);
            index.iter().flatten().for_each(|value| visit(value, expr));
        }
        Statement::Next | Statement::NextFile | Statement::Break | Statement::Continue => {}
    }
}

fn visit(value: &Expr, each: &mut dyn FnMut(&Expr)) {
    each(value);
    match value {
        Expr::Element(_, list)
        | Expr::In(list, _)
        | Expr::Call(_, list)
        | Expr::Builtin(_, list) => {
            list.iter().for_each(|value| visit(value, each));
        }
        Expr::Field(a)
        | Expr::Step(a, ..)
        | Expr::Not(a)
        | Expr::Negate(a)
        | Expr::Plus(a)
        | Expr::Grouped(a) => visit(a, each),
        Expr::Assign(_, a, b)
        | Expr::Binary(_, a, b)
        | Expr::Compare(_, a, b)
        | Expr::Match(a, b, _)
        | Expr::And(a, b)
        | Expr::Or(a, b)
        | Expr::Concat(a, b) => {
            visit(a, each);
            visit(b, each);
        }
        Expr::Choose(a, b, c) => {
            visit(a, each);
            visit(b, each);
            visit(c, each);
        }
        Expr::Getline(to, source) => {
            if let Some(to) = to {
                visit(to, each);
            }
            if let Source::File(file) | Source::Command(file) = source {
                visit(file, each);
            }
        }
        Expr::Number(_) | Expr::Text(_) | Expr::Regex(_) | Expr::Variable(_) => {}
    }
}
