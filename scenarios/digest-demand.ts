// A short check value of a demand: equal demands give equal digests on every engine.

import type { Demand } from "../core/demand.ts";
import { Digest } from "../core/hash.ts";

/** 16 hexadecimal digits over every column and label that the simulator reads. Cost: one pass. */
export function digestDemand(demand: Demand): string {
  const digest = new Digest();
  digest.addText(demand.name);
  for (const tenant of demand.tenants) digest.addText(tenant);
  digest.addInteger(demand.length);
  digest.addInteger(demand.durationMicros);
  digest.addInteger(demand.capacityBytes);
  digest.addInteger(demand.shedBytesPerSecond);
  for (let i = 0; i < demand.length; i++) {
    digest.addInteger(demand.timeMicros[i]!);
    digest.addInteger(demand.id[i]!);
    digest.addInteger(demand.sizeBytes[i]!);
    digest.addInteger(
      demand.kind[i]! +
        4 * (demand.requestClass[i]! + 4 * (demand.flags[i]! + 4 * (demand.alignLog2[i]! + 32 * demand.tenant[i]!))),
    );
  }
  return digest.hex();
}
