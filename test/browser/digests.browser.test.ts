// The pure part in a browser: bundled without Node, run in a worker of a page in Chromium, and compared with Node digest by
// digest. One bit that differs anywhere in a result, a journal or a weight fails.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { describe, expect, it } from "vitest";
import { canTestBrowser, launchChromium } from "../../scripts/chromium.ts";
import { computeSample, type Sample, type SampleInput } from "./sample.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The bundle of an entry for browsers, and what went into it. An import from Node fails the build. */
async function bundle(entry: string): Promise<{ text: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${root}/${entry}`],
    absWorkingDir: root,
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  return { text: (outputFiles[0] as { text: string }).text, metafile };
}

function sampleInput(): SampleInput {
  const recording = gunzipSync(readFileSync(`${root}/traces/tar-xz.trep.gz`)).toString();
  const csv = Array.from({ length: 300 }, (_, i) => `${i * 700},malloc,${i},${16 + ((i * 37) % 500)}`);
  const rep = Array.from({ length: 200 }, (_, i) => (i < 150 ? `a ${i} ${8 + ((i * 91) % 700)}` : `f ${i - 150}`));
  return {
    traces: {
      "tar-xz.trep": recording,
      "events.csv": `time,op,id,size\n${csv.join("\n")}\n`,
      "order.rep": `${rep.join("\n")}\n`,
    },
    scenario: readFileSync(`${root}/examples/scenarios/evening-peak.yaml`, "utf8"),
  };
}

describe("the pure part", () => {
  it("bundles for a browser from pure modules and nothing of Node", async () => {
    const { text, metafile } = await bundle("pure.ts");
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.length).toBeGreaterThan(50);
    const foreign = inputs.filter(
      (path) => !/^(?:pure\.ts|(?:core|allocator|predictor|scenarios|cache|preload|sim)\/)/.test(path),
    );
    expect(
      foreign.every((path) => path.startsWith("node_modules/seedrandom/lib/")),
      foreign.join(", "),
    ).toBe(true);
    const imports = [...Object.values(metafile.inputs), ...Object.values(metafile.outputs)].flatMap(
      (one) => one.imports,
    );
    expect(imports.filter((one) => one.path.startsWith("node:") || one.external === true)).toEqual([]);
    expect(text).not.toMatch(/require\(["']node:/);
  });

  it("the whole library is refused by a bundler for browsers: the check can fail", async () => {
    await expect(bundle("index.ts")).rejects.toThrow(/node:/);
  });
});

describe.runIf(canTestBrowser("test/browser"))("Chromium", () => {
  it("computes what Node computes, to the last bit, in a worker", async () => {
    const input = sampleInput();
    const { text } = await bundle("test/browser/worker.ts");
    const browser = await launchChromium();
    let found: Sample;
    let engine: string;
    try {
      const page = await browser.newPage();
      await page.goto("data:text/html,<title>mempred</title>");
      engine = await page.evaluate("navigator.userAgent");
      const program = `(async ([text, input]) => {
        const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
        return await new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = (event) => reject(new Error(event.message));
          worker.postMessage(input);
        });
      })`;
      // A text, as this is the page's code and not that of the project, whose types know no DOM.
      found = await page.evaluate(`${program}(${JSON.stringify([text, input])})`);
    } finally {
      await browser.close();
    }
    const expected = computeSample(input);
    expect(Object.keys(found).length).toBeGreaterThan(100);
    expect(found, `${engine} against Node ${process.version}`).toEqual(expected);
  });
});
