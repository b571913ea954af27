//! The bad days, with the real binary.

mod cut;
mod desk;
mod kill;
mod pool;
