// Request classes out of Linux's GFP flags (include/linux/gfp_types.h), as tracepoints print them: names joined by `|`
// (`GFP_KERNEL|__GFP_ZERO`; before 4.5 without the underscores) or a number. What counts is whether the allocator may
// reclaim directly, that is wait, and whether the caller asked it to give up early:
//   no direct reclaim (GFP_ATOMIC, GFP_NOWAIT, 0, ...)                      → atomic
//   direct reclaim with __GFP_NORETRY or __GFP_RETRY_MAYFAIL                → deadline: the caller has a plan B
//   direct reclaim (GFP_KERNEL, GFP_USER, GFP_NOFS, GFP_NOIO, ...)          → wait
// Movable are pages with __GFP_MOVABLE, which GFP_HIGHUSER_MOVABLE and the GFP_TRANSHUGE family contain.

import { CLASS_ATOMIC, CLASS_DEADLINE, CLASS_WAIT } from "../../core/demand.ts";

// Names, without leading underscores, that contain __GFP_DIRECT_RECLAIM. GFP_WAIT is its name before 4.4.
const MAY_WAIT = new Set([
  "GFP_KERNEL",
  "GFP_KERNEL_ACCOUNT",
  "GFP_USER",
  "GFP_HIGHUSER",
  "GFP_HIGHUSER_MOVABLE",
  "GFP_TRANSHUGE",
  "GFP_NOFS",
  "GFP_NOIO",
  "GFP_TEMPORARY",
  "GFP_IOFS",
  "GFP_DIRECT_RECLAIM",
  "GFP_RECLAIM",
  "GFP_WAIT",
]);
const GIVES_UP_EARLY = new Set(["GFP_NORETRY", "GFP_RETRY_MAYFAIL"]);
const MOVABLE = new Set(["GFP_MOVABLE", "GFP_HIGHUSER_MOVABLE", "GFP_TRANSHUGE", "GFP_TRANSHUGE_LIGHT"]);

// Bits of the number form, the same from 4.13 on.
const BIT_MOVABLE = 0x8;
const BIT_DIRECT_RECLAIM = 0x400;
const BIT_RETRY_MAYFAIL = 0x4000;
const BIT_NORETRY = 0x10000;

/** What a set of GFP flags says. */
export interface GfpMeaning {
  /** CLASS_* */
  readonly requestClass: number;
  readonly isMovable: boolean;
}

/** The meaning of a `gfp_flags=` value; undefined when it is no such value. */
export function gfpMeaning(flags: string): GfpMeaning | undefined {
  let mayWait = false;
  let givesUpEarly = false;
  let isMovable = false;
  if (flags === "") return undefined;
  for (const part of flags.split("|")) {
    if (/^(?:0x[\da-f]+|\d+)$/i.test(part)) {
      const bits = Number(part);
      mayWait ||= (bits & BIT_DIRECT_RECLAIM) !== 0;
      givesUpEarly ||= (bits & (BIT_RETRY_MAYFAIL | BIT_NORETRY)) !== 0;
      isMovable ||= (bits & BIT_MOVABLE) !== 0;
      continue;
    }
    const name = part.startsWith("__") ? part.slice(2) : part;
    if (name !== "none" && !/^GFP_[A-Z\d_]+$/.test(name)) return undefined;
    mayWait ||= MAY_WAIT.has(name);
    givesUpEarly ||= GIVES_UP_EARLY.has(name);
    isMovable ||= MOVABLE.has(name);
  }
  return { requestClass: !mayWait ? CLASS_ATOMIC : givesUpEarly ? CLASS_DEADLINE : CLASS_WAIT, isMovable };
}
