// All experts around one mixer, and the links on top of its scores: the probability of each candidate in a situation.

import type { SequenceTable } from "../../cache/sequence-table.ts";
import { CandidateMixer, OTHER } from "./candidate-mixer.ts";
import type { Columns } from "./columns.ts";
import { type Expert, type Situation, SOURCES, type Source } from "./expert.ts";
import { HourExpert } from "./hour-expert.ts";
import { LinkWeights } from "./link-weights.ts";
import type { ModelShape } from "./model-options.ts";
import { RecentExpert } from "./recent-expert.ts";
import { SequenceExpert } from "./sequence-expert.ts";
import { SessionExpert } from "./session-expert.ts";
import { SimilarUsersExpert } from "./similar-users-expert.ts";
import { UserProfiles } from "./user-profiles.ts";
import { WordExpert } from "./word-expert.ts";
import { WordIndex } from "./word-index.ts";

export class Experts {
  readonly mixer: CandidateMixer;
  readonly experts: readonly Expert[];
  readonly links: LinkWeights | undefined;
  readonly profiles: UserProfiles;
  readonly words: WordIndex | undefined;

  constructor(shape: ModelShape) {
    const { componentCount: symbolCount, userCount, successorCount } = shape;
    const isOn = (source: Source) => !shape.without.includes(source);
    const mixer = new CandidateMixer(symbolCount, SOURCES.length);
    const experts: Expert[] = [];
    let ownTable: SequenceTable | undefined;
    this.mixer = mixer;
    this.profiles = new UserProfiles(userCount, symbolCount);
    if (isOn("sequence")) {
      const { order, nodeCount } = shape;
      const own = new SequenceExpert({ symbolCount, userCount, order, nodeCount, successorCount }, mixer, 0.6);
      ownTable = own.model.table;
      experts.push(own);
    }
    if (isOn("everyone")) {
      const { sharedOrder: order, sharedNodeCount: nodeCount } = shape;
      experts.push(new SequenceExpert({ symbolCount, userCount: 0, order, nodeCount, successorCount }, mixer, 0.4));
    }
    if (isOn("session")) {
      experts.push(new SessionExpert({ nodeCount: shape.sessionNodeCount, successorCount }, mixer));
    }
    if (isOn("recent")) experts.push(new RecentExpert(this.profiles, mixer));
    if (isOn("similar-users") && ownTable !== undefined) {
      experts.push(new SimilarUsersExpert(this.profiles, ownTable, symbolCount, mixer));
    }
    if (isOn("hour")) {
      experts.push(new HourExpert({ symbolCount, userCount, nodeCount: shape.hourNodeCount, successorCount }, mixer));
    }
    if (isOn("words")) {
      this.words = new WordIndex(symbolCount);
      experts.push(new WordExpert(this.words, { symbolCount, userCount }, mixer));
    }
    this.experts = experts;
    this.links = isOn("links") ? new LinkWeights(shape.lagCount, shape.linkCount) : undefined;
  }

  get stateBytes(): number {
    let bytes = this.mixer.stateBytes + this.profiles.stateBytes + (this.links?.stateBytes ?? 0);
    for (const expert of this.experts) bytes += expert.stateBytes;
    return bytes;
  }

  /** Puts the candidates of a situation and their probabilities into the mixer. */
  predict(situation: Situation): void {
    const { mixer } = this;
    mixer.begin();
    for (const expert of this.experts) expert.propose(situation, mixer);
    mixer.weigh();
    this.links?.lift(situation.history, mixer);
    mixer.normalise();
  }

  /** `symbol` came in the situation that was last predicted. Does not add it to the history. */
  observe(situation: Situation, symbol: number): void {
    const { mixer } = this;
    // With no candidates nothing was said.
    if (mixer.count > 1) {
      const came = mixer.candidateOf(symbol);
      mixer.learn(came === OTHER ? OTHER : came);
      this.links?.learn(situation.history, mixer, came);
    }
    for (const expert of this.experts) expert.observe(situation, symbol);
    this.profiles.observe(situation.user, symbol, situation.requestCount + 1);
  }

  forget(deadSymbols: Uint8Array, deadUsers: Uint8Array): void {
    for (const expert of this.experts) expert.forget(deadSymbols, deadUsers);
    this.profiles.forget(deadSymbols, deadUsers);
  }

  /** What was learned, by part. */
  columns(): Record<string, Columns> {
    const parts: Record<string, Columns> = { mixer: this.mixer.columns(), profiles: this.profiles.columns() };
    if (this.links !== undefined) parts["links"] = this.links.columns();
    for (const expert of this.experts) parts[expert.source] = expert.columns();
    return parts;
  }

  check(isKnown: (symbol: number) => boolean, isUser: (user: number) => boolean): void {
    this.mixer.check();
    this.profiles.check(isKnown, isUser);
    this.links?.check();
    for (const expert of this.experts) expert.check(isKnown, isUser);
  }
}
