-- Worlds that learners handed on by a link.
CREATE TABLE shares (
    link TEXT PRIMARY KEY NOT NULL,     -- 26 letters and digits that nobody can guess
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    parcel BLOB NOT NULL,               -- packed JSON: seed, journal, files of the home
    until TEXT NOT NULL                 -- RFC 3339, wall time: after it the link leads nowhere
);
CREATE INDEX shares_by_learner ON shares (learner, until);
