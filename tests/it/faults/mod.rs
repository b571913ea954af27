//! The bad days, with the real binary.

mod away;
mod cut;
mod desk;
mod given;
mod interleaved;
mod kill;
mod migrations;
mod pool;
mod start;
mod stop;
mod together;
