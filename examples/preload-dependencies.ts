// Components that need others, and a memory that is getting short. A page is loaded ahead with its layout, theme and data, each once.
// Then a forecast says that memory will be short: from there on nothing is loaded ahead, what was loaded for nobody leaves first, and
// what somebody asks for is loaded at every level.
//
// npx tsx examples/preload-dependencies.ts

import { setImmediate as turn } from "node:timers/promises";
import {
  attachPressure,
  ComponentPreloader,
  DependencyGraph,
  type MempredError,
  type NextComponentModel,
  type PressureReading,
} from "mempred/preload";

const graph = new DependencyGraph();
graph.add("page", ["layout", "data"]);
graph.add("report", ["layout", "figures"]);
graph.add("layout", ["theme"]);
graph.add("egg", ["hen"]);
graph.add("hen", ["egg"]);

/** A model of one's own: after the menu comes the page, after the list the report. */
const NEXT: Readonly<Record<string, string>> = { menu: "page", list: "report" };
let last = "";
const model: NextComponentModel = {
  id: "fixed",
  stateBytes: 0,
  observe: ({ component }) => void (last = component),
  expect: () => {
    const component = NEXT[last];
    return component === undefined ? [] : [{ component, step: 1, confidence: 0.95, source: "fixed" }];
  },
};

let loaded: string[] = [];
const preloader = new ComponentPreloader<string>({
  model,
  dependencies: graph,
  load: (component, { dependencies, isSpeculative }) => {
    loaded.push(isSpeculative ? `(${component})` : component);
    return dependencies.size === 0 ? component : `${component}[${[...dependencies.values()].join(" ")}]`;
  },
});

/** A stand-in for the process's memory and its forecaster, which is sure of what it says. */
const memory = { now: 0.4, upper: 0.4 };
let millis = 0;
const read = (): PressureReading => ({
  atMillis: millis,
  usedBytes: memory.now * 1e9,
  limitBytes: 1e9,
  pressureRatio: memory.now,
  forecastRatio: memory.upper,
  upperRatio: memory.upper,
  confidence: 1,
  horizonMillis: 5000,
});
const pressure = attachPressure({ tenants: [preloader], source: { id: "example", read }, clock: () => millis });

/** Asks, and lets what is expected be loaded. */
async function ask(component: string): Promise<string> {
  loaded = [];
  const value = await preloader.get(component);
  await turn();
  await preloader.idle();
  console.log(`${component}: ${value}; loaded ${loaded.join(" ") || "nothing"}`);
  return value;
}

console.log(`memory ${memory.now}, ${pressure.governor.level}; in brackets: loaded ahead`);
await ask("menu");
await ask("page");
await ask("list");

memory.upper = 0.95;
millis += 500;
pressure.tick();
console.log(`memory ${memory.now}, but ${memory.upper} is foreseen: ${pressure.governor.level}`);
preloader.delete("page");
await ask("menu");
await ask("page");

memory.now = 0.98;
millis += 500;
pressure.tick();
const { entries, memory: held } = preloader.statistics();
console.log(
  `memory ${memory.now}: ${pressure.governor.level}; ${entries} held, of what nobody asked for ${held.speculativeBytes} B`,
);
await ask("report");

try {
  await preloader.get("egg");
} catch (error) {
  console.log((error as MempredError).code, (error as MempredError).message);
}
pressure.close();
await preloader.close();
