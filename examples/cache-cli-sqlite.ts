// A command that remembers: what an invocation worked out is kept in one SQLite file, and the next one has it without a server
// running in between.
//
// npx tsx examples/cache-cli-sqlite.ts cache.db 97 98 97

import { openBackend, SmartCache } from "mempred/cache";

const [file, ...numbers] = process.argv.slice(2);
if (file === undefined || numbers.length === 0 || !numbers.every((word) => /^\d{1,7}$/.test(word))) {
  console.error("usage: cache-cli-sqlite FILE NUMBER ...");
  process.exit(2);
}

const cache = new SmartCache<number[]>({ ttl: 0, backend: await openBackend(`sqlite:${file}`) });
await cache.initialize();
let computed = 0;
for (const word of numbers) {
  const factors = await cache.getOrSet(word, (key) => {
    computed++;
    return factorsOf(Number(key));
  });
  console.log(`${word} = ${factors.join(" × ")}`);
}
console.log(`${computed} computed, ${numbers.length - computed} remembered`);
await cache.shutdown(); // what is to be written is written

function factorsOf(number: number): number[] {
  const factors: number[] = [];
  for (let divisor = 2; divisor * divisor <= number; divisor++)
    for (; number % divisor === 0; number /= divisor) factors.push(divisor);
  return number > 1 || factors.length === 0 ? [...factors, number] : factors;
}
