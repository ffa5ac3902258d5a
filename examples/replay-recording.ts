// A recording of a real program, replayed. Blocks keep their sizes and lifetimes; the arena is made so small that the
// recording's peak stands at 99 % of it. Recordings are read from disk by path, or by name where they ship with mempred.
//
// npx tsx examples/replay-recording.ts [recording]

import { readTrace, resolveTrace, shippedTraces, simulate, traceToDemand } from "mempred";

const wanted = process.argv[2] ?? "ls";
const trace = await readTrace(resolveTrace(wanted));
console.log(`${trace.name}: ${trace.allocations} allocations, ${trace.resizes} resizes, ${trace.frees} frees`);
console.log(`peak ${trace.peakLiveBytes} B live; ${shippedTraces().length} recordings ship with mempred`);

const demand = traceToDemand(trace, { pressureRatio: 0.99, seed: 1, ratePerSecond: 100 });
console.log(`arena ${demand.capacityBytes} B, ${demand.durationMicros / 1e6} s, ${demand.timing}`);
for (const policy of ["none", "reactive", "predictive"]) {
  const { requests, ooms, compaction } = simulate({ demand, policy, seed: 1 }).result;
  const denied = `${ooms.total} of ${requests.total} denied, ${ooms.avoidable} of them avoidable`;
  console.log(`${policy.padEnd(11)} ${denied}, ${compaction.runs} compactions moved ${compaction.movedBytes} B`);
}
