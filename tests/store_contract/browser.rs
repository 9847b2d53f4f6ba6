//! The contract in a browser. Left without `run_in_*`, so that the runner's
//! environment chooses between window and worker.

pub mod indexeddb;
pub mod js;
