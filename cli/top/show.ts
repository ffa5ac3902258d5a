// The loop of a viewer: draws a frame twenty times a second at most, hears keys, follows the window's size, and ends by a key, by a
// signal or by an error, with the terminal as it was before.

import type { Host, TerminalHost } from "../host.ts";
import type { ScreenSize } from "./run-screen.ts";
import { FullScreen, keysOf } from "./terminal.ts";

export interface Viewer {
  readonly isDone: boolean;
  press(key: string): void;
  /** So much time has passed since the last frame. */
  advance(wallMillis: number): void;
  draw(size: ScreenSize): string[];
}

export const FRAME_MILLIS = 50;

/** @returns the signal that ended it, or null: a key */
export async function show(viewer: Viewer, host: Host, terminal: TerminalHost): Promise<"SIGINT" | "SIGTERM" | null> {
  const screen = new FullScreen(terminal);
  let last = host.nowMillis();
  return new Promise((resolve, reject) => {
    const ends: (() => void)[] = [];
    const finish = (settle: () => void) => {
      for (const end of ends.splice(0)) end();
      screen.close();
      settle();
    };
    const frame = () => {
      try {
        const now = host.nowMillis();
        viewer.advance(now - last);
        last = now;
        screen.draw(viewer.draw(terminal.size()));
        if (viewer.isDone) finish(() => resolve(null));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    screen.open();
    ends.push(
      terminal.onKeys((text) => {
        for (const key of keysOf(text)) viewer.press(key);
        frame();
      }),
      terminal.onResize(() => {
        screen.forget();
        frame();
      }),
      host.onSignal((signal) => finish(() => resolve(signal))),
      terminal.every(FRAME_MILLIS, frame),
    );
    frame();
  });
}
