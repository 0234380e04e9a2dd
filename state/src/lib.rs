#![deny(missing_docs)]
//! What is true in rotabot and what may follow from it: records, the change as a state machine, the judge, the store.
