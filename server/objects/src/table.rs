//! The table of fields: for every field its JSON name, type, protobuf number, default, list topology and merge strategy.
