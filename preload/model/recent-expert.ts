// What the user asked for in its last hundred requests, by faded counts: habits, in whatever order.

import { quickLog } from "../../cache/quick-math.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import type { Columns } from "./columns.ts";
import { EXPERIENCE_STEPS, type Expert, experienceOf, type Situation, SOURCES } from "./expert.ts";
import { PROFILE_COUNT, type UserProfiles } from "./user-profiles.ts";

const SOURCE = SOURCES.indexOf("recent");

export class RecentExpert implements Expert {
  readonly source = "recent";
  /** Its profiles are counted where they are kept. */
  readonly stateBytes = 0;
  tick = 0;
  readonly #profiles: UserProfiles;
  readonly #weights: number;

  constructor(profiles: UserProfiles, mixer: CandidateMixer) {
    this.#profiles = profiles;
    this.#weights = mixer.reserve(EXPERIENCE_STEPS, 0.05);
  }

  propose({ user, requestCount }: Situation, mixer: CandidateMixer): void {
    const { symbols, weights, counts } = this.#profiles;
    const first = user * PROFILE_COUNT;
    if (counts[user] === 0) return;
    mixer.column(this.#weights + experienceOf(requestCount), SOURCE);
    for (let i = first; i < first + counts[user]!; i++) mixer.add(symbols[i]!, quickLog(1 + 4 * weights[i]!));
  }

  observe(): void {}

  forget(): void {}

  columns(): Columns {
    return {};
  }

  check(): void {}
}
