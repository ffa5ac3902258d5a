// A cache beside a job that needs the same memory. The job grows quickly; what it asks for beyond the limit it does not get. A
// cache that looks at the pressure of now gives way too late; one that is told what is coming gives way in time, and both
// come back afterwards.
//
// npx tsx examples/cache-pressure.ts

import { PressureGovernor, PressureLink, type PressureReading, type PressureSource, SmartCache } from "mempred/cache";

const LIMIT_BYTES = 1_000_000;
const ENTRY_BYTES = 1000;

for (const mode of ["reacts", "foresees"] as const) {
  let seconds = 0;
  const cache = new SmartCache<number>({
    maxSize: LIMIT_BYTES / 2,
    sizeCalculation: () => ENTRY_BYTES,
    ttl: 0,
    policy: "lru",
    nowMillis: () => 1000 * seconds,
  });
  /** Starts after 20 s, four times as much each second up to 700 KB, ends after 40 s. */
  const jobBytes = (at: number) => (at < 20 || at >= 40 ? 0 : Math.min(700_000, 10_000 * 4 ** Math.floor(at - 20)));
  const usedBytes = () => jobBytes(seconds) + cache.calculatedSize;

  /** A stand-in for a forecaster: the job as it will be in 2 s, which it is sure of. */
  const source: PressureSource = {
    id: "example",
    read(): PressureReading {
      const now = usedBytes() / LIMIT_BYTES;
      const forecast = Math.min(1, (jobBytes(seconds + 2) + cache.calculatedSize) / LIMIT_BYTES);
      const isTold = mode === "foresees";
      return {
        atMillis: 1000 * seconds,
        usedBytes: usedBytes(),
        limitBytes: LIMIT_BYTES,
        pressureRatio: Math.min(1, now),
        forecastRatio: isTold ? forecast : Number.NaN,
        upperRatio: isTold ? forecast : Number.NaN,
        confidence: isTold ? 1 : 0,
        horizonMillis: 2000,
      };
    },
  };
  const governor = new PressureGovernor();
  const link = new PressureLink(source, [cache], governor);

  let mostUsed = 0;
  let refused = 0;
  let levels = "";
  for (; seconds < 120; seconds += 0.5) {
    for (let i = 0; i < 100; i++) cache.set(`entry ${(seconds * 200 + i) % 500}`, i);
    mostUsed = Math.max(mostUsed, usedBytes());
    if (usedBytes() > LIMIT_BYTES) refused += usedBytes() - LIMIT_BYTES;
    link.tick(1000 * seconds);
    if (seconds % 1 === 0 && seconds >= 17 && seconds < 33) levels += governor.level[0];
  }
  cache.check();
  console.log(
    `${mode.padEnd(9)} most used: ${((100 * mostUsed) / LIMIT_BYTES).toFixed(1)} %; refused ${refused} B; ` +
      `levels from 17 s on: ${levels}; afterwards the cache holds ${cache.size} entries again`,
  );
}
