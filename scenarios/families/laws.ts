// Laws that several families share.

import type { SizeLaw } from "../spec.ts";

/**
 * Requests of a kernel or a service: nearly all small, and one in twenty large enough to need contiguity (buffers,
 * slabs). The same picture as in Linux's kmalloc statistics, where most caches hold objects under 512 bytes.
 */
export const SERVICE_SIZES: SizeLaw = {
  law: "blend",
  parts: [
    { share: 0.95, sizes: { law: "lognormal", medianBytes: 80, spread: 0.9, lowBytes: 16, highBytes: 512 } },
    { share: 0.05, sizes: { law: "pareto", lowBytes: 512, highBytes: 4096, alpha: 1.1 } },
  ],
};
