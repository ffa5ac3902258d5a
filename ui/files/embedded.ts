// The report that is inside the page, where there is one: gzip in base64, in an element that cli/html-report.ts fills.

import { PAGE_SCHEMA, type PageReport } from "../../cli/render/page-report.ts";
import { blobOf, readText } from "./read-text.ts";

export const EMBEDDED_ID = "mempred-embedded";

/** Null: the page is no report. Errors: what is inside is damaged. */
export async function embeddedReport(): Promise<PageReport | null> {
  const element = document.getElementById(EMBEDDED_ID);
  if (element === null) return null;
  const { schema, packed } = JSON.parse(element.textContent ?? "") as { schema: string; packed: string };
  if (schema !== PAGE_SCHEMA) throw new Error(`the run inside this page is ${schema} and not ${PAGE_SCHEMA}`);
  return JSON.parse(await readText(blobOf(packed))) as PageReport;
}
