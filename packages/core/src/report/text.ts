/**
 * Text of others (names, messages of API servers) for one line of a terminal: white space is one space, other control
 * and formatting characters are shown as `\u{…}` and cannot move the cursor or colour the screen.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

/** Breaks text between words into lines of at most `width` characters; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Wrapped text behind a margin. */
export function paragraph(text: string, width: number, margin: string): string[] {
  return wrap(printable(text), Math.max(30, width - margin.length)).map((line) => `${margin}${line}`);
}

/** At most `width` characters, the middle replaced by `…`: names differ at both ends. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
