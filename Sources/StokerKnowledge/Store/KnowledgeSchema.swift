import GRDB

/// The tables, step by step; a step that has been released is never changed.
enum KnowledgeSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 knowledge", migrate: createKnowledge)
        migrator.registerMigration("2 index", migrate: createIndex)
        migrator.registerMigration("3 seeds", migrate: createSeeds)
        return migrator
    }

    /// The guide's table, word for word. A database that already has it is taken over with its rows.
    private static func createKnowledge(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS knowledge (
                    id INTEGER PRIMARY KEY,
                    content TEXT NOT NULL,
                    tags TEXT,
                    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
                );
                CREATE INDEX IF NOT EXISTS idx_tags ON knowledge(tags);
                """)
    }

    /// An index without an own copy of the text, kept by triggers: whatever writes the table, the index follows.
    private static func createIndex(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE VIRTUAL TABLE knowledge_index USING fts5(
                    content, tags, content='knowledge', content_rowid='id', tokenize='\(IndexTokenizer.name)'
                );
                CREATE TRIGGER knowledge_inserted AFTER INSERT ON knowledge BEGIN
                    INSERT INTO knowledge_index(rowid, content, tags) VALUES (new.id, new.content, new.tags);
                END;
                CREATE TRIGGER knowledge_deleted AFTER DELETE ON knowledge BEGIN
                    INSERT INTO knowledge_index(knowledge_index, rowid, content, tags)
                    VALUES ('delete', old.id, old.content, old.tags);
                END;
                CREATE TRIGGER knowledge_updated AFTER UPDATE ON knowledge BEGIN
                    INSERT INTO knowledge_index(knowledge_index, rowid, content, tags)
                    VALUES ('delete', old.id, old.content, old.tags);
                    INSERT INTO knowledge_index(rowid, content, tags) VALUES (new.id, new.content, new.tags);
                END;
                INSERT INTO knowledge_index(knowledge_index) VALUES ('rebuild');
                """)
    }

    /// Which files were imported, and what became of them: an unchanged file is not read in twice, a changed one
    /// replaces its passages.
    private static func createSeeds(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE seed_file (
                    path TEXT PRIMARY KEY,
                    fingerprint TEXT NOT NULL
                ) WITHOUT ROWID;
                CREATE TABLE seed_passage (
                    document_id INTEGER PRIMARY KEY REFERENCES knowledge(id) ON DELETE CASCADE,
                    path TEXT NOT NULL
                );
                CREATE INDEX seed_passage_path ON seed_passage(path);
                """)
    }
}
