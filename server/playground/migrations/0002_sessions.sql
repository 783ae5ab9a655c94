-- A simulated session is its seed and journal. What the workstation adds that no journal replays (files, text on terminals) stands beside.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    world TEXT NOT NULL,                -- JSON: the journal without its entries
    until INTEGER NOT NULL,             -- simulated time that the world has reached, nanoseconds since 1970
    complete INTEGER NOT NULL,          -- 0: the journal has gaps and cannot be replayed
    kept_at TEXT NOT NULL,              -- RFC 3339, wall time
    UNIQUE (learner, lesson)
);
CREATE TABLE journal (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,             -- number of the first entry of this piece
    entries TEXT NOT NULL,              -- JSON array
    PRIMARY KEY (session, first)
);
CREATE TABLE files (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    path TEXT NOT NULL,                 -- absolute
    mode INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (session, path)
);
CREATE TABLE terminals (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    terminal INTEGER NOT NULL,
    cols INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (session, terminal)
);
CREATE TABLE terminal_text (
    session TEXT NOT NULL,
    terminal INTEGER NOT NULL,
    first INTEGER NOT NULL,             -- number of the first byte of this piece
    text BLOB NOT NULL,
    PRIMARY KEY (session, terminal, first),
    FOREIGN KEY (session, terminal) REFERENCES terminals (session, terminal) ON DELETE CASCADE
);
CREATE TABLE seen (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    what TEXT NOT NULL,                 -- JSON: a request that was made, or an object that is gone
    UNIQUE (session, what)
);
