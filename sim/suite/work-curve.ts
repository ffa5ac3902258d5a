// OOMs against work: what a policy denies when it may move so many MiB. A policy runs at several budgets; each is a point
// (MiB moved, OOMs). Two budgets can be mixed (one for a part of the time, the other for the rest), so what a policy can do
// is the lower hull of its points, and more work than it needs it need not do, so the hull ends level. The area under it over
// a range of MiB that all compared policies reach, over the width, is the mean number of OOMs at equal bytes moved.
//
// The hull is that of the means over seeds; it says how much each budget counts. Those weights are then applied to each
// seed's own figures, so that the area is a mean over seeds like any other figure and its paired differences have intervals.

import { assert } from "../../core/errors.ts";

/** One budget of one policy. */
export interface WorkPoint {
  /** MiB moved, one per seed. */
  readonly movedMib: readonly number[];
  /** OOMs, in the same order of seeds. */
  readonly ooms: readonly number[];
}

export interface HullVertex {
  /** Index of the point. */
  readonly point: number;
  readonly movedMib: number;
  readonly ooms: number;
}

export interface WorkRange {
  readonly fromMib: number;
  readonly toMib: number;
}

/** The lower hull of the mean points from the least work to the fewest OOMs, in order of work. */
export function lowerHull(points: readonly WorkPoint[]): HullVertex[] {
  const means = points
    .map((point, index) => ({ point: index, movedMib: average(point.movedMib), ooms: average(point.ooms) }))
    .sort((a, b) => a.movedMib - b.movedMib || a.ooms - b.ooms);
  const hull: HullVertex[] = [];
  for (const next of means) {
    const last = hull.at(-1);
    if (last !== undefined && next.ooms >= last.ooms) continue; // more work for no fewer OOMs
    while (hull.length >= 2 && !isBelow(hull.at(-2)!, hull.at(-1)!, next)) hull.pop();
    hull.push(next);
  }
  return hull;
}

/**
 * The range over which hulls are compared: from the most that any of them must move to the most that any can use, capped.
 * It may be a single place, where the most that one must move is all that any can use.
 * @param capMib no further than this, unless the range begins there
 * @returns null without hulls
 */
export function commonRange(hulls: readonly (readonly HullVertex[])[], capMib: number): WorkRange | null {
  if (hulls.length === 0 || hulls.some((hull) => hull.length === 0)) return null;
  let fromMib = -Infinity;
  let toMib = -Infinity;
  for (const hull of hulls) {
    fromMib = Math.max(fromMib, hull[0]!.movedMib);
    toMib = Math.max(toMib, hull.at(-1)!.movedMib);
  }
  return { fromMib, toMib: Math.max(fromMib, Math.min(toMib, capMib)) };
}

/** The hull's OOMs at so many MiB, level past its end. `movedMib` is at or past its start. */
export function hullAt(hull: readonly HullVertex[], movedMib: number): number {
  assert(hull.length > 0, "a hull has a vertex");
  let value = hull[0]!.ooms;
  for (let i = 0; i + 1 < hull.length; i++) {
    const a = hull[i]!;
    const b = hull[i + 1]!;
    if (movedMib >= b.movedMib) value = b.ooms;
    else if (movedMib > a.movedMib)
      return a.ooms + ((movedMib - a.movedMib) / (b.movedMib - a.movedMib)) * (b.ooms - a.ooms);
  }
  return value;
}

/** How much each point counts in the mean OOMs over `range` (at its place, without width): the weights add to 1. */
export function rangeWeights(hull: readonly HullVertex[], points: number, range: WorkRange): Float64Array {
  const weights = new Float64Array(points);
  const width = range.toMib - range.fromMib;
  assert(width >= 0 && hull[0]!.movedMib <= range.fromMib, "the range begins where the hull has begun");
  if (width === 0) return placeWeights(hull, weights, range.fromMib);
  for (let i = 0; i + 1 < hull.length; i++) {
    const a = hull[i]!;
    const b = hull[i + 1]!;
    const from = Math.max(range.fromMib, a.movedMib);
    const to = Math.min(range.toMib, b.movedMib);
    if (!(to > from)) continue;
    // On the segment the mixture is linear, so over [from, to] its mean is that of the middle: the trapezoid rule, exact.
    const shareOfB = ((from + to) / 2 - a.movedMib) / (b.movedMib - a.movedMib);
    weights[b.point] = weights[b.point]! + (shareOfB * (to - from)) / width;
    weights[a.point] = weights[a.point]! + ((1 - shareOfB) * (to - from)) / width;
  }
  const last = hull.at(-1)!;
  const level = range.toMib - Math.max(range.fromMib, last.movedMib);
  if (level > 0) weights[last.point] = weights[last.point]! + level / width;
  return weights;
}

/** The mixture of two neighbours on the hull at one place. */
function placeWeights(hull: readonly HullVertex[], weights: Float64Array, movedMib: number): Float64Array {
  let i = 0;
  while (i + 1 < hull.length && hull[i + 1]!.movedMib <= movedMib) i++;
  const a = hull[i]!;
  const b = hull[i + 1];
  const shareOfB = b === undefined ? 0 : (movedMib - a.movedMib) / (b.movedMib - a.movedMib);
  weights[a.point] = 1 - shareOfB;
  if (b !== undefined) weights[b.point] = shareOfB;
  return weights;
}

/** Mean OOMs over `range` for each seed. */
export function oomsOverRange(points: readonly WorkPoint[], range: WorkRange): Float64Array {
  const hull = lowerHull(points);
  const weights = rangeWeights(hull, points.length, range);
  const seeds = points[0]!.ooms.length;
  const result = new Float64Array(seeds);
  points.forEach((point, index) => {
    assert(point.ooms.length === seeds, "all budgets of a policy ran on the same seeds");
    for (let i = 0; i < seeds; i++) result[i] = result[i]! + weights[index]! * point.ooms[i]!;
  });
  return result;
}

/** True where b lies strictly below the line from a to c. */
function isBelow(a: HullVertex, b: HullVertex, c: HullVertex): boolean {
  return (b.ooms - a.ooms) * (c.movedMib - a.movedMib) < (c.ooms - a.ooms) * (b.movedMib - a.movedMib);
}

function average(values: readonly number[]): number {
  assert(values.length > 0, "a point has at least one seed");
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
