// The library, `mempred`: everything of `mempred/pure`, and recordings from disk. Importing it loads no schema library, no
// YAML and no TensorFlow; what needs those has an entry of its own, `mempred/scenario-file`, or loads them on first use.
// The command line is built on the same modules and is no part of it.

export * from "./pure.ts";

// Recordings on disk: plain, gzip, brotli or in a zip archive; the ones that ship with the package go by their names.

export { resolveTrace, shippedTraces } from "./io/find-trace.ts";
export { type ReadProgress, type ReadTraceOptions, readTrace } from "./io/read-trace.ts";
