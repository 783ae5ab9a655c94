-- Sessions that nobody came back to for too long: the learner who does come back is told once.
CREATE TABLE forgotten (
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    PRIMARY KEY (learner, lesson)
);
