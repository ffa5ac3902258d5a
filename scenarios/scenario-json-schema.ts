// The JSON Schema of scenario files, for editors, from the same zod schema that checks them.

import { z } from "zod";
import { fileSchema } from "./scenario-schema.ts";

/** The text of schemas/scenario.schema.json. */
export function scenarioJsonSchema(): string {
  const schema = z.toJSONSchema(fileSchema, { io: "input" });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
