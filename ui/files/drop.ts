// Files dropped anywhere on the page.

import { openFiles } from "./open-file.ts";

export function startDrop(): void {
  const { classList } = document.body;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dropping");
  });
  addEventListener("dragleave", () => classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dropping");
    void openFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
