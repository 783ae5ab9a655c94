CREATE TABLE learners (
    id TEXT PRIMARY KEY NOT NULL,       -- first 128 bits of the SHA-256 of the token, in hex
    created_at TEXT NOT NULL,           -- RFC 3339
    seen_at TEXT NOT NULL
);
CREATE TABLE progress (
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    step TEXT NOT NULL,
    done_at TEXT NOT NULL,              -- RFC 3339, wall time
    cause TEXT NOT NULL,                -- the sentence that the learner was shown
    PRIMARY KEY (learner, lesson, step)
);
CREATE TABLE answers (
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,               -- JSON
    given_at TEXT NOT NULL,
    PRIMARY KEY (learner, lesson, question)
);
