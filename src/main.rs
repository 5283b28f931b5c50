//! Parses the arguments, runs the command, prints what went wrong, and exits with its code.

fn main() {}
