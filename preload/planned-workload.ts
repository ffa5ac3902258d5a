// A planned workload: people at work with an application whose parts are loaded when they are asked for. It has structure, and it
// has noise, and how much of each is stated, so that figures on it can be judged:
//
// - Users have a role. A day has three periods. For each role and period there is a plan: which workflow follows which.
// - A workflow is a fixed series of components: a form with its pages, or a dashboard followed by what it depends on.
// - A user comes in sessions, each a few workflows long, and asks for a component every few seconds; users overlap in time.
// - Noise: after each workflow, with `detourShare`, another workflow comes than planned; before each request, with `noiseShare`,
//   any component of the catalogue is asked for instead, and the workflow goes on afterwards.
//
// Whoever knew the plans but not the dice could foresee `foreseeableShare` of the requests (but the first of each session): the
// mark for a predictor. Seeded; equal options give equal requests.

import { assert } from "../core/errors.ts";
import { RandomStream } from "../core/random.ts";
import type { ComponentSequence } from "./replay/replay-types.ts";

export interface PlannedWorkloadOptions {
  readonly seed?: number | undefined;
  /** Requests, ≥ 1. Default 20,000. */
  readonly requestCount?: number | undefined;
  /** Default 12. */
  readonly userCount?: number | undefined;
  /** Share of requests for just anything, 0..1. Default 0.02. */
  readonly noiseShare?: number | undefined;
  /** Share of workflows that are not the planned one, 0..1. Default 0.05. */
  readonly detourShare?: number | undefined;
}

export interface PlannedWorkload extends ComponentSequence {
  readonly atMillis: Float64Array;
  readonly sessionCount: number;
  /** Share of requests, without the first of each session, that were the likeliest by the plan. */
  readonly foreseeableShare: number;
}

export const PLANNED_ROLES = ["clerk", "manager", "analyst"] as const;
const PERIOD_COUNT = 3;
const DAY_MILLIS = 86_400_000;
const WORKFLOW_COUNT = 10;
const LEAST_STEPS = 5;
const MOST_STEPS = 9;
/** Workflows of a session. */
const LEAST_WORKFLOWS = 3;
const MOST_WORKFLOWS = 7;
/** Milliseconds between two requests of a user, and between two sessions. */
const LEAST_GAP_MILLIS = 2_000;
const MOST_GAP_MILLIS = 8_000;
const PAUSE_MILLIS = 3_600_000;

interface UserState {
  readonly role: number;
  readonly random: RandomStream;
  nextAtMillis: number;
  /** Workflows to go in this session, the one under way included; 0: a session begins. */
  workflowsLeft: number;
  workflow: number;
  /** Of the workflow: what is asked for next. */
  step: number;
}

