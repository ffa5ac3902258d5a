// What every demand must fulfil, whatever made it: walked operation by operation, independently of the generator.

import { CLASS_NAMES, type Demand, FLAG_PINNED, FLAG_RECLAIMABLE, OP_ALLOCATE, OP_FREE } from "../../core/demand.ts";
import { blockLength } from "../../core/units.ts";

/** Throws an Error that names the operation and what is wrong with it. */
export function checkDemand(demand: Demand): void {
  const isLive = new Uint8Array(demand.idCount);
  const wasBorn = new Uint8Array(demand.idCount);
  const tenantOf = new Uint8Array(demand.idCount);
  let last = 0;
  for (let i = 0; i < demand.length; i++) {
    const fail = (what: string): never => {
      throw new Error(`operation ${i} of ${demand.name}: ${what}`);
    };
    const t = demand.timeMicros[i]!;
    const id = demand.id[i]!;
    if (!Number.isInteger(t) || t < last || t > demand.durationMicros) fail(`time ${t} after ${last}`);
    last = t;
    if (id >= demand.idCount) fail(`id ${id} of ${demand.idCount}`);
    const tenant = demand.tenant[i]!;
    if (tenant >= demand.tenants.length) fail(`tenant ${tenant}`);
    if (demand.kind[i] === OP_ALLOCATE) {
      if (isLive[id]) fail(`id ${id} is live already`);
      if (wasBorn[id]) fail(`id ${id} comes back`);
      isLive[id] = 1;
      wasBorn[id] = 1;
      tenantOf[id] = tenant;
      const size = demand.sizeBytes[i]!;
      if (size < 1 || blockLength(size) > demand.capacityBytes) fail(`size ${size}`);
      if (demand.alignLog2[i]! < 4) fail(`alignment ${demand.alignLog2[i]}`);
      if (CLASS_NAMES[demand.requestClass[i]!] === undefined) fail(`class ${demand.requestClass[i]}`);
      const flags = demand.flags[i]!;
      if ((flags & ~(FLAG_PINNED | FLAG_RECLAIMABLE)) !== 0) fail(`flags ${flags}`);
      if (flags === (FLAG_PINNED | FLAG_RECLAIMABLE)) fail("pinned and reclaimable at once");
    } else if (demand.kind[i] === OP_FREE) {
      if (!isLive[id]) fail(`id ${id} is not live`);
      isLive[id] = 0;
      if (demand.sizeBytes[i] !== 0 || demand.requestClass[i] !== 0) fail("a free with a size or a class");
      if (tenantOf[id] !== tenant) fail(`tenant ${tenant} frees a block of ${tenantOf[id]}`);
    } else fail(`kind ${demand.kind[i]}`);
  }
}

/** Shares of the classes and of pinned blocks among the allocations. */
export function measureMix(demand: Demand): { atomic: number; deadline: number; wait: number; pinned: number } {
  const classes = [0, 0, 0];
  let pinned = 0;
  let count = 0;
  for (let i = 0; i < demand.length; i++) {
    if (demand.kind[i] !== OP_ALLOCATE) continue;
    count++;
    classes[demand.requestClass[i]!]!++;
    if ((demand.flags[i]! & FLAG_PINNED) !== 0) pinned++;
  }
  return {
    atomic: classes[0]! / count,
    deadline: classes[1]! / count,
    wait: classes[2]! / count,
    pinned: pinned / count,
  };
}
