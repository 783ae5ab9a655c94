//! The program `podschool`.

fn main() {}