/** Cost: O(requests × users). */
export function plannedWorkload(options: PlannedWorkloadOptions = {}): PlannedWorkload {
  const { seed = 1, requestCount = 20_000, userCount = 12, noiseShare = 0.02, detourShare = 0.05 } = options;
  assert(requestCount >= 1 && userCount >= 1, "planned workload: one request and one user at least");
  assert(
    noiseShare >= 0 && noiseShare <= 1 && detourShare >= 0 && detourShare <= 1,
    "planned workload: shares are 0..1",
  );
  const { workflows, names } = catalogue(new RandomStream(seed, "planned catalogue"));
  const plans = drawPlans(new RandomStream(seed, "planned plans"));
  const users = Array.from({ length: userCount }, (_, user) => newUser(seed, user));
  const components = new Uint32Array(requestCount);
  const userOf = new Uint32Array(requestCount);
  const isFirst = new Uint8Array(requestCount);
  const atMillis = new Float64Array(requestCount);
  let [sessionCount, foreseen] = [0, 0];
  for (let index = 0; index < requestCount; index++) {
    const user = users.reduce((soonest, one) => (one.nextAtMillis < soonest.nextAtMillis ? one : soonest));
    const { random, nextAtMillis } = user;
    const period = Math.floor(((nextAtMillis % DAY_MILLIS) / DAY_MILLIS) * PERIOD_COUNT);
    const plan = plans[user.role * PERIOD_COUNT + period]!;
    const isNew = user.workflowsLeft === 0;
    if (isNew) {
      user.workflowsLeft = random.between(LEAST_WORKFLOWS, MOST_WORKFLOWS);
      user.workflow = random.chance(detourShare) ? random.integer(WORKFLOW_COUNT) : plan.first;
      user.step = 0;
      sessionCount++;
    }
    // What the plan says comes next; at the start of a workflow the dice have been thrown already, but the plan does not know.
    const planned = user.step === 0 && !isNew ? workflows[plan.after[user.workflow]!]![0]! : undefined;
    if (user.step === 0 && !isNew)
      user.workflow = random.chance(detourShare) ? random.integer(WORKFLOW_COUNT) : plan.after[user.workflow]!;
    const due = workflows[user.workflow]![user.step]!;
    const isNoise = !isNew && random.chance(noiseShare);
    const component = isNoise ? random.integer(names.length) : due;
    if (!isNew && component === (planned ?? due)) foreseen++;
    components[index] = component;
    userOf[index] = users.indexOf(user);
    isFirst[index] = isNew ? 1 : 0;
    atMillis[index] = nextAtMillis;
    if (!isNoise) user.step++;
    user.nextAtMillis += random.between(LEAST_GAP_MILLIS, MOST_GAP_MILLIS);
    if (user.step < workflows[user.workflow]!.length) continue;
    user.step = 0;
    user.workflowsLeft--;
    if (user.workflowsLeft === 0) user.nextAtMillis += Math.floor(random.exponential(PAUSE_MILLIS));
  }
  return {
    components,
    names,
    users: userOf,
    userNames: users.map(({ role }, user) => `${PLANNED_ROLES[role]}-${user}`),
    isFirst,
    atMillis,
    sessionCount,
    foreseeableShare: foreseen / (requestCount - sessionCount),
  };
}

/** As CSV, which io/sequence-reader.ts reads. */
export function plannedWorkloadCsv(workload: PlannedWorkload): string {
  const { components, names, users, userNames, isFirst, atMillis } = workload;
  const sessions = new Uint32Array(userNames.length);
  const lines = ["time,user,session,component"];
  for (let index = 0; index < components.length; index++) {
    const user = users[index]!;
    if (isFirst[index] === 1) sessions[user] = sessions[user]! + 1;
    lines.push(`${atMillis[index]},${userNames[user]},${sessions[user]},${names[components[index]!]}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Half of the workflows are forms, page after page; half are dashboards, then what they show; a few parts are in several. */
function catalogue(random: RandomStream): { workflows: number[][]; names: string[] } {
  const names: string[] = [];
  const numberOf = (name: string): number => {
    const at = names.indexOf(name);
    return at >= 0 ? at : names.push(name) - 1;
  };
  const workflows = Array.from({ length: WORKFLOW_COUNT }, (_, workflow) => {
    const isForm = workflow % 2 === 0;
    const stepCount = random.between(LEAST_STEPS, MOST_STEPS);
    return Array.from({ length: stepCount }, (_, step) => {
      if (step > 0 && step === stepCount - 1) return numberOf(isForm ? "shared/confirm" : "shared/export");
      if (isForm) return numberOf(`form-${workflow}/page-${step}`);
      return numberOf(step === 0 ? `dashboard-${workflow}` : `dashboard-${workflow}/chart-${step}`);
    });
  });
  return { workflows, names };
}

interface Plan {
  readonly first: number;
  /** By workflow: the one after it. */
  readonly after: readonly number[];
}

function drawPlans(random: RandomStream): Plan[] {
  return Array.from({ length: PLANNED_ROLES.length * PERIOD_COUNT }, () => ({
    first: random.integer(WORKFLOW_COUNT),
    after: Array.from({ length: WORKFLOW_COUNT }, () => random.integer(WORKFLOW_COUNT)),
  }));
}

function newUser(seed: number, user: number): UserState {
  const random = new RandomStream(seed, `planned user ${user}`);
  const nextAtMillis = random.integer(PAUSE_MILLIS);
  return { role: user % PLANNED_ROLES.length, random, nextAtMillis, workflowsLeft: 0, workflow: 0, step: 0 };
}
