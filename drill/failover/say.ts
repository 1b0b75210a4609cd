/** Tells the person at the terminal. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The drill cannot run here, or not go on; the message says what to do. Not a finding about the product. */
export class DrillError extends Error {}
