// What vite.config.ts puts into the page when it is built, so that the page's own thread need not hold the simulator.

interface CataloguePolicy {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly isBound: boolean;
  /** What can be tuned, with its defaults. */
  readonly parameters: Readonly<Record<string, number>>;
}

interface CatalogueScenario {
  readonly id: string;
  readonly title: string;
}

declare const __VERSION__: string;
declare const __POLICIES__: readonly CataloguePolicy[];
declare const __SCENARIOS__: readonly CatalogueScenario[];
