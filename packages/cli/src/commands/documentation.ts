/** What `--help` of a command teaches beyond its flags. */
export interface Lesson {
  /** One line, as it stands in the list of commands. */
  readonly brief: string;
  /** What it does, in lines of at most 80 columns. */
  readonly about: string;
  /** Command lines with what they are for. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** Exit codes with their meaning, without those that all commands share. */
  readonly exits: Readonly<Record<number, string>>;
}

const SHARED: Readonly<Record<number, string>> = { 2: "the command line, a file or the credentials cannot be used" };

/** The documentation of a command in the form that the command line's library asks for. */
export function documented({ brief, about, examples, exits }: Lesson): { brief: string; fullDescription: string } {
  const lines = [
    about.trim(),
    "",
    "EXAMPLES",
    ...examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]),
    "",
    "EXIT CODES",
    ...Object.entries({ 0: "done", ...SHARED, ...exits }).map(([code, meaning]) => `  ${code}  ${meaning}`),
  ];
  return { brief, fullDescription: lines.join("\n") };
}
