//! The room from its doors, in virtual time.
