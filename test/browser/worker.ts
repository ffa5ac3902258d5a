// The sample in a worker of the page: where the simulator of the page runs.

import { computeSample, type SampleInput } from "./sample.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { data: SampleInput }) => void;
  postMessage(message: unknown): void;
};
scope.onmessage = ({ data }) => scope.postMessage(computeSample(data));
