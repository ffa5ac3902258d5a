// C23: the memory backend.

import { describe, expect, it } from "vitest";
import { MemoryBackend } from "../../../live/backends/memory.ts";
import { describeBackend } from "./conformance.ts";
import { entryOf } from "./entries.ts";

let nowMillis = 1_800_000_000_000;
const now = () => nowMillis;

describeBackend("memory", {
  open: async () => new MemoryBackend({ now }),
  openSmall: async () => new MemoryBackend({ now, maxBytes: 3_500_000 }),
  now,
  advance: async (millis) => {
    nowMillis += millis;
  },
  hasSize: true,
});

describe("memory", () => {
  it("lets go of what is over without being asked for it", async () => {
    let time = 0;
    const backend = new MemoryBackend({ now: () => time, maxBytes: 1_000 });
    for (let i = 0; i < 500; i++) {
      await backend.set(`key ${i}`, entryOf("x".repeat(100), { expiresAtMillis: time + 5, keepUntilMillis: time + 5 }));
      time += 1;
    }
    const { entries, bytes } = await backend.size();
    expect(entries).toBeLessThanOrEqual(5);
    expect(bytes).toBe(entries * 100);
  });

  it("refuses a size that is none", () => {
    expect(() => new MemoryBackend({ maxBytes: 0 })).toThrow(/maxBytes/);
    expect(() => new MemoryBackend({ maxBytes: Number.NaN })).toThrow(/maxBytes/);
  });
});
