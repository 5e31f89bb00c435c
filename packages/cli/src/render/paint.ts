import { styleText } from "node:util";

export type Tone = "title" | "good" | "warning" | "bad" | "quiet";

/** Colours a piece of text, or gives it back as it is. */
export type Paint = (tone: Tone, text: string) => string;

export const plain: Paint = (_tone, text) => text;

const FORMATS: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  title: "bold",
  good: "green",
  warning: "yellow",
  bad: "red",
  quiet: "dim",
};

/** Colours where the stream shows them; `NO_COLOR`, `FORCE_COLOR` and the kind of terminal decide. */
export function paintFor(stream: NodeJS.WritableStream): Paint {
  return (tone, text) => styleText(FORMATS[tone], text, { stream });
}
