//! Is everybody given what was declared, and is it the same every time?

mod evaluate;

mod experiment;
