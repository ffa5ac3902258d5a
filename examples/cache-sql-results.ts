// Results of SQL queries: the tables that a query reads are its tags, so that a write to one drops exactly the results that may
// have changed.
//
// npx tsx examples/cache-sql-results.ts

import { SmartCache } from "mempred/cache";
import sqlite from "node-sqlite3-wasm";

const database = new sqlite.Database(":memory:");
database.exec("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT, author INTEGER)");
database.exec("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT)");
database.exec("INSERT INTO author VALUES (1, 'Knuth'), (2, 'Wirth')");
database.exec("INSERT INTO book VALUES (1, 'TAOCP', 1), (2, 'Programming in Oberon', 2)");

type Row = Record<string, unknown>;
let queries = 0;
const results = new SmartCache<readonly Row[]>({ max: 500, policy: "adaptive" });

const read = (sql: string, values: readonly (string | number)[], tables: readonly string[]): Promise<readonly Row[]> =>
  results.getOrSet(
    JSON.stringify([sql, values]),
    () => {
      queries++;
      return database.all(sql, [...values]) as Row[];
    },
    { tags: tables, ttl: 60_000 },
  );

function write(sql: string, values: readonly (string | number)[], table: string): number {
  database.run(sql, [...values]);
  return results.deleteTag(table);
}

const booksOf = "SELECT title FROM book JOIN author ON author.id = book.author WHERE author.name = ? ORDER BY title";
const titles = async (name: string) =>
  (await read(booksOf, [name], ["book", "author"])).map(({ title }) => title).join(", ");
const authors = async () => (await read("SELECT count(*) AS n FROM author", [], ["author"]))[0]?.["n"];

for (let i = 0; i < 100; i++) await Promise.all([titles("Knuth"), titles("Wirth"), authors()]);
console.log(`300 questions, ${queries} queries`);
console.log(
  `a book is added: ${write("INSERT INTO book VALUES (3, 'Concrete Mathematics', 1)", [], "book")} results dropped`,
);
console.log(`Knuth: ${await titles("Knuth")}`);
console.log(`authors: ${await authors()}, not asked again; ${queries} queries in all`);
await results.shutdown();
database.close();
